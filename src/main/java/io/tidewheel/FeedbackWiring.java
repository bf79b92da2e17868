package io.tidewheel;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.cluster.ClusterNode;
import io.tidewheel.cluster.ShardedFeedback;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.feedback.CpuFeedback;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.FeedbackFigures;
import io.tidewheel.feedback.FeedbackRelay;
import io.tidewheel.feedback.FeedbackRouter;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.queue.ByteBudget;
import io.tidewheel.subscription.DequeueRates;
import java.lang.management.ManagementFactory;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Puts together what decides how much a node gives out. */
record FeedbackWiring(
    ActorSystem<?> system,
    TidewheelSettings settings,
    ClusterNode cluster,
    FencedLog.Ownership logs,
    Supplier<CatalogSnapshot> catalog,
    DequeueRates rates,
    ByteBudget published,
    InstantSource clock) {

  /** Starts it; once. */
  Feedback start(MeterRegistry metrics) {
    FeedbackFigures figures = new FeedbackFigures();
    FeedbackRouter router = new ShardedFeedback(system, logs, clock, System::nanoTime);
    ActorRef<FeedbackRelay.Command> relay =
        system.systemActorOf(
            restarting(
                FeedbackRelay.create(
                    new FeedbackRelay.Parts(
                        cluster.name(),
                        rates,
                        catalog,
                        router,
                        cluster::brokerCount,
                        published::taken,
                        figures,
                        System::nanoTime))),
            FeedbackRelay.NAME,
            Props.empty());
    system.systemActorOf(
        restarting(
            CpuFeedback.create(
                new CpuFeedback.Settings(
                    settings.feedback().cpuHighMark(), settings.feedback().cpuLeastShare()),
                processors(),
                relay)),
        "cpu-feedback",
        Props.empty());
    register(figures, metrics);
    Supplier<List<ActorRef<FeedbackRelay.Command>>> others = cluster.others(FeedbackRelay.NAME);
    return new NodeFeedback(system, relay, others, router, System::nanoTime);
  }

  private static CpuFeedback.Processors processors() {
    OperatingSystemMXBean machine =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new CpuFeedback.Processors(machine::getProcessCpuLoad, machine::getCpuLoad);
  }

  private static void register(FeedbackFigures figures, MeterRegistry metrics) {
    bound("success", figures, FeedbackFigures::boundBySuccess, metrics);
    bound("backend", figures, FeedbackFigures::boundByBackend, metrics);
    bound("cpu", figures, FeedbackFigures::boundByCpu, metrics);
    Gauge.builder("tidewheel.feedback.workers.sick", figures, FeedbackFigures::sickWorkers)
        .description("Workers that get a few deliveries to try only, because they fail")
        .register(metrics);
    Gauge.builder("tidewheel.feedback.cpu.busy", figures, FeedbackFigures::cpuBusy)
        .description("How busy the processors are, from 0 to 1")
        .register(metrics);
    Gauge.builder("tidewheel.feedback.cpu.share", figures, FeedbackFigures::cpuShare)
        .description("What of its dispatch the node can afford, from 0 to 1")
        .register(metrics);
  }

  private static void bound(
      String reason,
      FeedbackFigures figures,
      ToDoubleFunction<FeedbackFigures> count,
      MeterRegistry metrics) {
    Gauge.builder("tidewheel.feedback.bounded", figures, count)
        .tag("reason", reason)
        .description("Subscriptions of this node that may give out less, by reason")
        .register(metrics);
  }

  private static <T> Behavior<T> restarting(Behavior<T> behavior) {
    return Behaviors.supervise(behavior).onFailure(SupervisorStrategy.restart());
  }
}
