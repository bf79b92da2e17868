package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.Slot.Place;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription's front knows and decides: the window, the leases, a copy of the stored
 * state, and what is on its way to be stored. No actors, no clock; randomness comes in.
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
  private final RandomGenerator random;
  private final Window window;
  private final Leases leases = new Leases();
  private final List<Slot> unresolved = new ArrayList<>();

  /** Messages whose ack is being stored before they were read; reading waits for that. */
  private final Set<Long> ackedUnread = new HashSet<>();

  private SubscriptionState state;
  private Batch collecting = new Batch();
  private @Nullable Batch inFlight;
  private boolean isKnown = true;
  private long nextOffset;

  /** How the subscription is set now, as far as settling goes. */
  record Policy(SubscriptionSettings settings, boolean hasDeadLetters) {
    boolean isAtMostOnce() {
      return settings.delivery() == SubscriptionSettings.DeliveryMode.AT_MOST_ONCE;
    }
  }

  /** What a pull asks for. */
  record Request(
      int max, long maxBytes, long leaseMillis, WorkerName worker, @Nullable Object holder) {}

  Deliveries(
      long subscriptionUid,
      int queue,
      SubscriptionState state,
      long nextOffset,
      long windowBytes,
      RandomGenerator random) {
    this.subscriptionUid = subscriptionUid;
    this.queue = queue;
    this.incarnation = random.nextInt();
    this.random = random;
    this.state = state;
    this.nextOffset = Math.max(nextOffset, state.floor());
    this.window = new Window(windowBytes, state.floor());
  }

  SubscriptionState state() {
    return state;
  }

  Window window() {
    return window;
  }

  long nextOffset() {
    return nextOffset;
  }

  /** Whether the copy of the state is the stored one, but for what is in flight. */
  boolean isKnown() {
    return isKnown;
  }

  // Reading

  void extendTo(long offset) {
    nextOffset = Math.max(nextOffset, offset);
  }

  /** Where reading goes on; −1 if there is nothing to read or no room for it. */
  long readFrom() {
    window.skipTo(state.nextOpen(window.cursor()));
    return window.hasRoom()
            && window.cursor() < readEnd()
            && collecting.room() > 0
            && !ackedUnread.contains(window.cursor())
        ? window.cursor()
        : -1;
  }

  /** Up to where it may read, exclusive. */
  long readEnd() {
    return Math.min(nextOffset, state.floor() + SubscriptionState.MAX_BEYOND_FLOOR);
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
      collecting.skip(window.cursor(), first);
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
    boolean isOrdered = policy.settings().order() == SubscriptionSettings.Order.KEY;
    long end = Math.min(batch.endOffset(), readEnd());
    for (long offset = window.cursor(); offset < end && window.hasRoom(); offset++) {
      if (state.isSettled(offset) || state.isDying(offset)) {
        window.skipTo(offset + 1);
      } else if (ackedUnread.contains(offset)) {
        return;
      } else if (isForOther(batch.message(offset))) {
        collecting.skip(offset, offset + 1);
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
    Retry retry = state.retryOf(offset);
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
    LeaseLeft left = state.leaseOf(offset);
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

  // Giving out

  /** Gives out what can be dispatched, and leases it. */
  List<Delivery> pull(Request request, Policy policy, Now now) {
    window.wake(now.nanos());
    int allowed = Math.min(request.max, roomInFlight(policy));
    if (allowed <= 0 || !isKnown || !state.canDispatch(window.outCount() + allowed)) {
      return List.of();
    }
    long leaseMillis =
        request.leaseMillis > 0 ? request.leaseMillis : policy.settings().lease().toMillis();
    List<Delivery> given = new ArrayList<>();
    window.take(
        allowed,
        request.maxBytes,
        now.nanos(),
        slot -> given.add(give(slot, request, leaseMillis, now)));
    return given;
  }

  private Delivery give(Slot slot, Request request, long leaseMillis, Now now) {
    long duration = Duration.ofMillis(leaseMillis).toNanos();
    Lease lease = leases.grant(slot.offset, request.worker, request.holder, now.nanos(), duration);
    slot.lease = lease;
    slot.deliveries++;
    slot.incarnation = incarnation;
    slot.isGiven = true;
    slot.isReceiptOpen = true;
    Receipt receipt =
        new Receipt(
            subscriptionUid, state.generation(), queue, slot.offset, incarnation, slot.deliveries);
    return new Delivery(
        receipt,
        slot.message(),
        slot.attempts + 1,
        slot.publishedAtMillis,
        now.millisAt(lease.deadlineNanos));
  }

  /** Settles deliveries before they leave: for a subscription that delivers at most once. */
  void settleBeforeLeaving(List<Delivery> given, Runnable stored, Runnable failed) {
    for (Delivery delivery : given) {
      long offset = delivery.receipt().offset();
      Slot slot = window.find(offset);
      if (slot != null) {
        WorkerName worker = slot.lease == null ? WorkerName.NONE : slot.lease.worker;
        endLease(slot);
        window.hold(slot, Place.SETTLING);
        collecting.ack(worker, offset, slot);
      }
    }
    collecting.await(stored, failed);
  }

  private int roomInFlight(Policy policy) {
    return policy.settings().maxInFlight() - window.outCount();
  }

  // Settling

  /**
   * Applies an action to deliveries. Statuses that need something stored are final once the batch
   * is; {@code isPending} marks them.
   */
  SettleStatus[] settle(
      SettleAction action, List<Receipt> receipts, boolean[] isPending, Policy policy, Now now) {
    SettleStatus[] statuses = new SettleStatus[receipts.size()];
    for (int i = 0; i < statuses.length; i++) {
      int before = collecting.room();
      statuses[i] = settle(action, receipts.get(i), policy, now);
      isPending[i] = collecting.room() != before;
    }
    return statuses;
  }

  /** Who waits for what collects now. */
  void await(Runnable stored, Runnable failed) {
    collecting.await(stored, failed);
  }

  private SettleStatus settle(SettleAction action, Receipt receipt, Policy policy, Now now) {
    long offset = receipt.offset();
    if (receipt.subscriptionUid() != subscriptionUid
        || receipt.queue() != queue
        || offset < 0
        || offset >= nextOffset
        || receipt.delivery() < 1) {
      return SettleStatus.INVALID;
    }
    if (!isKnown) {
      return SettleStatus.RETRY;
    }
    if (receipt.generation() != state.generation()) {
      return SettleStatus.EXPIRED;
    }
    if (state.isSettled(offset)) {
      return action instanceof SettleAction.Ack
          ? SettleStatus.ACKED
          : action instanceof SettleAction.Reject ? SettleStatus.REJECTED : SettleStatus.EXPIRED;
    }
    if (state.isDying(offset)) {
      return action instanceof SettleAction.Reject ? SettleStatus.REJECTED : SettleStatus.EXPIRED;
    }
    if (collecting.room() == 0) {
      return SettleStatus.RETRY;
    }
    Slot slot = window.find(offset);
    return slot == null || !slot.isGiven
        ? settleEarlier(action, receipt, slot)
        : settleGiven(action, receipt, slot, policy, now);
  }

  /** The message was not given out since the last start. */
  private SettleStatus settleEarlier(SettleAction action, Receipt receipt, @Nullable Slot slot) {
    Retry retry = state.retryOf(receipt.offset());
    if (retry != null && receipt.delivery() <= retry.deliveries()) {
      return SettleStatus.EXPIRED;
    }
    if (!(action instanceof SettleAction.Ack)) {
      boolean isCarried = slot == null && state.leaseOf(receipt.offset()) != null;
      return isCarried ? SettleStatus.RETRY : SettleStatus.EXPIRED;
    }
    LeaseLeft left = state.leaseOf(receipt.offset());
    if (slot == null) {
      ackedUnread.add(receipt.offset());
    } else {
      window.hold(slot, Place.SETTLING);
    }
    collecting.ack(left == null ? WorkerName.NONE : left.worker(), receipt.offset(), slot);
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

  private SettleStatus ack(Slot slot) {
    if (slot.isDying) {
      return SettleStatus.EXPIRED;
    }
    Lease lease = slot.lease;
    window.hold(slot, Place.SETTLING);
    collecting.ack(lease == null ? WorkerName.NONE : lease.worker, slot.offset, slot);
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
  private void fail(
      Slot slot,
      Cause cause,
      @Nullable Duration delay,
      @Nullable String reason,
      Policy policy,
      Now now) {
    SubscriptionSettings settings = policy.settings();
    int attempts = slot.attempts + 1;
    String text = Attempt.cutReason(reason);
    boolean isLast = cause == Cause.REJECTED || attempts >= settings.maxAttempts();
    takeBackBehind(slot, now);
    window.hold(slot, Place.RETURNING);
    if (isLast && policy.hasDeadLetters()) {
      slot.isDying = true;
      collecting.die(new Dying(slot.offset, attempts, slot.deliveries, cause, text), slot);
      return;
    }
    long wait =
        switch (cause) {
          case NACKED ->
              RetryDelay.millis(settings.backoff(), attempts, delay, random.nextDouble());
          case REJECTED -> settings.backoff().max().toMillis();
          case LEASE_ENDED, WORKER_LOST -> isLast ? settings.backoff().max().toMillis() : 0;
        };
    collecting.retry(
        new Retried(slot.offset, attempts, slot.deliveries, now.millis() + wait, cause, text),
        slot);
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

  private void endLease(Slot slot) {
    Lease lease = slot.lease;
    if (lease != null) {
      leases.end(lease);
    }
  }

  // Time and workers

  /** Ends leases whose time is over, as far as there is room to store it. */
  void expire(Policy policy, Now now) {
    window.wake(now.nanos());
    if (isKnown) {
      fail(leases.endExpired(now.nanos(), collecting.room()), Cause.LEASE_ENDED, policy, now);
    }
  }

  /**
   * Ends the leases of a worker that is gone, as far as there is room to store it.
   *
   * @return whether all are ended
   */
  boolean endLeasesOf(Object holder, Policy policy, Now now) {
    if (isKnown) {
      fail(leases.endOf(holder, collecting.room()), Cause.WORKER_LOST, policy, now);
    }
    return !leases.hasAny(holder);
  }

  private void fail(List<Lease> ended, Cause cause, Policy policy, Now now) {
    ended.stream()
        .sorted(Comparator.comparingLong(lease -> lease.offset))
        .forEach(
            lease -> {
              Slot slot = window.find(lease.offset);
              if (slot != null && slot.lease == lease && slot.place == Place.LEASED) {
                fail(slot, cause, null, null, policy, now);
              }
            });
  }

  /** When {@link #expire} has something to do next; {@link Long#MAX_VALUE} for never. */
  long nextDueNanos() {
    return Math.min(leases.nextDeadline(), window.nextDue());
  }

  /** The leases that outlive this owner. */
  List<LeaseLeft> leasesLeft(Now now) {
    List<LeaseLeft> left = new ArrayList<>();
    leases.forEach(
        lease -> {
          Slot slot = window.find(lease.offset);
          if (slot != null && slot.lease == lease && slot.place == Place.LEASED) {
            left.add(
                new LeaseLeft(
                    slot.offset,
                    slot.deliveries,
                    slot.incarnation,
                    now.millisAt(lease.deadlineNanos),
                    lease.worker));
          }
        });
    left.sort(Comparator.comparingLong(LeaseLeft::offset));
    return left;
  }

  // Storing

  /** The dead-letter topic has it: to be stored with what collects. */
  void deadLettered(long number) {
    collecting.deadLettered(number);
  }

  boolean isStoring() {
    return inFlight != null;
  }

  /** Whether something collects that is not on its way to be stored. */
  boolean hasUnstored() {
    return !collecting.isEmpty();
  }

  /** What is to be stored next; null if nothing is, or the write before it is still in flight. */
  @Nullable Settled nextWrite(Now now) {
    if (inFlight != null || collecting.isEmpty() || !isKnown) {
      return null;
    }
    inFlight = collecting;
    collecting = new Batch();
    return inFlight.toEvent(now.millis());
  }

  /** What was in flight is stored; {@code event} is null if there was nothing new in it. */
  void onStored(@Nullable SubscriptionEvent event, Policy policy, Now now) {
    Batch stored = inFlight;
    if (stored == null) {
      throw new IllegalStateException("nothing was being stored");
    }
    inFlight = null;
    if (event != null) {
      state.apply(event);
    }
    stored.unread().forEach(ackedUnread::remove);
    for (Slot slot : stored.slots()) {
      slot.pendingCount--;
      boolean isOver = state.isSettled(slot.offset) || state.isDying(slot.offset);
      if (slot.pendingCount == 0 || isOver) {
        resolve(slot, policy, now);
      }
    }
    stored.onStored();
  }

  /**
   * Whether what was in flight is stored is not known. Nothing is settled or given out until {@link
   * #load}.
   */
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

  private void abandon(Batch batch) {
    unresolved.addAll(batch.slots());
    Offsets skipped = batch.skipped();
    for (int i = 0; i < skipped.rangeCount(); i++) {
      collecting.skip(skipped.start(i), skipped.end(i));
    }
    batch.onFailed();
  }

  /** The stored state, after it was not known: the window is brought in line with it. */
  void load(SubscriptionState stored, Policy policy, Now now) {
    boolean isSameGeneration = stored.generation() == state.generation();
    state = stored;
    isKnown = true;
    if (!isSameGeneration) {
      leases.clear();
      unresolved.clear();
      collecting = new Batch();
      window.restart(state.floor());
      return;
    }
    for (Slot slot : new ArrayList<>(window.all())) {
      if (state.isSettled(slot.offset) || state.isDying(slot.offset)) {
        endLease(slot);
        window.remove(slot, now.nanos());
      }
    }
    for (Slot slot : unresolved) {
      slot.pendingCount = 0;
    }
    for (Slot slot : unresolved) {
      if (slot.place != Place.GONE && slot.pendingCount == 0) {
        resolve(slot, policy, now);
      }
    }
    unresolved.clear();
  }

  /** Everything that was to be stored about a message is known: where it goes now. */
  private void resolve(Slot slot, Policy policy, Now now) {
    if (state.isSettled(slot.offset) || state.isDying(slot.offset)) {
      endLease(slot);
      window.remove(slot, now.nanos());
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
      endLease(slot);
      slot.attempts = retry.attempts();
      slot.isReceiptOpen &= !wasGivenUp;
      window.giveBack(slot, now.nanosAt(retry.notBeforeMillis()), now.nanos());
      return;
    }
    Lease lease = slot.lease;
    if (lease != null && leases.isLive(lease)) {
      window.hold(slot, Place.LEASED);
    } else if (slot.isGiven && slot.place == Place.RETURNING) {
      fail(slot, Cause.LEASE_ENDED, null, null, policy, now);
    } else {
      window.giveBack(slot, retry == null ? 0 : now.nanosAt(retry.notBeforeMillis()), now.nanos());
    }
  }

  // Figures

  /** What could be given out now. */
  long dispatchable(Policy policy) {
    int room = roomInFlight(policy);
    return room <= 0 || !isKnown || !state.canDispatch(window.outCount())
        ? 0
        : Math.min(window.count(Place.READY), room);
  }

  /** Messages neither settled nor with a worker. */
  long backlog() {
    return nextOffset - state.floor() - state.settledBeyondCount() - window.outCount();
  }

  long waiting() {
    return window.count(Place.WAITING) + window.count(Place.BLOCKED) + (long) state.dyingCount();
  }

  /** Why nothing more is read or given out although there is something; null if it flows. */
  @Nullable String stopReason(Policy policy) {
    if (policy.settings().isPaused()) {
      return "paused";
    }
    if (roomInFlight(policy) <= 0) {
      return "max-in-flight";
    }
    if (!state.canDispatch(window.outCount())) {
      return state.retryCount() + state.dyingCount() > SubscriptionState.MAX_RETRYING / 4
          ? "retries"
          : "acked-beyond-floor";
    }
    if (window.cursor() >= state.floor() + SubscriptionState.MAX_BEYOND_FLOOR) {
      return "acked-beyond-floor";
    }
    if (window.hasRoom() || window.count(Place.READY) > 0) {
      return null;
    }
    int blocked = window.count(Place.BLOCKED);
    int failed = window.count(Place.WAITING);
    if (window.outCount() >= Math.max(blocked, failed)) {
      return "leased";
    }
    return blocked >= failed ? "blocked-by-key" : "retries";
  }
}
