package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogBoard.Offer;
import io.tidewheel.backlog.Standing;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Subscription;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The worker of one remote pull: asks the board who has work, pulls there, answers, and ends.
 *
 * <ol>
 *   <li>It asks one queue after the other, the best first, until its hand is full or nobody has
 *       more. With something in hand it waits at most {@link #COLLECT_TIMEOUT} for the rest, and
 *       asks queues of its own node only.
 *   <li>Queues that the board has no row of are asleep or moving: each is woken once, and if nobody
 *       else had anything, asked once.
 *   <li>With nothing in hand it waits on the board until its time is over. While the board does not
 *       answer it asks the queues itself, about once a second.
 *   <li>A queue that does not answer holds up nobody: the worker goes on, and takes the answer when
 *       it comes.
 *   <li>Nothing stays leased by a race: what comes after the answer, does not fit, or finds that
 *       the caller has gone (its future is done), is released. For that the worker lives on until
 *       every queue has answered, at most {@link #LINGER_TIMEOUT}; a lease beyond that ends by
 *       time.
 * </ol>
 */
final class PullWorker extends AbstractBehavior<PullWorker.Command> {
  /** How long a queue that may have to recover may take, before the next is asked beside it. */
  static final Duration RECOVERY_TIMEOUT = Duration.ofMillis(250);

  /** How long all queues that the board does not know are waited for. */
  static final Duration UNKNOWN_TIMEOUT = Duration.ofSeconds(2);

  static final Duration COLLECT_TIMEOUT = Duration.ofMillis(100);

  /** How long the board may take before the worker asks the queues without it. */
  static final Duration BOARD_TIMEOUT = Duration.ofMillis(500);

  static final Duration LINGER_TIMEOUT = Duration.ofSeconds(60);

  /** Answers and timers, and what its parent says. */
  sealed interface Command {}

  private record Offered(Offer offer) implements Command {}

  record Answered(int call, Subscription.Pulled pulled) implements Command {}

  /** The board does not answer: who waits there is woken by nobody. */
  record BoardSilent() implements Command {}

  private record Over(Timer timer) implements Command {}

  private record Abandoned() implements Command {}

  private enum Timer {
    WAIT,
    GIVE_UP,
    BOARD,
    CALL,
    UNKNOWN,
    COLLECT,
    LOOK_AGAIN,
    LINGER
  }

  private enum Phase {
    LOOKING,
    PULLING,
    WAITING,
    CLOSED
  }

  private final TimerScheduler<Command> timers;
  private final PullTask task;
  private final PullCalls calls;
  private final BoardSeat board;
  private final Hand hand;
  private final Duration pullTimeout;

  private Phase phase = Phase.LOOKING;
  private final Deque<Standing> candidates = new ArrayDeque<>();
  private final Deque<Integer> unknown = new ArrayDeque<>();
  private boolean hasAskedUnknown;
  private boolean isWaitOver;

  /**
   * A worker.
   *
   * @param isBoardSilent whether the board does not answer now
   */
  static Behavior<Command> create(
      PullTask task,
      QueueRouter router,
      ActorRef<BacklogBoard.Command> board,
      boolean isBoardSilent) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new PullWorker(context, timers, task, router, board, isBoardSilent)));
  }

  private PullWorker(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      PullTask task,
      QueueRouter router,
      ActorRef<BacklogBoard.Command> board,
      boolean isBoardSilent) {
    super(context);
    this.timers = timers;
    this.task = task;
    QueueCalls queues = new QueueCalls(router, task.topicUid(), task.subscriptionUid());
    this.calls = new PullCalls(context, queues, task.request());
    ActorRef<Offer> offers = context.messageAdapter(Offer.class, Offered::new);
    this.board = new BoardSeat(board, task.subscriptionUid(), offers);
    this.hand = new Hand(task.request().max(), task.request().maxBytes());
    ActorRef<Command> self = context.getSelf();
    CompletableFuture<?> unused =
        task.answer()
            .whenComplete(
                (deliveries, failure) -> {
                  if (task.answer().isCancelled()) {
                    self.tell(new Abandoned());
                  }
                });
    isWaitOver = task.request().waitTime().isZero();
    if (!isWaitOver) {
      start(Timer.WAIT, task.request().waitTime());
    }
    start(Timer.GIVE_UP, task.limit());
    pullTimeout = task.pullTimeout();
    if (isBoardSilent) {
      begin(Offer.nothing(0));
    } else {
      look();
    }
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Offered.class, this::onOffered)
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(Over.class, this::onOver)
        .onMessage(Abandoned.class, command -> finish())
        .onMessage(BoardSilent.class, command -> onBoardSilent())
        .onSignal(PostStop.class, signal -> onPostStop())
        .build();
  }

  private Behavior<Command> onOffered(Offered command) {
    Offer offer = command.offer();
    if (phase == Phase.LOOKING) {
      timers.cancel(Timer.BOARD);
      return begin(offer);
    }
    if (phase != Phase.WAITING) {
      // Left, or gone on without it: the board was told, or will be when this pull waits or ends.
      return this;
    }
    timers.cancel(Timer.LOOK_AGAIN);
    if (offer.rows().isEmpty()) {
      // The board has lost what it knew.
      hasAskedUnknown = false;
      board.leave();
      return look();
    }
    board.onPromise(offer.rows().get(0).queue());
    return begin(offer);
  }

  private Behavior<Command> begin(Offer offer) {
    phase = Phase.PULLING;
    board.onOffer(offer);
    candidates.addAll(offer.rows());
    if (!hasAskedUnknown) {
      hasAskedUnknown = true;
      for (int queue = 0; queue < task.queues(); queue++) {
        if (!offer.awake().get(queue)) {
          calls.wake(queue);
          unknown.add(queue);
        }
      }
      if (!unknown.isEmpty()) {
        start(Timer.UNKNOWN, UNKNOWN_TIMEOUT);
      }
    }
    return next();
  }

  private Behavior<Command> next() {
    while (!hand.isFull() && !candidates.isEmpty() && isToBeAsked(candidates.element())) {
      int queue = candidates.remove().queue();
      if (!calls.isDoubtful(queue)) {
        return pullAndAwait(queue, true, pullTimeout);
      }
      calls.pull(queue, true, hand);
    }
    if (!hand.isEmpty()) {
      return finish();
    }
    if (board.hasMoreRows()) {
      startLooking();
      board.lookFurther();
      return this;
    }
    if (!unknown.isEmpty()) {
      return pullAndAwait(unknown.remove(), false, RECOVERY_TIMEOUT);
    }
    if (!isWaitOver) {
      return waitForWork();
    }
    return calls.isAnyOpen() ? this : finish();
  }

  /** Who has something from its own node leaves other nodes to those who have nothing. */
  private boolean isToBeAsked(Standing row) {
    return hand.isEmpty() || row.isHere();
  }

  private Behavior<Command> look() {
    startLooking();
    board.look();
    return this;
  }

  private void startLooking() {
    phase = Phase.LOOKING;
    start(Timer.BOARD, BOARD_TIMEOUT);
  }

  private Behavior<Command> waitForWork() {
    phase = Phase.WAITING;
    if (calls.isAnyDoubtful()) {
      start(Timer.LOOK_AGAIN, PullTask.PULL_TIMEOUT);
    }
    board.take(hand.roomCount());
    return this;
  }

  private Behavior<Command> pullAndAwait(int queue, boolean isCandidate, Duration timeout) {
    start(Timer.CALL, timeout);
    calls.pullAndAwait(queue, isCandidate, hand);
    return this;
  }

  private Behavior<Command> onAnswered(Answered command) {
    PullCalls.Call call = calls.end(command.call());
    if (call == null) {
      return this;
    }
    List<Delivery> deliveries = command.pulled().deliveries();
    if (phase == Phase.CLOSED) {
      calls.release(deliveries);
      return calls.isAnyOpen() ? this : Behaviors.stopped();
    }
    boolean isEmpty = deliveries.isEmpty() || command.pulled().dispatchableLeft() == 0;
    board.tellLooked(call.queue(), isEmpty);
    boolean wasEmpty = hand.isEmpty();
    calls.release(hand.take(deliveries));
    if (wasEmpty && !hand.isEmpty()) {
      start(Timer.COLLECT, COLLECT_TIMEOUT);
    }
    if (calls.isAwaited(command.call())) {
      calls.stopAwaiting();
      timers.cancel(Timer.CALL);
    }
    if (phase == Phase.PULLING) {
      return !calls.isAwaiting() ? next() : hand.isFull() ? finish() : this;
    }
    return hand.isEmpty() ? this : finish();
  }

  private Behavior<Command> onOver(Over command) {
    if (phase == Phase.CLOSED) {
      return command.timer() == Timer.LINGER ? Behaviors.stopped() : this;
    }
    return switch (command.timer()) {
      case WAIT -> onWaitOver();
      case BOARD -> onBoardOver();
      case CALL -> onCallOver();
      case UNKNOWN -> onUnknownOver();
      case LOOK_AGAIN -> onLookAgain();
      case GIVE_UP, COLLECT -> finish();
      case LINGER -> this;
    };
  }

  private Behavior<Command> onWaitOver() {
    isWaitOver = true;
    if (phase != Phase.WAITING) {
      return this;
    }
    board.leave();
    phase = Phase.PULLING;
    return next();
  }

  private Behavior<Command> onBoardOver() {
    if (phase != Phase.LOOKING) {
      return this;
    }
    return begin(Offer.nothing(0));
  }

  /** Asks the queues itself, as often as this comes. */
  private Behavior<Command> onBoardSilent() {
    if (phase != Phase.WAITING) {
      return this;
    }
    board.leave();
    timers.cancel(Timer.LOOK_AGAIN);
    hasAskedUnknown = false;
    return begin(Offer.nothing(0));
  }

  private Behavior<Command> onCallOver() {
    PullCalls.Call call = calls.awaited();
    if (call == null) {
      return this;
    }
    calls.stopAwaiting();
    if (call.isCandidate()) {
      calls.doubt(call.queue());
      board.tellLooked(call.queue(), true);
    }
    return next();
  }

  private Behavior<Command> onUnknownOver() {
    unknown.clear();
    PullCalls.Call call = calls.awaited();
    if (call != null && !call.isCandidate()) {
      calls.stopAwaiting();
      timers.cancel(Timer.CALL);
    }
    return phase == Phase.PULLING && !calls.isAwaiting() ? next() : this;
  }

  /** The queues that did not answer may never have got the question. */
  private Behavior<Command> onLookAgain() {
    if (phase != Phase.WAITING) {
      return this;
    }
    board.leave();
    return look();
  }

  private Behavior<Command> finish() {
    if (phase == Phase.CLOSED) {
      return this;
    }
    close();
    if (calls.isAnyOpen()) {
      start(Timer.LINGER, LINGER_TIMEOUT);
    }
    if (!task.end(hand, calls.isCandidateOpen())) {
      calls.release(hand.deliveries());
    }
    return calls.isAnyOpen() ? this : Behaviors.stopped();
  }

  private Behavior<Command> onPostStop() {
    if (phase != Phase.CLOSED) {
      close();
      calls.release(hand.deliveries());
      task.answer().completeExceptionally(RejectedPullException.notNow("the node stops"));
    }
    return this;
  }

  private void close() {
    phase = Phase.CLOSED;
    timers.cancelAll();
    board.leave();
  }

  private void start(Timer timer, Duration timeout) {
    timers.startSingleTimer(timer, new Over(timer), timeout);
  }
}
