package io.tidewheel.monitor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.subscription.Since;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The monitor of a node, through its {@link BacklogMonitor} and {@link AllowanceMonitor}. */
public final class NodeMonitor implements Monitor {
  /** It looks at memory only. */
  private static final long ANSWER_SECONDS = 5;

  private final ActorRef<BacklogMonitor.Command> actor;
  private final ActorRef<AllowanceMonitor.Command> allowances;
  private final InstantSource clock;
  private volatile Observations observations = new Observations();
  private volatile NodeFigures here = NodeFigures.NONE;

  /** Starts watching. */
  public NodeMonitor(
      ActorSystem<?> system,
      BacklogMonitor.Parts parts,
      Feedback feedback,
      Supplier<CatalogSnapshot> catalog) {
    this.clock = parts.clock();
    this.actor =
        system.systemActorOf(BacklogMonitor.create(parts, this), "backlog-monitor", Props.empty());
    this.allowances =
        system.systemActorOf(
            AllowanceMonitor.create(
                new AllowanceMonitor.Parts(feedback, catalog, parts.clock(), parts.nanoTime())),
            "allowance-monitor",
            Props.empty());
  }

  /** What has happened on this node, and what waits here: together with other nodes, everything. */
  public void bindTo(MeterRegistry registry) {
    count(registry, "delivered", "Deliveries to workers", Since::delivered);
    count(
        registry,
        "redelivered",
        "Deliveries of messages not for the first time",
        Since::redelivered);
    count(registry, "failed", "Deliveries that ended without an ack", Since::failed);
    count(registry, "acked", "Messages acked, for each subscription", Since::acked);
    count(registry, "dead.lettered", "Messages that became dead letters", Since::dead);
    gauge(
        registry,
        "tidewheel.backlog.messages",
        "Messages neither settled nor leased",
        now -> now.backlog());
    gauge(registry, "tidewheel.leased.messages", "Messages that workers hold", now -> now.leased());
    gauge(
        registry,
        "tidewheel.subscription.queues",
        "Subscriptions on queues that live here",
        now -> now.places());
    Gauge.builder("tidewheel.oldest.message.age", this, NodeMonitor::oldestAgeSeconds)
        .description("Age of the oldest message that some subscription has not settled")
        .baseUnit("seconds")
        .register(registry);
  }

  private void count(
      MeterRegistry registry, String name, String description, ToDoubleFunction<Since> value) {
    FunctionCounter.builder(
            "tidewheel.messages." + name, this, node -> value.applyAsDouble(node.here.counts()))
        .description(description)
        .register(registry);
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String description,
      ToDoubleFunction<NodeFigures> value) {
    Gauge.builder(name, this, node -> value.applyAsDouble(node.here))
        .description(description)
        .register(registry);
  }

  private double oldestAgeSeconds() {
    long oldest = here.oldestAtMillis();
    return oldest == 0 ? 0 : Math.max(0, clock.millis() - oldest) / 1_000.0;
  }

  void observe(Observations now) {
    observations = now;
  }

  void happened(NodeFigures now) {
    here = now;
  }

  @Override
  public Rates rates(Place place) {
    return observations.rates(place);
  }

  @Override
  public CompletionStage<Survey> survey() {
    CompletableFuture<Survey> answer = new CompletableFuture<>();
    actor.tell(new BacklogMonitor.Ask(answer));
    return answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public CompletionStage<History> history(long topicUid) {
    return ask(topicUid);
  }

  @Override
  public CompletionStage<History> history() {
    return ask(null);
  }

  @Override
  public CompletionStage<Allowances> allowances() {
    CompletableFuture<Allowances> answer = new CompletableFuture<>();
    allowances.tell(new AllowanceMonitor.Ask(answer));
    return answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public CompletionStage<AllowanceHistory> allowanceHistory() {
    CompletableFuture<AllowanceHistory> answer = new CompletableFuture<>();
    allowances.tell(new AllowanceMonitor.AskHistory(answer));
    return answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  private CompletionStage<History> ask(@Nullable Long topicUid) {
    CompletableFuture<History> answer = new CompletableFuture<>();
    actor.tell(new BacklogMonitor.AskHistory(topicUid, answer));
    return answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
  }
}
