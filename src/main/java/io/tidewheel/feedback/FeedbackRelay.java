package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Control;
import io.tidewheel.subscription.Allowance;
import io.tidewheel.subscription.DequeueRates;
import io.tidewheel.subscription.Throttle;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between the subscriptions of a node and the actors that decide: four times a second it
 * reads what every subscription gave out and what became of it, reports what there is to decide
 * about, and sets what each may give out. One a node.
 *
 * <ol>
 *   <li>For a subscription of which nothing fails, that has no limit to share and no backend,
 *       nothing leaves the node.
 *   <li>At most one report a step for a subscription, and one for each backend it has.
 *   <li>What is granted counts until it fades, whether the one who granted it lives or not.
 * </ol>
 */
public final class FeedbackRelay extends AbstractBehavior<FeedbackRelay.Command> {
  /** What it takes. */
  public sealed interface Command {}

  /**
   * How busy the node is.
   *
   * @param busy share of the processors that is in use, from 0 to 1
   * @param share of what was given out before that may be given out now
   */
  public record Cpu(double busy, double process, double share) implements Command {}

  /** Says what is allowed here and why. */
  public record Describe(ActorRef<NodeFeedback.Node> replyTo) implements Command, Control {}

  /** Deliveries of a subscription were settled, and cost so many calls of backends. */
  public record Cost(long topicUid, long subscriptionUid, Map<String, Double> calls, int messages)
      implements Command {}

  private record OnSuccess(SuccessFeedback.Granted granted) implements Command {}

  private record OnBackend(BackendFeedback.Granted granted) implements Command {}

  /** It is time to look at the subscriptions. */
  record Look() implements Command {}

  /**
   * What a relay works with. Everything is safe for any thread.
   *
   * @param node its name
   * @param brokerCount nodes where queues may live
   * @param published messages that were published here since the start, or their bytes
   * @param nanoTime a monotonic clock
   */
  public record Parts(
      String node,
      DequeueRates rates,
      Supplier<CatalogSnapshot> catalog,
      FeedbackRouter router,
      IntSupplier brokerCount,
      LongSupplier published,
      FeedbackFigures figures,
      LongSupplier nanoTime) {}

  /** Under the system's guardian, the same on every node: so nodes find each other. */
  public static final String NAME = "feedback-relay";

  static final Duration LOOK = Duration.ofMillis(250);

  private static final Logger LOG = LoggerFactory.getLogger(FeedbackRelay.class);
  private static final long QUIET_NANOS = 10_000_000_000L;

  private final Parts parts;
  private final Map<Long, LocalSubscription> subscriptions = new HashMap<>();
  private final BackendReports backends;
  private final ActorRef<SuccessFeedback.Granted> onSuccess;
  private final BusyNode busy = new BusyNode();

