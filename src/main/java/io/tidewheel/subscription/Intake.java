package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.util.ArrayList;
import java.util.List;

/**
 * Fills the window from the log, in order of offsets.
 *
 * <ol>
 *   <li>Every offset passed is settled, dying, in the window, or collects as skipped.
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
    if (window.cursor() < startOffset) {
      ledger.collecting().skip(window.cursor(), startOffset);
      window.skipTo(startOffset);
      extendTo(startOffset);
    }
  }

  /**
   * Passes over what is before an offset: what was not read, and what was read and is with nobody.
   * What workers hold stays until it ends. Does so again only when the offset has grown.
   */
  void skipLag(long offset) {
    if ((offset <= skippedTo && window.cursor() >= offset)
        || offset <= ledger.state().floor()
        || !ledger.isKnown()) {
      return;
    }
    skippedTo = offset;
    for (Slot slot : new ArrayList<>(window.all())) {
      boolean isFree =
          slot.place == Slot.Place.READY
              || slot.place == Slot.Place.WAITING
              || slot.place == Slot.Place.BLOCKED;
      if (slot.offset < offset && isFree) {
        window.hold(slot, Slot.Place.SETTLING);
        ledger.collecting().skip(slot);
      }
    }
    SubscriptionState state = ledger.state();
    while (window.cursor() < offset) {
      long start = window.cursor();
      long end = state.nextDying(start, offset);
      if (start < end) {
        ledger.collecting().skip(start, end);
      }
      window.skipTo(Math.min(offset, end + 1));
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
    long first = batches.get(0).firstOffset();
    if (first > window.cursor()) {
      ledger.collecting().skip(window.cursor(), first);
      window.skipTo(first);
    }
    for (MessageBatch batch : batches) {
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
    boolean isOrdered = policy.isOrdered();
    long end = Math.min(batch.endOffset(), readEnd());
    for (long offset = window.cursor(); offset < end && window.hasRoom(); offset++) {
      if (state.isSettled(offset) || state.isDying(offset)) {
        window.skipTo(offset + 1);
      } else if (ledger.isAckedUnread(offset)) {
        return;
      } else if (isForOther(batch.message(offset))) {
        ledger.collecting().skip(offset, offset + 1);
        window.skipTo(offset + 1);
      } else {
        take(offset, batch, isOrdered, now);
      }
    }
  }

  private boolean isForOther(Message message) {
    return message.onlyFor() != Message.FOR_ALL && message.onlyFor() != subscriptionUid;
  }

  private void take(long offset, MessageBatch batch, boolean isOrdered, Now now) {
    Retry retry = ledger.state().retryOf(offset);
    int attempts = retry == null ? 0 : retry.attempts();
    int deliveries = retry == null ? 0 : retry.deliveries();
    long due = retry == null ? 0 : now.nanosAt(retry.notBeforeMillis());
    Slot slot =
        window.add(
            offset,
            batch.message(offset),
            batch.atMillis(),
            isOrdered,
            attempts,
            deliveries,
            due,
            now.nanos());
    LeaseLeft left = ledger.state().leaseOf(offset);
    if (left != null && left.endsAtMillis() > now.millis()) {
      slot.deliveries = left.delivery();
      slot.incarnation = left.incarnation();
      slot.isGiven = true;
      slot.isReceiptOpen = true;
      long nanos = now.nanosAt(left.endsAtMillis()) - now.nanos();
      slot.lease = leases.grant(offset, left.worker(), null, now.nanos(), nanos);
      window.resume(slot);
    }
  }
}
