package io.tidewheel.worker;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.ReceiveBuilder;
import akka.actor.typed.javadsl.TimerScheduler;

/**
 * A worker that is told to pull again and again. Once it has answered it rests, and goes on where
 * it was: at a queue that had more, or waiting on the board if none had.
 *
 * <p>It waits without an end; about once in the waiting time of its first task it looks at
 * everything anew.
 */
final class StandingWorker extends PullWorker {
  /** Pull again; refused unless the task before was answered. */
  record Next(PullTask task) implements Command {}

  /** Nothing is to be pulled for now. */
  record Rest() implements Command {}

  /** It is not needed any more. */
  record End() implements Command {}

  private boolean isEnding;

  /** As {@link PullWorker#create}, and pulls at once. */
  static Behavior<Command> create(PullTask task, Sources sources, boolean isBoardSilent) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new StandingWorker(context, timers, task, sources, isBoardSilent)));
  }

  private StandingWorker(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      PullTask task,
      Sources sources,
      boolean isBoardSilent) {
    super(context, timers, task, sources, isBoardSilent);
  }

  @Override
  void limit() {
    timers.startTimerWithFixedDelay(new Over(this::onRenew), task.request().waitTime());
  }

  @Override
  ReceiveBuilder<Command> receive() {
    return super.receive()
        .onMessage(Next.class, this::onNext)
        .onMessage(Rest.class, command -> onRest())
        .onMessage(End.class, command -> onEnd());
  }

  private Behavior<Command> onNext(Next next) {
    if (phase != Phase.RESTING) {
      next.task().answer().completeExceptionally(RejectedPullException.notNow("it has ended"));
      return this;
    }
    task = next.task();
    hand = new Hand(task.request().max(), task.request().maxBytes());
    if (sweep.goOn()) {
      phase = Phase.PULLING;
      return next();
    }
    return sweep.isDone() && !board.hasMoreRows() && !calls.isAnyDoubtful()
        ? waitForWork()
        : look();
  }

  @Override
  int roomToStay() {
    return hand.roomCount();
  }

  private Behavior<Command> onRest() {
    if (phase == Phase.RESTING) {
      leave();
    }
    return this;
  }

  /** Queues may have fallen asleep that it has not heard of since. */
  private Behavior<Command> onRenew() {
    sweep.forgetUnknown();
    return onLookAgain();
  }

  private Behavior<Command> onEnd() {
    isEnding = true;
    return finish();
  }

  @Override
  Behavior<Command> finish() {
    if (isEnding || phase == Phase.CLOSED) {
      return super.finish();
    }
    phase = Phase.RESTING;
    timers.cancel(PullTimer.COLLECT);
    timers.cancel(PullTimer.CALL);
    timers.cancel(PullTimer.LOOK_AGAIN);
    calls.stopAwaiting();
    calls.stopWaiting();
    board.stay(hand.isFull() ? 0 : hand.roomCount());
    if (!task.answer().complete(hand.deliveries())) {
      calls.release(hand.deliveries());
    }
    hand = Hand.NONE;
    return this;
  }
}
