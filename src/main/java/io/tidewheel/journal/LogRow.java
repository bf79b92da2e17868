package io.tidewheel.journal;

/**
 * A row of a log as it is stored. Every row carries the epoch of the owner that wrote it.
 *
 * @param <E> the events of this log
 */
public sealed interface LogRow<E extends LogEvent> {
  /** The epoch of the writer: one period of ownership, counted from 1. */
  long epoch();

  /** The epoch that the row before this one must have been written in. */
  default long continuesEpoch() {
    return epoch();
  }

  /**
   * An owner begins to write. Stored before its first other row.
   *
   * @param node where the owner runs, for people who read logs
   * @param previousEpoch the epoch of the row that the owner replayed last
   * @param position {@link LogState#position()} as the owner recovered it
   */
  record Opened<E extends LogEvent>(long epoch, String node, long previousEpoch, long position)
      implements LogRow<E> {
    @Override
    public long continuesEpoch() {
      return previousEpoch;
    }
  }

  /** A fact. */
  record Entry<E extends LogEvent>(long epoch, E event) implements LogRow<E> {}

  /** Changes nothing; a snapshot is saved at this row, and only at such rows. */
  record Checkpoint<E extends LogEvent>(long epoch) implements LogRow<E> {}
}
