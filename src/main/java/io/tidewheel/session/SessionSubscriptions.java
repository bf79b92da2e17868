package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.Topic;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleStatus;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions of a session. Part of its actor.
 *
 * <p>Settles without an answer are bounded for each: a client that goes on is closed.
 */
final class SessionSubscriptions {
  private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration PULL_AGAIN = Duration.ofMillis(500);

  /** Within which a client that came back says what it holds. */
  private static final Duration CLAIM_TIMEOUT = Duration.ofSeconds(1);

  private final ActorContext<Session.Command> context;
  private final TimerScheduler<Session.Command> timers;
  private final SessionBroker broker;
  private final SessionTopics topics;
  private final Frame.Bounds bounds;
  private final Outbound outbound;
  private final Holders holders;
  private final Refusals refused;
  private final Unclaimed unclaimed = new Unclaimed();
  private final WorkerReports reports;
  private final Map<Integer, SessionSubscription> byRef = new HashMap<>();

  /** What comes back to the session for its subscriptions. */
  sealed interface Event extends Session.Command {}

  private record Found(SessionSubscription subscription, SessionTopics.Found found)
      implements Event {}

  private record Pulled(SessionSubscription by, int count, @Nullable List<Delivery> deliveries)
      implements Event {}

  private record PullAgain(SessionSubscription by) implements Event {}

  private record ClaimOver(SessionSubscription by) implements Event {}

  private record LookedFor(SessionSubscription by, SessionTopics.Found found) implements Event {}

  private record SettleDone(
      SessionSubscription by,
      Frame.Settle settle,
      List<Receipt> receipts,
      List<SettleStatus> statuses)
      implements Event {}

  SessionSubscriptions(
      ActorContext<Session.Command> context,
      TimerScheduler<Session.Command> timers,
      SessionBroker broker,
      SessionTopics topics,
      Frame.Bounds bounds,
      Outbound outbound,
      Holders holders,
      Refusals refused) {
    this.context = context;
    this.timers = timers;
    this.broker = broker;
    this.topics = topics;
    this.bounds = bounds;
    this.outbound = outbound;
    this.holders = holders;
    this.refused = refused;
    this.reports = new WorkerReports(broker);
  }

  int size() {
    return byRef.size();
  }

  boolean has(int ref) {
    return byRef.containsKey(ref);
  }

  /** Begins one, whose reference is new. */
  void subscribe(Frame.Subscribe asked) {
    SessionSubscription subscription =
        new SessionSubscription(
            asked,
            broker.consumer(),
            broker.nanoTime(),
            holders.current(),
            new HostShare(broker.hosts()),
            new Calls());
    byRef.put(asked.ref(), subscription);
    refused.forget(asked.ref());
    context.pipeToSelf(
        find(subscription),
        (found, failure) -> new Found(subscription, SessionTopics.found(found, failure)));
  }

  private CompletionStage<SessionTopics.Found> find(SessionSubscription subscription) {
    Frame.Subscribe asked = subscription.asked();
    return topics.subscription(asked.topic(), asked.subscription(), LOOKUP_TIMEOUT);
  }

  /** Looks whether all are still there. */
  void look() {
    for (SessionSubscription subscription : byRef.values()) {
      if (!subscription.isIn(broker.catalog().current())) {
        context.pipeToSelf(
            find(subscription),
            (found, failure) -> new LookedFor(subscription, SessionTopics.found(found, failure)));
      }
      subscription.pull();
    }
  }

  void want(Frame.Want want) {
    if (!refused.has(want.ref())) {
      subscription(want.ref()).want(want.count(), bounds.maxWanted());
    }
  }

  /** What the client tells of itself and of backends. */
  void onReport(Frame.Report report) {
    if (report instanceof Frame.Busy busy) {
      double share = Math.min(1, busy.thousandths() / 1_000.0);
      byRef.values().forEach(each -> each.onBusy(share));
    } else if (report instanceof Frame.Cost cost) {
      if (!refused.has(cost.ref())) {
        reports.onCost(subscription(cost.ref()), cost);
      }
    } else if (report instanceof Frame.Pushback pushback && !refused.has(pushback.ref())) {
      reports.onPushback(subscription(pushback.ref()), pushback);
    }
  }

  void settle(Frame.Settle settle) {
    if (refused.has(settle.ref())) {
      outbound.add(
          new Frame.Settled(
              settle.ref(),
              settle.request(),
              Collections.nCopies(settle.handles().size(), Frame.Status.INVALID)));
      return;
    }
    SessionSubscription subscription = subscription(settle.ref());
    if (subscription.openSettles() >= bounds.maxOpenPublishes()) {
      throw new FrameException(CloseCode.FLOOD, "too many settles without an answer");
    }
    claim(subscription, settle);
    subscription.settle(settle);
  }

