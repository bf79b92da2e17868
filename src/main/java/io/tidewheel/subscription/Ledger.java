package io.tidewheel.subscription;

import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The front's copy of the stored state, the write that is in flight, and what collects meanwhile.
 *
 * <ol>
 *   <li>At most one write is in flight; the copy follows only what is known to be stored.
 *   <li>Of those who wait for a batch, exactly one of both answers runs: stored, or failed.
 *   <li>What was passed over while reading is never forgotten: it collects again when a write is
 *       lost.
 * </ol>
 */
final class Ledger {
  /** Offsets passed over that may wait for something else to be stored, and for how long. */
  static final int MAX_PASSED = 10_000;

  static final long MAX_PASSED_NANOS = 2_000_000_000L;

  private SubscriptionState state;
  private Batch collecting = new Batch();
  private @Nullable Batch inFlight;
  private boolean isKnown = true;
  private long passedSinceNanos = -1;

  /** Messages about which something was to be stored when the state became unknown. */
  private final List<Slot> unresolved = new ArrayList<>();

  /** Messages whose ack is being stored before they were read; reading waits for that. */
  private final Set<Long> ackedUnread = new HashSet<>();

  Ledger(SubscriptionState state) {
    this.state = state;
  }

  SubscriptionState state() {
    return state;
  }

  /** Whether the copy of the state is the stored one, but for what is in flight. */
  boolean isKnown() {
    return isKnown;
  }

  /** Where what is to be stored collects. */
  Batch collecting() {
    return collecting;
  }

  /** Collects the ack of a message that is not in the window. */
  void ackUnread(WorkerName worker, long offset) {
    ackedUnread.add(offset);
    collecting.ack(worker, offset, null);
  }

  /** The first offset of a range whose ack is being stored unread; its end if there is none. */
  long nextAckedUnread(long start, long end) {
    long next = end;
    for (long offset : ackedUnread) {
      next = offset >= start ? Math.min(next, offset) : next;
    }
    return next;
  }

  boolean isAckedUnread(long offset) {
    return !ackedUnread.isEmpty() && ackedUnread.contains(offset);
  }

  boolean isStoring() {
    return inFlight != null;
  }

  /** When what was passed over is stored at the latest; {@link Long#MAX_VALUE} for never. */
  long passedDueNanos() {
    return passedSinceNanos < 0 ? Long.MAX_VALUE : passedSinceNanos + MAX_PASSED_NANOS;
  }

  /** Whether something collects that is not on its way to be stored. */
  boolean hasUnstored() {
    return !collecting.isEmpty();
  }

  /** Offsets that were passed over while reading, and are not settled in the copy of the state. */
  long passedCount() {
    Batch storing = inFlight;
    return collecting.passedCount() + (storing == null ? 0 : storing.passedCount());
  }

  /** Whether an offset was passed over by the filter, and that is not stored yet. */
  boolean isFiltering(long offset) {
    Batch storing = inFlight;
    return collecting.isFiltering(offset) || (storing != null && storing.isFiltering(offset));
  }

  /** Whether an offset was passed over for another reason, and that is not stored yet. */
  boolean isSkipping(long offset) {
    Batch storing = inFlight;
    return collecting.isSkipping(offset) || (storing != null && storing.isSkipping(offset));
  }

  /** The end of what was passed over at an offset, unstored; the offset itself if it was not. */
  long passedEnd(long offset) {
    Batch storing = inFlight;
    long end = collecting.passedEnd(offset);
    return storing == null ? end : Math.max(end, storing.passedEnd(offset));
  }

  boolean isBurying() {
    Batch storing = inFlight;
    return collecting.isBurying() || (storing != null && storing.isBurying());
  }

