package io.tidewheel.journal;

/**
 * The state of a core: pure, without clock, random or I/O. It never leaves its actor, so it may be
 * mutable.
 *
 * @param <E> the events of this core
 */
public interface LogState<E extends LogEvent> {
  /** Changes the state by one fact. The same events in the same order give the same state. */
  void apply(E event);

  /** How far this log is, in units of its own (a queue: its next offset). Only grows. */
  long position();

  /**
   * A checkpoint was stored as row {@code seqNr}, before which all rows are applied. Part of the
   * state like an event: it comes in the same place when the log is replayed.
   */
  default void onCheckpoint(long seqNr) {}
}
