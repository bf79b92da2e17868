package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.MessageBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Reads chosen messages of a topic back, by their offsets: for one answer, which reads so often, so
 * much and so long at most.
 */
final class StoredMessages {
  /** Payload that is read for one answer; the read that reaches it still counts. */
  static final long MAX_BYTES = 64 << 20;

  /** Offsets between two chosen ones that are rather read than searched past. */
  private static final long MAX_GAP = 1_000;

  private static final long READ_BYTES = 1 << 20;
  private static final int MAX_READS = 64;

  private final Browser browser;
  private final Topic topic;
  private final LongSupplier nanoTime;
  private final long deadlineNanos;
  private int readCount;
  private long byteCount;

  /**
   * What was read.
   *
   * @param next the first offset that was not looked at; that behind the last one if all were
   */
  record Found<T>(List<T> messages, long next) {}

  StoredMessages(Browser browser, Topic topic, LongSupplier nanoTime, long deadlineNanos) {
    this.browser = browser;
    this.topic = topic;
    this.nanoTime = nanoTime;
    this.deadlineNanos = deadlineNanos;
  }

  /** Whether no more is to be read for this answer. */
  boolean isOver() {
    return readCount >= MAX_READS
        || byteCount >= MAX_BYTES
        || nanoTime.getAsLong() - deadlineNanos >= 0;
  }

  /**
   * Those of some offsets, which grow, that are still kept; the first of an answer are read in any
   * case.
   *
   * @param taken what is kept of a message: what was read is let go at once
   */
  <T> CompletionStage<Found<T>> read(int queue, List<Long> offsets, Function<Stored, T> taken) {
    return read(new Reading<>(queue, offsets, taken, new ArrayList<>()), 0);
  }

  private record Reading<T>(
      int queue, List<Long> offsets, Function<Stored, T> taken, List<T> found) {}

  private <T> CompletionStage<Found<T>> read(Reading<T> reading, int from) {
    List<Long> offsets = reading.offsets;
    if (from == offsets.size() || (readCount > 0 && isOver())) {
      long next =
          from < offsets.size()
              ? offsets.get(from)
              : offsets.isEmpty() ? 0 : offsets.get(offsets.size() - 1) + 1;
      return CompletableFuture.completedFuture(new Found<>(reading.found, next));
    }
    int end = from + 1;
    while (end < offsets.size() && offsets.get(end) - offsets.get(end - 1) <= MAX_GAP) {
      end++;
    }
    int last = end;
    readCount++;
    return browser
        .read(topic, reading.queue, offsets.get(from), offsets.get(end - 1) + 1, READ_BYTES)
        .thenCompose(batches -> read(reading, take(reading, from, last, batches)));
  }

  /** Takes what the batches hold; returns the first place that they do not reach. */
  private <T> int take(Reading<T> reading, int from, int end, List<MessageBatch> batches) {
    int at = from;
    for (MessageBatch batch : batches) {
      for (Message read : batch.messages()) {
        byteCount += read.payload().length;
      }
      while (at < end && reading.offsets.get(at) < batch.endOffset()) {
        long offset = reading.offsets.get(at);
        if (offset >= batch.firstOffset()) {
          Stored stored =
              new Stored(reading.queue, offset, batch.atMillis(), batch.message(offset));
          reading.found.add(reading.taken.apply(stored));
        }
        at++;
      }
    }
    // Nothing is stored there any more.
    return batches.isEmpty() ? end : at;
  }
}
