package io.tidewheel.http;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A name, or a pattern in which {@code *} stands for any characters, as no name has one. */
record NamePattern(@Nullable String text, @Nullable Pattern pattern) {
  private static final NamePattern ANY = new NamePattern(null, null);
  private static final int MAX_STARS = 4;

  /**
   * Reads a pattern.
   *
   * @param text null for any name
   */
  static NamePattern of(String parameter, @Nullable String text) {
    if (text == null) {
      return ANY;
    }
    if (!text.contains("*")) {
      return new NamePattern(text, null);
    }
    String[] parts = text.split("\\*", -1);
    if (parts.length > MAX_STARS + 1) {
      throw Problem.of(
              ProblemType.MALFORMED, parameter + " may have at most " + MAX_STARS + " stars")
          .toException();
    }
    return new NamePattern(
        text,
        Pattern.compile(
            Arrays.stream(parts).map(Pattern::quote).collect(Collectors.joining(".*"))));
  }

  boolean matches(String name) {
    return pattern == null ? text == null || text.equals(name) : pattern.matcher(name).matches();
  }
}
