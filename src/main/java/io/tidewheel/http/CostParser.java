package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidewheel.message.Names;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads how many calls of which backends deliveries took. */
final class CostParser {
  private static final int MAX_BACKENDS = 16;
  private static final double MAX_CALLS = 1_000_000;

  private CostParser() {}

  /** The parser stands on the value and is left on its end; null is no cost. */
  static Map<String, Double> read(JsonParser parser, String pointer) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return Map.of();
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw FieldParser.wrongType(pointer, "an object of numbers by name of a backend");
    }
    Map<String, Double> cost = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String backend = parser.currentName();
      String at = pointer + Json.segment(backend);
      parser.nextToken();
      if (!Names.isValid(backend)) {
        throw Problem.ofField(
                ProblemType.NOT_ACCEPTED, at, "is no name for a backend: " + Names.rule())
            .toException();
      }
      if (!parser.currentToken().isNumeric()) {
        throw FieldParser.wrongType(at, "a number of calls");
      }
      double calls = parser.getDoubleValue();
      if (!(calls >= 0 && calls <= MAX_CALLS)) {
        throw Problem.ofField(ProblemType.NOT_ACCEPTED, at, "must be from 0 to " + (long) MAX_CALLS)
            .toException();
      }
      if (cost.putIfAbsent(backend, calls) != null) {
        throw FieldParser.twice(at);
      }
      if (cost.size() > MAX_BACKENDS) {
        throw Problem.ofField(
                ProblemType.NOT_ACCEPTED, pointer, "names more than " + MAX_BACKENDS + " backends")
            .toException();
      }
    }
    return cost;
  }
}
