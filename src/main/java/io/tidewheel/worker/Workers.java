package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.queue.QueueRouter;

/**
 * The parent of a node's pulls, each of which is a short-lived worker. Takes a bounded number at a
 * time: one beyond that fails with {@link RejectedPullException}.
 */
public final class Workers extends AbstractBehavior<Workers.Command> {
  /** Pulls of a node that may be open, waiting ones included. */
  public static final int DEFAULT_MAX_PULLS = 10_000;

  /** Sent by {@link NodeConsumer}. */
  public sealed interface Command {}

  record Pull(PullWorker.Task task) implements Command {}

  private record Ended() implements Command {}

  private final QueueRouter router;
  private final ActorRef<BacklogBoard.Command> board;
  private final int maxPulls;
  private int pullCount;

  public static Behavior<Command> create(
      QueueRouter router, ActorRef<BacklogBoard.Command> board, int maxPulls) {
    return Behaviors.setup(context -> new Workers(context, router, board, maxPulls));
  }

  private Workers(
      ActorContext<Command> context,
      QueueRouter router,
      ActorRef<BacklogBoard.Command> board,
      int maxPulls) {
    super(context);
    this.router = router;
    this.board = board;
    this.maxPulls = maxPulls;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Pull.class, this::onPull)
        .onMessage(Ended.class, ended -> onEnded())
        .build();
  }

  private Behavior<Command> onPull(Pull command) {
    if (pullCount >= maxPulls) {
      command.task().answer().completeExceptionally(RejectedPullException.tooMany(maxPulls));
      return this;
    }
    pullCount++;
    Behavior<PullWorker.Command> worker = PullWorker.create(command.task(), router, board);
    getContext().watchWith(getContext().spawnAnonymous(worker), new Ended());
    return this;
  }

  private Behavior<Command> onEnded() {
    pullCount--;
    return this;
  }
}
