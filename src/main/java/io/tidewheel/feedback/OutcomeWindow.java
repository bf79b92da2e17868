package io.tidewheel.feedback;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Outcomes of the last seconds. Times are nanoseconds of a monotonic clock; at most {@link
 * #MAX_SLOTS} slots, whatever the length. Pure.
 */
final class OutcomeWindow {
  static final int MAX_SLOTS = 64;

  private record Slot(long fromNanos, Outcomes outcomes) {}

  private final long lengthNanos;
  private final Deque<Slot> slots = new ArrayDeque<>();
  private Outcomes sum = Outcomes.NONE;

  OutcomeWindow(long lengthNanos) {
    this.lengthNanos = lengthNanos;
  }

  void add(long nowNanos, Outcomes outcomes) {
    expire(nowNanos);
    Slot last = slots.peekLast();
    if (last != null && nowNanos - last.fromNanos < lengthNanos / MAX_SLOTS) {
      slots.removeLast();
      slots.addLast(new Slot(last.fromNanos, last.outcomes.plus(outcomes)));
    } else {
      slots.addLast(new Slot(nowNanos, outcomes));
    }
    sum = sum.plus(outcomes);
  }

  /** What is in the window at this moment. */
  Outcomes at(long nowNanos) {
    expire(nowNanos);
    return sum;
  }

  void clear() {
    slots.clear();
    sum = Outcomes.NONE;
  }

  private void expire(long nowNanos) {
    while (!slots.isEmpty() && nowNanos - slots.element().fromNanos >= lengthNanos) {
      Outcomes gone = slots.remove().outcomes;
      sum =
          new Outcomes(
              sum.succeeded() - gone.succeeded(),
              sum.failed() - gone.failed(),
              sum.latencyNanos() - gone.latencyNanos());
    }
  }
}
