package io.tidewheel.http;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Where a page or a scan goes on, as an opaque text. It belongs to the question it was given for.
 *
 * @param question what was asked
 * @param step which of the queues of the question
 * @param offset in that queue
 */
record PageToken(String question, int step, long offset) {
  private static final String SEPARATOR = "\n";

  String text() {
    String all = step + SEPARATOR + offset + SEPARATOR + question;
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(all.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Where to begin.
   *
   * @param name of the parameter
   * @param text as it came; null for the beginning
   */
  static PageToken parse(String name, @Nullable String text, String question, int steps) {
    if (text == null) {
      return new PageToken(question, 0, 0);
    }
    try {
      String all = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
      String[] parts = all.split(SEPARATOR, 3);
      if (parts.length == 3
          && parts[0].matches("[0-9]{1,9}")
          && parts[1].matches("[0-9]{1,18}")
          && parts[2].equals(question)
          && Integer.parseInt(parts[0]) < steps) {
        return new PageToken(question, Integer.parseInt(parts[0]), Long.parseLong(parts[1]));
      }
    } catch (IllegalArgumentException e) {
      throw noToken(name);
    }
    throw noToken(name);
  }

  private static ProblemException noToken(String name) {
    return Problem.of(ProblemType.MALFORMED, name + " is none that was given for this question")
        .toException();
  }
}
