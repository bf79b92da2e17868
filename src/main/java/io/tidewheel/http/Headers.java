package io.tidewheel.http;

import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The headers of a request by their lower-case names. */
final class Headers {
  private final Iterable<HttpHeader> headers;

  Headers(HttpRequest request) {
    this.headers = request.getHeaders();
  }

  Iterable<HttpHeader> all() {
    return headers;
  }

  List<String> values(String lowercaseName) {
    List<String> values = List.of();
    for (HttpHeader header : headers) {
      if (header.is(lowercaseName)) {
        if (values.isEmpty()) {
          values = new ArrayList<>(1);
        }
        values.add(header.value());
      }
    }
    return values;
  }

  /** The first value of a header; null if it is absent. */
  @Nullable String first(String lowercaseName) {
    for (HttpHeader header : headers) {
      if (header.is(lowercaseName)) {
        return header.value();
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
    List<String> values = values(lowercaseName);
    if (values.size() > 1) {
      throw Problem.of(ProblemType.MALFORMED, "the header " + lowercaseName + " may come only once")
          .toException();
    }
    return values.isEmpty() ? null : values.get(0);
  }
}
