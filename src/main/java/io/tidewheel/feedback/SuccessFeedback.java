package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.message.Control;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides for the whole cluster how fast one subscription may give out, by what became of what it
 * gave out, and divides that and its own {@code rateLimit} over the nodes. In memory: one that is
 * lost begins again with the rate that holds on the nodes.
 *
 * <ol>
 *   <li>It lives only while nodes report; they report only when there is something to decide.
 *   <li>The parts of the nodes are together what is allowed, at any time.
 *   <li>It takes a step when every node has reported, at the latest when one is late.
 * </ol>
 */
public final class SuccessFeedback extends AbstractBehavior<SuccessFeedback.Command> {
  /** What it takes. */
  public sealed interface Command {}

  /** Ends it; the next report begins a new one. */
  public record Stop() implements Command, Control {}

  /**
   * What happened on a node since its report before.
   *
   * @param node its name
   * @param target share of deliveries that shall succeed; 0 to let all fail
   * @param windowNanos over which
   * @param minRate that is given out in any case
   * @param rateLimit of the subscription; null for none
   * @param outcomes of workers that are not known to be sick
   * @param before outcomes before the first report of a row; none in the others
   * @param dispatched messages given out
   * @param isHeld whether it would have given out more
   * @param isHeldElsewhere the same, and what kept it back is not what this actor grants
   * @param backlog messages that wait there
   * @param healthyRate successes a second when all was well
   * @param currentRate that holds there by an earlier answer; infinite for none
   */
  record Report(
      long topicUid,
      long subscriptionUid,
      String node,
      double target,
      long windowNanos,
      double minRate,
      @Nullable Double rateLimit,
      Outcomes outcomes,
      Outcomes before,
      long dispatched,
      boolean isHeld,
      boolean isHeldElsewhere,
      long backlog,
      double healthyRate,
      double currentRate,
      ActorRef<Granted> replyTo)
      implements Command, Control {}

  /**
   * What a node may give out.
   *
   * @param rate messages a second; infinite for no bound
   * @param limitShare the node's part of the subscription's {@code rateLimit}
   * @param success over the window, on all nodes
   * @param phase what the rate does
   * @param detail for people; empty without a bound
   */
  record Granted(
      long topicUid,
      long subscriptionUid,
      double rate,
      double limitShare,
      double success,
      SuccessLaw.Phase phase,
      String detail)
      implements Control {}

  /** It is time to look who is late. */
  record Look() implements Command {}

  private static final Duration LOOK = Duration.ofMillis(250);
  private static final long LATE_NANOS = 400_000_000L;
  private static final long FORGET_NANOS = 2_000_000_000L;
  private static final long IDLE_NANOS = 10_000_000_000L;

  private final LongSupplier nanoTime;
  private final Consumer<ActorRef<Command>> onIdle;
  private final NodeShares shares = new NodeShares();
  private final Map<String, Report> latest = new HashMap<>();
  private final Set<String> reported = new HashSet<>();
  private @Nullable SuccessLaw law;
  private Outcomes collected = Outcomes.NONE;
  private double adopted;
  private boolean hasStepped;
  private long steppedNanos;
  private long heardNanos;

  /**
   * A feedback actor.
   *
   * @param nanoTime a monotonic clock
   * @param onIdle takes it away when nobody has reported for a while
   */
  public static Behavior<Command> create(
      LongSupplier nanoTime, Consumer<ActorRef<Command>> onIdle) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new SuccessFeedback(context, timers, nanoTime, onIdle)));
  }

  private SuccessFeedback(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      LongSupplier nanoTime,
      Consumer<ActorRef<Command>> onIdle) {
    super(context);
    this.nanoTime = nanoTime;
    this.onIdle = onIdle;
    this.heardNanos = nanoTime.getAsLong();
    this.steppedNanos = heardNanos;
    timers.startTimerWithFixedDelay(new Look(), LOOK);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Report.class, this::onReport)
        .onMessage(Look.class, look -> onLook())
        .onMessage(Stop.class, stop -> Behaviors.stopped())
        .build();
  }

  private Behavior<Command> onReport(Report report) {
    long now = nanoTime.getAsLong();
    heardNanos = now;
    SuccessLaw current = lawOf(report, now);
    current.remember(now, report.before());
    if (!hasStepped && !latest.containsKey(report.node())) {
      adopted += report.currentRate();
    }
    collected = collected.plus(report.outcomes());
    shares.report(report.node(), report.dispatched(), report.isHeld(), report.backlog(), now);
    latest.put(report.node(), report);
    reported.add(report.node());
    if (reported.size() >= latest.size() && (hasStepped || now - steppedNanos >= LATE_NANOS)) {
      step(now);
    }
    return this;
  }

  private SuccessLaw lawOf(Report report, long now) {
    SuccessLaw.Settings settings =
        new SuccessLaw.Settings(report.target(), report.windowNanos(), report.minRate());
    SuccessLaw current = law;
    if (current == null) {
      current = new SuccessLaw(settings);
      current.begin(now - FeedbackRelay.LOOK.toNanos());
      law = current;
    }
    current.change(settings);
    return current;
  }

  private Behavior<Command> onLook() {
    long now = nanoTime.getAsLong();
    if (now - heardNanos >= IDLE_NANOS) {
      onIdle.accept(getContext().getSelf());
    } else if (!reported.isEmpty() && now - steppedNanos >= LATE_NANOS) {
      step(now);
    }
    return this;
  }

  private void step(long now) {
    SuccessLaw current = law;
    if (current == null) {
      return;
    }
    shares.forget(now - FORGET_NANOS);
    latest.keySet().retainAll(shares.names());
    if (!hasStepped && adopted < Double.POSITIVE_INFINITY && adopted > 0) {
      current.adopt(adopted, now);
    }
    hasStepped = true;
    double healthyRate = latest.values().stream().mapToDouble(Report::healthyRate).sum();
    current.expect(healthyRate);
    current.step(now, collected, latest.values().stream().anyMatch(Report::isHeldElsewhere));
    collected = Outcomes.NONE;
    reported.clear();
    steppedNanos = now;
    Map<String, Double> rates = shares.divide(current.limit());
    for (Report report : latest.values()) {
      Double rateLimit = report.rateLimit();
      double limitShare =
          rateLimit == null
              ? 1
              : shares.divide(rateLimit).getOrDefault(report.node(), 0.0) / rateLimit;
      report
          .replyTo()
          .tell(
              new Granted(
                  report.topicUid(),
                  report.subscriptionUid(),
                  rates.getOrDefault(report.node(), 0.0),
                  limitShare,
                  current.success(now),
                  current.phase(),
                  detail(current, now, report.target())));
    }
  }

  private static String detail(SuccessLaw law, long now, double target) {
    String success =
        String.format(
            Locale.ROOT,
            "%.1f %% of deliveries succeed, the target is %.1f %%",
            100 * law.success(now),
            100 * target);
    return switch (law.phase()) {
      case OPEN -> "";
      case PROBING -> success + ": nearly nothing succeeds, a few are tried";
      case FALLING -> success + ": the rate falls";
      case CLIMBING -> success + ": what is tried succeeds, the rate climbs";
      case HOLDING -> success + ": more would fail, the rate stays";
      case TRYING -> success + ": less is tried for a moment";
    };
  }
}
