package io.tidewheel.message;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A name, or a pattern in which {@code *} stands for any characters, as no name has one.
 *
 * @param text null for any name
 */
public record NamePattern(@Nullable String text, @Nullable Pattern pattern) {
  public static final NamePattern ANY = new NamePattern(null, null);
  private static final int MAX_STARS = 4;

  /**
   * Reads a pattern.
   *
   * @param what it is, for the error
   * @param text null for any name
   * @throws IllegalArgumentException if it has too many stars
   */
  public static NamePattern of(String what, @Nullable String text) {
    if (text == null) {
      return ANY;
    }
    if (!text.contains("*")) {
      return new NamePattern(text, null);
    }
    String[] parts = text.split("\\*", -1);
    if (parts.length > MAX_STARS + 1) {
      throw new IllegalArgumentException(what + " may have at most " + MAX_STARS + " stars");
    }
    return new NamePattern(
        text,
        Pattern.compile(
            Arrays.stream(parts).map(Pattern::quote).collect(Collectors.joining(".*"))));
  }

  /** Whether a name is it, or has its pattern. */
  public boolean matches(String name) {
    return pattern == null ? text == null || text.equals(name) : pattern.matcher(name).matches();
  }
}
