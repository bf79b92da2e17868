package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.subscription.Slot.Place;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How deliveries end: by the word of the worker, by time, or with the worker.
 *
 * <ol>
 *   <li>Only the receipt of the newest delivery counts, also after its lease has ended.
 *   <li>An end that costs an attempt, an ack and a death collect to be stored; until they are, the
 *       message is given to nobody.
 *   <li>When a message of a run ends without an ack, those behind it are taken back with it.
 *   <li>When a worker ends that held several, they are suspect, and it costs no attempt: it may
 *       have been any of them. A suspect is given out again without others, and if its worker ends
 *       again it is charged for both; what that worker held beside it is suspect in turn.
 * </ol>
 */
final class Endings {
  private static final long EXPIRE_AGAIN_MILLIS = 100;

  private final long subscriptionUid;
  private final int queue;
  private final Window window;
  private final Leases leases;
  private final Ledger ledger;
  private final Intake intake;
  private final RandomGenerator random;

  /** The endings of one subscription; {@code random} is for jitter. */
  Endings(
      long subscriptionUid,
      int queue,
      Window window,
      Leases leases,
      Ledger ledger,
      Intake intake,
      RandomGenerator random) {
    this.subscriptionUid = subscriptionUid;
    this.queue = queue;
    this.window = window;
    this.leases = leases;
    this.ledger = ledger;
    this.intake = intake;
    this.random = random;
  }

  /**
   * Applies an action to deliveries. Statuses that need something stored are final once the batch
   * is; {@code isPending} marks them.
   */
  SettleStatus[] settle(
      SettleAction action, List<Receipt> receipts, boolean[] isPending, Policy policy, Now now) {
    SettleStatus[] statuses = new SettleStatus[receipts.size()];
    for (int i = 0; i < statuses.length; i++) {
      int before = ledger.collecting().room();
      statuses[i] = settle(action, receipts.get(i), policy, now);
      isPending[i] = ledger.collecting().room() != before;
    }
    return statuses;
  }

  private SettleStatus settle(SettleAction action, Receipt receipt, Policy policy, Now now) {
    long offset = receipt.offset();
    if (receipt.subscriptionUid() != subscriptionUid
        || receipt.queue() != queue
        || offset < 0
        || offset >= intake.nextOffset()
        || receipt.delivery() < 1) {
      return SettleStatus.INVALID;
    }
    if (!ledger.isKnown()) {
      return SettleStatus.RETRY;
    }
    if (receipt.generation() != ledger.state().generation()) {
      return SettleStatus.EXPIRED;
    }
    if (ledger.state().isSettled(offset)) {
      // Whether it was acked or became a dead letter is not kept.
      return action instanceof SettleAction.Ack || action instanceof SettleAction.Reject
          ? SettleStatus.ACKED
          : SettleStatus.EXPIRED;
    }
    if (ledger.state().isOver(offset)) {
      return action instanceof SettleAction.Reject ? SettleStatus.REJECTED : SettleStatus.EXPIRED;
    }
    if (ledger.collecting().room() == 0) {
      return SettleStatus.RETRY;
    }
    Slot slot = window.find(offset);
    return slot == null || !slot.isGiven
        ? settleEarlier(action, receipt, slot)
        : settleGiven(action, receipt, slot, policy, now);
  }

  /** The message was not given out since the last start. */
  private SettleStatus settleEarlier(SettleAction action, Receipt receipt, @Nullable Slot slot) {
    Retry retry = ledger.state().retryOf(receipt.offset());
    if (retry != null && receipt.delivery() <= retry.deliveries()) {
      return SettleStatus.EXPIRED;
    }
    if (!(action instanceof SettleAction.Ack)) {
      boolean isCarried = slot == null && ledger.state().leaseOf(receipt.offset()) != null;
      return isCarried ? SettleStatus.RETRY : SettleStatus.EXPIRED;
    }
    LeaseLeft left = ledger.state().leaseOf(receipt.offset());
    WorkerName worker = left == null ? WorkerName.NONE : left.worker();
    if (slot == null) {
      ledger.ackUnread(worker, receipt.offset());
    } else {
      window.hold(slot, Place.SETTLING);
      ledger.collecting().ack(worker, receipt.offset(), slot);
    }
    return SettleStatus.ACKED;
  }

