package io.tidewheel.http;

import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The headers of a request by their lower-case names. */
final class Headers {
  /** Names and values in turn: the engine's own list is slow to walk, and is asked ten times. */
  private final List<String> fields = new ArrayList<>(16);

  Headers(HttpRequest request) {
    for (HttpHeader header : request.getHeaders()) {
      fields.add(header.lowercaseName());
      fields.add(header.value());
    }
  }

  int size() {
    return fields.size() / 2;
  }

  String lowercaseName(int index) {
    return fields.get(2 * index);
  }

  String value(int index) {
    return fields.get(2 * index + 1);
  }

  List<String> values(String lowercaseName) {
    List<String> values = List.of();
    for (int i = 0; i < size(); i++) {
      if (lowercaseName(i).equals(lowercaseName)) {
        if (values.isEmpty()) {
          values = new ArrayList<>(1);
        }
        values.add(value(i));
      }
    }
    return values;
  }

  boolean has(String lowercaseName) {
    return first(lowercaseName) != null;
  }

  /** The first value of a header; null if it is absent. */
  @Nullable String first(String lowercaseName) {
    for (int i = 0; i < size(); i++) {
      if (lowercaseName(i).equals(lowercaseName)) {
        return value(i);
      }
    }
    return null;
  }

  /**
   * A header that may come once; null if it is absent.
   *
   * @throws ProblemException if it comes more than once
   */
  @Nullable String single(String lowercaseName) {
    String found = null;
    for (int i = 0; i < size(); i++) {
      if (lowercaseName(i).equals(lowercaseName)) {
        if (found != null) {
          throw Problem.of(
                  ProblemType.MALFORMED, "the header " + lowercaseName + " may come only once")
              .toException();
        }
        found = value(i);
      }
    }
    return found;
  }
}
