package io.tidewheel.journal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads stored rows and snapshots without an actor, and checks that the rows of a log form a chain
 * of epochs, as a recovery would. Used by one thread.
 */
public final class LogAudit {
  /** Of the serializer that writes the rows; others are none of ours. */
  public static final int SERIALIZER_ID = RowSerializer.IDENTIFIER;

  private final RowSerializer serializer;

  private LogAudit(RowSerializer serializer) {
    this.serializer = serializer;
  }

  /** Reads what some codecs wrote, named as in {@code tidewheel.journal.codecs}. */
  public static LogAudit of(List<String> codecs) {
    return new LogAudit(new RowSerializer(codecs.stream().map(RowSerializer::codec).toList()));
  }

  /**
   * Reads a row back.
   *
   * @throws DecodingException if it is no row of a log
   */
  @SuppressWarnings("unchecked") // Every event is a LogEvent.
  public LogRow<LogEvent> row(String manifest, byte[] payload) {
    if (serializer.fromBinary(payload, manifest) instanceof LogRow<?> row) {
      return (LogRow<LogEvent>) row;
    }
    throw new DecodingException(manifest + " is no row");
  }

  /**
   * Reads a snapshot back.
   *
   * @throws DecodingException if it is no snapshot of a log
   */
  public LogState<?> state(String manifest, byte[] payload) {
    if (serializer.fromBinary(payload, manifest) instanceof FencedState<?, ?> state) {
      return state.state();
    }
    throw new DecodingException(manifest + " is no snapshot");
  }

  /** The rows of one log, in order. */
  public static final class Chain {
    private @Nullable RowChain<LogEvent> rows;

    /**
     * A chain before its first row.
     *
     * @param isWhole whether the first row is the first of the log; else older ones were deleted,
     *     and the epoch before it is not known
     */
    public Chain(boolean isWhole) {
      this.rows = isWhole ? new RowChain<>(0, false) : null;
    }

    /** The next row. Gives what is wrong with it; null if nothing is. */
    public @Nullable String accept(long seqNr, LogRow<LogEvent> row) {
      if (row instanceof LogRow.Opened<LogEvent> opened
          && opened.epoch() <= opened.previousEpoch()) {
        return "row "
            + seqNr
            + " opens epoch "
            + opened.epoch()
            + " after "
            + opened.previousEpoch();
      }
      RowChain<LogEvent> chain = rows;
      if (chain == null) {
        chain = new RowChain<>(row.continuesEpoch(), false);
        rows = chain;
      }
      try {
        chain.accept(seqNr, row, settled -> {});
        return null;
      } catch (BrokenChainException e) {
        restart();
        return e.getMessage();
      }
    }

    /** The row that comes next follows on rows that cannot be read. */
    public void restart() {
      rows = null;
    }

    /** No more rows. Gives what is wrong with the last one; null if nothing is. */
    public @Nullable String finish() {
      try {
        if (rows != null) {
          rows.finish(settled -> {});
        }
        return null;
      } catch (BrokenChainException e) {
        return e.getMessage();
      }
    }
  }
}
