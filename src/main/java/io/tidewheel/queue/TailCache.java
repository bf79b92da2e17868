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

/**
 * The newest batches of all queues of a node, so that subscriptions which keep up never read the
 * journal. Bounded by bytes; the batch kept longest goes first. Safe for any thread.
 */
public final class TailCache {
  private final long maxBytes;
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

    Kept(QueueKey key, MessageBatch batch, long weight) {
      this.key = key;
      this.batch = batch;
      this.weight = weight;
    }
  }

  /** A cache of at most {@code maxBytes}. */
  public TailCache(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  void put(long topicUid, int queue, MessageBatch batch) {
    QueueKey key = new QueueKey(topicUid, queue);
    long weight = weightOf(batch);
    if (weight > maxBytes) {
      return;
    }
    Kept kept = new Kept(key, batch, weight);
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
      while (bytes > maxBytes) {
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
