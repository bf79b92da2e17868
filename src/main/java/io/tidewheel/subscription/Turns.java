package io.tidewheel.subscription;

import io.tidewheel.subscription.Slot.Place;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is: messages that failed or were given back go before new ones, else the lower
 * offset first; and who waits until when. May name messages that have another place by now.
 */
final class Turns {
  private final Deque<Slot> fresh = new ArrayDeque<>();
  private final PriorityQueue<Slot> returned =
      new PriorityQueue<>(Comparator.comparingLong(slot -> slot.offset));
  private final PriorityQueue<Due> waiting =
      new PriorityQueue<>(Comparator.comparingLong(Due::atNanos));

  /** Retries that may go before others wait no longer; only with a bound. */
  private static final double MAX_RETRIES_SAVED = 10;

  private double retryShare = 1;
  private double retriesSaved = MAX_RETRIES_SAVED;

  /** A retry time; void if the message has another place or time by then. */
  private record Due(long atNanos, Slot slot) {}

  void add(Slot slot, boolean isFresh) {
    if (!slot.isQueued) {
      slot.isQueued = true;
      if (isFresh) {
        fresh.add(slot);
      } else {
        returned.add(slot);
      }
    }
  }

  void await(Slot slot) {
    waiting.add(new Due(slot.dueNanos, slot));
  }

  /**
   * Who is next; null if there is nobody.
   *
   * @param stale takes those that are ready but for others of their key
   */
  @Nullable Slot peek(Consumer<Slot> stale) {
    dropStale(fresh, stale);
    dropStale(returned, stale);
    Slot first = fresh.peek();
    Slot back = returned.peek();
    if (first == null || back == null) {
      return first == null ? back : first;
    }
    if (isRetryBound(back)) {
      return first;
    }
    return back.attempts > 0 || back.offset < first.offset ? back : first;
  }

  /** Takes out the one that was found by {@link #peek}. */
  void take(Slot next) {
    next.isQueued = false;
    if (retryShare < 1) {
      double change = next.attempts > 0 ? -1 : retryShare / (1 - retryShare);
      retriesSaved = Math.max(0, Math.min(MAX_RETRIES_SAVED, retriesSaved + change));
    }
    if (returned.peek() == next) {
      returned.poll();
    } else {
      fresh.poll();
    }
  }

  /** At most this share of what is taken failed before, as long as there is something else. */
  void limitRetries(double share) {
    retryShare = share;
  }

  private boolean isRetryBound(Slot back) {
    return retryShare < 1 && back.attempts > 0 && retriesSaved < 1;
  }

  /** Drops from the head what can't be given out any more; its key puts it back when it can. */
  private static void dropStale(Queue<Slot> queue, Consumer<Slot> stale) {
    for (Slot slot = queue.peek(); slot != null && !isFree(slot); slot = queue.peek()) {
      queue.poll();
      slot.isQueued = false;
      if (slot.place == Place.READY) {
        stale.accept(slot);
      }
    }
  }

  private static boolean isFree(Slot slot) {
    return slot.place == Place.READY && (slot.line == null || slot.line.outCount == 0);
  }

  /** Takes out one whose time has come; null if there is none. */
  @Nullable Slot pollDue(long nowNanos) {
    for (Due due = waiting.peek(); due != null && due.atNanos <= nowNanos; due = waiting.peek()) {
      waiting.poll();
      if (due.slot.place == Place.WAITING && due.slot.dueNanos == due.atNanos) {
        return due.slot;
      }
    }
    return null;
  }

  /** When {@link #pollDue} has something next; {@link Long#MAX_VALUE} for never. */
  long nextDue() {
    Due due = waiting.peek();
    return due == null ? Long.MAX_VALUE : due.atNanos;
  }

  void clear() {
    fresh.clear();
    returned.clear();
    waiting.clear();
  }
}
