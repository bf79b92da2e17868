package io.tidewheel.journal;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Raw rows of a persistent actor, read back by sequence number.
 *
 * <p>A row that is answered has been stored and flushed. A row that cannot be read fails the whole
 * read and is named in the failure; it is never left out.
 */
public interface RowReader {

  /**
   * Reads the rows from {@code fromSeqNr} (inclusive) up to {@code toSeqNr} (inclusive), in order,
   * until {@code maxBytes} of payload are read; always at least one row if there is one, so an
   * answer is larger than {@code maxBytes} by less than its last row. Rows that have been trimmed
   * are not there: the answer then starts behind them. Asynchronous; runs on the store's read
   * dispatcher.
   */
  CompletionStage<List<Row>> read(
      String persistenceId, long fromSeqNr, long toSeqNr, long maxBytes);

  /** A stored row: its number, the deserialized event and its stored size. */
  record Row(long seqNr, Object event, int bytes) {}
}
