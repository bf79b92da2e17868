package io.tidewheel.queue;

import io.tidewheel.message.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one ingress sends to one queue: what waits, and at most four numbered batches without an
 * answer. A batch keeps its number and messages until it is answered, so that a repeat is
 * recognised.
 */
final class IngressLane {
  /** As many as a queue keeps the results of. */
  static final int MAX_OPEN_BATCHES = NumberWindow.MAX_RESULTS;

  static final int MAX_BATCH_BYTES = 512 << 10;
  static final int MAX_BATCH_MESSAGES = 1_000;

  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final Map<Long, Batch> open = new LinkedHashMap<>();
  private long lastNumber;

  /** One message of a call on its way. */
  record Waiting(PublishCall call, int index) {
    Message message() {
      return call.messages().get(index);
    }

    void complete(PublishResult result) {
      call.complete(index, result);
    }
  }

  /** A numbered batch without a final answer. */
  static final class Batch {
    private final long number;
    private final List<Waiting> parts;
    private final List<Message> messages;
    private long lastDeadlineNanos = Long.MIN_VALUE;
    private long repeatAtNanos;
    private boolean mayBeStored;

    private Batch(long number, List<Waiting> parts) {
      this.number = number;
      this.parts = parts;
      this.messages = new ArrayList<>(parts.size());
      for (Waiting part : parts) {
        messages.add(part.message());
        lastDeadlineNanos = Math.max(lastDeadlineNanos, part.call().deadlineNanos());
      }
    }

    long number() {
      return number;
    }

    List<Waiting> parts() {
      return parts;
    }

    List<Message> messages() {
      return messages;
    }

    /** When the last of its callers stops waiting. */
    long lastDeadlineNanos() {
      return lastDeadlineNanos;
    }

    long repeatAtNanos() {
      return repeatAtNanos;
    }

    void repeatAt(long nanos) {
      repeatAtNanos = nanos;
    }

    /** Whether an earlier sending may have been stored, whatever is answered to a later one. */
    boolean mayBeStored() {
      return mayBeStored;
    }

    void setMayBeStored() {
      mayBeStored = true;
    }

    void completeAll(PublishResult result) {
      parts.forEach(part -> part.complete(result));
    }
  }

  void add(Waiting message) {
    waiting.addLast(message);
  }

  /** The next batch to send; null if nothing waits or enough is open. */
  @Nullable Batch next(long nowNanos) {
    if (open.size() >= MAX_OPEN_BATCHES) {
      return null;
    }
    List<Waiting> parts = new ArrayList<>();
    long bytes = 0;
    while (!waiting.isEmpty() && parts.size() < MAX_BATCH_MESSAGES) {
      Waiting first = waiting.getFirst();
      int weight = first.message().weight();
      if (!parts.isEmpty() && bytes + weight > MAX_BATCH_BYTES) {
        break;
      }
      waiting.removeFirst();
      if (first.call().deadlineNanos() - nowNanos <= 0) {
        first.complete(expired());
      } else {
        parts.add(first);
        bytes += weight;
      }
    }
    if (parts.isEmpty()) {
      return null;
    }
    Batch batch = new Batch(++lastNumber, parts);
    open.put(batch.number, batch);
    return batch;
  }

  @Nullable Batch open(long number) {
    return open.get(number);
  }

  @Nullable Batch close(long number) {
    return open.remove(number);
  }

  Collection<Batch> open() {
    return open.values();
  }

  /** Answers what waits beyond its time. */
  void expireWaiting(long nowNanos) {
    waiting.removeIf(
        message -> {
          boolean isOver = message.call().deadlineNanos() - nowNanos <= 0;
          if (isOver) {
            message.complete(expired());
          }
          return isOver;
        });
  }

  /** Answers everything that was not sent yet. */
  void refuseWaiting(PublishResult result) {
    waiting.forEach(message -> message.complete(result));
    waiting.clear();
  }

  boolean isIdle() {
    return waiting.isEmpty() && open.isEmpty();
  }

  private static PublishResult expired() {
    return new PublishResult.Refused(
        PublishResult.Reason.EXPIRED, "the time limit was over before the message was sent");
  }
}
