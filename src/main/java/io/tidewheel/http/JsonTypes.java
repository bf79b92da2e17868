package io.tidewheel.http;

import java.util.Locale;

/** Which content types are JSON in UTF-8. */
final class JsonTypes {
  static final String JSON = "application/json";

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

  /** Whether a header {@code Accept} takes {@code application/json}. */
  static boolean isAccepted(String accept) {
    for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = range.split(";", -1);
      String type = parts[0].trim();
      if (type.equals("*/*") || type.equals("application/*") || type.equals(JSON)) {
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
