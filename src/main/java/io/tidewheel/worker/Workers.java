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
 * The parent of a node's short-lived workers. Takes a bounded number of pulls, of settlings and of
 * questions at a time: a pull beyond that fails with {@link RejectedPullException}, a settling is
 * answered {@code RETRY}, a question is not asked and answered as it says itself.
 */
public final class Workers extends AbstractBehavior<Workers.Command> {
  /** Pulls of a node that may be open, waiting ones included. */
  public static final int DEFAULT_MAX_PULLS = 10_000;

  /** Settlings of a node that may be open, one for each queue they concern. */
  public static final int DEFAULT_MAX_SETTLES = 20_000;

  /** Questions of a node that may be open: several calls about all queues of a large topic. */
  public static final int DEFAULT_MAX_QUESTIONS = 10_000;

  /** Sent by {@link NodeConsumer} and {@link NodeLocator}. */
  public sealed interface Command {}

  record Pull(PullWorker.Task task) implements Command {}

  record Settle(SettleCall.Task task) implements Command {}

  record Ask(AskCall.Task<?> task) implements Command {}

  private enum Ended implements Command {
    PULL,
    SETTLE,
    QUESTION
  }

  private final QueueRouter router;
  private final ActorRef<BacklogBoard.Command> board;
  private final int maxPulls;
  private final int maxSettles;
  private final int maxQuestions;
  private int pullCount;
  private int settleCount;
  private int questionCount;

  public static Behavior<Command> create(
      QueueRouter router,
      ActorRef<BacklogBoard.Command> board,
      int maxPulls,
      int maxSettles,
      int maxQuestions) {
    return Behaviors.setup(
        context -> new Workers(context, router, board, maxPulls, maxSettles, maxQuestions));
  }

  private Workers(
      ActorContext<Command> context,
      QueueRouter router,
      ActorRef<BacklogBoard.Command> board,
      int maxPulls,
      int maxSettles,
      int maxQuestions) {
    super(context);
    this.router = router;
    this.board = board;
    this.maxPulls = maxPulls;
    this.maxSettles = maxSettles;
    this.maxQuestions = maxQuestions;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Pull.class, this::onPull)
        .onMessage(Settle.class, this::onSettle)
        .onMessage(Ask.class, this::onAsk)
        .onMessage(Ended.class, this::onEnded)
        .build();
  }

  private Behavior<Command> onPull(Pull command) {
    if (pullCount >= maxPulls) {
      command.task().answer().completeExceptionally(RejectedPullException.tooMany(maxPulls));
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

  private Behavior<Command> onAsk(Ask command) {
    if (questionCount >= maxQuestions) {
      command.task().refuse();
      return this;
    }
    questionCount++;
    start(AskCall.create(command.task(), router), Ended.QUESTION);
    return this;
  }

  private Behavior<Command> onEnded(Ended kind) {
    switch (kind) {
      case PULL -> pullCount--;
      case SETTLE -> settleCount--;
      case QUESTION -> questionCount--;
    }
    return this;
  }

  private <T> void start(Behavior<T> worker, Ended kind) {
    getContext().watchWith(getContext().spawnAnonymous(worker), kind);
  }
}
