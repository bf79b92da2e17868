package io.tidewheel.http;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Reads the query of a request; a parameter that the route does not know is refused. */
final class QueryText {
  private QueryText() {}

  static Map<String, String> parse(String rawQuery, Set<String> known) {
    if (rawQuery.isEmpty()) {
      return Map.of();
    }
    Map<String, String> parameters = new HashMap<>();
    for (String pair : rawQuery.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      String value = decode(equals < 0 ? "" : pair.substring(equals + 1));
      if (!known.contains(name)) {
        throw Problem.of(
                ProblemType.MALFORMED,
                "unknown query parameter "
                    + Problem.quote(name)
                    + (known.isEmpty()
                        ? "; this path takes none"
                        : "; known are " + String.join(", ", known.stream().sorted().toList())))
            .toException();
      }
      if (parameters.put(name, value) != null) {
        throw Problem.of(
                ProblemType.MALFORMED, "the query parameter " + name + " may come only once")
            .toException();
      }
    }
    return parameters;
  }

  private static String decode(String text) {
    String decoded = PercentText.decode(text.replace('+', ' '));
    if (decoded == null) {
      throw Problem.of(ProblemType.MALFORMED, "the query is not percent-encoded UTF-8")
          .toException();
    }
    return decoded;
  }
}
