package io.tidewheel.monitor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches the board of a node, once a second, and keeps what {@link Monitor} tells.
 *
 * <ol>
 *   <li>It hears of each row at most once a second, whatever happens there: what it costs grows
 *       with the rows that change, not with the messages.
 *   <li>What it holds is bounded by the rows of the board, and by {@link Histories}.
 * </ol>
 *
 * <p>After a failure it starts empty.
 */
public final class BacklogMonitor extends AbstractBehavior<BacklogMonitor.Command> {
  static final Duration TICK = Duration.ofSeconds(1);

  /** What a monitor takes. */
  public sealed interface Command {}

  /** Tell all rows. */
  record Ask(CompletableFuture<Survey> answer) implements Command {}

  /**
   * Tell the lines of a topic.
   *
   * @param topicUid null for everything together
   */
  record AskHistory(@Nullable Long topicUid, CompletableFuture<History> answer)
      implements Command {}

  private record Told(BoardNews news) implements Command {}

  private record Tick() implements Command {}

  /**
   * What a monitor works with.
   *
   * @param nanoTime monotonic clock in nanoseconds
   */
  public record Parts(
      ActorRef<BacklogBoard.Command> board, InstantSource clock, LongSupplier nanoTime) {}

  private final Parts parts;
  private final ActorRef<BoardNews> news;
  private final Observations observations = new Observations();
  private final Histories histories = new Histories();
  private final NodeMonitor published;
  private @Nullable Survey survey;
  private long ticks;

  static Behavior<Command> create(Parts parts, NodeMonitor published) {
    return Behaviors.supervise(
            Behaviors.<Command>setup(
                context ->
                    Behaviors.withTimers(
                        timers -> new BacklogMonitor(context, timers, parts, published))))
        .onFailure(SupervisorStrategy.restart());
  }

  private BacklogMonitor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Parts parts,
      NodeMonitor published) {
    super(context);
    this.parts = parts;
    this.published = published;
    this.news = context.messageAdapter(BoardNews.class, Told::new);
    published.observe(observations);
    observations.tick(parts.nanoTime().getAsLong());
    parts.board().tell(new BacklogBoard.Watch(row -> true, news));
    timers.startTimerWithFixedDelay(new Tick(), TICK);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Told.class, told -> onTold(told.news()))
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Ask.class, this::onAsk)
        .onMessage(AskHistory.class, this::onAskHistory)
        .build();
  }

  private Behavior<Command> onTold(BoardNews one) {
    if (one instanceof BoardNews.Changes changes) {
      observations.take(changes);
      if (changes.hasMore()) {
        parts.board().tell(new BacklogBoard.More(news, false));
      }
    }
    return this;
  }

  private Behavior<Command> onTick() {
    observations.tick(parts.nanoTime().getAsLong());
    published.happened(observations.here());
    survey = null;
    ticks++;
    if (ticks % Ring.STEP_SECONDS == 0) {
      histories.add(parts.clock().millis(), points());
    }
    parts.board().tell(new BacklogBoard.More(news, false));
    return this;
  }

  /** By topic. What comes into a queue comes in once, however many subscriptions read it. */
  private Map<Long, Ring.Point> points() {
    Map<QueueOf, Double> in = new HashMap<>();
    Map<Long, Ring.Point> points = new HashMap<>();
    for (Seen seen : observations.all()) {
      Standing standing = seen.standing();
      Rates rates = seen.rates();
      QueueOf queue = new QueueOf(standing.row().topicUid(), standing.queue());
      double before = in.getOrDefault(queue, 0.0);
      in.put(queue, Math.max(before, rates.in()));
      Rates added = new Rates(Math.max(0, rates.in() - before), rates.out(), rates.failed());
      points.merge(
          standing.row().topicUid(),
          new Ring.Point(standing.row().backlog(), added),
          Ring.Point::plus);
    }
    return points;
  }

  private record QueueOf(long topicUid, int queue) {}

  private Behavior<Command> onAsk(Ask ask) {
    Survey known = survey;
    if (known == null) {
      known = Survey.of(ticks, parts.clock().millis(), observations.all());
      survey = known;
    }
    ask.answer().complete(known);
    return this;
  }

  private Behavior<Command> onAskHistory(AskHistory ask) {
    Long topicUid = ask.topicUid();
    ask.answer().complete(topicUid == null ? histories.total() : histories.view(topicUid));
    return this;
  }
}
