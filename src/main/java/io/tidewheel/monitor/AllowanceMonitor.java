package io.tidewheel.monitor;

import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.feedback.BackendFeedback;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.monitor.AllowanceHistory.Owner;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the nodes what they allow, at most once a second and only for those who want to know, and
 * every ten seconds for the lines of the hour behind.
 *
 * <ol>
 *   <li>However many ask, a node is asked once.
 *   <li>Backends are asked only while a subscription that uses them does something.
 * </ol>
 *
 * <p>After a failure it starts empty.
 */
final class AllowanceMonitor extends AbstractBehavior<AllowanceMonitor.Command> {
  static final Duration STEP = Duration.ofSeconds(Ring.STEP_SECONDS);

  /** Of each kind: nodes, subscriptions, backends. A pair of lines is 3 KiB. */
  static final int MAX_TRACES = 50;

  private static final long FRESH_NANOS = 1_000_000_000L;

  /** What it takes. */
  sealed interface Command {}

  /** Tell what is allowed. */
  record Ask(CompletableFuture<Allowances> answer) implements Command {}

  /** Tell the lines. */
  record AskHistory(CompletableFuture<AllowanceHistory> answer) implements Command {}

  private record Told(@Nullable List<NodeFeedback.Node> nodes) implements Command {}

  private record Sampled(Map<String, Traces.Point> backends) implements Command {}

  private record Step() implements Command {}

  /**
   * What it works with.
   *
   * @param nanoTime monotonic clock in nanoseconds
   */
  record Parts(
      Feedback feedback,
      Supplier<CatalogSnapshot> catalog,
      InstantSource clock,
      LongSupplier nanoTime) {}

  private final Parts parts;
  private final Traces<String> nodes = new Traces<>(MAX_TRACES);
  private final Traces<Owner> subscriptions = new Traces<>(MAX_TRACES);
  private final Traces<String> backends = new Traces<>(MAX_TRACES);
  private final List<CompletableFuture<Allowances>> waiting = new ArrayList<>();
  private Allowances newest = Allowances.NOTHING;
  private long newestNanos;
  private long endMillis;
  private boolean isKnown;
  private boolean isAsking;
  private boolean isStepDue;
  private boolean isSampling;

  static Behavior<Command> create(Parts parts) {
    return Behaviors.supervise(
            Behaviors.<Command>setup(
                context ->
                    Behaviors.withTimers(timers -> new AllowanceMonitor(context, timers, parts))))
        .onFailure(SupervisorStrategy.restart());
  }

  private AllowanceMonitor(
      ActorContext<Command> context, TimerScheduler<Command> timers, Parts parts) {
    super(context);
    this.parts = parts;
    timers.startTimerWithFixedDelay(new Step(), STEP);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Ask.class, this::onAsk)
        .onMessage(AskHistory.class, this::onAskHistory)
        .onMessage(Told.class, this::onTold)
        .onMessage(Sampled.class, this::onSampled)
        .onMessage(Step.class, step -> onStep())
        .build();
  }

  private Behavior<Command> onAsk(Ask ask) {
    if (isKnown && parts.nanoTime().getAsLong() - newestNanos < FRESH_NANOS) {
      ask.answer().complete(newest);
    } else {
      waiting.add(ask.answer());
      askNodes();
    }
    return this;
  }

  private Behavior<Command> onStep() {
    isStepDue = true;
    askNodes();
    return this;
  }

  private void askNodes() {
    if (!isAsking) {
      isAsking = true;
      getContext().pipeToSelf(parts.feedback().nodes(), (told, failure) -> new Told(told));
    }
  }

  private Behavior<Command> onTold(Told told) {
    isAsking = false;
    if (told.nodes() != null) {
      newest = new Allowances(told.nodes());
      newestNanos = parts.nanoTime().getAsLong();
      isKnown = true;
    }
    waiting.forEach(answer -> answer.complete(newest));
    waiting.clear();
    if (isStepDue && !isSampling) {
      isStepDue = false;
      isSampling = true;
      sampleBackends();
    }
    return this;
  }

  private void sampleBackends() {
    Map<String, CompletableFuture<BackendFeedback.Answer>> asked = new HashMap<>();
    backendsInUse().stream()
        .limit(MAX_TRACES)
        .forEach(
            name -> asked.put(name, parts.feedback().backend(name, null).toCompletableFuture()));
    getContext()
        .pipeToSelf(
            CompletableFuture.allOf(asked.values().toArray(CompletableFuture<?>[]::new)),
            (done, failure) -> new Sampled(points(asked)));
  }

  private Set<String> backendsInUse() {
    CatalogSnapshot catalog = parts.catalog().get();
    Set<String> names = new TreeSet<>();
    for (NodeFeedback.Node node : newest.nodes()) {
      for (NodeFeedback.Row row : node.rows()) {
        Topic.Subscription subscription =
            catalog.subscription(row.topicUid(), row.subscriptionUid());
        if (subscription != null) {
          names.addAll(subscription.settings().backends());
        }
      }
    }
    return names;
  }

  private static Map<String, Traces.Point> points(
      Map<String, CompletableFuture<BackendFeedback.Answer>> asked) {
    Map<String, Traces.Point> points = new HashMap<>();
    asked.forEach(
        (name, answer) -> {
          if (!answer.isCompletedExceptionally() && answer.join().failure() == null) {
            points.put(name, new Traces.Point(answer.join().bound(), answer.join().callRate()));
          }
        });
    return points;
  }

  private Behavior<Command> onSampled(Sampled sampled) {
    isSampling = false;
    endMillis = parts.clock().millis();
    Map<String, Traces.Point> processors = new HashMap<>();
    Map<Owner, Traces.Point> allowed = new HashMap<>();
    CatalogSnapshot catalog = parts.catalog().get();
    for (NodeFeedback.Node node : newest.nodes()) {
      processors.put(node.node(), new Traces.Point(node.busy(), node.process()));
      for (NodeFeedback.Row row : node.rows()) {
        Topic.Subscription subscription =
            catalog.subscription(row.topicUid(), row.subscriptionUid());
        if (subscription != null) {
          double rate = Allowances.Allowed.of(subscription, List.of(row)).rate();
          allowed.merge(
              new Owner(row.topicUid(), row.subscriptionUid()),
              new Traces.Point(rate, row.dispatchRate()),
              Traces.Point::plus);
        }
      }
    }
    nodes.add(processors);
    subscriptions.add(allowed);
    backends.add(sampled.backends());
    return this;
  }

  private Behavior<Command> onAskHistory(AskHistory ask) {
    ask.answer()
        .complete(
            new AllowanceHistory(
                endMillis,
                STEP.toMillis(),
                nodes.all(Comparator.naturalOrder()),
                subscriptions.all(
                    Comparator.comparingLong(Owner::topicUid)
                        .thenComparing(Owner::subscriptionUid)),
                backends.all(Comparator.naturalOrder())));
    return this;
  }
}