  /**
   * What is to be stored next; null if nothing is, or the write before it is still in flight.
   * Offsets that were passed over wait for something else to be stored, until they are many or some
   * time has gone by: read again after a crash, they are passed over again.
   *
   * @param isForced whether nothing may wait
   */
  @Nullable Settled nextWrite(Now now, boolean isForced) {
    if (inFlight != null || collecting.isEmpty() || !isKnown) {
      return null;
    }
    if (!isForced && !collecting.isUrgent() && collecting.passedCount() < MAX_PASSED) {
      passedSinceNanos = passedSinceNanos < 0 ? now.nanos() : passedSinceNanos;
      if (now.nanos() < passedDueNanos()) {
        return null;
      }
    }
    passedSinceNanos = -1;
    inFlight = collecting;
    collecting = new Batch();
    return inFlight.toEvent(now.millis());
  }

  /**
   * What was in flight is stored; {@code event} is null if there was nothing new in it.
   *
   * @param resolve takes the messages about which all is known now
   * @param unread takes the acked messages that were not in the window
   */
  void onStored(@Nullable SubscriptionEvent event, Consumer<Slot> resolve, LongConsumer unread) {
    Batch stored = inFlight;
    if (stored == null) {
      throw new IllegalStateException("nothing was being stored");
    }
    inFlight = null;
    if (event != null) {
      state.apply(event);
    }
    for (long offset : stored.unread()) {
      ackedUnread.remove(offset);
      unread.accept(offset);
    }
    for (Slot slot : stored.slots()) {
      slot.pendingCount--;
      boolean isOver = state.isOver(slot.offset);
      if (slot.pendingCount == 0 || isOver) {
        resolve.accept(slot);
      }
    }
    stored.onStored();
  }

  /** Whether what was in flight is stored is not known: all who wait are told that it failed. */
  void onUnknown() {
    isKnown = false;
    ackedUnread.clear();
    Batch lost = inFlight;
    Batch waiting = collecting;
    inFlight = null;
    collecting = new Batch();
    if (lost != null) {
      abandon(lost);
    }
    abandon(waiting);
  }

  /** A new generation began: what collects belongs to the one before, and is void. */
  void onSought(SubscriptionEvent.Sought sought) {
    if (inFlight != null) {
      throw new IllegalStateException("a write is in flight beside a seek");
    }
    Batch lost = collecting;
    collecting = new Batch();
    ackedUnread.clear();
    unresolved.clear();
    state.apply(sought);
    lost.onFailed();
  }

  private void abandon(Batch batch) {
    unresolved.addAll(batch.slots());
    keepOpen(batch, collecting);
    batch.onFailed();
  }

  /**
   * Takes the stored state, after it was not known.
   *
   * @return whether its generation is the one before; else all that collected is void
   */
  boolean load(SubscriptionState stored) {
    boolean isSameGeneration = stored.generation() == state.generation();
    state = stored;
    isKnown = true;
    if (!isSameGeneration) {
      unresolved.clear();
      collecting = new Batch();
    } else {
      Batch open = new Batch();
      keepOpen(collecting, open);
      collecting = open;
    }
    return isSameGeneration;
  }

  /** What was passed over, and is not settled, is so in another batch. */
  private void keepOpen(Batch from, Batch to) {
    keepOpen(from.skipped(), to::skip);
    keepOpen(from.filtered(), to::filter);
  }

  private void keepOpen(Offsets offsets, Passing action) {
    for (int i = 0; i < offsets.rangeCount(); i++) {
      long openCount = state.openCount(offsets.start(i), offsets.end(i));
      if (openCount > 0) {
        action.accept(offsets.start(i), offsets.end(i), openCount);
      }
    }
  }

  private interface Passing {
    void accept(long start, long end, long openCount);
  }

  /** Gives the messages about which something was lost; nothing is pending then. */
  void resolveLost(Consumer<Slot> resolve) {
    List<Slot> lost = List.copyOf(unresolved);
    unresolved.clear();
    for (Slot slot : lost) {
      slot.pendingCount = 0;
    }
    for (Slot slot : lost) {
      if (slot.place != Slot.Place.GONE && slot.pendingCount == 0) {
        resolve.accept(slot);
      }
    }
  }
}
