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
  private final Map<QueueKey, NavigableMap<Long, MessageBatch>> batches = new ConcurrentHashMap<>();

  /** In the order they came; guarded by itself, as {@code bytes} is. */
  private final Deque<Kept> order = new ArrayDeque<>();

  private long bytes;

  private record QueueKey(long topicUid, int queue) {}

  private record Kept(QueueKey key, long firstOffset, long weight) {}

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
    batches
        .computeIfAbsent(key, absent -> new ConcurrentSkipListMap<>())
        .put(batch.firstOffset(), batch);
    synchronized (order) {
      order.addLast(new Kept(key, batch.firstOffset(), weight));
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
    NavigableMap<Long, MessageBatch> kept = batches.get(new QueueKey(topicUid, queue));
    if (kept == null) {
      return List.of();
    }
    List<MessageBatch> read = new ArrayList<>();
    long next = fromOffset;
    long readBytes = 0;
    while (next < endOffset && readBytes < maxReadBytes) {
      Map.Entry<Long, MessageBatch> entry = kept.floorEntry(next);
      if (entry == null || entry.getValue().endOffset() <= next) {
        break;
      }
      read.add(entry.getValue());
      readBytes += weightOf(entry.getValue());
      next = entry.getValue().endOffset();
    }
    return read;
  }

  private void remove(Kept kept) {
    bytes -= kept.weight;
    NavigableMap<Long, MessageBatch> ofQueue = batches.get(kept.key);
    if (ofQueue != null) {
      ofQueue.remove(kept.firstOffset);
    }
  }

  private static long weightOf(MessageBatch batch) {
    long weight = 0;
    for (Message message : batch.messages()) {
      weight += message.weight();
    }
    return weight;
  }
}
