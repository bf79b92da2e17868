package io.tidewheel.journal;

import org.jspecify.annotations.Nullable;

/**
 * What a core recovers: its own state, the epoch of its last row, and, while it replays, the rows
 * that are not settled yet. Never leaves its actor; a snapshot of it is written only while the
 * actor waits for it.
 */
final class FencedState<S extends LogState<E>, E extends LogEvent> {
  private static final long UNKNOWN = -1;

  private final S state;
  private @Nullable RowChain<E> replay;
  private final boolean isSnapshot;
  private long epoch;
  private long appliedSeqNr = UNKNOWN;
  private long snapshotSeqNr;
  private boolean isOpened;
  private long bytesSinceCheckpoint;
  private int rowsSinceCheckpoint;
  private long droppedRowCount;

  private FencedState(S state, long epoch, boolean isSnapshot) {
    this.state = state;
    this.epoch = epoch;
    this.isSnapshot = isSnapshot;
    this.replay = new RowChain<>(epoch, isSnapshot);
  }

  static <S extends LogState<E>, E extends LogEvent> FencedState<S, E> empty(S state) {
    return new FencedState<>(state, 0, false);
  }

  static <S extends LogState<E>, E extends LogEvent> FencedState<S, E> ofSnapshot(
      S state, long epoch) {
    return new FencedState<>(state, epoch, true);
  }

  void onRow(long seqNr, LogRow<E> row) {
    beginAfter(seqNr - 1);
    RowChain<E> chain = replay;
    if (chain == null) {
      apply(row);
    } else {
      chain.accept(seqNr, row, this::apply);
    }
  }

  void onRecoveryCompleted(long lastSeqNr) {
    beginAfter(lastSeqNr);
    RowChain<E> chain = replay;
    if (chain != null) {
      chain.finish(this::apply);
      droppedRowCount = chain.droppedRowCount();
      replay = null;
    }
  }

  /** The row before the first one to be applied; a snapshot was taken at it, if there is one. */
  private void beginAfter(long seqNr) {
    if (appliedSeqNr == UNKNOWN) {
      appliedSeqNr = seqNr;
      snapshotSeqNr = isSnapshot ? seqNr : 0;
    }
  }

  private void apply(LogRow<E> row) {
    appliedSeqNr++;
    epoch = row.epoch();
    rowsSinceCheckpoint++;
    if (row instanceof LogRow.Entry<E> entry) {
      bytesSinceCheckpoint += entry.event().weight();
      state.apply(entry.event());
    } else if (row instanceof LogRow.Checkpoint<E>) {
      bytesSinceCheckpoint = 0;
      rowsSinceCheckpoint = 0;
      state.onCheckpoint(appliedSeqNr);
    }
  }

  void onOpened() {
    isOpened = true;
  }

  S state() {
    return state;
  }

  /** The row at which the snapshot was taken that this was recovered from; 0 if there was none. */
  long snapshotSeqNr() {
    return snapshotSeqNr;
  }

  long epoch() {
    return epoch;
  }

  /** Whether this incarnation has stored its {@code Opened}. */
  boolean isOpened() {
    return isOpened;
  }

  long bytesSinceCheckpoint() {
    return bytesSinceCheckpoint;
  }

  int rowsSinceCheckpoint() {
    return rowsSinceCheckpoint;
  }

  long droppedRowCount() {
    return droppedRowCount;
  }
}
