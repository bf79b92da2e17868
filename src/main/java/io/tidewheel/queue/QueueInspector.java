package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.Topic;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * Asks all queues of a topic at once, and answers when all have answered or the time is over.
 *
 * <p>A bounded number of looks is open at a time; one beyond that fails with {@link
 * RejectedExecutionException}.
 */
public final class QueueInspector implements Inspector {
  /** Looks of a node that may be open. */
  public static final int DEFAULT_MAX_LOOKS = 1_000;

  /** What the parent of the looks takes. */
  public sealed interface Command {}

  private record Look(
      Topic topic,
      boolean withReaders,
      Duration timeout,
      CompletableFuture<List<QueueStatus>> answer)
      implements Command {}

  private record LookEnded() implements Command {}

  private final ActorRef<Command> looks;

  /**
   * Looks through an actor of {@link #create}.
   *
   * @param looks that actor
   */
  public QueueInspector(ActorRef<Command> looks) {
    this.looks = looks;
  }

  /** The actor that looks for a {@link QueueInspector}. */
  public static Behavior<Command> create(QueueRouter router, int maxLooks) {
    return Behaviors.setup(context -> new Looks(context, router, maxLooks));
  }

  @Override
  public CompletableFuture<List<QueueStatus>> describe(Topic topic, Duration timeout) {
    return look(topic, true, timeout);
  }

  @Override
  public CompletableFuture<List<QueueStatus>> locate(Topic topic, Duration timeout) {
    return look(topic, false, timeout);
  }

  private CompletableFuture<List<QueueStatus>> look(
      Topic topic, boolean withReaders, Duration timeout) {
    CompletableFuture<List<QueueStatus>> answer = new CompletableFuture<>();
    looks.tell(new Look(topic, withReaders, timeout, answer));
    return answer;
  }

  private static final class Looks extends AbstractBehavior<Command> {
    private final QueueRouter router;
    private final int maxLooks;
    private int lookCount;

    Looks(ActorContext<Command> context, QueueRouter router, int maxLooks) {
      super(context);
      this.router = router;
      this.maxLooks = maxLooks;
    }

    @Override
    public Receive<Command> createReceive() {
      return newReceiveBuilder()
          .onMessage(Look.class, this::onLook)
          .onMessage(LookEnded.class, command -> onLookEnded())
          .build();
    }

    private Behavior<Command> onLook(Look look) {
      if (lookCount >= maxLooks) {
        look.answer()
            .completeExceptionally(
                new RejectedExecutionException("Too many looks at queues are open: " + maxLooks));
        return this;
      }
      lookCount++;
      getContext()
          .watchWith(getContext().spawnAnonymous(Collector.create(look, router)), new LookEnded());
      return this;
    }

    private Behavior<Command> onLookEnded() {
      lookCount--;
      return this;
    }
  }

  /** One look: collects what comes in time. */
  private static final class Collector extends AbstractBehavior<Collector.Message> {
    private sealed interface Message {}

    private record Answered(QueueStatus status) implements Message {}

    private record TimeOver() implements Message {}

    private final Look look;
    private final TreeMap<Integer, QueueStatus> statuses = new TreeMap<>();

    static Behavior<Message> create(Look look, QueueRouter router) {
      return Behaviors.setup(
          context -> Behaviors.withTimers(timers -> new Collector(context, timers, look, router)));
    }

    private Collector(
        ActorContext<Message> context,
        TimerScheduler<Message> timers,
        Look look,
        QueueRouter router) {
      super(context);
      this.look = look;
      timers.startSingleTimer(new TimeOver(), look.timeout());
      ActorRef<QueueStatus> answers = context.messageAdapter(QueueStatus.class, Answered::new);
      for (int queue = 0; queue < look.topic().settings().queues(); queue++) {
        router.tell(look.topic().uid(), queue, new Queue.Describe(look.withReaders(), answers));
      }
    }

    @Override
    public Receive<Message> createReceive() {
      return newReceiveBuilder()
          .onMessage(Answered.class, this::onAnswered)
          .onMessage(TimeOver.class, message -> Behaviors.stopped())
          .onSignal(PostStop.class, signal -> onPostStop())
          .build();
    }

    private Behavior<Message> onAnswered(Answered message) {
      statuses.put(message.status().queue(), message.status());
      return statuses.size() < look.topic().settings().queues() ? this : Behaviors.stopped();
    }

    private Behavior<Message> onPostStop() {
      look.answer().complete(List.copyOf(statuses.values()));
      return this;
    }
  }
}
