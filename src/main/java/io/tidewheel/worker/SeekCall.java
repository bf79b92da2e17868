package io.tidewheel.worker;

import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.Subscription.NotSought;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.subscription.Subscription.SeekReply;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Changes the position of a subscription on one queue: one question, one answer, or none. */
final class SeekCall {
  private SeekCall() {}

  /**
   * What to do.
   *
   * @param answer completed in any case
   */
  record Task(
      long topicUid,
      long subscriptionUid,
      int queue,
      Position position,
      Duration timeLeft,
      CompletableFuture<SeekReply> answer) {

    void refuse(String detail) {
      answer.complete(new NotSought(queue, detail));
    }
  }

  /** Only from itself. */
  sealed interface Command {}

  private record Answered(SeekReply reply) implements Command {}

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
                          new Subscription.Seek(
                              task.position(),
                              context.messageAdapter(SeekReply.class, Answered::new)));
                  return Behaviors.receive(Command.class)
                      .onMessage(
                          Answered.class,
                          command -> {
                            task.answer().complete(command.reply());
                            return Behaviors.stopped();
                          })
                      .onMessage(TimeOver.class, command -> Behaviors.stopped())
                      .onSignal(
                          PostStop.class,
                          signal -> {
                            task.refuse("the queue did not answer; look, and ask again");
                            return Behaviors.same();
                          })
                      .build();
                }));
  }
}
