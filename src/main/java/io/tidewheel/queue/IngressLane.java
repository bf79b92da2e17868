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
 *
 * <ol>
 *   <li>The open numbers lie within four of each other: a queue keeps the results of the four that
 *       a sender stored last, so an answer that was lost is always still known.
 *   <li>Messages of one call are never in two open batches: the second could be stored before the
 *       first, when that must be repeated.
 * </ol>
 */
final class IngressLane {
  /** As many as a queue keeps the results of. */
  static final int MAX_OPEN_BATCHES = NumberWindow.MAX_RESULTS;

  static final int MAX_BATCH_BYTES = 512 << 10;
  static final int MAX_BATCH_MESSAGES = 1_000;

  /** A number that no batch ever has: a queue that saw it beside a batch must tell them apart. */
  static final long PING_NUMBER = Long.MAX_VALUE;

  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final Map<Long, Batch> open = new LinkedHashMap<>();
  private long lastNumber;

  /**
   * When the queue last decided something, or was first sent something after a rest; repeats are no
   * news of it.
   */
  private long heardNanos;

  private boolean isSuspect;
  private long pingedNanos;

  /** The open batch that holds a part of a call which is too large for one. */
  private @Nullable Batch piece;

  /**
   * One message of a call on its way.
   *
   * @param mayBeStored in a queue that it was sent to before and that did not answer; no refusal by
   *     another one says that it is not
   */
  record Waiting(PublishCall call, int index, boolean mayBeStored) {
    Waiting(PublishCall call, int index) {
      this(call, index, false);
    }

    Message message() {
      return call.messages().get(index);
    }

    void complete(PublishResult result) {
      boolean isDoubtful = mayBeStored && result instanceof PublishResult.Refused;
      call.complete(index, isDoubtful ? unknown() : result);
    }

    /** Whether it may go to any queue: nobody looks for it in one, by key or by id. */
    boolean isFree() {
      return message().key() == null && message().id() == null;
    }
  }

  /** A numbered batch without a final answer. */
  static final class Batch {
    private final long number;
    private final List<Waiting> parts;
    private final List<Message> messages;
    private long lastDeadlineNanos = Long.MIN_VALUE;
    private long repeatAtNanos;
    private int unrefusedCount;
    private @Nullable PublishResult lastRefusal;

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

    void onSent() {
      unrefusedCount++;
    }

    /** The queue has refused one of the sendings. */
    void onRefused(PublishResult refusal) {
      unrefusedCount--;
      lastRefusal = refusal;
    }

    /**
     * Whether any sending may have been stored: one that was not refused, because its answer is
     * lost, late, or says that it is not known.
     */
    boolean mayBeStored() {
      return unrefusedCount > 0;
    }

    /** Ends the batch without an answer that says more. */
    void giveUp() {
      PublishResult refusal = lastRefusal;
      completeAll(mayBeStored() || refusal == null ? unknown() : refusal);
    }

    void completeAll(PublishResult result) {
      parts.forEach(part -> part.complete(result));
    }
  }

  /** The queue has decided something: it is there. */
  void onHeard(long nowNanos) {
    heardNanos = nowNanos;
    isSuspect = false;
  }

  /** Whether the queue does not answer, since it was found out. */
  boolean isSuspect() {
    return isSuspect;
  }

  /** Finds out whether the queue has decided nothing for so long although it was asked. */
  void look(long nowNanos, long silenceNanos) {
    isSuspect |= !open.isEmpty() && nowNanos - heardNanos >= silenceNanos;
  }

  /** Whether to ask a suspect queue now whether it is there again, which stores nothing. */
  boolean isPingDue(long nowNanos, long intervalNanos) {
    boolean isDue = isSuspect && nowNanos - pingedNanos >= intervalNanos;
    if (isDue) {
      pingedNanos = nowNanos;
    }
    return isDue;
  }

  /**
   * Takes out what may go to another queue: what was not sent, and whole batches of which nothing
   * is bound to this queue. Those may be stored here all the same; they are not sent here again.
   */
  List<Waiting> takeFree() {
    List<Waiting> free = new ArrayList<>();
    for (Batch batch : List.copyOf(open.values())) {
      if (batch.parts.stream().allMatch(Waiting::isFree)) {
        close(batch);
        for (Waiting part : batch.parts) {
          if (!part.call.isComplete(part.index)) {
            boolean mayBeStored = part.mayBeStored || batch.mayBeStored();
            free.add(new Waiting(part.call, part.index, mayBeStored));
          }
        }
      }
    }
    waiting.removeIf(
        message -> {
          boolean isFree = message.isFree();
          if (isFree) {
            free.add(message);
          }
          return isFree;
        });
    return free;
  }

  void add(Waiting message) {
    waiting.addLast(message);
  }

  /** The next batch to send; null if nothing waits or enough is open. */
  @Nullable Batch next(long nowNanos) {
    boolean isFull = !open.isEmpty() && lastNumber + 1 - oldestOpen() >= MAX_OPEN_BATCHES;
    if (isFull || waitsForPiece()) {
      return null;
    }
    List<Waiting> parts = takeParts(nowNanos);
    if (parts.isEmpty()) {
      return null;
    }
    boolean isPiece = giveBackCutCall(parts);
    if (open.isEmpty()) {
      heardNanos = nowNanos;
    }
    Batch batch = new Batch(++lastNumber, parts);
    open.put(batch.number, batch);
    piece = isPiece ? batch : piece;
    return batch;
  }

  private long oldestOpen() {
    return open.keySet().iterator().next();
  }

  private boolean waitsForPiece() {
    Batch before = piece;
    Waiting first = waiting.peekFirst();
    return before != null && first != null && before.parts.get(0).call == first.call;
  }

  private List<Waiting> takeParts(long nowNanos) {
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
    return parts;
  }

  /** Leaves a call that does not fit whole to the next batch; true if it is too large for any. */
  private boolean giveBackCutCall(List<Waiting> parts) {
    PublishCall last = parts.get(parts.size() - 1).call;
    Waiting next = waiting.peekFirst();
    if (next == null || next.call != last) {
      return false;
    }
    if (parts.get(0).call == last) {
      return true;
    }
    while (parts.get(parts.size() - 1).call == last) {
      waiting.addFirst(parts.remove(parts.size() - 1));
    }
    return false;
  }

  @Nullable Batch open(long number) {
    return open.get(number);
  }

  void close(Batch batch) {
    open.remove(batch.number);
    if (piece == batch) {
      piece = null;
    }
  }

  /** Ends everything without waiting for answers. */
  void giveUp() {
    refuseWaiting(
        new PublishResult.Refused(PublishResult.Reason.UNAVAILABLE, "this node is stopping"));
    open.values().forEach(Batch::giveUp);
    open.clear();
    piece = null;
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

  static PublishResult unknown() {
    return new PublishResult.Unknown(
        "the queue did not confirm in time; the message may have been stored");
  }

  private static PublishResult expired() {
    return new PublishResult.Refused(
        PublishResult.Reason.EXPIRED, "the time limit was over before the message was sent");
  }
}
