package io.tidewheel.subscription;

import io.tidewheel.journal.LogState;
import java.util.Collection;
import java.util.List;
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
 *   <li>Its snapshot stays under {@link #MAX_SNAPSHOT_BYTES} as long as {@link #roomToDispatch} is
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

  /** Upper bounds of what one entry takes in a snapshot. */
  private static final int RETRY_BYTES = 8;

  private static final int LEASE_BYTES = 20;
  private static final int FIXED_BYTES = 2 << 10;

  private long generation;
  private long soughtAtMillis;
  private long startOffset;
  private SettledOffsets settled;
  private final TreeMap<Long, Retry> retries = new TreeMap<>();
  private final Histories histories = new Histories();

  private final Casualties casualties = new Casualties();
  private long nextNumber = 1;
  private final TreeMap<Long, SubscriptionEvent.LeaseLeft> leases = new TreeMap<>();
  private long ackedCount;
  private long deadCount;
  private long skippedCount;
  private long filteredCount;
  private final RowMarks rowMarks = new RowMarks();

  record Retry(int attempts, int deliveries, long notBeforeMillis) {}

  private SubscriptionState(long generation, long startOffset, SettledOffsets settled) {
    this.generation = generation;
    this.startOffset = startOffset;
    this.settled = settled;
  }

  /** A subscription that was just opened. */
  static SubscriptionState opened(long startOffset) {
    return new SubscriptionState(
        1, startOffset, new SettledOffsets(startOffset, new RoaringBitmap()));
  }

  static SubscriptionState of(SubscriptionImage image) {
    SubscriptionState state =
        new SubscriptionState(
            image.generation(),
            image.startOffset(),
            new SettledOffsets(image.floor(), image.settledBeyond()));
    state.soughtAtMillis = image.soughtAtMillis();
    state.retries.putAll(image.retries());
    image.histories().forEach(state.histories::put);
    image.outbox().values().forEach(state.casualties::add);
    state.nextNumber = image.nextNumber();
    state.leases.putAll(image.leases());
    state.ackedCount = image.ackedCount();
    state.deadCount = image.deadCount();
    state.skippedCount = image.skippedCount();
    state.filteredCount = image.filteredCount();
    state.casualties.park(image.parked());
    state.rowMarks.copyFrom(image.rowMarks());
    return state;
  }

  /** The whole state; the settled offsets are relative to the floor. */
  SubscriptionImage image() {
    return new SubscriptionImage(
        generation,
        soughtAtMillis,
        startOffset,
        settled.floor(),
        settled.relative(),
        retries,
        histories.all(),
        casualties.outbox(),
        nextNumber,
        leases,
        ackedCount,
        deadCount,
        skippedCount,
        filteredCount,
        casualties.parked(),
        rowMarks);
  }

  SubscriptionState copy() {
    return of(image());
  }

  @Override
  public void apply(SubscriptionEvent event) {
    event.applyTo(this);
    rowMarks.note(event.atMillis(), settled.end());
    assert isConsistent() : "invariants broken by " + event;
  }

  /** The floor. A seek may take it back; nothing is derived from it but what people read. */
  @Override
  public long position() {
    return settled.floor();
  }

  @Override
  public void onCheckpoint(long seqNr) {
    rowMarks.add(seqNr);
  }

  /** Which rows the pull log can do without. */
  RowMarks rowMarks() {
    return rowMarks;
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
          Integer deliveries = casualties.unpark(offset);
          if (deliveries != null) {
            retries.put(offset, new Retry(0, deliveries, 0));
          }
        });
  }

  void bury(Offsets offsets) {
    offsets.forEach(
        offset -> {
          if (casualties.unpark(offset) != null) {
            deadCount += settle(offset, offset + 1);
          }
        });
  }

  void retry(long atMillis, SubscriptionEvent.Retried retried) {
    long offset = retried.offset();
    retries.put(
        offset, new Retry(retried.attempts(), retried.deliveries(), retried.notBeforeMillis()));
    leases.remove(offset);
    histories.add(
        offset, new Attempt(retried.attempts(), atMillis, retried.cause(), retried.reason()));
  }

  void die(long atMillis, long number, SubscriptionEvent.Dying dying) {
    retries.remove(dying.offset());
    leases.remove(dying.offset());
    Attempt last = new Attempt(dying.attempts(), atMillis, dying.cause(), dying.reason());
    casualties.add(
        new Pending(
            number,
            dying.offset(),
            dying.attempts(),
            casualties.shortened(last),
            dying.deliveries(),
            dying.isParking()));
    nextNumber = number + 1;
  }

  void deadLettered(long number) {
    Pending pending = casualties.arrive(number);
    if (pending != null && pending.isParking()) {
      histories.forget(pending.offset(), pending.offset() + 1);
    } else if (pending != null) {
      deadCount += settle(pending.offset(), pending.offset() + 1);
    }
  }

  void seek(long atMillis, long newGeneration, long offset) {
    generation = newGeneration;
    soughtAtMillis = atMillis;
    startOffset = offset;
    settled = new SettledOffsets(offset, new RoaringBitmap());
    retries.clear();
    leases.clear();
    casualties.unparkAll();
    histories.retain(casualties.dyingOffsets());
    ackedCount = 0;
    deadCount = 0;
    skippedCount = 0;
    filteredCount = 0;
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

  /** When the generation began; 0 for the first. */
  long soughtAtMillis() {
    return soughtAtMillis;
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
    return casualties.parkedCount();
  }

  boolean isParked(long offset) {
    return casualties.isParked(offset);
  }

  /** It is parked, or on its way there. */
  boolean isHoldingKey(long offset) {
    return casualties.isHoldingKey(offset);
  }

  /** Whether nothing more can happen to a message: it is settled, dying or parked. */
  boolean isOver(long offset) {
    return isSettled(offset) || isDying(offset) || isParked(offset);
  }

  boolean isSettled(long offset) {
    return settled.contains(offset);
  }

  boolean isDying(long offset) {
    return casualties.isDying(offset);
  }

  long settledBeyondCount() {
    return settled.beyondCount();
  }

  /** Messages on their way to the dead-letter topic, and those that came there and hold keys. */
  Casualties casualties() {
    return casualties;
  }

  /** How many offsets of a range are not settled. */
  long openCount(long start, long end) {
    return settled.openCount(start, end);
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
    return histories.of(offset);
  }

  SubscriptionEvent.@Nullable LeaseLeft leaseOf(long offset) {
    return leases.isEmpty() ? null : leases.get(offset);
  }

  /** The leases that an orderly stop left on a range of offsets, by offset. */
  Collection<SubscriptionEvent.LeaseLeft> leases(long start, long end) {
    return leases.subMap(start, end).values();
  }

  int retryCount() {
    return retries.size();
  }

  int dyingCount() {
    return casualties.dyingCount();
  }

  long nextNumber() {
    return nextNumber;
  }

  /**
   * How many more messages may be given out while {@code inFlight} are: whatever becomes of all of
   * them can then still be recorded within the bounds. Not positive for none.
   */
  int roomToDispatch(int inFlight) {
    int byCount = MAX_RETRYING - retries.size() - dyingCount() - parkedCount();
    int byBytes = (MAX_SNAPSHOT_BYTES - snapshotWeight()) / LEASE_BYTES;
    return Math.min(byCount, byBytes) - inFlight;
  }

  /** Whether another message may be given out while {@code inFlight} are. */
  boolean canDispatch(int inFlight) {
    return roomToDispatch(inFlight) > 0;
  }

  /** At least as many bytes as the snapshot takes. */
  int snapshotWeight() {
    return FIXED_BYTES
        + settled.weight()
        + retries.size() * RETRY_BYTES
        + histories.bytes()
        + casualties.weight()
        + leases.size() * LEASE_BYTES;
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
    casualties.forget(start, end);
    histories.forget(start, end);
  }

  private boolean isConsistent() {
    boolean isFloorOpen = !settled.contains(settled.floor());
    boolean isRetryOpen = retries.isEmpty() || !isSettled(retries.firstKey());
    return isFloorOpen && isRetryOpen && casualties.isConsistent(nextNumber, settled.floor());
  }
}
