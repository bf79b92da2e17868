package io.tidewheel.subscription;

import org.jspecify.annotations.Nullable;

/**
 * How one attempt at a message ended.
 *
 * @param ordinal of the attempt, from 1
 * @param atMillis wall-clock milliseconds
 * @param reason what the worker said, at most {@link #MAX_REASON_CHARS}; null if nothing
 */
record Attempt(int ordinal, long atMillis, Cause cause, @Nullable String reason) {
  static final int MAX_REASON_CHARS = 200;

  /** The beginning of a text; never half of a character that takes two chars. */
  static String cut(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(maxChars - 1)) ? maxChars - 1 : maxChars;
    return text.substring(0, end);
  }

  static @Nullable String cutReason(@Nullable String reason) {
    return reason == null ? null : cut(reason, MAX_REASON_CHARS);
  }

  /** About how many bytes it takes in a snapshot. */
  int weight() {
    String text = reason;
    return 16 + (text == null ? 0 : 3 * text.length());
  }
}
