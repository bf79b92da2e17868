package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.WaitingPulls;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The parent of a node's pulls: a short-lived worker for each single one, and one that stays for
 * each that stands. Takes a bounded number of both at a time: one beyond that fails with {@link
 * RejectedPullException}.
 */
public final class Workers extends AbstractBehavior<Workers.Command> {
  /**
   * Pulls of a node that may be open, waiting ones included: 2,000 sessions with 10 subscriptions
   * each. One that waits takes some 7 KiB with its part of the session (measured with half as
   * many), all of them 140 MiB.
   */
  public static final int DEFAULT_MAX_PULLS = 20_000;

  /** Sent by {@link NodeConsumer}. */
  public sealed interface Command {}

  record Pull(PullTask task) implements Command {}

  /**
   * Have a worker stand by, and begin with this task.
   *
   * @param worker completed with it, or exceptionally if there is none
   * @param end completed when it has ended
   */
  record Stand(
      PullTask task,
      CompletableFuture<ActorRef<PullWorker.Command>> worker,
      CompletableFuture<Void> end)
      implements Command {}

  private record Ended(ActorRef<PullWorker.Command> worker) implements Command {}

  private record StandingEnded(ActorRef<PullWorker.Command> worker, CompletableFuture<Void> end)
      implements Command {}

  private record BoardAnswered() implements Command {}

  private record Look() implements Command {}

  private static final Look LOOK = new Look();

  /** Between two questions whether the board answers, while somebody pulls. */
  static final Duration BOARD_INTERVAL = Duration.ofSeconds(1);

  private final PullWorker.Sources sources;
  private final int maxPulls;
  private final TimerScheduler<Command> timers;
  private final ActorRef<BacklogBoard.Pong> pongs;
  private final Set<ActorRef<PullWorker.Command>> pulls = new HashSet<>();
  private boolean isBoardAsked;
  private boolean isBoardSilent;

  public static Behavior<Command> create(
      QueueRouter router,
      ActorRef<BacklogBoard.Command> board,
      WaitingPulls waiting,
      int maxPulls) {
    PullWorker.Sources sources = new PullWorker.Sources(router, board, waiting);
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new Workers(context, timers, sources, maxPulls)));
  }

  private Workers(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      PullWorker.Sources sources,
      int maxPulls) {
    super(context);
    this.timers = timers;
    this.pongs = context.messageAdapter(BacklogBoard.Pong.class, pong -> new BoardAnswered());
    this.sources = sources;
    this.maxPulls = maxPulls;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Pull.class, this::onPull)
        .onMessage(Stand.class, this::onStand)
        .onMessage(Ended.class, ended -> onEnded(ended.worker()))
        .onMessage(StandingEnded.class, this::onStandingEnded)
        .onMessage(Look.class, look -> onLook())
        .onMessage(BoardAnswered.class, answered -> onBoardAnswered())
        .build();
  }

  private Behavior<Command> onPull(Pull command) {
    if (pulls.size() >= maxPulls) {
      command.task().answer().completeExceptionally(RejectedPullException.tooMany(maxPulls));
      return this;
    }
    ActorRef<PullWorker.Command> worker =
        begin(PullWorker.create(command.task(), sources, isBoardSilent));
    getContext().watchWith(worker, new Ended(worker));
    return this;
  }

  private Behavior<Command> onStand(Stand command) {
    if (pulls.size() >= maxPulls) {
      command.worker().completeExceptionally(RejectedPullException.tooMany(maxPulls));
      return this;
    }
    ActorRef<PullWorker.Command> worker =
        begin(StandingWorker.create(command.task(), sources, isBoardSilent));
    getContext().watchWith(worker, new StandingEnded(worker, command.end()));
    command.worker().complete(worker);
    return this;
  }

  private ActorRef<PullWorker.Command> begin(Behavior<PullWorker.Command> behavior) {
    if (!timers.isTimerActive(LOOK)) {
      timers.startSingleTimer(LOOK, LOOK, BOARD_INTERVAL);
    }
    ActorRef<PullWorker.Command> worker = getContext().spawnAnonymous(behavior);
    pulls.add(worker);
    return worker;
  }

  private Behavior<Command> onEnded(ActorRef<PullWorker.Command> worker) {
    pulls.remove(worker);
    return this;
  }

  private Behavior<Command> onStandingEnded(StandingEnded ended) {
    ended.end().complete(null);
    return onEnded(ended.worker());
  }

  /** Asks the board; who waits there is told if it has not answered the question before. */
  private Behavior<Command> onLook() {
    isBoardSilent = isBoardAsked;
    if (isBoardSilent) {
      pulls.forEach(worker -> worker.tell(new PullWorker.BoardSilent()));
    } else {
      isBoardAsked = true;
      sources.board().tell(new BacklogBoard.Ping(pongs));
    }
    if (!pulls.isEmpty() || isBoardSilent) {
      timers.startSingleTimer(LOOK, LOOK, BOARD_INTERVAL);
    }
    return this;
  }

  private Behavior<Command> onBoardAnswered() {
    isBoardAsked = false;
    isBoardSilent = false;
    return this;
  }
}
