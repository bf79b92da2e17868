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
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions of a session. Part of its actor.
 *
 * <p>Settles without an answer are bounded for each: a client that goes on is closed.
 */
final class SessionSubscriptions {
  private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration PULL_AGAIN = Duration.ofMillis(500);

  private final ActorContext<Session.Command> context;
  private final TimerScheduler<Session.Command> timers;
  private final SessionBroker broker;
  private final SessionTopics topics;
  private final Frame.Bounds bounds;
  private final Outbound outbound;
  private final Map<Integer, SessionSubscription> byRef = new HashMap<>();

  /** What comes back to the session for its subscriptions. */
  sealed interface Event extends Session.Command {}

  private record Found(SessionSubscription subscription, SessionTopics.Found found)
      implements Event {}

  private record Pulled(SessionSubscription by, int count, @Nullable List<Delivery> deliveries)
      implements Event {}

  private record PullAgain(SessionSubscription by) implements Event {}

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
      Outbound outbound) {
    this.context = context;
    this.timers = timers;
    this.broker = broker;
    this.topics = topics;
    this.bounds = bounds;
    this.outbound = outbound;
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
        new SessionSubscription(asked, broker.consumer(), new Calls());
    byRef.put(asked.ref(), subscription);
    context.pipeToSelf(
        topics.subscription(asked.topic(), asked.subscription(), LOOKUP_TIMEOUT),
        (found, failure) -> new Found(subscription, SessionTopics.found(found, failure)));
  }

  void want(Frame.Want want) {
    subscription(want.ref()).want(want.count(), bounds.maxWanted());
  }

  void settle(Frame.Settle settle) {
    SessionSubscription subscription = subscription(settle.ref());
    if (subscription.openSettles() >= bounds.maxOpenPublishes()) {
      throw new FrameException(CloseCode.FLOOD, "too many settles without an answer");
    }
    subscription.settle(settle);
  }

  /** Takes nothing more for one; what is held may still be settled. */
  void unsubscribe(Frame.Unsubscribe asked) {
    subscription(asked.ref()).unsubscribe();
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
    } else if (event instanceof Found found) {
      onFound(found);
    }
  }

  private void onFound(Found found) {
    Topic topic = found.found().topic();
    Topic.Subscription subscription = found.found().subscription();
    if (topic == null || subscription == null) {
      int ref = found.subscription().asked().ref();
      byRef.remove(ref);
      outbound.add(new Frame.Refused(ref, found.found().failureOrNone()));
    } else {
      found.subscription().onFound(topic, subscription);
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

  /**
   * The session is over.
   *
   * @param action what becomes of what the client holds; null for nothing
   */
  void end(@Nullable SettleAction action) {
    byRef.values().forEach(subscription -> subscription.end(action));
    byRef.clear();
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
