package io.tidewheel.subscription;

import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.Slot.Place;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription's front knows and decides: gives messages out, and says where they go when
 * what was to be stored about them is. The window is filled by {@link Intake}, deliveries end by
 * {@link Endings}, and {@link Ledger} keeps what is stored and what is on its way there. No actors,
 * no clock; randomness comes in.
 *
 * <ol>
 *   <li>A message leaves the window only when the state says that it is settled or dying.
 *   <li>A message about which something is being stored is given to nobody.
 *   <li>What is not known to be stored is confirmed to nobody.
 * </ol>
 */
final class Deliveries {
  private final long subscriptionUid;
  private final int queue;
  private final int incarnation;
  private final Window window;
  private final Leases leases = new Leases();
  private final Ledger ledger;
  private final Intake intake;
  private final Endings endings;
  private final Whereabouts whereabouts;
  private final Turnover turnover = new Turnover();

  /** What a pull asks for. */
  record Request(
      int max,
      long maxBytes,
      long leaseMillis,
      WorkerName worker,
      @Nullable Object holder,
      WorkerTally tally,
      double retryShare) {}

  Deliveries(
      long subscriptionUid,
      int queue,
      SubscriptionState state,
      long nextOffset,
      WindowBudget windows,
      RandomGenerator random) {
    this.subscriptionUid = subscriptionUid;
    this.queue = queue;
    this.incarnation = random.nextInt();
    this.window = new Window(windows, state.floor());
    this.ledger = new Ledger(state);
    this.intake = new Intake(subscriptionUid, window, leases, ledger, nextOffset);
    this.endings = new Endings(subscriptionUid, queue, window, leases, ledger, intake, random);
    this.whereabouts = new Whereabouts(window, ledger, intake, turnover);
  }

  SubscriptionState state() {
    return ledger.state();
  }

  Ledger ledger() {
    return ledger;
  }

  Window window() {
    return window;
  }

  /** Whether the copy of the state is the stored one, but for what is in flight. */
  boolean isKnown() {
    return ledger.isKnown();
  }

  /** The log is at least this long. */
  void extendTo(long offset) {
    intake.extendTo(offset);
  }

  /** The log begins here: what would be read before it is gone. */
  void skipTrimmed(long startOffset) {
    intake.skipTrimmed(startOffset);
  }

  /** The subscription is too far behind: passes over what nobody holds before an offset. */
  void skipTo(long offset, Now now) {
    intake.skipLag(offset, now);
  }

  /** Takes in what a read of the log from an offset gave, until the window is full. */
  void read(long from, List<MessageBatch> batches, Policy policy, Now now) {
    intake.read(from, batches, policy, now);
  }

  /** What to read next, forwards or again; null if there is nothing to read or no room for it. */
  Intake.@Nullable Reading nextReading() {
    return intake.nextReading();
  }

  /** Takes in payloads that are read again. */
  void readAgain(Intake.Reading reading, List<MessageBatch> batches, Policy policy, Now now) {
    intake.readAgain(reading, batches, policy, now);
  }

  /** Takes in a batch that begins at or before the cursor, until the window is full. */
  void read(MessageBatch batch, Policy policy, Now now) {
    intake.read(batch, policy, now);
  }

  /** Gives out what can be dispatched, and leases it. */
  List<Delivery> pull(Request request, Policy policy, Now now) {
    window.wake(now.nanos());
    endings.expireMessages(policy, now);
    turnover.pulled(request, policy, now);
    // Not the count of those that are ready: others of their key go out behind them.
    int allowed = window.count(Place.READY) == 0 ? 0 : Math.min(request.max, room(policy));
    if (allowed <= 0) {
      return List.of();
    }
    List<Delivery> given = new ArrayList<>();
    window.take(allowed, request, now.nanos(), slot -> given.add(give(slot, request, policy, now)));
    return given;
  }

  private Delivery give(Slot slot, Request request, Policy policy, Now now) {
    long duration = Duration.ofMillis(policy.leaseMillis(request.leaseMillis)).toNanos();
    turnover.given(slot.attempts > 0 || slot.isGiven);
    Lease lease = leases.grant(slot.offset, request.worker, request.holder, now.nanos(), duration);
    lease.tally = request.tally;
    slot.lease = lease;
    slot.deliveries++;
    slot.incarnation = incarnation;
    slot.isGiven = true;
    slot.isReceiptOpen = true;
    Receipt receipt =
        new Receipt(
            subscriptionUid,
            ledger.state().generation(),
            queue,
            slot.offset,
            incarnation,
            slot.deliveries);
    return new Delivery(
        receipt,
        slot.message(),
        slot.attempts + 1,
        slot.publishedAtMillis,
        now.millisAt(lease.deadlineNanos),
        slot.isSuspect);
  }

