package io.tidewheel.queue;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Control;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Looks at queues without changing them. Safe for any thread; never blocks. */
public interface Inspector {
  /**
   * Figures of every queue of a topic that answers in time, by queue. A queue that does not is left
   * out.
   */
  CompletionStage<List<QueueStatus>> describe(Topic topic, Duration timeout);

  /** As {@link #describe}, without readers, for none of which it waits. */
  CompletionStage<List<QueueStatus>> locate(Topic topic, Duration timeout);

  /**
   * Figures of one queue.
   *
   * @param node where it lives; null if it was never used
   * @param startOffset oldest offset that is kept
   * @param bytes stored bytes of the kept messages, about
   * @param pinnedBy uid of the open subscription with the lowest floor; 0 if there is none
   * @param pinnedBytes stored bytes from that floor on, about
   * @param checksum sum of the checksums of all messages ever stored
   */
  record QueueStatus(
      int queue,
      @Nullable String node,
      long startOffset,
      long nextOffset,
      long bytes,
      long pinnedBy,
      long pinnedBytes,
      long checksum,
      List<Reader.Status> readers)
      implements Control {}
}
