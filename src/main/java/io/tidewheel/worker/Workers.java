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
 * The parent of a node's short-lived workers. Takes a bounded number of pulls and of settlings at a
 * time: a pull beyond that fails with {@link RejectedPullException}, a settling is answered {@code
 * RETRY}.
 */
public final class Workers extends AbstractBehavior<Workers.Command> {
  /** Pulls of a node that may be open, waiting ones included. */
  public static final int DEFAULT_MAX_PULLS = 10_000;

  /** Settlings of a node that may be open, one for each queue they concern. */
  public static final int DEFAULT_MAX_SETTLES = 20_000;

  /** Sent by {@link NodeConsumer}. */
  public sealed interface Command {}

  record Pull(PullWorker.Task task) implements Command {}

  record Settle(SettleCall.Task task) implements Command {}

  record Seek(SeekCall.Task task) implements Command {}

  record Ask(AskCall.Task<?> task) implements Command {}

  private enum Ended implements Command {
    PULL,
    SETTLE
  }

  private final QueueRouter router;
  private final ActorRef<BacklogBoard.Command> board;
  private final int maxPulls;
  private final int maxSettles;
  private int pullCount;
  private int settleCount;

  public static Behavior<Command> create(
      QueueRouter router, ActorRef<BacklogBoard.Command> board, int maxPulls, int maxSettles) {
    return Behaviors.setup(context -> new Workers(context, router, board, maxPulls, maxSettles));
  }

  private Workers(
      ActorContext<Command> context,
      QueueRouter router,
      ActorRef<BacklogBoard.Command> board,
      int maxPulls,
      int maxSettles) {
    super(context);
    this.router = router;
    this.board = board;
    this.maxPulls = maxPulls;
    this.maxSettles = maxSettles;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Pull.class, this::onPull)
        .onMessage(Settle.class, this::onSettle)
        .onMessage(Seek.class, this::onSeek)
        .onMessage(Ask.class, this::onAsk)
        .onMessage(Ended.class, this::onEnded)
        .build();
  }

  private Behavior<Command> onPull(Pull command) {
    if (pullCount >= maxPulls) {
      command
          .task()
          .answer()
          .completeExceptionally(
              new RejectedPullException("Too many pulls are open on this node: " + maxPulls));
      return this;
    }
    pullCount++;
    start(PullWorker.create(command.task(), router, board), Ended.PULL);
    return this;
  }

  private Behavior<Command> onSettle(Settle command) {
    if (settleCount >= maxSettles) {
      command.task().retryLater();
      return this;
    }
    settleCount++;
    start(SettleCall.create(command.task(), router), Ended.SETTLE);
    return this;
  }

  /** Counts as a settling does. */
  private Behavior<Command> onSeek(Seek command) {
    if (settleCount >= maxSettles) {
      command.task().refuse("too much is under way on this node; ask again");
      return this;
    }
    settleCount++;
    start(SeekCall.create(command.task(), router), Ended.SETTLE);
    return this;
  }

  /** Counts as a settling does. */
  private Behavior<Command> onAsk(Ask command) {
    if (settleCount >= maxSettles) {
      command.task().giveUp();
      return this;
    }
    settleCount++;
    start(AskCall.create(command.task(), router), Ended.SETTLE);
    return this;
  }

  private Behavior<Command> onEnded(Ended kind) {
    switch (kind) {
      case PULL -> pullCount--;
      case SETTLE -> settleCount--;
    }
    return this;
  }

  private <T> void start(Behavior<T> worker, Ended kind) {
    getContext().watchWith(getContext().spawnAnonymous(worker), kind);
  }
}
