package io.tidewheel.subscription;

import io.tidewheel.subscription.Looks.Kind;
import io.tidewheel.subscription.Sighting.State;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Says where single messages are, from what the front knows. Pure. The state has the last word on
 * what is settled or dead, the window on everything else.
 */
final class Sightings {
  private static final String READ_AGAIN = "its turn has come; its payload is being read again";

  private final Deliveries known;
  private final SubscriptionState state;
  private final Ledger ledger;
  private final Window window;
  private final Now now;

  /** At a moment at which the state is known. */
  Sightings(Deliveries known, Now now) {
    this.known = known;
    this.state = known.state();
    this.ledger = known.ledger();
    this.window = known.window();
    this.now = now;
  }

  /** Where a message is; null if the log does not reach so far. */
  @Nullable Sighting at(long offset) {
    if (offset < 0 || offset >= known.nextOffset()) {
      return null;
    }
    if (offset < state.startOffset()) {
      return Sighting.of(
          offset,
          State.SKIPPED,
          0,
          "before where the subscription starts, which is offset " + state.startOffset());
    }
    if (state.isSettled(offset)) {
      return Sighting.of(offset, State.SETTLED, 0, null);
    }
    if (state.isDying(offset) || state.isParked(offset)) {
      return dead(offset);
    }
    Slot slot = window.find(offset);
    if (slot != null) {
      return inWindow(slot);
    }
    if (ledger.isAckedUnread(offset)) {
      return Sighting.of(offset, State.LEASED, attempts(offset), "its ack is being stored");
    }
    if (window.isDeferred(offset)) {
      return deferred(offset);
    }
    if (ledger.isFiltering(offset)) {
      return Sighting.of(offset, State.FILTERED, 0, "passed over; that is being stored");
    }
    if (ledger.isSkipping(offset)) {
      return Sighting.of(offset, State.SKIPPED, 0, "passed over; that is being stored");
    }
    return unread(offset);
  }

  private Sighting deferred(long offset) {
    long blocker = window.lines().blockerOfDeferred(offset);
    return blocker < 0
        ? Sighting.of(offset, State.UNREAD, attempts(offset), READ_AGAIN)
        : Sighting.of(offset, State.WAITING, attempts(offset), null).behind(blocker);
  }

  private Sighting dead(long offset) {
    Pending pending = state.casualties().pendingAt(offset);
    if (pending == null) {
      return Sighting.of(offset, State.DEAD, 0, null).holdingKey(true);
    }
    return Sighting.of(
            offset,
            State.DEAD,
            pending.attempts(),
            DeadLetter.words(pending.last()) + "; on its way to the dead-letter topic")
        .at(pending.last().atMillis())
        .holdingKey(pending.isParking());
  }

  private Sighting inWindow(Slot slot) {
    return switch (slot.place) {
      case READY -> Sighting.of(slot.offset, State.DISPATCHABLE, slot.attempts, last(slot));
      case BLOCKED -> {
        KeyLine line = slot.line;
        long blocker = line == null ? -1 : window.lines().blockerOf(line, slot.offset);
        yield Sighting.of(slot.offset, State.WAITING, slot.attempts, last(slot)).behind(blocker);
      }
      case WAITING ->
          Sighting.of(slot.offset, State.WAITING, slot.attempts, last(slot))
              .until(now.millisAt(slot.dueNanos));
      case LEASED -> leased(slot, null);
      case SETTLING ->
          leased(
              slot,
              slot.isDying
                  ? "its turn to a dead letter is being stored"
                  : "its end is being stored");
      case RETURNING -> leased(slot, "the end of its delivery is being stored");
      case ABSENT -> Sighting.of(slot.offset, State.UNREAD, slot.attempts, READ_AGAIN);
      case PARKED, GONE -> Sighting.of(slot.offset, State.DEAD, slot.attempts, null);
    };
  }