  public static Behavior<Command> create(Parts parts) {
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new FeedbackRelay(context, timers, parts)));
  }

  private FeedbackRelay(
      ActorContext<Command> context, TimerScheduler<Command> timers, Parts parts) {
    super(context);
    this.parts = parts;
    this.onSuccess = context.messageAdapter(SuccessFeedback.Granted.class, OnSuccess::new);
    this.backends =
        new BackendReports(
            parts.node(),
            parts.router(),
            context.messageAdapter(BackendFeedback.Granted.class, OnBackend::new));
    // Not at a fixed rate: after a moment without processors that would be many at once.
    timers.startTimerWithFixedDelay(new Look(), LOOK);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Look.class, look -> onLook())
        .onMessage(OnSuccess.class, this::onSuccess)
        .onMessage(OnBackend.class, this::onBackend)
        .onMessage(Cpu.class, this::onCpu)
        .onMessage(Cost.class, this::onCost)
        .onMessage(Describe.class, this::onDescribe)
        .build();
  }

  private Behavior<Command> onLook() {
    long now = parts.nanoTime().getAsLong();
    int nodes = Math.max(1, parts.brokerCount().getAsInt());
    parts.rates().setInitial(Allowance.OPEN.withLimitShare(1.0 / nodes));
    busy.look(parts.published().getAsLong(), now);
    CatalogSnapshot catalog = parts.catalog().get();
    for (Throttle throttle : parts.rates().throttles()) {
      Topic topic = catalog.topic(throttle.topicUid());
      Topic.Subscription subscription =
          topic == null ? null : topic.subscription(throttle.subscriptionUid());
      LocalSubscription known = subscriptions.get(throttle.subscriptionUid());
      boolean isQuiet = now - throttle.usedNanos() > QUIET_NANOS;
      if (subscription == null || topic == null || (isQuiet && known == null)) {
        if (known != null) {
          subscriptions.remove(throttle.subscriptionUid());
        }
        continue;
      }
      LocalSubscription local =
          subscriptions.computeIfAbsent(
              throttle.subscriptionUid(), uid -> new LocalSubscription(throttle));
      step(topic, subscription, local, nodes, now);
      if (isQuiet && !local.isReporting() && !local.grants().isBounded(now)) {
        subscriptions.remove(throttle.subscriptionUid());
      }
    }
    backends.reportOthers(subscriptions.keySet(), catalog);
    parts.figures().set(subscriptions.values(), busy.cpu());
    return this;
  }

  private void step(
      Topic topic, Topic.Subscription subscription, LocalSubscription local, int nodes, long now) {
    SubscriptionSettings settings = subscription.settings();
    local.step(settings, now);
    boolean isFailing = local.isFailing(settings.success().target(), now);
    boolean isUsed = now - local.throttle().usedNanos() <= QUIET_NANOS;
    boolean hasLimit = settings.rateLimit() != null && nodes > 1;
    boolean isLimited = local.grants().successRate(now) < Double.POSITIVE_INFINITY;
    if (isUsed && (isFailing || hasLimit || isLimited)) {
      report(settings, local, now);
      local.reported(now);
    } else if (local.isReporting() && isUsed) {
      // For a while longer, so that the last word of the other side is heard.
      report(settings, local, now);
      local.stopReporting(QUIET_NANOS, now);
    } else {
      local.stopReporting(0, now);
    }
    if (isUsed) {
      backends.report(settings, local, now);
    }
    local.grants().keepBackends(settings.backends());
    busy.bound(local, now);
    set(topic, subscription, local, local.grants().allowance(nodes, isFailing, now), now);
  }

  private void report(SubscriptionSettings settings, LocalSubscription local, long now) {
    Throttle throttle = local.throttle();
    parts
        .router()
        .tell(
            throttle.subscriptionUid(),
            new SuccessFeedback.Report(
                throttle.topicUid(),
                throttle.subscriptionUid(),
                parts.node(),
                settings.success().target(),
                settings.success().window().toNanos(),
                settings.success().minRate(),
                settings.rateLimit(),
                local.step(),
                local.beforeReports(now),
                local.dispatched(),
                local.isHeld(),
                local.isHeld() && isBoundElsewhere(throttle.allowance(), settings),
                throttle.backlog(now),
                local.healthyRate(),
                local.grants().successRate(now),
                onSuccess));
  }

  private static boolean isBoundElsewhere(Allowance allowance, SubscriptionSettings settings) {
    Double limit = settings.rateLimit();
    return allowance.reason() != Allowance.Reason.SUCCESS
        || (limit != null && limit * allowance.limitShare() < allowance.rate());
  }

  private void set(
      Topic topic,
      Topic.Subscription subscription,
      LocalSubscription local,
      Allowance allowance,
      long now) {
    local.throttle().allow(allowance);
    if (local.isWorthTelling(allowance, now)) {
      local.tell(allowance, now);
      LOG.info(
          "Subscription {} of topic {} may give out {} on this node",
          subscription.name(),
          topic.name(),
          Grants.text(allowance));
    }
  }

  private Behavior<Command> onSuccess(OnSuccess command) {
    LocalSubscription local = subscriptions.get(command.granted().subscriptionUid());
    if (local != null) {
      local.grants().onSuccess(command.granted(), parts.nanoTime().getAsLong());
      apply(local);
    }
    return this;
  }

  private Behavior<Command> onBackend(OnBackend command) {
    BackendFeedback.Granted granted = command.granted();
    LocalSubscription local = subscriptions.get(granted.subscriptionUid());
    if (local != null) {
      local
          .grants()
          .onBackend(
              granted.backend(), granted.rate(), granted.detail(), parts.nanoTime().getAsLong());
      apply(local);
    }
    return this;
  }

  /** At once: what is granted is worth most when it is new. */
  private void apply(LocalSubscription local) {
    CatalogSnapshot catalog = parts.catalog().get();
    Topic topic = catalog.topic(local.throttle().topicUid());
    Topic.Subscription subscription =
        topic == null ? null : topic.subscription(local.throttle().subscriptionUid());
    if (topic != null && subscription != null) {
      long now = parts.nanoTime().getAsLong();
      int nodes = Math.max(1, parts.brokerCount().getAsInt());
      boolean isFailing = local.isFailing(subscription.settings().success().target(), now);
      set(topic, subscription, local, local.grants().allowance(nodes, isFailing, now), now);
    }
  }

  private Behavior<Command> onCpu(Cpu now) {
    if (now.share() < 1 != busy.cpu().share() < 1) {
      LOG.info(
          "The processors are {} % busy: subscriptions may give out {} while messages are"
              + " published",
          Math.round(100 * now.busy()), now.share() < 1 ? "less" : "what they like");
    }
    busy.onCpu(now);
    return this;
  }

  private Behavior<Command> onCost(Cost cost) {
    backends.add(cost);
    return this;
  }

  private Behavior<Command> onDescribe(Describe describe) {
    describe
        .replyTo()
        .tell(
            NodeFeedback.Node.of(
                parts.node(), busy.cpu(), subscriptions.values(), parts.nanoTime().getAsLong()));
    return this;
  }
}
