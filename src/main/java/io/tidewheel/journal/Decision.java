package io.tidewheel.journal;

import org.jspecify.annotations.Nullable;

/**
 * What a core decided on a command: what to store, if anything, and the answer that holds once it
 * is stored.
 *
 * @param event the fact to store, for {@link Kind#PERSIST}
 */
public record Decision<E extends LogEvent, R>(Kind kind, @Nullable E event, R result) {
  /** What is to be done before the answer. */
  public enum Kind {
    /** Nothing. */
    REPLY,
    /** The event is stored. */
    PERSIST,
    /** A checkpoint is stored; its snapshot follows. */
    CHECKPOINT,
    /** The rows that the state says are trimmed are deleted again, in the background. */
    TRIM
  }

  /** An answer that needs nothing stored. */
  public static <E extends LogEvent, R> Decision<E, R> reply(R result) {
    return new Decision<>(Kind.REPLY, null, result);
  }

  /** A fact to store, and the answer for when it is stored. */
  public static <E extends LogEvent, R> Decision<E, R> persist(E event, R result) {
    return new Decision<>(Kind.PERSIST, event, result);
  }

  /** A checkpoint before its time, and the answer for when it is stored. */
  public static <E extends LogEvent, R> Decision<E, R> checkpoint(R result) {
    return new Decision<>(Kind.CHECKPOINT, null, result);
  }

  /** Finishes a trim that a crash may have cut short. */
  public static <E extends LogEvent, R> Decision<E, R> trim(R result) {
    return new Decision<>(Kind.TRIM, null, result);
  }
}
