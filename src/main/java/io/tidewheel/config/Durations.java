package io.tidewheel.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as people write them: a whole number and a unit, {@code 250ms}, {@code 30s}, {@code
 * 10m}, {@code 2h} or {@code 7d}. A number without a unit is refused: it would be guessed wrong by
 * somebody.
 */
public final class Durations {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,10})(ms|s|m|h|d)");
  private static final long MILLIS_PER_SECOND = 1_000;
  private static final long MILLIS_PER_MINUTE = 60 * MILLIS_PER_SECOND;
  private static final long MILLIS_PER_HOUR = 60 * MILLIS_PER_MINUTE;
  private static final long MILLIS_PER_DAY = 24 * MILLIS_PER_HOUR;
  private static final int MAX_SHOWN_CHARS = 40;

  private Durations() {}

  /**
   * Reads a duration.
   *
   * @throws IllegalArgumentException if it is none; the message says how to write one
   */
  public static Duration parse(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      String shown =
          text.length() <= MAX_SHOWN_CHARS ? text : text.substring(0, MAX_SHOWN_CHARS) + "...";
      throw new IllegalArgumentException(
          "expected a duration such as 250ms, 30s, 10m, 2h or 7d, but got \"" + shown + '"');
    }
    return Duration.ofMillis(Long.parseLong(matcher.group(1)) * millisOf(matcher.group(2)));
  }

  /**
   * Writes a duration in the largest unit that holds it exactly (one day as {@code 24h}). Anything
   * below a millisecond is cut off.
   */
  public static String format(Duration duration) {
    long millis = duration.toMillis();
    if (millis % MILLIS_PER_SECOND != 0) {
      return millis + "ms";
    }
    if (millis == 0 || millis % MILLIS_PER_MINUTE != 0) {
      return millis / MILLIS_PER_SECOND + "s";
    }
    if (millis % MILLIS_PER_HOUR != 0) {
      return millis / MILLIS_PER_MINUTE + "m";
    }
    if (millis == MILLIS_PER_DAY || millis % MILLIS_PER_DAY != 0) {
      return millis / MILLIS_PER_HOUR + "h";
    }
    return millis / MILLIS_PER_DAY + "d";
  }

  private static long millisOf(String unit) {
    return switch (unit) {
      case "ms" -> 1;
      case "s" -> MILLIS_PER_SECOND;
      case "m" -> MILLIS_PER_MINUTE;
      case "h" -> MILLIS_PER_HOUR;
      default -> MILLIS_PER_DAY;
    };
  }
}
