package io.tidewheel.queue;

import io.tidewheel.message.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;

/**
 * The newest batches of all queues of a node, so that subscriptions which keep up never read the
 * journal. Bounded by bytes and by time; the batch kept longest goes first. Safe for any thread.
 *
 * <p>Who keeps up takes a batch in the moment it is stored, and nothing here is read at all. What
 * is kept for longer than it takes to catch up is of no use, and costs at every collection of
 * garbage, which copies it from one place to the next.
 */
public final class TailCache {
  /** Who is further behind than this reads the log; it goes when the next batch comes. */
  static final long KEPT_NANOS = 500_000_000;

  private final long maxBytes;
  private final LongSupplier nanoTime;
  private final Map<QueueKey, NavigableMap<Long, Kept>> batches = new ConcurrentHashMap<>();

  /** In the order they came; guarded by itself, as {@code bytes} is. */
  private final Deque<Kept> order = new ArrayDeque<>();

  private long bytes;

  private record QueueKey(long topicUid, int queue) {}

  /** One put; no two of them are equal, also of the same batch. */
  private static final class Kept {
    private final QueueKey key;
    private final MessageBatch batch;
    private final long weight;
    private final long atNanos;

    Kept(QueueKey key, MessageBatch batch, long weight, long atNanos) {
      this.key = key;
      this.batch = batch;
      this.weight = weight;
      this.atNanos = atNanos;
    }
  }

  /**
   * An empty cache.
   *
   * @param maxBytes of the batches kept
   * @param nanoTime a monotonic clock
   */
  public TailCache(long maxBytes, LongSupplier nanoTime) {
    this.maxBytes = maxBytes;
    this.nanoTime = nanoTime;
  }

  void put(long topicUid, int queue, MessageBatch batch) {
    QueueKey key = new QueueKey(topicUid, queue);
    long weight = weightOf(batch);
    if (weight > maxBytes) {
      return;
    }
    long now = nanoTime.getAsLong();
    Kept kept = new Kept(key, batch, weight, now);
    batches.compute(
        key,
        (same, ofQueue) -> {
          NavigableMap<Long, Kept> all = ofQueue == null ? new ConcurrentSkipListMap<>() : ofQueue;
          all.put(batch.firstOffset(), kept);
          return all;
        });
    synchronized (order) {
      order.addLast(kept);
      bytes += weight;
      while (bytes > maxBytes || now - order.getFirst().atNanos > KEPT_NANOS) {
        remove(order.removeFirst());
      }
    }
  }

  /**
   * Consecutive batches from the one that holds {@code fromOffset}; empty if that one is not kept.
   */
  List<MessageBatch> read(
      long topicUid, int queue, long fromOffset, long endOffset, long maxReadBytes) {
    NavigableMap<Long, Kept> ofQueue = batches.get(new QueueKey(topicUid, queue));
    if (ofQueue == null) {
      return List.of();
    }
    List<MessageBatch> read = new ArrayList<>();
    long next = fromOffset;
    long readBytes = 0;
    while (next < endOffset && readBytes < maxReadBytes) {
      Map.Entry<Long, Kept> entry = ofQueue.floorEntry(next);
      if (entry == null || entry.getValue().batch.endOffset() <= next) {
        break;
      }
      read.add(entry.getValue().batch);
      readBytes += entry.getValue().weight;
      next = entry.getValue().batch.endOffset();
    }
    return read;
  }

  /** Queues that have a batch here. */
  int queueCount() {
    return batches.size();
  }

  private void remove(Kept kept) {
    bytes -= kept.weight;
    batches.computeIfPresent(
        kept.key,
        (key, ofQueue) -> {
          ofQueue.remove(kept.batch.firstOffset(), kept);
          return ofQueue.isEmpty() ? null : ofQueue;
        });
  }

  private static long weightOf(MessageBatch batch) {
    long weight = 0;
    for (Message message : batch.messages()) {
      weight += message.weight();
    }
    return weight;
  }
}
