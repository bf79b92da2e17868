package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Watches the processors four times a second and says what share of its dispatch the node can
 * afford. One a node.
 */
public final class CpuFeedback extends AbstractBehavior<CpuFeedback.Command> {
  /** What it takes: only its own timer. */
  public sealed interface Command {}

  private record Sample() implements Command {}

  /**
   * How to see the processors. Each gives a share from 0 to 1, or a negative number if it cannot be
   * read.
   *
   * @param process what the broker's process uses of what it may
   * @param all what is used by anybody, within the limits of a container if there are any
   */
  public record Processors(DoubleSupplier process, DoubleSupplier all) {}

  /**
   * When to give out less.
   *
   * @param highMark above which; more than 1 for never
   * @param leastShare of the dispatch that is left in any case
   */
  public record Settings(double highMark, double leastShare) {}

  static final Duration SAMPLE = Duration.ofMillis(250);

  private final Processors processors;
  private final ActorRef<FeedbackRelay.Command> relay;
  private final CpuLaw law;

  public static Behavior<Command> create(
      Settings settings, Processors processors, ActorRef<FeedbackRelay.Command> relay) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new CpuFeedback(context, timers, settings, processors, relay)));
  }

  private CpuFeedback(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Settings settings,
      Processors processors,
      ActorRef<FeedbackRelay.Command> relay) {
    super(context);
    this.processors = processors;
    this.relay = relay;
    this.law = new CpuLaw(settings.highMark(), settings.leastShare());
    // Not at a fixed rate: after a moment without processors that would be many at once.
    timers.startTimerWithFixedDelay(new Sample(), SAMPLE);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onMessage(Sample.class, sample -> onSample()).build();
  }

  private Behavior<Command> onSample() {
    double process = processors.process().getAsDouble();
    double all = processors.all().getAsDouble();
    law.sample(Math.max(process, all));
    relay.tell(new FeedbackRelay.Cpu(law.busy(), Math.max(0, process), law.share()));
    return this;
  }
}
