package io.tidewheel.subscription;

import io.tidewheel.journal.LogState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What a subscription knows for ever: which offsets are settled, which failed how often, and which
 * are on their way to the dead-letter topic. Pure. Core and front each hold one of their own and
 * apply the same events.
 *
 * <ol>
 *   <li>Every offset from the generation's start is settled, dying, parked, or open; an open one
 *       may have a retry. A dying, parked or retried offset is never settled.
 *   <li>Outbox numbers are given once, without gaps; those of dying messages are below the next.
 *   <li>Its snapshot stays under {@link #MAX_SNAPSHOT_BYTES} as long as {@link #canDispatch} is
 *       asked before messages are given out: what is out can then be recorded in any combination.
 * </ol>
 */
final class SubscriptionState implements LogState<SubscriptionEvent> {
  static final int MAX_SNAPSHOT_BYTES = 512 << 10;

  /**
   * How far above the floor messages are read and given out. Enough for ten million acks behind one
   * message; the bound of the snapshot comes first when the acked offsets make no runs.
   */
  static final long MAX_BEYOND_FLOOR = 16_000_000;

  /**
   * Failed messages, waiting for their retry or for the dead-letter topic. The bound of the
   * snapshot may come first.
   */
  static final int MAX_RETRYING = 100_000;

  /** Attempts that a message's history keeps: the newest. */
  static final int MAX_HISTORY = 4;

  /** All histories together; beyond it nothing is added until messages are settled. */
  static final int MAX_HISTORY_BYTES = 64 << 10;

  /** Upper bounds of what one entry takes in a snapshot. */
  private static final int RETRY_BYTES = 8;

  private static final int DYING_BYTES = 28;
  private static final int PARKED_BYTES = 8;
  private static final int LEASE_BYTES = 20;
  private static final int FIXED_BYTES = 2 << 10;

  private long generation;
  private long startOffset;
  private SettledOffsets settled;
  private final TreeMap<Long, Retry> retries = new TreeMap<>();
  private final TreeMap<Long, List<Attempt>> histories = new TreeMap<>();
  private int historyBytes;
  private final TreeMap<Long, Pending> outbox = new TreeMap<>();
  private final Map<Long, Long> numberByOffset = new HashMap<>();
  private long nextNumber = 1;
  private final TreeMap<Long, SubscriptionEvent.LeaseLeft> leases = new TreeMap<>();
  private long ackedCount;
  private long deadCount;
  private long skippedCount;
  private long filteredCount;

  /** Dead letters that hold their key, with the ordinal of their last delivery. */
  private final TreeMap<Long, Integer> parked = new TreeMap<>();

  /** A message that failed. */
  record Retry(int attempts, int deliveries, long notBeforeMillis) {}

  /** A message on its way to the dead-letter topic, with how often it was tried and why it died. */
  record Pending(
      long number, long offset, int attempts, Attempt last, int deliveries, boolean isParking) {}

  /** Everything in one value, for the codec. */
  record Image(
      long generation,
      long startOffset,
      long floor,
      RoaringBitmap settledBeyond,
      SortedMap<Long, Retry> retries,
      SortedMap<Long, List<Attempt>> histories,
      SortedMap<Long, Pending> outbox,
      long nextNumber,
      SortedMap<Long, SubscriptionEvent.LeaseLeft> leases,
      long ackedCount,
      long deadCount,
      long skippedCount,
      long filteredCount,
      SortedMap<Long, Integer> parked) {}

  private SubscriptionState(long generation, long startOffset, SettledOffsets settled) {
    this.generation = generation;
    this.startOffset = startOffset;
    this.settled = settled;
  }

  /** A subscription that was just opened. */
  static SubscriptionState opened(long startOffset) {
    return new SubscriptionState(1, startOffset, noneFrom(startOffset));
  }

  static SubscriptionState of(Image image) {
    SubscriptionState state =
        new SubscriptionState(
            image.generation,
            image.startOffset,
            new SettledOffsets(image.floor, image.settledBeyond));
    state.retries.putAll(image.retries);
    image.histories.forEach((offset, attempts) -> state.putHistory(offset, attempts));
    image.outbox.values().forEach(state::putPending);
    state.nextNumber = image.nextNumber;
    state.leases.putAll(image.leases);
    state.ackedCount = image.ackedCount;
    state.deadCount = image.deadCount;
    state.skippedCount = image.skippedCount;
    state.filteredCount = image.filteredCount;
    state.parked.putAll(image.parked);
    return state;
  }

  /** The whole state; the settled offsets are relative to the floor. */
  Image image() {
    return new Image(
        generation,
        startOffset,
        settled.floor(),
        settled.relative(),
        retries,
        histories,
        outbox,
        nextNumber,
        leases,
        ackedCount,
        deadCount,
        skippedCount,
        filteredCount,
        parked);
  }

  /** An equal state that shares nothing with this one. */
  SubscriptionState copy() {
    return of(image());
  }

  @Override
  public void apply(SubscriptionEvent event) {
    event.applyTo(this);
    assert isConsistent() : "invariants broken by " + event;
  }

  /** The floor. A seek may take it back; nothing is derived from it but what people read. */
  @Override
  public long position() {
    return settled.floor();
  }

  void ack(Offsets offsets) {
    for (int i = 0; i < offsets.rangeCount(); i++) {
      ackedCount += settle(offsets.start(i), offsets.end(i));
    }
  }

  void skip(Offsets offsets) {
    for (int i = 0; i < offsets.rangeCount(); i++) {
      skippedCount += settle(offsets.start(i), offsets.end(i));
    }
  }

  void filter(Offsets offsets) {
    for (int i = 0; i < offsets.rangeCount(); i++) {
      filteredCount += settle(offsets.start(i), offsets.end(i));
    }
  }

  void reopen(Offsets offsets) {
    offsets.forEach(
        offset -> {
          Integer deliveries = parked.remove(offset);
          if (deliveries != null) {
            retries.put(offset, new Retry(0, deliveries, 0));
          }
        });
  }

  void bury(Offsets offsets) {
    offsets.forEach(
        offset -> {
          if (parked.remove(offset) != null) {
            deadCount += settle(offset, offset + 1);
          }
        });
  }

  void retry(long atMillis, SubscriptionEvent.Retried retried) {
    long offset = retried.offset();
    retries.put(
        offset, new Retry(retried.attempts(), retried.deliveries(), retried.notBeforeMillis()));
    leases.remove(offset);
    addHistory(
        offset, new Attempt(retried.attempts(), atMillis, retried.cause(), retried.reason()));
  }

  void die(long atMillis, long number, SubscriptionEvent.Dying dying) {
    retries.remove(dying.offset());
    leases.remove(dying.offset());
    Attempt last = new Attempt(dying.attempts(), atMillis, dying.cause(), dying.reason());
    Attempt kept =
        historyBytes + outboxReasonBytes(last) > 2 * MAX_HISTORY_BYTES
            ? new Attempt(last.ordinal(), atMillis, last.cause(), null)
            : last;
    putPending(
        new Pending(
            number, dying.offset(), dying.attempts(), kept, dying.deliveries(), dying.isParking()));
    nextNumber = number + 1;
  }

  void deadLettered(long number) {
    Pending pending = outbox.remove(number);
    if (pending != null) {
      historyBytes -= outboxReasonBytes(pending.last);
      numberByOffset.remove(pending.offset);
      if (pending.isParking) {
        forget(pending.offset, pending.offset + 1);
        parked.put(pending.offset, pending.deliveries);
      } else {
        deadCount += settle(pending.offset, pending.offset + 1);
      }
    }
  }

  void seek(long newGeneration, long offset) {
    generation = newGeneration;
    startOffset = offset;
    settled = noneFrom(offset);
    retries.clear();
    leases.clear();
    parked.clear();
    outbox.replaceAll((number, pending) -> unparked(pending));
    histories.keySet().retainAll(numberByOffset.keySet());
    historyBytes = 0;
    histories.values().forEach(attempts -> attempts.forEach(a -> historyBytes += a.weight()));
    outbox.values().forEach(pending -> historyBytes += outboxReasonBytes(pending.last));
    ackedCount = 0;
    deadCount = 0;
    skippedCount = 0;
    filteredCount = 0;
  }

  private static Pending unparked(Pending pending) {
    return new Pending(
        pending.number, pending.offset, pending.attempts, pending.last, pending.deliveries, false);
  }

  void close(List<SubscriptionEvent.LeaseLeft> left) {
    leases.clear();
    for (SubscriptionEvent.LeaseLeft lease : left) {
      leases.put(lease.offset(), lease);
    }
  }

  long generation() {
    return generation;
  }

  long startOffset() {
    return startOffset;
  }

  /** Every offset below it is settled, and it is not. */
  long floor() {
    return settled.floor();
  }

  long ackedCount() {
    return ackedCount;
  }

  long deadCount() {
    return deadCount;
  }

  long skippedCount() {
    return skippedCount;
  }

  long filteredCount() {
    return filteredCount;
  }

  /** Dead letters that hold their key. */
  int parkedCount() {
    return parked.size();
  }

  boolean isParked(long offset) {
    return !parked.isEmpty() && parked.containsKey(offset);
  }

  /** Whether its key waits for its redrive: it is parked, or on its way there. */
  boolean isHoldingKey(long offset) {
    if (isParked(offset)) {
      return true;
    }
    Long number = numberByOffset.isEmpty() ? null : numberByOffset.get(offset);
    Pending pending = number == null ? null : outbox.get(number);
    return pending != null && pending.isParking;
  }

  Offsets parkedOffsets() {
    Offsets.Builder all = new Offsets.Builder();
    parked.keySet().forEach(all::add);
    return all.build();
  }

  /** Whether nothing more can happen to a message: it is settled, dying or parked. */
  boolean isOver(long offset) {
    return isSettled(offset) || isDying(offset) || isParked(offset);
  }

  boolean isSettled(long offset) {
    return settled.contains(offset);
  }

  boolean isDying(long offset) {
    return !numberByOffset.isEmpty() && numberByOffset.containsKey(offset);
  }

  /** Settled offsets above the floor. */
  long settledBeyondCount() {
    return settled.beyondCount();
  }

  /** The first offset from here on that is not settled. */
  long nextOpen(long offset) {
    return settled.nextOpen(offset);
  }

  @Nullable Retry retryOf(long offset) {
    return retries.isEmpty() ? null : retries.get(offset);
  }

  /** How the newest attempts ended, oldest first; empty when that was not kept. */
  List<Attempt> historyOf(long offset) {
    return histories.getOrDefault(offset, List.of());
  }

  SubscriptionEvent.@Nullable LeaseLeft leaseOf(long offset) {
    return leases.isEmpty() ? null : leases.get(offset);
  }

  int retryCount() {
    return retries.size();
  }

  int dyingCount() {
    return outbox.size();
  }

  /** The message that leaves after the one with this number; null when there is none. */
  @Nullable Pending dyingAfter(long number) {
    Map.Entry<Long, Pending> next = outbox.higherEntry(number);
    return next == null ? null : next.getValue();
  }

  long nextNumber() {
    return nextNumber;
  }

  /**
   * Whether another message may be given out while {@code inFlight} are: whatever becomes of them
   * can then still be recorded within the bounds.
   */
  boolean canDispatch(int inFlight) {
    return retries.size() + outbox.size() + parked.size() + inFlight < MAX_RETRYING
        && snapshotWeight() + (long) (inFlight + 1) * LEASE_BYTES <= MAX_SNAPSHOT_BYTES;
  }

  /** At least as many bytes as the snapshot takes. */
  int snapshotWeight() {
    return FIXED_BYTES
        + settled.weight()
        + retries.size() * RETRY_BYTES
        + historyBytes
        + outbox.size() * DYING_BYTES
        + parked.size() * PARKED_BYTES
        + leases.size() * LEASE_BYTES;
  }

  private static SettledOffsets noneFrom(long floor) {
    return new SettledOffsets(floor, new RoaringBitmap());
  }

  /** Settles a range; returns how many of it were not settled before. */
  private long settle(long start, long end) {
    long begin = Math.max(start, settled.floor());
    if (begin >= end) {
      return 0;
    }
    forget(begin, end);
    return settled.add(begin, end);
  }

  /** Drops what was known about open messages that are settled now. */
  private void forget(long start, long end) {
    if (!retries.isEmpty()) {
      retries.subMap(start, end).clear();
    }
    if (!leases.isEmpty()) {
      leases.subMap(start, end).clear();
    }
    if (!parked.isEmpty()) {
      parked.subMap(start, end).clear();
    }
    if (!histories.isEmpty()) {
      SortedMap<Long, List<Attempt>> gone = histories.subMap(start, end);
      gone.values().forEach(attempts -> attempts.forEach(a -> historyBytes -= a.weight()));
      gone.clear();
    }
  }

  private void addHistory(long offset, Attempt attempt) {
    List<Attempt> attempts = new ArrayList<>(historyOf(offset));
    if (attempts.size() == MAX_HISTORY) {
      historyBytes -= attempts.remove(0).weight();
    }
    if (historyBytes + attempt.weight() <= MAX_HISTORY_BYTES) {
      attempts.add(attempt);
      historyBytes += attempt.weight();
    }
    if (attempts.isEmpty()) {
      histories.remove(offset);
    } else {
      histories.put(offset, attempts);
    }
  }

  private void putHistory(long offset, List<Attempt> attempts) {
    histories.put(offset, new ArrayList<>(attempts));
    attempts.forEach(attempt -> historyBytes += attempt.weight());
  }

  private void putPending(Pending pending) {
    outbox.put(pending.number, pending);
    numberByOffset.put(pending.offset, pending.number);
    historyBytes += outboxReasonBytes(pending.last);
  }

  private static int outboxReasonBytes(Attempt last) {
    return last.reason() == null ? 0 : last.weight();
  }

  private boolean isConsistent() {
    boolean isFloorOpen = !settled.contains(settled.floor());
    boolean isOutboxWhole = outbox.size() == numberByOffset.size();
    boolean isNumbered = outbox.isEmpty() || outbox.lastKey() < nextNumber;
    boolean isRetryOpen =
        retries.isEmpty()
            || (retries.firstKey() >= settled.floor()
                && !isSettled(retries.firstKey())
                && !isSettled(retries.lastKey()));
    boolean isParkedOpen = parked.isEmpty() || parked.firstKey() >= settled.floor();
    return isParkedOpen
        && isFloorOpen
        && isOutboxWhole
        && isNumbered
        && isRetryOpen
        && historyBytes >= 0;
  }
}
