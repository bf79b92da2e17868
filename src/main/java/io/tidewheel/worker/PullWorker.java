package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.ReceiveBuilder;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.Offer;
import io.tidewheel.backlog.Standing;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.WaitingPulls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The worker of one remote pull: asks the board who has work, pulls there, answers, and ends.
 *
 * <ol>
 *   <li>It asks one queue after the other, the best first, until its hand is full or nobody has
 *       more. With something in hand it waits at most {@link #COLLECT_TIMEOUT} for the rest, and
 *       asks queues of its own node only.
 *   <li>Queues that the board has no row of are asleep or moving: each is woken once, and if nobody
 *       else had anything, asked once.
 *   <li>With nothing in hand it waits until its time is over: on the board, and with a pull that
 *       the next queue of its node answers. While the board does not answer it asks the queues
 *       itself, about once a second.
 *   <li>A queue that does not answer holds up nobody: the worker goes on, and takes the answer when
 *       it comes.
 *   <li>Nothing stays leased by a race: what comes after the answer, does not fit, or finds that
 *       the caller has gone (its future is done), is released. For that the worker lives on until
 *       every queue has answered, at most {@link #LINGER_TIMEOUT}; a lease beyond that ends by
 *       time.
 * </ol>
 */
class PullWorker extends AbstractBehavior<PullWorker.Command> {
  /** How long a queue that may have to recover may take, before the next is asked beside it. */
  static final Duration RECOVERY_TIMEOUT = Duration.ofMillis(250);

  /** How long all queues that the board does not know are waited for. */
  static final Duration UNKNOWN_TIMEOUT = Duration.ofSeconds(2);

  static final Duration COLLECT_TIMEOUT = Duration.ofMillis(100);

  /** How long the board may take before the worker asks the queues without it. */
  static final Duration BOARD_TIMEOUT = Duration.ofMillis(500);

  static final Duration LINGER_TIMEOUT = Duration.ofSeconds(60);

  /** Answers and timers, and what its parent says. */
  interface Command {}

  private record Offered(Offer offer) implements Command {}

  record Answered(Subscription.Pulled pulled) implements Command {}

  /** The board does not answer: who waits there is woken by nobody. */
  record BoardSilent() implements Command {}

  record Over(Supplier<Behavior<Command>> then) implements Command {}

  private record Abandoned() implements Command {}

  final TimerScheduler<Command> timers;
  final PullCalls calls;
  final BoardSeat board;
  private final Duration pullTimeout;
  final Sweep sweep = new Sweep();
  PullTask task;
  Hand hand;
  Phase phase = Phase.LOOKING;
  private boolean isWaitOver;

  /** Where a worker finds what there is. */
  record Sources(QueueRouter router, ActorRef<BacklogBoard.Command> board, WaitingPulls waiting) {}

  /**
   * A worker.
   *
   * @param isBoardSilent whether the board does not answer now
   */
  static Behavior<Command> create(PullTask task, Sources sources, boolean isBoardSilent) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new PullWorker(context, timers, task, sources, isBoardSilent)));
  }

  PullWorker(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      PullTask task,
      Sources sources,
      boolean isBoardSilent) {
    super(context);
    this.timers = timers;
    this.task = task;
    QueueCalls queues = new QueueCalls(sources.router(), task.topicUid(), task.subscriptionUid());
    this.calls = new PullCalls(context, queues, sources.waiting(), task.request());
    ActorRef<Offer> offers = context.messageAdapter(Offer.class, Offered::new);
    this.board = new BoardSeat(sources.board(), task.subscriptionUid(), offers);
    this.hand = new Hand(task.request().max(), task.request().maxBytes());
    pullTimeout = task.pullTimeout();
    limit();
    if (isBoardSilent) {
      begin(Offer.nothing(0));
    } else {
      look();
    }
  }

  /** A pull that is no other's ends with its time, or when nobody waits for it. */
  void limit() {
    ActorRef<Command> self = getContext().getSelf();
    CompletableFuture<List<Delivery>> answer = task.answer();
    CompletableFuture<?> unused =
        answer.whenComplete(
            (deliveries, failure) -> {
              if (answer.isCancelled()) {
                self.tell(new Abandoned());
              }
            });
    isWaitOver = task.request().waitTime().isZero();
    if (!isWaitOver) {
      start(PullTimer.WAIT, task.request().waitTime(), this::onWaitOver);
    }
    start(PullTimer.GIVE_UP, task.limit(), this::finish);
  }

  @Override
  public Receive<Command> createReceive() {
    return receive().build();
  }

  ReceiveBuilder<Command> receive() {
    return newReceiveBuilder()
        .onMessage(Offered.class, this::onOffered)
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(Over.class, over -> over.then().get())
        .onMessage(Abandoned.class, command -> finish())
        .onMessage(BoardSilent.class, command -> onBoardSilent())
        .onSignal(PostStop.class, signal -> onPostStop());
  }

  private Behavior<Command> onOffered(Offered command) {
    Offer offer = command.offer();
    if (phase == Phase.LOOKING) {
      timers.cancel(PullTimer.BOARD);
      return begin(offer);
    }
    if (phase != Phase.WAITING) {
      // Left, or gone on without it: the board was told, or will be when this pull waits or ends.
      return this;
    }
    timers.cancel(PullTimer.LOOK_AGAIN);
    if (offer.rows().isEmpty()) {
      // The board has lost what it knew.
      sweep.forgetUnknown();
      leave();
      return look();
    }
    if (!calls.stopWaiting()) {
      // What a queue of this node is about to answer would not fit beside what another one gives:
      // what the board named is for others now.
      board.stay(roomToStay());
      start(PullTimer.LOOK_AGAIN, RECOVERY_TIMEOUT, this::onLookAgain);
      return this;
    }
    board.onPromise(offer.rows().get(0).queue());
    return begin(offer);
  }

  private Behavior<Command> begin(Offer offer) {
    phase = Phase.PULLING;
    board.onOffer(offer);
    sweep.begin(offer);
    if (!sweep.hasFoundUnknown()) {
      sweep.findUnknown(offer, task.queues()).forEach(calls::wake);
      if (sweep.isAnyUnknown()) {
        start(PullTimer.UNKNOWN, UNKNOWN_TIMEOUT, this::onUnknownOver);
      }
    }
    return next();
  }

  Behavior<Command> next() {
    while (!hand.isFull()) {
      Standing row = sweep.next(hand.isEmpty());
      if (row == null) {
        break;
      }
      if (!calls.isDoubtful(row.queue())) {
        if (!row.isHere()) {
          board.onPullElsewhere(row, roomToStay());
        }
        return pullAndAwait(row.queue(), true, pullTimeout);
      }
      calls.pull(row.queue(), true, hand);
    }
    if (!hand.isEmpty()) {
      return finish();
    }
    if (board.hasMoreRows()) {
      startLooking();
      board.lookFurther();
      return this;
    }
    Integer unknown = sweep.nextUnknown();
    if (unknown != null) {
      return pullAndAwait(unknown, false, RECOVERY_TIMEOUT);
    }
    if (!isWaitOver) {
      return waitForWork();
    }
    return calls.isAnyOpen() ? this : finish();
  }

  Behavior<Command> look() {
    startLooking();
    board.look(roomToStay());
    return this;
  }

  /** What it takes until it says otherwise; 0 if it ends with its answer. */
  int roomToStay() {
    return 0;
  }

  private void startLooking() {
    phase = Phase.LOOKING;
    start(PullTimer.BOARD, BOARD_TIMEOUT, this::onBoardOver);
  }

  Behavior<Command> waitForWork() {
    phase = Phase.WAITING;
    if (calls.isAnyDoubtful()) {
      start(PullTimer.LOOK_AGAIN, PullTask.PULL_TIMEOUT, this::onLookAgain);
    }
    calls.waitForAny(hand);
    board.take(hand.roomCount());
    return this;
  }

  /** Waits neither at the board nor for a queue. */
  void leave() {
    calls.stopWaiting();
    board.leave();
  }

  private Behavior<Command> pullAndAwait(int queue, boolean isCandidate, Duration timeout) {
    start(PullTimer.CALL, timeout, this::onCallOver);
    calls.pullAndAwait(queue, isCandidate, hand);
    return this;
  }

  private Behavior<Command> onAnswered(Answered command) {
    int number = command.pulled().call();
    PullCalls.Call call = calls.end(number);
    if (call == null) {
      return this;
    }
    List<Delivery> deliveries = command.pulled().deliveries();
    if (phase == Phase.CLOSED) {
      calls.release(deliveries);
      return calls.isAnyOpen() ? this : Behaviors.stopped();
    }
    boolean isEmpty = deliveries.isEmpty() || command.pulled().dispatchableLeft() == 0;
    if (call.queue() != PullCalls.ANYWHERE) {
      board.tellLooked(call.queue(), isEmpty, roomToStay() - deliveries.size());
    }
    if (phase == Phase.RESTING) {
      calls.release(deliveries);
      return this;
    }
    if (!isEmpty) {
      sweep.onMore(call.queue());
    }
    boolean wasEmpty = hand.isEmpty();
    calls.release(hand.take(deliveries));
    if (wasEmpty && !hand.isEmpty()) {
      start(PullTimer.COLLECT, COLLECT_TIMEOUT, this::finish);
    }
    if (calls.isAwaited(number)) {
      calls.stopAwaiting();
      timers.cancel(PullTimer.CALL);
    }
    if (phase == Phase.PULLING) {
      return !calls.isAwaiting() ? next() : hand.isFull() ? finish() : this;
    }
    if (!hand.isEmpty()) {
      return finish();
    }
    // Else the board wakes it: an answer with nothing in it must not lead to another one at once.
    return board.isWaiting() ? this : onLookAgain();
  }

  private Behavior<Command> onWaitOver() {
    isWaitOver = true;
    if (phase != Phase.WAITING) {
      return this;
    }
    leave();
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
    leave();
    timers.cancel(PullTimer.LOOK_AGAIN);
    sweep.forgetUnknown();
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
      board.tellLooked(call.queue(), true, roomToStay());
    }
    return next();
  }

  private Behavior<Command> onUnknownOver() {
    sweep.dropUnknown();
    PullCalls.Call call = calls.awaited();
    if (call != null && !call.isCandidate()) {
      calls.stopAwaiting();
      timers.cancel(PullTimer.CALL);
    }
    return phase == Phase.PULLING && !calls.isAwaiting() ? next() : this;
  }

  /** The queues that did not answer may never have got the question. */
  Behavior<Command> onLookAgain() {
    if (phase != Phase.WAITING) {
      return this;
    }
    leave();
    return look();
  }

  /** There is nothing more to be had now: answers, and ends. */
  Behavior<Command> finish() {
    if (phase == Phase.CLOSED) {
      return this;
    }
    close();
    if (calls.isAnyOpen()) {
      start(PullTimer.LINGER, LINGER_TIMEOUT, Behaviors::stopped);
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

  void close() {
    phase = Phase.CLOSED;
    timers.cancelAll();
    leave();
  }

  private void start(PullTimer timer, Duration timeout, Supplier<Behavior<Command>> then) {
    timers.startSingleTimer(timer, new Over(then), timeout);
  }
}
