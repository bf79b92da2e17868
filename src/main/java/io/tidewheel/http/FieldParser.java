package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of known fields from a streaming parser that stands on the value. {@code null}
 * means that the field is left out.
 */
final class FieldParser {
  private FieldParser() {}

  static @Nullable String text(JsonParser parser, String pointer) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> parser.getText();
      case VALUE_NULL -> null;
      default -> throw wrongType(pointer, "a string");
    };
  }

  static @Nullable Duration duration(JsonParser parser, String pointer) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
        || parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT) {
      throw wrongType(
          pointer, "a duration with its unit as a string, such as \"250ms\" or \"30s\"");
    }
    String text = text(parser, pointer);
    return text == null ? null : Call.duration(pointer, text);
  }

  static @Nullable Duration timeLimit(JsonParser parser, String pointer) throws IOException {
    Duration duration = duration(parser, pointer);
    return duration == null ? null : Call.timeLimit(pointer, parser.getText());
  }

  /** A whole number within bounds; {@code absent} for null. */
  static int number(JsonParser parser, String pointer, int min, int max, int absent)
      throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return absent;
    }
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw wrongType(pointer, "a whole number");
    }
    boolean isInt = parser.getNumberType() == JsonParser.NumberType.INT;
    if (!isInt || parser.getIntValue() < min || parser.getIntValue() > max) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, pointer, "must be from " + min + " to " + max)
          .toException();
    }
    return parser.getIntValue();
  }

  /** A list of texts. */
  static List<String> texts(JsonParser parser, String pointer, int maxCount) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw wrongType(pointer, "an array of strings");
    }
    List<String> texts = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        throw wrongType(pointer + '/' + texts.size(), "a string");
      }
      if (texts.size() == maxCount) {
        throw Problem.ofField(
                ProblemType.TOO_LARGE, pointer, "holds more than " + maxCount + " entries")
            .toException();
      }
      texts.add(parser.getText());
    }
    return texts;
  }

  /** A time in milliseconds. */
  static long timeMillis(JsonNode value, String pointer) {
    if (!value.isTextual()) {
      throw wrongType(pointer, "a time in UTC as a string, such as \"2026-11-21T15:00:00Z\"");
    }
    return Call.timeMillis(pointer, value.textValue());
  }

  static void refuseOthers(ObjectNode body, Collection<String> known) {
    body.fieldNames()
        .forEachRemaining(
            name -> {
              if (!known.contains(name)) {
                throw unknown(Json.segment(name));
              }
            });
  }

  static ProblemException wrongType(String pointer, String expected) {
    return Problem.ofField(ProblemType.MALFORMED, pointer, "must be " + expected).toException();
  }

  static ProblemException unknown(String pointer) {
    return Problem.ofField(ProblemType.MALFORMED, pointer, "is not a known field").toException();
  }

  static ProblemException twice(String pointer) {
    return Problem.ofField(ProblemType.MALFORMED, pointer, "comes twice").toException();
  }

  static ProblemException notYet(String pointer, String what) {
    return Problem.ofField(ProblemType.NOT_AVAILABLE_YET, pointer, what + " is not available yet")
        .toException();
  }
}
