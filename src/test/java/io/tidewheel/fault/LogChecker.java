package io.tidewheel.fault;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One value at each place of a log, the same on every node, and no place without one; what was
 * acknowledged at a place is there. Not safe for threads.
 */
final class LogChecker {
  private static final int MAX_KEPT = 100;

  private final Map<Integer, TreeMap<Long, String>> seen = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private long values;

  /** A node shows a value. */
  void value(String node, int queue, long offset, String value) {
    values++;
    String before =
        seen.computeIfAbsent(queue, number -> new TreeMap<>()).putIfAbsent(offset, value);
    if (before != null && !before.equals(value)) {
      violate("%d/%d is %s, on %s %s".formatted(queue, offset, before, node, value));
    }
  }

  /** A node has shown all of a queue from one offset up to another (exclusive). */
  void shown(String node, int queue, long from, long to, List<Long> offsets) {
    long expected = from;
    for (long offset : offsets) {
      if (offset != expected) {
        violate("%s shows %d/%d where %d should be".formatted(node, queue, offset, expected));
      }
      expected = offset + 1;
    }
    if (expected != to) {
      violate("%s shows queue %d up to %d, not %d".formatted(node, queue, expected, to));
    }
  }

  /** It was acknowledged at this place. */
  void acknowledged(int queue, long offset, String value) {
    TreeMap<Long, String> log = seen.get(queue);
    String there = log == null ? null : log.get(offset);
    if (!value.equals(there)) {
      violate("%s was acknowledged at %d/%d, there is %s".formatted(value, queue, offset, there));
    }
  }

  long values() {
    return values;
  }

  List<String> violations() {
    return List.copyOf(violations);
  }

  private void violate(String text) {
    if (violations.size() < MAX_KEPT) {
      violations.add(text);
    }
  }
}