  /** Settles deliveries before they leave: for a subscription that delivers at most once. */
  void settleBeforeLeaving(List<Delivery> given, Runnable stored, Runnable failed) {
    given.forEach(delivery -> endings.settleBeforeLeaving(delivery.receipt().offset()));
    await(stored, failed);
  }

  /** Applies an action to deliveries; see {@link Endings#settle}. */
  SettleStatus[] settle(
      SettleAction action, List<Receipt> receipts, boolean[] isPending, Policy policy, Now now) {
    return endings.settle(action, receipts, isPending, policy, now);
  }

  /** Who waits for what collects now. */
  void await(Runnable stored, Runnable failed) {
    ledger.collecting().await(stored, failed);
  }

  /** Ends leases whose time is over, as far as there is room to store it. */
  void expire(Policy policy, Now now) {
    window.wake(now.nanos());
    endings.expire(policy, now);
    endings.expireMessages(policy, now);
  }

  /**
   * Ends the leases of a worker that is gone, as far as there is room to store it.
   *
   * @return whether all are ended
   */
  boolean endLeasesOf(Object holder, Policy policy, Now now) {
    turnover.left(holder);
    return endings.endLeasesOf(holder, policy, now);
  }

  /**
   * When {@link #expire} has something to do or a worker is taken to be gone; {@link
   * Long#MAX_VALUE} for never.
   */
  long nextDueNanos(Now now) {
    long expiry = window.nextExpiryMillis();
    long expiryNanos = expiry == Long.MAX_VALUE ? Long.MAX_VALUE : now.nanosAt(expiry);
    long due = Math.min(leases.nextDeadline(), window.nextDue());
    long passedDue = Math.min(ledger.passedDueNanos(), turnover.dueNanos());
    return Math.min(due, Math.min(expiryNanos, passedDue));
  }

  /** The leases that outlive this owner. */
  List<LeaseLeft> leasesLeft(Now now) {
    return leases.left(window, now);
  }

  /** The dead-letter topic has it: to be stored with what collects. */
  void deadLettered(long number) {
    ledger.collecting().deadLettered(number);
  }

  /** Whether nothing is being stored and nothing collects. */
  boolean isIdle() {
    return ledger.isKnown() && !ledger.isStoring() && !ledger.hasUnstored();
  }

  /** Whether every message is settled, and nothing is being stored or on its way elsewhere. */
  boolean isAtRest() {
    return isIdle()
        && whereabouts.backlog() == 0
        && window.outCount() == 0
        && ledger.state().dyingCount() == 0;
  }

  /** What is to be stored next; null if nothing is, or the write before it is still in flight. */
  @Nullable Settled nextWrite(Now now, boolean isForced) {
    return ledger.nextWrite(now, isForced);
  }

  /** A dead letter that holds its key is tried anew; false if there is none at that offset. */
  boolean reopen(long offset) {
    if (!ledger.isKnown() || !ledger.state().isParked(offset) || ledger.collecting().room() == 0) {
      return false;
    }
    ledger.collecting().reopen(offset);
    return true;
  }

  /** See {@link Endings#discharge}. */
  boolean discharge(WorkerName worker, long offset) {
    return endings.discharge(worker, offset);
  }

  /** When keys are not parked any more, those that are go on. */
  void buryParked(Policy policy) {
    if (!policy.isParkingKeys()
        && ledger.isKnown()
        && ledger.state().parkedCount() > 0
        && !ledger.isBurying()) {
      ledger.collecting().bury(ledger.state().casualties().parkedOffsets());
    }
  }

  /** What was in flight is stored; {@code event} is null if there was nothing new in it. */
  void onStored(@Nullable SubscriptionEvent event, Policy policy, Now now) {
    ledger.onStored(
        event,
        slot -> resolve(slot, policy, now),
        offset -> window.dropDeferred(offset, now.nanos()));
    if (event instanceof Settled settled) {
      turnover.failed(settled.retried().size() + settled.dying().size());
      settled.reopened().forEach(offset -> unpark(offset, now));
      settled.buried().forEach(offset -> unpark(offset, now));
    }
  }

