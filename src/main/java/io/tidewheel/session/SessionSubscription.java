package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Limits;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.worker.BatchSize;
import io.tidewheel.worker.Consumer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One subscription of a session: pulls as much as its client has room for, and knows what the
 * client holds. Part of the actor of its session.
 *
 * <ol>
 *   <li>What is pulled and what the client holds are never more than it wanted.
 *   <li>Of what the client wants it gets a share only while its host is too busy ({@link
 *       HostShare}).
 *   <li>While most of it fails, less is pulled at once ({@link BatchSize}).
 *   <li>While the client holds a suspect, nothing more is pulled for it, but for {@link
 *       #SUSPECT_NANOS} at most.
 *   <li>When the session ends in order, what the client holds goes to others as if it had never
 *       been given out; else its leases end with their holder. What is on its way is given back.
 * </ol>
 */
final class SessionSubscription {
  /** Between two looks at everything while nothing comes. */
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(60);

  /** One that takes longer is probably none of those that end their worker. */
  private static final long SUSPECT_NANOS = 10_000_000_000L;

  private static final Duration SETTLE_TIMEOUT = Duration.ofSeconds(10);

  private final Frame.Subscribe asked;
  private final Consumer consumer;
  private final LongSupplier nanoTime;
  private final ActorRef<?> holder;
  private final Calls calls;
  private final Set<Receipt> held = new HashSet<>();

  private Consumer.@Nullable StandingPull standingPull;

  /** One step at a time: what comes meanwhile is in the next. */
  private boolean isPulling;

  /** Whether the last pull brought less than it would have taken. */
  private boolean mayRest;

  private @Nullable Topic topic;
  private Topic.@Nullable Subscription subscription;
  private int roomCount;
  private final HostShare host;
  private final BatchSize batch = new BatchSize(Limits.MAX_PULL_MESSAGES);
  private int pulledCount;
  private int openSettles;
  private boolean isEnded;

  /** Held now: should the client end, nothing else that is suspect may be with it. */
  private @Nullable Receipt suspect;

  private long suspectSinceNanos;

  /** How answers come back to the actor of the session. */
  interface Calls {
    void answer(Frame.FromBroker frame);

    /** Has the session call {@link SessionSubscription#onPulled}. */
    void pulled(SessionSubscription by, int count, @Nullable List<Delivery> deliveries);

    /** Has the session call {@link SessionSubscription#onSettled}. */
    void settled(
        SessionSubscription by,
        Frame.Settle settle,
        List<Receipt> receipts,
        List<SettleStatus> statuses);

    /** Has the session call {@link SessionSubscription#pull} in a moment. */
    void pullLater(SessionSubscription by);

    /** Whether so much waits for the client that it should be given nothing more. */
    boolean isCongested();
  }

  /**
   * A subscription that is not found yet.
   *
   * @param holder whose end ends the leases
   * @param host of the client
   */
  SessionSubscription(
      Frame.Subscribe asked,
      Consumer consumer,
      LongSupplier nanoTime,
      ActorRef<?> holder,
      HostShare host,
      Calls calls) {
    this.nanoTime = nanoTime;
    this.asked = asked;
    this.consumer = consumer;
    this.holder = holder;
    this.host = host;
    this.calls = calls;
  }

  Frame.Subscribe asked() {
    return asked;
  }

  boolean isFound() {
    return subscription != null;
  }

  int openSettles() {
    return openSettles;
  }

  /** It is there; begins. */
  void onFound(Topic found, Topic.Subscription foundSubscription) {
    topic = found;
    subscription = foundSubscription;
    calls.answer(new Frame.Subscribed(asked.ref(), leaseMillis(foundSubscription)));
    pull();
  }

  /** Whether a catalog has it; one that is not found yet is looked for elsewhere. */
  boolean isIn(CatalogSnapshot catalog) {
    Topic.Subscription known = subscription;
    if (known == null || isEnded) {
      return true;
    }
    Topic now = catalog.topic(asked.topic());
    Topic.Subscription there = now == null ? null : now.subscription(asked.subscription());
    return there != null && there.uid() == known.uid() && there.stage() != Topic.Stage.CLOSING;
  }

  /** Why it is gone for good, after it was looked for; null if it is not. */
  Frame.@Nullable Failure gone(SessionTopics.Found found) {
    Topic.Subscription known = subscription;
    Topic.Subscription there = found.subscription();
    if (there == null) {
      Frame.Failure failure = found.failureOrNone();
      return failure.isRetryable() ? null : failure;
    }
    return known == null || there.uid() == known.uid()
        ? null
        : new Frame.Failure(
            "subscription-not-found",
            "the subscription was deleted, and another one has its name now",
            true,
            false);
  }

  private long leaseMillis(Topic.Subscription found) {
    return asked.leaseMillis() > 0 ? asked.leaseMillis() : found.settings().lease().toMillis();
  }

  void want(int count, int maxWanted) {
    if (count > maxWanted - roomCount - pulledCount - held.size()) {
      throw new FrameException(
          CloseCode.FLOOD,
          "more than " + maxWanted + " deliveries of one subscription wanted or held");
    }
    roomCount += count;
    pull();
  }

  /** Pulls if there is room; may be called at any time. */
  void pull() {
    Topic of = topic;
    Topic.Subscription from = subscription;
    if (of == null || from == null || isEnded || isPulling) {
      return;
    }
    int count = pullable();
    if (count <= 0) {
      rest();
      return;
    }
    roomCount -= count;
    pulledCount += count;
    if (standingPull == null) {
      standingPull = consumer.stand(of, from, request());
    }
    isPulling = true;
    CompletableFuture<?> unused =
        standingPull
            .next(count)
            .whenComplete(
                (deliveries, failure) ->
                    calls.pulled(this, count, failure == null ? deliveries : null));
  }

  private int pullable() {
    return roomCount == 0 || calls.isCongested() || isHoldingSuspect()
        ? 0
        : Math.min(host.room(roomCount, pulledCount + held.size()), batch.size());
  }

  /** Nothing more is pulled for now, though the last pull would have taken more. */
  private void rest() {
    if (mayRest && standingPull != null) {
      standingPull.rest();
    }
    mayRest = false;
  }

  /** How busy the client's host is, from 0 to 1. */
  void onBusy(double busy) {
    Topic.Subscription known = subscription;
    if (known != null && !isEnded) {
      host.sample(known.uid(), busy);
      pull();
    }
  }

  @Nullable Topic topic() {
    return topic;
  }

  Topic.@Nullable Subscription subscription() {
    return subscription;
  }

  private boolean isHoldingSuspect() {
    return suspect != null && nanoTime.getAsLong() - suspectSinceNanos < SUSPECT_NANOS;
  }

  private Consumer.PullRequest request() {
    return new Consumer.PullRequest(
        1,
        Limits.MAX_PULL_BYTES,
        LOOK_INTERVAL,
        asked.leaseMillis() > 0 ? Duration.ofMillis(asked.leaseMillis()) : null,
        asked.worker(),
        asked.version(),
        holder);
  }

  /** A pull has ended; {@code deliveries} is null if it failed. */
  void onPulled(int count, @Nullable List<Delivery> deliveries) {
    isPulling = false;
    pulledCount -= count;
    Topic of = topic;
    Topic.Subscription from = subscription;
    if (isEnded || of == null || from == null) {
      if (deliveries != null && !deliveries.isEmpty() && of != null && from != null) {
        consumer.release(of, from, deliveries);
      }
      return;
    }
    roomCount += count - (deliveries == null ? 0 : deliveries.size());
    if (deliveries == null) {
      endPull();
      calls.pullLater(this);
      return;
    }
    mayRest = deliveries.size() < count;
    batch.onTaken(deliveries.size());
    if (!deliveries.isEmpty()) {
      List<Frame.Delivered> delivered = new ArrayList<>(deliveries.size());
      for (Delivery delivery : deliveries) {
        held.add(delivery.receipt());
        if (delivery.isSuspect()) {
          suspect = delivery.receipt();
          suspectSinceNanos = nanoTime.getAsLong();
        }
        delivered.add(
            new Frame.Delivered(
                Handles.handle(delivery.receipt()),
                delivery.attempt(),
                delivery.publishedAtMillis(),
                delivery.message()));
      }
      calls.answer(new Frame.Deliveries(asked.ref(), delivered));
    }
    pull();
  }

  void settle(Frame.Settle settle) {
    Topic of = topic;
    Topic.Subscription from = subscription;
    if (of == null || from == null) {
      throw new FrameException(
          CloseCode.OUT_OF_ORDER, "a settle before the answer to its subscribe");
    }
    openSettles++;
    List<Receipt> receipts = new ArrayList<>(settle.handles().size());
    for (Frame.Handle handle : settle.handles()) {
      receipts.add(Handles.receipt(from.uid(), handle));
    }
    consumer
        .settle(of, from, Handles.action(settle), receipts, SETTLE_TIMEOUT)
        .whenComplete(
            (statuses, failure) ->
                calls.settled(
                    this,
                    settle,
                    receipts,
                    failure == null
                        ? statuses
                        : Collections.nCopies(receipts.size(), SettleStatus.RETRY)));
  }

  void onSettled(Frame.Settle settle, List<Receipt> receipts, List<SettleStatus> statuses) {
    openSettles--;
    List<Frame.Status> told = new ArrayList<>(statuses.size());
    for (int i = 0; i < statuses.size(); i++) {
      SettleStatus status = statuses.get(i);
      told.add(Handles.status(status));
      if (status != SettleStatus.RETRY && status != SettleStatus.EXTENDED) {
        held.remove(receipts.get(i));
        suspect = receipts.get(i).equals(suspect) ? null : suspect;
      }
    }
    batch.onHandled(count(statuses, SettleStatus.ACKED), failed(settle, statuses));
    calls.answer(new Frame.Settled(asked.ref(), settle.request(), told));
    pull();
  }

  /** As it counts for the success of a subscription: a reject is neither. */
  private static int failed(Frame.Settle settle, List<SettleStatus> statuses) {
    boolean isExtending = settle.action() == Frame.Action.EXTEND;
    return count(statuses, SettleStatus.NACKED)
        + (isExtending ? 0 : count(statuses, SettleStatus.EXPIRED));
  }

  private static int count(List<SettleStatus> statuses, SettleStatus status) {
    return Collections.frequency(statuses, status);
  }

  /** Takes nothing more; what is held may still be settled. */
  void unsubscribe() {
    isEnded = true;
    roomCount = 0;
    endPull();
    Topic.Subscription known = subscription;
    if (known != null) {
      host.end(known.uid());
    }
  }

  private void endPull() {
    if (standingPull != null) {
      standingPull.end();
      standingPull = null;
    }
  }

  /** What the client holds, as far as is known here. */
  Set<Receipt> held() {
    return held;
  }

  /** The receipt of a delivery of this subscription; null if it is not found yet. */
  @Nullable Receipt receipt(Frame.Handle handle) {
    Topic.Subscription from = subscription;
    return from == null ? null : Handles.receipt(from.uid(), handle);
  }

  /** Gives back all that is held; done when that is stored, or cannot be. */
  CompletableFuture<?> release() {
    return release(held);
  }

  /** Gives deliveries back, as if they had never been given out. */
  CompletableFuture<?> release(Set<Receipt> receipts) {
    Topic of = topic;
    Topic.Subscription from = subscription;
    if (of == null || from == null || receipts.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    return consumer
        .settle(of, from, new SettleAction.Release(), List.copyOf(receipts), SETTLE_TIMEOUT)
        .toCompletableFuture();
  }
}
