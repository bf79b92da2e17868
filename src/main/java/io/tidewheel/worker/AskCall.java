package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Subscription;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Asks a subscription on one queue something: one question, one answer, or none in time. */
final class AskCall {
  private AskCall() {}

  /**
   * What to ask.
   *
   * @param question with the place for its answer
   * @param none what it comes to if the queue does not answer in time
   * @param refused what it comes to if it is not asked at all
   * @param answer completed in any case
   */
  record Task<R>(
      long topicUid,
      long subscriptionUid,
      int queue,
      Class<R> type,
      Function<ActorRef<R>, Subscription.Command> question,
      R none,
      R refused,
      Duration timeLeft,
      CompletableFuture<R> answer) {

    void giveUp() {
      answer.complete(none);
    }

    void refuse() {
      answer.complete(refused);
    }
  }

  static <R> Behavior<R> create(Task<R> task, QueueRouter router) {
    return Behaviors.setup(
        context -> {
          // The answer of a queue that does not answer in time is the one it would give itself.
          context.scheduleOnce(task.timeLeft(), context.getSelf(), task.none());
          new QueueCalls(router, task.topicUid(), task.subscriptionUid())
              .tell(task.queue(), task.question().apply(context.getSelf()));
          return Behaviors.receive(task.type())
              .onMessage(
                  task.type(),
                  reply -> {
                    task.answer().complete(reply);
                    return Behaviors.stopped();
                  })
              .onSignal(
                  PostStop.class,
                  signal -> {
                    task.giveUp();
                    return Behaviors.same();
                  })
              .build();
        });
  }
}
