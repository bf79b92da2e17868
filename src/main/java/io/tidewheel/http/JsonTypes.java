package io.tidewheel.http;

import java.util.List;
import java.util.Locale;

/** Content types that the API reads and answers with. */
final class JsonTypes {
  static final String JSON = "application/json";

  /** One JSON value a line. */
  static final String LINES = "application/x-ndjson";

  static final String OCTETS = "application/octet-stream";

  private JsonTypes() {}

  /** {@code application/json} or a type with the suffix {@code +json}, without another charset. */
  static boolean isJson(String contentType) {
    if (contentType.equals(JSON)) {
      return true;
    }
    String[] parts = contentType.toLowerCase(Locale.ROOT).split(";", -1);
    String type = parts[0].trim();
    if (!type.equals(JSON) && !type.endsWith("+json")) {
      return false;
    }
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].trim();
      if (parameter.startsWith("charset=")
          && !parameter.substring(8).replace("\"", "").equals("utf-8")) {
        return false;
      }
    }
    return true;
  }

  /** Whether it is lines with a JSON value each. */
  static boolean isLines(String contentType) {
    return contentType.toLowerCase(Locale.ROOT).split(";", 2)[0].trim().equals(LINES);
  }

  /** Whether a header {@code Accept} takes {@code application/json}. */
  static boolean isAccepted(String accept) {
    return isAccepted(accept, JSON);
  }

  /** Whether bare bytes are asked for by name, and JSON is not. */
  static boolean isRawWanted(List<String> accept) {
    String text = String.join(",", accept).toLowerCase(Locale.ROOT);
    return text.contains(OCTETS) && isAccepted(text, OCTETS) && !text.contains(JSON);
  }

  /** Whether a header {@code Accept} takes a type that begins with {@code application/}. */
  static boolean isAccepted(String accept, String wanted) {
    for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = range.split(";", -1);
      String type = parts[0].trim();
      if (type.equals("*/*") || type.equals("application/*") || type.equals(wanted)) {
        boolean isRefused = false;
        for (int i = 1; i < parts.length; i++) {
          isRefused |= parts[i].trim().matches("q=0(\\.0{1,3})?");
        }
        if (!isRefused) {
          return true;
        }
      }
    }
    return false;
  }
}