  private SettleStatus settleGiven(
      SettleAction action, Receipt receipt, Slot slot, Policy policy, Now now) {
    if (!slot.isReceiptOpen
        || slot.incarnation != receipt.incarnation()
        || slot.deliveries != receipt.delivery()) {
      return SettleStatus.EXPIRED;
    }
    if (slot.isGivenUp) {
      return SettleStatus.RETRY;
    }
    if (action instanceof SettleAction.Ack) {
      return ack(slot);
    }
    if (slot.place != Place.LEASED) {
      return slot.place == Place.SETTLING ? SettleStatus.RETRY : SettleStatus.EXPIRED;
    }
    if (action instanceof SettleAction.Nack nack) {
      giveUp(slot, Cause.NACKED, nack.delay(), nack.reason(), policy, now);
      return SettleStatus.NACKED;
    }
    if (action instanceof SettleAction.Reject reject) {
      giveUp(slot, Cause.REJECTED, null, reject.reason(), policy, now);
      return policy.hasDeadLetters() ? SettleStatus.REJECTED : SettleStatus.NACKED;
    }
    if (action instanceof SettleAction.Extend extend) {
      Lease lease = slot.lease;
      Duration chosen = extend.lease();
      Duration duration = chosen == null ? policy.settings().lease() : chosen;
      if (lease == null || !leases.isLive(lease)) {
        return SettleStatus.EXPIRED;
      }
      leases.extend(lease, now.nanos(), duration.toNanos());
      return SettleStatus.EXTENDED;
    }
    takeBackBehind(slot, now);
    takeBack(slot, now);
    return SettleStatus.RELEASED;
  }

  /** Settles a message, whoever holds it; false if there is no room to store it. */
  boolean discharge(WorkerName worker, long offset) {
    if (!ledger.isKnown() || ledger.collecting().room() == 0) {
      return false;
    }
    Slot slot = window.find(offset);
    if (slot == null) {
      ledger.ackUnread(worker, offset);
    } else {
      window.hold(slot, Place.SETTLING);
      ledger.collecting().ack(worker, offset, slot);
    }
    return true;
  }

  private SettleStatus ack(Slot slot) {
    if (slot.isDying) {
      return SettleStatus.EXPIRED;
    }
    Lease lease = slot.lease;
    window.hold(slot, Place.SETTLING);
    ledger.collecting().ack(lease == null ? WorkerName.NONE : lease.worker, slot.offset, slot);
    return SettleStatus.ACKED;
  }

  private void giveUp(
      Slot slot,
      Cause cause,
      @Nullable Duration delay,
      @Nullable String reason,
      Policy policy,
      Now now) {
    slot.isGivenUp = true;
    fail(slot, cause, delay, reason, policy, now);
  }

  /** A delivery ended without an ack: it costs an attempt, and perhaps it was the last one. */
  void fail(
      Slot slot,
      Cause cause,
      @Nullable Duration delay,
      @Nullable String reason,
      Policy policy,
      Now now) {
    SubscriptionSettings settings = policy.settings();
    int attempts = slot.attempts + 1 + (cause == Cause.WORKER_LOST ? slot.unchargedCount : 0);
    slot.unchargedCount = 0;
    slot.isSuspect &= cause == Cause.WORKER_LOST || cause == Cause.LEASE_ENDED;
    String text = Attempt.cutReason(reason);
    boolean isExpired = slot.expiresAtMillis <= now.millis();
    boolean isLast = cause == Cause.REJECTED || attempts >= settings.maxAttempts() || isExpired;
    takeBackBehind(slot, now);
    window.hold(slot, Place.RETURNING);
    if (isLast && policy.hasDeadLetters()) {
      die(slot, attempts, isExpired ? Cause.EXPIRED : cause, text, policy);
      return;
    }
    long wait =
        switch (cause) {
          case NACKED ->
              RetryDelay.millis(settings.backoff(), attempts, delay, random.nextDouble());
          case REJECTED, EXPIRED -> settings.backoff().max().toMillis();
          case LEASE_ENDED, WORKER_LOST -> isLast ? settings.backoff().max().toMillis() : 0;
        };
    ledger
        .collecting()
        .retry(
            new Retried(slot.offset, attempts, slot.deliveries, now.millis() + wait, cause, text),
            slot);
  }

