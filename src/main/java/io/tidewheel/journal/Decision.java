package io.tidewheel.journal;

import org.jspecify.annotations.Nullable;

/**
 * What a core decided on a command: the fact to store, if any, and the answer that holds once it is
 * stored.
 */
public record Decision<E extends LogEvent, R>(@Nullable E event, R result) {
  /** An answer that needs nothing stored. */
  public static <E extends LogEvent, R> Decision<E, R> reply(R result) {
    return new Decision<>(null, result);
  }

  /** A fact to store, and the answer for when it is stored. */
  public static <E extends LogEvent, R> Decision<E, R> persist(E event, R result) {
    return new Decision<>(event, result);
  }
}
