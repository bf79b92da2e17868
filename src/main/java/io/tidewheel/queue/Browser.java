package io.tidewheel.queue;

import io.tidewheel.catalog.Topic;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Reads stored messages without consuming them. Safe for any thread; never blocks. */
public interface Browser {
  /**
   * Batches of one queue, as {@link MessageLog#read} gives them.
   *
   * @param endOffset exclusive; what the queue has confirmed
   */
  CompletionStage<List<MessageBatch>> read(
      Topic topic, int queue, long fromOffset, long endOffset, long maxBytes);

  /** The offset of the first message stored at or after a time; the end of the log if none is. */
  CompletionStage<Long> firstOffsetSince(Topic topic, int queue, long millis);
}
