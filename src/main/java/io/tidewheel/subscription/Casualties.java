package io.tidewheel.subscription;

import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Messages on their way to the dead-letter topic, by number, and those that came there and hold
 * their key, by offset.
 */
final class Casualties {
  /** Reasons of those on their way; beyond it they go without. */
  private static final int MAX_REASON_BYTES = 64 << 10;

  /** Upper bounds of what one takes in a snapshot. */
  private static final int DYING_BYTES = 28;

  private static final int PARKED_BYTES = 8;

  private final TreeMap<Long, Pending> outbox = new TreeMap<>();
  private final TreeMap<Long, Long> numberByOffset = new TreeMap<>();

  /** With the ordinal of the last delivery. */
  private final TreeMap<Long, Integer> parked = new TreeMap<>();

  private int reasonBytes;

  void add(Pending pending) {
    outbox.put(pending.number(), pending);
    numberByOffset.put(pending.offset(), pending.number());
    reasonBytes += reasonBytes(pending.last());
  }

  /** How it ended, without the reason if there is no room for it. */
  Attempt shortened(Attempt last) {
    return reasonBytes + reasonBytes(last) > MAX_REASON_BYTES
        ? new Attempt(last.ordinal(), last.atMillis(), last.cause(), null)
        : last;
  }

  private static int reasonBytes(Attempt last) {
    return last.reason() == null ? 0 : last.weight();
  }

  /** Its topic has it: null if that was known. One that holds its key is parked now. */
  @Nullable Pending arrive(long number) {
    Pending pending = outbox.remove(number);
    if (pending != null) {
      reasonBytes -= reasonBytes(pending.last());
      numberByOffset.remove(pending.offset());
      if (pending.isParking()) {
        parked.put(pending.offset(), pending.deliveries());
      }
    }
    return pending;
  }

  void park(Map<Long, Integer> offsets) {
    parked.putAll(offsets);
  }

  /** Holds its key no longer; the ordinal of its last delivery, null if it held nothing. */
  @Nullable Integer unpark(long offset) {
    return parked.remove(offset);
  }

  /** Nothing holds its key any more; what is on its way stays so. */
  void unparkAll() {
    parked.clear();
    outbox.replaceAll((number, pending) -> pending.passing());
  }

  /** A range is settled. */
  void forget(long start, long end) {
    if (!parked.isEmpty()) {
      parked.subMap(start, end).clear();
    }
  }

  boolean isDying(long offset) {
    return !numberByOffset.isEmpty() && numberByOffset.containsKey(offset);
  }

  boolean isParked(long offset) {
    return !parked.isEmpty() && parked.containsKey(offset);
  }

  /** On its way; null if it is not. */
  @Nullable Pending pendingAt(long offset) {
    Long number = numberByOffset.isEmpty() ? null : numberByOffset.get(offset);
    return number == null ? null : outbox.get(number);
  }

  boolean isHoldingKey(long offset) {
    if (isParked(offset)) {
      return true;
    }
    Pending pending = pendingAt(offset);
    return pending != null && pending.isParking();
  }

  /** The message that leaves after the one with this number; null when there is none. */
  @Nullable Pending after(long number) {
    Map.Entry<Long, Pending> next = outbox.higherEntry(number);
    return next == null ? null : next.getValue();
  }

  SortedMap<Long, Pending> outbox() {
    return outbox;
  }

  SortedMap<Long, Integer> parked() {
    return parked;
  }

  /** The first offset of a range that is dying; its end if there is none. */
  long nextDying(long start, long end) {
    Long next = numberByOffset.isEmpty() ? null : numberByOffset.ceilingKey(start);
    return next == null ? end : Math.min(next, end);
  }

  /** How many from an offset on are dying or parked. */
  int countFrom(long offset) {
    return numberByOffset.tailMap(offset).size() + parked.tailMap(offset).size();
  }

  /** How many of a range are dying and hold no key. */
  long passingCount(long start, long end) {
    return numberByOffset.subMap(start, Math.max(start, end)).keySet().stream()
        .filter(offset -> !isHoldingKey(offset))
        .count();
  }

  Offsets parkedOffsets() {
    Offsets.Builder all = new Offsets.Builder();
    parked.keySet().forEach(all::add);
    return all.build();
  }

  Set<Long> dyingOffsets() {
    return numberByOffset.keySet();
  }

  int dyingCount() {
    return outbox.size();
  }

  int parkedCount() {
    return parked.size();
  }

  /** At least as many bytes as they take in a snapshot. */
  int weight() {
    return reasonBytes + outbox.size() * DYING_BYTES + parked.size() * PARKED_BYTES;
  }

  boolean isConsistent(long nextNumber, long floor) {
    boolean isOutboxWhole = outbox.size() == numberByOffset.size();
    boolean isNumbered = outbox.isEmpty() || outbox.lastKey() < nextNumber;
    boolean isParkedOpen = parked.isEmpty() || parked.firstKey() >= floor;
    return isOutboxWhole && isNumbered && isParkedOpen && reasonBytes >= 0;
  }
}
