package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.MessageBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Reads chosen messages of one queue back, by their offsets, within a bound. */
final class StoredMessages {
  /** Offsets between two chosen ones that are rather read than searched past. */
  private static final long MAX_GAP = 1_000;

  private static final long READ_BYTES = 1 << 20;

  /** Reads for one answer. */
  private static final int MAX_READS = 64;

  private final Browser browser;
  private final Topic topic;
  private final int queue;

  /** A message as it is stored. */
  record Stored(long offset, long atMillis, Message message) {}

  /**
   * What was read.
   *
   * @param next the first offset that was not looked at; that behind the last one if all were
   */
  record Found(List<Stored> messages, long next) {}

  StoredMessages(Browser browser, Topic topic, int queue) {
    this.browser = browser;
    this.topic = topic;
    this.queue = queue;
  }

  /** Those of some offsets, which grow, that are still kept. */
  CompletionStage<Found> read(List<Long> offsets) {
    return read(offsets, 0, new ArrayList<>(), MAX_READS);
  }

  private CompletionStage<Found> read(
      List<Long> offsets, int from, List<Stored> found, int readsLeft) {
    if (from == offsets.size() || readsLeft == 0) {
      long next =
          from < offsets.size()
              ? offsets.get(from)
              : offsets.isEmpty() ? 0 : offsets.get(offsets.size() - 1) + 1;
      return CompletableFuture.completedFuture(new Found(found, next));
    }
    int end = from + 1;
    while (end < offsets.size() && offsets.get(end) - offsets.get(end - 1) <= MAX_GAP) {
      end++;
    }
    int last = end;
    return browser
        .read(topic, queue, offsets.get(from), offsets.get(end - 1) + 1, READ_BYTES)
        .thenCompose(
            batches ->
                read(offsets, take(offsets, from, last, batches, found), found, readsLeft - 1));
  }

  /** Takes what the batches hold; returns the first place that they do not reach. */
  private static int take(
      List<Long> offsets, int from, int end, List<MessageBatch> batches, List<Stored> found) {
    int at = from;
    for (MessageBatch batch : batches) {
      while (at < end && offsets.get(at) < batch.endOffset()) {
        long offset = offsets.get(at);
        if (offset >= batch.firstOffset()) {
          found.add(new Stored(offset, batch.atMillis(), batch.message(offset)));
        }
        at++;
      }
    }
    // Nothing is stored there any more.
    return batches.isEmpty() ? end : at;
  }
}