  /** A parked message may be free now, or gone. */
  private void unpark(long offset, Now now) {
    Slot slot = window.find(offset);
    if (slot != null && slot.place == Place.PARKED) {
      SubscriptionState state = ledger.state();
      if (state.isSettled(offset)) {
        window.remove(slot, now.nanos());
      } else if (!state.isHoldingKey(offset)) {
        slot.beginAnew();
        window.giveBack(slot, 0, now.nanos());
      }
    }
  }

  /** A new generation began: everything about the one before is void. */
  void onSought(SubscriptionEvent.Sought sought) {
    leases.clear();
    ledger.onSought(sought);
    window.restart(ledger.state().floor());
    intake.onReloaded();
  }

  /** The end of the log, as far as it is known. */
  long nextOffset() {
    return intake.nextOffset();
  }

  /**
   * Whether what was in flight is stored is not known. Nothing is settled or given out until {@link
   * #load}.
   */
  void onUnknown() {
    ledger.onUnknown();
  }

  /** The stored state, after it was not known: the window is brought in line with it. */
  void load(SubscriptionState stored, Policy policy, Now now) {
    boolean isSameGeneration = ledger.load(stored);
    intake.onReloaded();
    if (!isSameGeneration) {
      leases.clear();
      window.restart(stored.floor());
      return;
    }
    List<Long> settledMeanwhile = new ArrayList<>();
    window.forEachDeferred(
        Long.MAX_VALUE,
        offset -> {
          if (stored.isSettled(offset)) {
            settledMeanwhile.add(offset);
          }
        });
    settledMeanwhile.forEach(offset -> window.dropDeferred(offset, now.nanos()));
    for (Slot slot : new ArrayList<>(window.all())) {
      if (stored.isOver(slot.offset)) {
        leave(slot, now);
      } else {
        unpark(slot.offset, now);
      }
    }
    ledger.resolveLost(slot -> resolve(slot, policy, now));
  }

  /** Everything that was to be stored about a message is known: where it goes now. */
  private void resolve(Slot slot, Policy policy, Now now) {
    SubscriptionState state = ledger.state();
    if (state.isOver(slot.offset)) {
      leave(slot, now);
      return;
    }
    if (slot.place != Place.SETTLING && slot.place != Place.RETURNING) {
      return;
    }
    Retry retry = state.retryOf(slot.offset);
    boolean isRecorded = retry != null && retry.deliveries() >= slot.deliveries && slot.isGiven;
    boolean wasGivenUp = slot.isGivenUp;
    slot.isGivenUp = false;
    slot.isDying = false;
    if (retry != null && isRecorded) {
      endings.endLease(slot);
      slot.attempts = retry.attempts();
      slot.isReceiptOpen &= !wasGivenUp;
      window.giveBack(slot, now.nanosAt(retry.notBeforeMillis()), now.nanos());
      return;
    }
    Lease lease = slot.lease;
    if (lease != null && leases.isLive(lease)) {
      window.hold(slot, Place.LEASED);
    } else if (slot.isGiven && slot.place == Place.RETURNING) {
      endings.fail(slot, Cause.LEASE_ENDED, null, null, policy, now);
    } else {
      window.giveBack(slot, retry == null ? 0 : now.nanosAt(retry.notBeforeMillis()), now.nanos());
    }
  }

  /** It is settled or dead: it leaves the window, unless it holds its key. */
  private void leave(Slot slot, Now now) {
    endings.endLease(slot);
    if (ledger.state().isHoldingKey(slot.offset)) {
      window.park(slot, now.nanos());
    } else {
      window.remove(slot, now.nanos());
    }
  }

  /** What could be given out now. */
  long dispatchable(Policy policy) {
    int ready = window.count(Place.READY);
    return ready == 0 ? 0 : Math.max(0, Math.min(ready, room(policy)));
  }

  private int room(Policy policy) {
    return Gates.room(ledger, window, policy);
  }

  Whereabouts whereabouts() {
    return whereabouts;
  }

  /** Why nothing more is read or given out although there is something; null if it flows. */
  @Nullable String stopReason(Policy policy) {
    return StopReason.of(window, ledger.state(), policy);
  }
}
