package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fills the window from the log, in order of offsets.
 *
 * <ol>
 *   <li>Every offset passed is settled, dying, in the window or deferred by it, or collects as
 *       skipped.
 *   <li>Payloads that the window did not keep are read again when it wants them, by turns with
 *       reading on.
 *   <li>It stops where the window is full, and never passes a message whose ack is being stored.
 *   <li>Leases that an orderly stop left go on where they were.
 * </ol>
 */
final class Intake {
  private final long subscriptionUid;
  private final Window window;
  private final Leases leases;
  private final Ledger ledger;
  private long nextOffset;
  private long skippedTo;

  /** Up to where lag was looked at, message by message. */
  private long lookedTo;

  /** Those before that which somebody had then. */
  private final List<Long> heldBack = new ArrayList<>();

  private boolean wasAgain;

  /**
   * A read of the log that is to be made.
   *
   * @param isAgain whether it is for payloads that were not kept
   */
  record Reading(long from, long end, long maxBytes, boolean isAgain) {}

  Intake(long subscriptionUid, Window window, Leases leases, Ledger ledger, long nextOffset) {
    this.subscriptionUid = subscriptionUid;
    this.window = window;
    this.leases = leases;
    this.ledger = ledger;
    this.nextOffset = Math.max(nextOffset, ledger.state().floor());
  }

  /** The end of the log, as far as it is known. */
  long nextOffset() {
    return nextOffset;
  }

  void extendTo(long offset) {
    nextOffset = Math.max(nextOffset, offset);
  }

  /** Where reading goes on; −1 if there is nothing to read or no room for it. */
  long readFrom() {
    window.skipTo(ledger.state().nextOpen(window.cursor()));
    return window.hasRoom()
            && window.cursor() < readEnd()
            && ledger.collecting().room() > 0
            && !ledger.isAckedUnread(window.cursor())
        ? window.cursor()
        : -1;
  }

  /** The log begins here: what would be read before it is gone. */
  void skipTrimmed(long startOffset) {
    if (window.cursor() < startOffset && ledger.isKnown()) {
      extendTo(startOffset);
      passTo(startOffset, null);
    }
  }

  /**
   * Passes over what is before an offset: what was not read, and what was read and is with nobody,
   * be it that it waits for its retry, its key or its redrive. What workers hold stays until it
   * ends, and what is on its way to the dead-letter topic arrives there; both are looked at again
   * when the offset has grown.
   */
  void skipLag(long offset, Now now) {
    boolean hasGrown = offset > skippedTo;
    if ((!hasGrown && lookedTo >= offset)
        || offset <= ledger.state().floor()
        || !ledger.isKnown()) {
      return;
    }
    if (hasGrown) {
      skippedTo = offset;
      List<Long> held = List.copyOf(heldBack);
      heldBack.clear();
      held.forEach(each -> skipRead(each, now));
    }
    long end = Math.min(offset, window.cursor());
    for (long each = nextOpen(lookedTo); each < end; each = nextOpen(each + 1)) {
      skipRead(each, now);
    }
    passTo(Math.min(offset, readEnd()), now);
    lookedTo = Math.min(offset, window.cursor());
  }

  private long nextOpen(long offset) {
    return ledger.state().nextOpen(offset);
  }

  /** Passes over a message that was read, unless somebody has it. */
  private void skipRead(long offset, Now now) {
    Slot slot = window.find(offset);
    boolean isFree =
        slot == null
            ? !ledger.isAckedUnread(offset) && !ledger.state().isDying(offset)
            : slot.isOpen() || (slot.place == Slot.Place.PARKED && ledger.state().isParked(offset));
    if (slot == null && !window.isDeferred(offset)) {
      return;
    }
    if (isFree) {
      drop(offset, now);
    } else {
      heldBack.add(offset);
    }
  }

  /** It leaves the window at once, and its place with what was passed over says where it is. */
  private void drop(long offset, Now now) {
    Slot slot = window.find(offset);
    ledger.collecting().skip(offset, offset + 1, 1);
    if (slot == null) {
      window.dropDeferred(offset, now.nanos());
    } else {
      window.remove(slot, now.nanos());
    }
  }

