package io.tidewheel.worker;

import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.subscription.Subscription;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Settles the receipts of one queue: one question, one answer, or none in time. */
final class SettleCall {
  private SettleCall() {}

  /**
   * What to do.
   *
   * @param answer completed with one status per receipt, in order; all {@link SettleStatus#RETRY}
   *     if the queue does not answer in time
   */
  record Task(
      long topicUid,
      long subscriptionUid,
      int queue,
      SettleAction action,
      List<Receipt> receipts,
      Duration timeLeft,
      CompletableFuture<List<SettleStatus>> answer) {

    void retryLater() {
      answer.complete(Collections.nCopies(receipts.size(), SettleStatus.RETRY));
    }
  }

  /** Only from itself. */
  sealed interface Command {}

  private record Answered(Subscription.Settled settled) implements Command {}

  private record TimeOver() implements Command {}

  static Behavior<Command> create(Task task, QueueRouter router) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startSingleTimer(new TimeOver(), task.timeLeft());
                  new QueueCalls(router, task.topicUid(), task.subscriptionUid())
                      .tell(
                          task.queue(),
                          new Subscription.Settle(
                              task.action(),
                              task.receipts(),
                              context.messageAdapter(Subscription.Settled.class, Answered::new)));
                  return Behaviors.receive(Command.class)
                      .onMessage(
                          Answered.class,
                          command -> {
                            task.answer().complete(command.settled().statuses());
                            return Behaviors.stopped();
                          })
                      .onMessage(TimeOver.class, command -> Behaviors.stopped())
                      .onSignal(
                          PostStop.class,
                          signal -> {
                            task.retryLater();
                            return Behaviors.same();
                          })
                      .build();
                }));
  }
}
