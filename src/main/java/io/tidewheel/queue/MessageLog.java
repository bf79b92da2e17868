package io.tidewheel.queue;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Reads the stored batches of one queue back, by offset. Safe for any thread; never blocks. */
public interface MessageLog {
  /**
   * Batches in order, from the one that holds {@code fromOffset} (or, if that is trimmed, from the
   * oldest one that is kept) up to {@code endOffset} exclusive, until {@code maxBytes} of messages
   * are read; at least one batch if there is one. The first batch may begin before {@code
   * fromOffset}.
   *
   * <p>The stage fails if the store cannot be read; nothing is ever left out silently.
   */
  CompletionStage<List<MessageBatch>> read(long fromOffset, long endOffset, long maxBytes);

  /** The oldest offset that is kept; only grows. */
  default long startOffset() {
    return 0;
  }

  /**
   * An offset from which on at most this many payload bytes are stored, as closely as is known
   * without reading; 0 if all fit.
   */
  default long offsetOfNewest(long bytes) {
    return 0;
  }

  /**
   * The offset of the first message stored at or after a time, in wall-clock milliseconds; the end
   * of the log if there is none yet.
   */
  CompletionStage<Long> firstOffsetSince(long millis);
}
