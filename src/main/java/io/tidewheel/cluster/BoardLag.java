package io.tidewheel.cluster;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * How old the news of other nodes' boards is. Each tells something every second, so what is a lot
 * older got lost or is late, and workers here don't know of what waits there. Safe for any thread.
 */
final class BoardLag {
  private final LongSupplier nanoTime;
  private final Map<NodeId, Long> heardNanos = new ConcurrentHashMap<>();

  /**
   * Knows nobody yet.
   *
   * @param nanoTime monotonic clock in nanoseconds
   */
  BoardLag(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Something came of a node; nothing counts of one that is no member. */
  void heard(NodeId node) {
    long now = nanoTime.getAsLong();
    heardNanos.computeIfPresent(node, (same, before) -> now);
  }

  /** Who the other members are from now on. One that is new counts as just heard. */
  void members(Set<NodeId> others) {
    long now = nanoTime.getAsLong();
    heardNanos.keySet().retainAll(others);
    others.forEach(other -> heardNanos.putIfAbsent(other, now));
  }

  /** Since the last news of the one that was heard longest ago; 0 if there are no others. */
  double seconds() {
    long now = nanoTime.getAsLong();
    long largest = 0;
    for (long heard : heardNanos.values()) {
      largest = Math.max(largest, now - heard);
    }
    return largest / 1e9;
  }
}
