package io.tidewheel.fault;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The ack floor of a subscription on a queue never moves back within a generation, and neither does
 * the end of a log. Told in the order in which one reader asked, each time after the answer before.
 * Not safe for threads.
 */
final class FloorChecker {
  private final Map<String, Long> highest = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private long samples;

  /** What a node says. */
  void seen(String subscription, int queue, long generation, long floor, long nextOffset) {
    samples++;
    rises("floor of " + subscription + ", generation " + generation, queue, floor);
    rises("end of the log", queue, nextOffset);
    if (floor > nextOffset) {
      violations.add(
          "floor of %s on queue %d is %d, beyond the end %d"
              .formatted(subscription, queue, floor, nextOffset));
    }
  }

  private void rises(String what, int queue, long value) {
    Long before = highest.put(what + '/' + queue, value);
    if (before != null && value < before) {
      violations.add(
          "%s on queue %d went back from %d to %d".formatted(what, queue, before, value));
    }
  }

  long samples() {
    return samples;
  }

  List<String> violations() {
    return List.copyOf(violations);
  }
}
