package io.tidewheel.queue;

import io.tidewheel.message.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Appends that wait for the core, in order, with the time until which each may be stored. Bounded
 * by bytes and by count; what does not fit is refused by {@link #offer}.
 */
final class PendingAppends {
  /**
   * A commit takes appends until it is this large: about the largest event that all stores like.
   */
  static final int COMMIT_BYTES = 512 << 10;

  static final int MAX_APPENDS = 10_000;

  private final long maxBytes;
  private final Deque<Pending> waiting = new ArrayDeque<>();
  private long bytes;

  private record Pending(Queue.Append append, long deadlineNanos, int weight) {}

  PendingAppends(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Takes an append; false if the bound is reached. An empty queue takes any one append. */
  boolean offer(Queue.Append append, long nowNanos) {
    int weight = weightOf(append);
    if (!waiting.isEmpty() && (bytes + weight > maxBytes || waiting.size() == MAX_APPENDS)) {
      return false;
    }
    waiting.addLast(new Pending(append, deadline(nowNanos, append.timeLeftMillis()), weight));
    bytes += weight;
    return true;
  }

  /** The appends of the next commit; those whose time is over go to {@code expired} instead. */
  List<Queue.Append> take(long nowNanos, Consumer<Queue.Append> expired) {
    List<Queue.Append> taken = new ArrayList<>();
    long takenBytes = 0;
    while (!waiting.isEmpty()) {
      Pending next = waiting.getFirst();
      if (!taken.isEmpty() && takenBytes + next.weight > COMMIT_BYTES) {
        break;
      }
      waiting.removeFirst();
      bytes -= next.weight;
      if (next.deadlineNanos != Long.MAX_VALUE && next.deadlineNanos - nowNanos <= 0) {
        expired.accept(next.append);
      } else {
        taken.add(next.append);
        takenBytes += next.weight;
      }
    }
    return taken;
  }

  /** Empties it. */
  void drain(Consumer<Queue.Append> each) {
    waiting.forEach(pending -> each.accept(pending.append));
    waiting.clear();
    bytes = 0;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  private static long deadline(long nowNanos, long timeLeftMillis) {
    boolean isForever = timeLeftMillis > Long.MAX_VALUE / 2_000_000;
    return isForever ? Long.MAX_VALUE : nowNanos + timeLeftMillis * 1_000_000;
  }

  private static int weightOf(Queue.Append append) {
    int weight = 0;
    for (Message message : append.messages()) {
      weight += message.weight();
    }
    return weight;
  }
}