  private static Sighting leased(Slot slot, @Nullable String detail, Lease lease, Now now) {
    Sighting sighting =
        Sighting.of(slot.offset, State.LEASED, slot.attempts, detail).by(lease.worker);
    return detail == null ? sighting.until(now.millisAt(lease.deadlineNanos)) : sighting;
  }

  private Sighting leased(Slot slot, @Nullable String detail) {
    Lease lease = slot.lease;
    return lease == null
        ? Sighting.of(slot.offset, State.LEASED, slot.attempts, detail)
        : leased(slot, detail, lease, now);
  }

  private Sighting unread(long offset) {
    LeaseLeft left = state.leaseOf(offset);
    if (left != null && left.isLive(now)) {
      return Sighting.of(offset, State.LEASED, attempts(offset), null)
          .by(left.worker())
          .until(now.millisAt(left.endsAtNanos()));
    }
    Retry retry = state.retryOf(offset);
    return retry != null && retry.notBeforeMillis() > now.millis()
        ? Sighting.of(offset, State.WAITING, retry.attempts(), null).until(retry.notBeforeMillis())
        : Sighting.of(offset, State.UNREAD, attempts(offset), null);
  }

  private int attempts(long offset) {
    Retry retry = state.retryOf(offset);
    return retry == null ? 0 : retry.attempts();
  }

  /** How its last attempt ended; null if there was none. */
  private @Nullable String last(Slot slot) {
    List<Attempt> history = state.historyOf(slot.offset);
    if (history.isEmpty() || slot.attempts == 0) {
      return null;
    }
    Attempt last = history.get(history.size() - 1);
    return "attempt %d ended %s: %s"
        .formatted(last.ordinal(), Instant.ofEpochMilli(last.atMillis()), DeadLetter.words(last));
  }

  /** Those of a kind from an offset on, by offset; one more than {@code max} if there are more. */
  List<Sighting> list(Kind kind, long from, int max) {
    return switch (kind) {
      case OPEN -> open(from, max + 1);
      case WAITING ->
          listed(
              from,
              max + 1,
              true,
              slot -> slot.place == Slot.Place.WAITING || slot.place == Slot.Place.BLOCKED);
      case DISPATCHABLE -> listed(from, max + 1, false, slot -> slot.place == Slot.Place.READY);
      case LEASED -> listed(from, max + 1, false, Slot::isOut);
    };
  }

  private List<Sighting> open(long from, int max) {
    List<Sighting> open = new ArrayList<>();
    long offset = state.nextOpen(from);
    while (offset < known.nextOffset() && open.size() < max) {
      long end = ledger.passedEnd(offset);
      Sighting sighting = end > offset ? null : at(offset);
      if (sighting != null && sighting.state() != State.SKIPPED) {
        open.add(sighting);
      }
      offset = state.nextOpen(Math.max(end, offset + 1));
    }
    return open;
  }

  /** Looks at the whole window, but keeps no more than is asked for. */
  private List<Sighting> listed(
      long from, int max, boolean withDeferred, Predicate<Slot> condition) {
    PriorityQueue<Long> lowest = new PriorityQueue<>(Comparator.reverseOrder());
    for (Slot slot : window.all()) {
      if (slot.offset >= from && !state.isOver(slot.offset) && condition.test(slot)) {
        keep(lowest, slot.offset, max);
      }
    }
    if (withDeferred) {
      window.forEachDeferred(
          Long.MAX_VALUE,
          offset -> {
            if (offset >= from && !ledger.isAckedUnread(offset)) {
              keep(lowest, offset, max);
            }
          });
    }
    List<Sighting> listed = new ArrayList<>();
    lowest.stream()
        .sorted()
        .forEach(
            offset -> {
              Sighting sighting = at(offset);
              if (sighting != null) {
                listed.add(sighting);
              }
            });
    return listed;
  }

  private static void keep(PriorityQueue<Long> lowest, long offset, int max) {
    if (lowest.size() < max) {
      lowest.add(offset);
    } else if (offset < lowest.element()) {
      lowest.remove();
      lowest.add(offset);
    }
  }
}