  /** What was skipped may be open again. */
  void onReloaded() {
    skippedTo = 0;
    lookedTo = 0;
    heldBack.clear();
    extendTo(ledger.state().floor());
  }

  /**
   * Passes over what was not read yet, up to an offset, but not over a message whose ack is being
   * stored. Unless the log does not have it any more, that which a worker holds since before a
   * restart is to be read too, and that which holds its key on its way to the dead-letter topic.
   *
   * @param now null if the log does not have it any more
   */
  private void passTo(long offset, @Nullable Now now) {
    if (window.cursor() >= offset) {
      return;
    }
    SubscriptionState state = ledger.state();
    long stop = ledger.nextAckedUnread(window.cursor(), offset);
    if (now != null) {
      stop = nextCarried(window.cursor(), stop, now);
    }
    while (window.cursor() < stop) {
      long start = window.cursor();
      long end = state.casualties().nextDying(start, stop);
      long openCount = state.openCount(start, end);
      if (openCount > 0) {
        ledger.collecting().skip(start, end, openCount);
      }
      if (now != null && end < stop && state.isHoldingKey(end)) {
        window.skipTo(end);
        return;
      }
      window.skipTo(Math.min(stop, end + 1));
    }
  }

  /** What to read next; null if there is nothing to read or no room for it. */
  @Nullable Reading nextReading() {
    Reading again = again();
    long from = readFrom();
    boolean isAgain = again != null && (from < 0 || !wasAgain);
    wasAgain = isAgain;
    if (isAgain) {
      return again;
    }
    return from < 0 ? null : new Reading(from, readEnd(), window.room(), false);
  }

  private @Nullable Reading again() {
    Long from = window.canLoad() ? nextWanted(0) : null;
    return from == null
        ? null
        : new Reading(from, window.wantedEnd(from), Math.max(1, window.room()), true);
  }

  /** Not one whose ack is being stored: it is most likely not needed any more. */
  private @Nullable Long nextWanted(long from) {
    Long offset = window.wanted(from);
    while (offset != null && ledger.isAckedUnread(offset)) {
      offset = window.wanted(offset + 1);
    }
    return offset;
  }

  /** Takes in the payloads that are wanted of what was read, as far as there is room. */
  void readAgain(Reading reading, List<MessageBatch> batches, Policy policy, Now now) {
    int at = 0;
    Long offset = nextWanted(reading.from);
    while (offset != null && offset < reading.end && window.canLoad()) {
      while (at < batches.size() && batches.get(at).endOffset() <= offset) {
        at++;
      }
      if (at == batches.size()) {
        return;
      }
      MessageBatch batch = batches.get(at);
      if (offset < batch.firstOffset()) {
        drop(offset, now);
      } else {
        load(offset, batch, policy, now);
      }
      offset = nextWanted(offset + 1);
    }
  }

  private void load(long offset, MessageBatch batch, Policy policy, Now now) {
    Slot slot = window.find(offset);
    if (slot == null) {
      known(window.loadDeferred(offset, batch.message(offset), batch.atMillis()), policy, now);
    } else {
      window.load(slot, batch.message(offset), now.nanos());
    }
  }

  /** Up to where it may read, exclusive. */
  long readEnd() {
    return Math.min(nextOffset, ledger.state().floor() + SubscriptionState.MAX_BEYOND_FLOOR);
  }

  /**
   * Takes in what a read of the log gave, until the window is full.
   *
   * @param from where the read was asked to begin; a first batch beyond it means that what is
   *     between was trimmed
   */
  void read(long from, List<MessageBatch> batches, Policy policy, Now now) {
    if (batches.isEmpty() || window.cursor() < from) {
      return;
    }
    passTo(batches.get(0).firstOffset(), null);
    for (MessageBatch batch : batches) {
      if (batch.firstOffset() > window.cursor()) {
        return;
      }
      read(batch, policy, now);
      if (window.cursor() < batch.endOffset()) {
        return;
      }
    }
  }

