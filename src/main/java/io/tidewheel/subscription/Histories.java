package io.tidewheel.subscription;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** How the newest attempts at unsettled messages ended. Bounded by message and in all. */
final class Histories {
  /** Attempts that a message's history keeps: the newest. */
  static final int MAX_ATTEMPTS = 4;

  /** All histories together; beyond it nothing is added until messages are settled. */
  static final int MAX_BYTES = 64 << 10;

  private final TreeMap<Long, List<Attempt>> byOffset = new TreeMap<>();
  private int bytes;

  void add(long offset, Attempt attempt) {
    List<Attempt> attempts = new ArrayList<>(of(offset));
    if (attempts.size() == MAX_ATTEMPTS) {
      bytes -= attempts.remove(0).weight();
    }
    if (bytes + attempt.weight() <= MAX_BYTES) {
      attempts.add(attempt);
      bytes += attempt.weight();
    }
    if (attempts.isEmpty()) {
      byOffset.remove(offset);
    } else {
      byOffset.put(offset, attempts);
    }
  }

  /** As it was stored. */
  void put(long offset, List<Attempt> attempts) {
    byOffset.put(offset, new ArrayList<>(attempts));
    attempts.forEach(attempt -> bytes += attempt.weight());
  }

  /** Oldest first; empty when nothing was kept. */
  List<Attempt> of(long offset) {
    return byOffset.getOrDefault(offset, List.of());
  }

  SortedMap<Long, List<Attempt>> all() {
    return byOffset;
  }

  int bytes() {
    return bytes;
  }

  /** Forgets a range of offsets. */
  void forget(long start, long end) {
    if (byOffset.isEmpty()) {
      return;
    }
    SortedMap<Long, List<Attempt>> gone = byOffset.subMap(start, end);
    gone.values().forEach(attempts -> attempts.forEach(attempt -> bytes -= attempt.weight()));
    gone.clear();
  }

  /** Forgets all but these. */
  void retain(Set<Long> offsets) {
    byOffset.keySet().retainAll(offsets);
    bytes = 0;
    byOffset.values().forEach(attempts -> attempts.forEach(attempt -> bytes += attempt.weight()));
  }
}