  private void die(Slot slot, int attempts, Cause cause, @Nullable String text, Policy policy) {
    slot.isDying = true;
    boolean isParking = policy.isParkingKeys() && slot.line != null;
    ledger
        .collecting()
        .die(new Dying(slot.offset, attempts, slot.deliveries, cause, text, isParking), slot);
  }

  /**
   * Makes dead letters of what was not settled in its time, as far as there is room to store it;
   * what is with a worker has until its lease ends.
   */
  void expireMessages(Policy policy, Now now) {
    if (!ledger.isKnown() || !policy.hasDeadLetters()) {
      return;
    }
    for (Slot slot : window.expired(now.millis())) {
      if (ledger.collecting().room() == 0 || !ledger.state().canDispatch(window.outCount())) {
        window.expireLater(now.millis() + EXPIRE_AGAIN_MILLIS);
        return;
      }
      window.hold(slot, Place.SETTLING);
      die(slot, slot.attempts, Cause.EXPIRED, null, policy);
    }
  }

  /** Those behind it in its run come back without costing an attempt; their receipts end. */
  private void takeBackBehind(Slot slot, Now now) {
    window.leasedBehind(slot).forEach(behind -> takeBack(behind, now));
  }

  private void takeBack(Slot slot, Now now) {
    endLease(slot);
    slot.isReceiptOpen = false;
    window.giveBack(slot, 0, now.nanos());
  }

  void endLease(Slot slot) {
    Lease lease = slot.lease;
    if (lease != null) {
      leases.end(lease);
    }
  }

  /** Ends leases whose time is over, as far as there is room to store it. */
  void expire(Policy policy, Now now) {
    if (ledger.isKnown()) {
      leased(leases.endExpired(now.nanos(), ledger.collecting().room()))
          .forEach(slot -> failIfLeased(slot, Cause.LEASE_ENDED, policy, now));
    }
  }

  /**
   * Ends the leases of a worker that is gone, as far as there is room to store it.
   *
   * @return whether all are ended
   */
  boolean endLeasesOf(Object holder, Policy policy, Now now) {
    if (ledger.isKnown()) {
      List<Slot> lost = leased(leases.endOf(holder, ledger.collecting().room()));
      if (lost.size() == 1) {
        lost.get(0).isSuspect = true;
      }
      lost.stream()
          .filter(slot -> slot.isSuspect)
          .toList()
          .forEach(slot -> failIfLeased(slot, Cause.WORKER_LOST, policy, now));
      // Those behind first: the first of a key is free when it is the only one.
      Collections.reverse(lost);
      lost.stream().filter(slot -> !slot.isSuspect).forEach(slot -> suspect(slot, now));
    }
    return !leases.hasAny(holder);
  }

  private void suspect(Slot slot, Now now) {
    if (slot.place == Place.LEASED) {
      slot.isSuspect = true;
      slot.unchargedCount++;
      window.giveBack(slot, 0, now.nanos());
    }
  }

  private void failIfLeased(Slot slot, Cause cause, Policy policy, Now now) {
    if (slot.place == Place.LEASED) {
      fail(slot, cause, null, null, policy, now);
    }
  }

  /** What these leases were for and that is not being settled, in the order of offsets. */
  private List<Slot> leased(List<Lease> ended) {
    List<Slot> slots = new ArrayList<>();
    for (Lease lease : ended) {
      Slot slot = window.find(lease.offset);
      if (slot != null && slot.lease == lease && slot.place == Place.LEASED) {
        slots.add(slot);
      }
    }
    slots.sort(Comparator.comparingLong(slot -> slot.offset));
    return slots;
  }
}