  /** Takes in a batch that begins at or before the cursor, until the window is full. */
  void read(MessageBatch batch, Policy policy, Now now) {
    if (batch.firstOffset() > window.cursor()) {
      throw new IllegalArgumentException(
          "batch at " + batch.firstOffset() + " is beyond cursor " + window.cursor());
    }
    SubscriptionState state = ledger.state();
    long end = Math.min(batch.endOffset(), readEnd());
    for (long offset = window.cursor(); offset < end && window.hasRoom(); offset++) {
      if (state.isSettled(offset) || (state.isDying(offset) && !state.isHoldingKey(offset))) {
        window.skipTo(offset + 1);
      } else if (ledger.isAckedUnread(offset)) {
        return;
      } else if (isForOther(batch.message(offset))) {
        ledger.collecting().skip(offset, offset + 1, 1);
        window.skipTo(offset + 1);
      } else if (isFiltered(offset, batch, policy)) {
        ledger.collecting().filter(offset, offset + 1, 1);
        window.skipTo(offset + 1);
      } else {
        take(offset, batch, policy, now);
      }
    }
  }

  /**
   * What was given out or tried before stays, whatever the filter is now; so does what is meant for
   * this subscription alone.
   */
  private boolean isFiltered(long offset, MessageBatch batch, Policy policy) {
    return batch.message(offset).onlyFor() == Message.FOR_ALL
        && !policy.asksFor(batch.message(offset))
        && ledger.state().retryOf(offset) == null
        && ledger.state().leaseOf(offset) == null
        && !ledger.state().isHoldingKey(offset);
  }

  private boolean isForOther(Message message) {
    return message.onlyFor() != Message.FOR_ALL && message.onlyFor() != subscriptionUid;
  }

  private void take(long offset, MessageBatch batch, Policy policy, Now now) {
    boolean isCarried = isCarried(ledger.state().leaseOf(offset), now);
    Slot slot =
        window.add(offset, batch.message(offset), batch.atMillis(), policy.isOrdered(), !isCarried);
    if (slot != null) {
      known(slot, policy, now);
    }
  }

  private static boolean isCarried(@Nullable LeaseLeft left, Now now) {
    return left != null && left.isLive(now);
  }

  /** The first offset of a range that a worker holds since before a restart; its end if none. */
  private long nextCarried(long start, long end, Now now) {
    for (LeaseLeft left : start < end ? ledger.state().leases(start, end) : List.<LeaseLeft>of()) {
      if (isCarried(left, now)) {
        return left.offset();
      }
    }
    return end;
  }

  /** Puts a message in its place by what is stored about it. */
  private void known(Slot slot, Policy policy, Now now) {
    long offset = slot.offset;
    slot.expiresAtMillis = policy.expiresAtMillis(slot.message(), slot.publishedAtMillis);
    if (ledger.state().isHoldingKey(offset)) {
      window.park(slot, now.nanos());
      return;
    }
    Retry retry = ledger.state().retryOf(offset);
    long due = 0;
    if (retry != null) {
      slot.attempts = retry.attempts();
      slot.deliveries = retry.deliveries();
      due = now.nanosAt(retry.notBeforeMillis());
      if (retry.attempts() == 0) {
        // Tried anew after its death: its time to live has been over once.
        slot.expiresAtMillis = Long.MAX_VALUE;
      }
    }
    window.place(slot, due, now.nanos());
    LeaseLeft left = ledger.state().leaseOf(offset);
    if (left != null && isCarried(left, now)) {
      slot.deliveries = left.delivery();
      slot.incarnation = left.incarnation();
      slot.isGiven = true;
      slot.isReceiptOpen = true;
      long nanos = left.endsAtNanos() - now.nanos();
      slot.lease = leases.grant(offset, left.worker(), null, now.nanos(), nanos);
      window.resume(slot);
    }
  }
}
