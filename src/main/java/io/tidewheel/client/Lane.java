package io.tidewheel.client;

import io.tidewheel.message.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What one publisher sends to one queue: what waits, and the numbered batches without an answer.
 * Safe for any thread.
 *
 * <ol>
 *   <li>At most four batches are open, the numbers of which lie within four of each other: a queue
 *       keeps the results of the last four, so a repeat is always told where its messages are.
 *   <li>A key is in one open batch at most: whatever has to be repeated, its messages are stored in
 *       order.
 *   <li>A batch keeps its number and its messages until it is decided, and is on one connection at
 *       a time.
 *   <li>While batches are open, what waits goes on its way when it is half as much as they hold, or
 *       enough for a good batch: many small batches would cost the broker more than they gain.
 * </ol>
 */
final class Lane {
  static final int MAX_OPEN = 4;
  static final int MAX_BATCH_MESSAGES = 1_000;
  static final int MAX_BATCH_BYTES = 256 << 10;

  /** As much travels whatever else is on its way. */
  private static final int GOOD_MESSAGES = 64;

  private static final int GOOD_BYTES = 64 << 10;

  private final Publisher publisher;
  private final int queue;
  private final Deque<Pending> waiting = new ArrayDeque<>();
  private final Map<Long, Batch> open = new LinkedHashMap<>();
  private final AtomicBoolean isQueued = new AtomicBoolean();
  private volatile String home = "";
  private long lastNumber;
  private long waitingBytes;
  private int openMessages;

  Lane(Publisher publisher, int queue) {
    this.publisher = publisher;
    this.queue = queue;
  }

  Publisher publisher() {
    return publisher;
  }

  int queue() {
    return queue;
  }

  /** The node where its queue lives; empty if that is not known. */
  String home() {
    return home;
  }

  void moveTo(String node) {
    home = node;
  }

  /** Set by whoever puts it into the queue of a session, which it is in once at most. */
  AtomicBoolean isQueued() {
    return isQueued;
  }

  synchronized void add(Pending message) {
    waiting.addLast(message);
    waitingBytes += message.message().weight();
  }

  synchronized boolean isIdle() {
    return waiting.isEmpty() && open.isEmpty();
  }

  /** Whether there is something to be sent now. */
  synchronized boolean isReady(long nowNanos) {
    for (Batch batch : open.values()) {
      if (batch.isToBeSent(nowNanos)) {
        return true;
      }
    }
    return !waiting.isEmpty() && mayOpen();
  }

  /** The batch to send now on this connection, a repeat first; null if there is none. */
  synchronized @Nullable Batch next(long connection, long nowNanos) {
    for (Batch batch : open.values()) {
      if (batch.isToBeSent(nowNanos)) {
        batch.sentOn(connection);
        return batch;
      }
    }
    List<Pending> parts = mayOpen() ? takeParts() : List.of();
    if (parts.isEmpty()) {
      return null;
    }
    Batch batch = new Batch(queue, ++lastNumber, parts);
    batch.sentOn(connection);
    open.put(batch.number(), batch);
    openMessages += parts.size();
    return batch;
  }

  private boolean mayOpen() {
    if (open.isEmpty()) {
      return true;
    }
    if (lastNumber + 1 - open.keySet().iterator().next() >= MAX_OPEN) {
      return false;
    }
    return waiting.size() >= Math.min(GOOD_MESSAGES, openMessages / 2)
        || waitingBytes >= GOOD_BYTES;
  }

  /** Up to the first message whose key is on its way, so that the queue's order is the caller's. */
  private List<Pending> takeParts() {
    List<Pending> parts = new ArrayList<>();
    long bytes = 0;
    while (!waiting.isEmpty() && parts.size() < MAX_BATCH_MESSAGES) {
      Pending first = waiting.getFirst();
      Message message = first.message();
      boolean isTooMuch =
          !parts.isEmpty() && (first.isAlone() || bytes + message.weight() > MAX_BATCH_BYTES);
      if (isTooMuch || isUnderWay(message.key())) {
        break;
      }
      parts.add(waiting.removeFirst());
      waitingBytes -= message.weight();
      bytes += message.weight();
      if (first.isAlone()) {
        break;
      }
    }
    return parts;
  }

  private boolean isUnderWay(@Nullable String key) {
    if (key != null) {
      for (Batch batch : open.values()) {
        if (batch.has(key)) {
          return true;
        }
      }
    }
    return false;
  }

  /** The open batch with this number; null if it is decided. */
  synchronized @Nullable Batch open(long number) {
    return open.get(number);
  }

  /** It is decided; false if it was before. */
  synchronized boolean close(Batch batch) {
    boolean wasOpen = open.remove(batch.number(), batch);
    openMessages -= wasOpen ? batch.parts().size() : 0;
    return wasOpen;
  }

  /** Has a batch sent again after a time; gives how often it has failed. */
  synchronized int retry(Batch batch, boolean isUnknown, long nowNanos) {
    return batch.failed(isUnknown, nowNanos);
  }

  synchronized void delay(Batch batch, long nanos) {
    batch.delay(nanos);
  }

  /** Puts messages of a batch that is closed and not stored back to the front, each alone. */
  synchronized void splitBack(Batch batch) {
    for (int i = batch.parts().size() - 1; i >= 0; i--) {
      Pending part = batch.parts().get(i);
      part.travelAlone();
      waiting.addFirst(part);
      waitingBytes += part.message().weight();
    }
  }

  /** Takes out everything that was not sent yet. */
  synchronized List<Pending> takeWaiting() {
    List<Pending> taken = new ArrayList<>(waiting);
    waiting.clear();
    waitingBytes = 0;
    return taken;
  }

  /** Takes out what is late; a batch is late when all its messages are. */
  synchronized void expire(long nowNanos, List<Pending> lateWaiting, List<Batch> lateOpen) {
    for (Iterator<Pending> each = waiting.iterator(); each.hasNext(); ) {
      Pending pending = each.next();
      if (pending.deadlineNanos() - nowNanos <= 0) {
        lateWaiting.add(pending);
        waitingBytes -= pending.message().weight();
        each.remove();
      }
    }
    for (Iterator<Batch> each = open.values().iterator(); each.hasNext(); ) {
      Batch batch = each.next();
      if (batch.deadlineNanos() - nowNanos <= 0) {
        lateOpen.add(batch);
        openMessages -= batch.parts().size();
        each.remove();
      }
    }
  }
}
