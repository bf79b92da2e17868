package io.tidewheel.journal;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Raw rows of a persistent actor, read back by sequence number. Safe for any thread. */
public interface RowReader {
  /**
   * Rows from {@code fromSeqNr} up to {@code toSeqNr}, both inclusive, in order, until {@code
   * maxBytes} of stored bytes are read; always at least one row if there is one. The stage fails if
   * a row cannot be read: none is ever skipped. Where two writers used one number, the row is given
   * that the chain rule says; at the end of the log the one that a recovery would take.
   */
  CompletionStage<List<Row>> read(
      String persistenceId, long fromSeqNr, long toSeqNr, long maxBytes);

  /** A stored row: its number, the decoded event and its stored size in bytes. */
  record Row(long seqNr, Object event, int bytes) {}
}
