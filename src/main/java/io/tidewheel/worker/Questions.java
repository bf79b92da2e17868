package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueAsker;
import io.tidewheel.subscription.Subscription;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Asks subscriptions on single queues: one question, one answer, or none in time. A bounded number
 * at a time. Safe for any thread.
 */
public final class Questions {
  /** Settlings of a node that may be open, one for each queue they concern. */
  public static final int DEFAULT_MAX_SETTLES = 20_000;

  /** Other questions that may be open: several calls about all queues of a large topic. */
  public static final int DEFAULT_MAX_QUESTIONS = 10_000;

  private final QueueAsker queues;
  private final int maxOpen;
  private final AtomicInteger open = new AtomicInteger();

  public Questions(QueueAsker queues, int maxOpen) {
    this.queues = queues;
    this.maxOpen = maxOpen;
  }

  /** A subscription on a queue. */
  record Place(long topicUid, int queue, long subscriptionUid) {}

  /**
   * Asks, unless too much is open.
   *
   * @param question with the place for its answer
   * @param none what it comes to if the queue does not answer in time
   * @param refused what it comes to if it is not asked at all
   */
  <R> CompletableFuture<R> ask(
      Place place,
      Function<ActorRef<R>, Subscription.Command> question,
      R none,
      R refused,
      Duration timeLeft) {
    if (open.incrementAndGet() > maxOpen) {
      open.decrementAndGet();
      return CompletableFuture.completedFuture(refused);
    }
    return queues
        .<R>ask(
            place.topicUid,
            place.queue,
            replyTo -> new Queue.ToReader(place.subscriptionUid, question.apply(replyTo)),
            timeLeft)
        .toCompletableFuture()
        .whenComplete((answer, failure) -> open.decrementAndGet())
        .exceptionally(failure -> none);
  }
}