  private void claim(SessionSubscription subscription, Frame.Settle settle) {
    Unclaimed.Place place = Unclaimed.Place.of(subscription.asked());
    if (unclaimed.isOpen(place)) {
      for (Frame.Handle handle : settle.handles()) {
        Receipt receipt = subscription.receipt(handle);
        if (receipt != null) {
          unclaimed.claim(place, receipt);
        }
      }
    }
  }

  /** What the client holds, or may hold, for the session in which it goes on. */
  Map<Unclaimed.Place, Set<Receipt>> bequeath() {
    for (SessionSubscription subscription : byRef.values()) {
      unclaimed.add(Unclaimed.Place.of(subscription.asked()), subscription.held());
    }
    return unclaimed.all();
  }

  /** The client goes on where an earlier session was, and says so before that one does. */
  void expectInheritance() {
    unclaimed.expect();
  }

  /** The client held this in an earlier session. */
  void inherit(Map<Unclaimed.Place, Set<Receipt>> held) {
    unclaimed.inherit(held);
    byRef.values().forEach(this::awaitClaims);
  }

  private void awaitClaims(SessionSubscription subscription) {
    if (subscription.isFound() && unclaimed.has(Unclaimed.Place.of(subscription.asked()))) {
      timers.startSingleTimer(
          Unclaimed.Place.of(subscription.asked()), new ClaimOver(subscription), CLAIM_TIMEOUT);
    }
  }

  /** Takes nothing more for one; what is held may still be settled. */
  void unsubscribe(Frame.Unsubscribe asked) {
    if (!refused.has(asked.ref())) {
      subscription(asked.ref()).unsubscribe();
    }
  }

  private SessionSubscription subscription(int ref) {
    SessionSubscription subscription = byRef.get(ref);
    if (subscription == null) {
      throw Session.unknown("subscription", ref);
    }
    return subscription;
  }

  void onEvent(Event event) {
    if (event instanceof Pulled pulled) {
      pulled.by().onPulled(pulled.count(), pulled.deliveries());
    } else if (event instanceof SettleDone done) {
      done.by().onSettled(done.settle(), done.receipts(), done.statuses());
    } else if (event instanceof PullAgain again) {
      again.by().pull();
    } else if (event instanceof ClaimOver over) {
      var unused = over.by().release(unclaimed.take(Unclaimed.Place.of(over.by().asked())));
    } else if (event instanceof LookedFor looked) {
      onLookedFor(looked);
    } else if (event instanceof Found found) {
      onFound(found);
    }
  }

  private void onLookedFor(LookedFor looked) {
    int ref = looked.by().asked().ref();
    Frame.Failure gone = looked.by().gone(looked.found());
    if (gone != null && byRef.remove(ref, looked.by())) {
      looked.by().unsubscribe();
      refused.refuse(ref, gone);
    }
  }

  private void onFound(Found found) {
    Topic topic = found.found().topic();
    Topic.Subscription subscription = found.found().subscription();
    if (topic == null || subscription == null) {
      int ref = found.subscription().asked().ref();
      byRef.remove(ref);
      refused.refuse(ref, found.found().failureOrNone());
    } else {
      found.subscription().onFound(topic, subscription);
      awaitClaims(found.subscription());
    }
  }

  /** There is room again for what is pulled. */
  void pull() {
    byRef.values().forEach(SessionSubscription::pull);
  }

  /** Takes nothing more for any. */
  void unsubscribe() {
    byRef.values().forEach(SessionSubscription::unsubscribe);
  }

  /** Gives back what the client holds, as if it had never been given out; done when that is. */
  CompletionStage<?> release() {
    return CompletableFuture.allOf(
        byRef.values().stream()
            .map(SessionSubscription::release)
            .toArray(CompletableFuture<?>[]::new));
  }

  /** Brings answers back to the actor, from any thread. */
  private final class Calls implements SessionSubscription.Calls {
    private final ActorRef<Session.Command> self = context.getSelf();

    @Override
    public void answer(Frame.FromBroker frame) {
      outbound.add(frame);
    }

    @Override
    public void pulled(SessionSubscription by, int count, @Nullable List<Delivery> deliveries) {
      self.tell(new Pulled(by, count, deliveries));
    }

    @Override
    public void settled(
        SessionSubscription by,
        Frame.Settle settle,
        List<Receipt> receipts,
        List<SettleStatus> statuses) {
      self.tell(new SettleDone(by, settle, receipts, statuses));
    }

    @Override
    public void pullLater(SessionSubscription by) {
      timers.startSingleTimer(new PullAgain(by), PULL_AGAIN);
    }

    @Override
    public boolean isCongested() {
      return outbound.isCongested();
    }
  }
}
