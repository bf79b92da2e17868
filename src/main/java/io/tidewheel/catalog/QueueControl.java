package io.tidewheel.catalog;

import java.util.concurrent.CompletionStage;

/**
 * What the catalog asks of queues. Every call may be repeated: a queue that has done it already
 * says so again. A stage fails if the queue did not answer in time; the catalog then tries again
 * later.
 */
public interface QueueControl {
  /**
   * Stores {@code SubscriptionOpened} in the log of a queue.
   *
   * @return the offset the subscription starts at
   */
  CompletionStage<Long> openSubscription(Topic topic, Topic.Subscription subscription, int queue);

  /** Stores {@code SubscriptionClosed} in the log of a queue, after its outbox is empty. */
  CompletionStage<Void> closeSubscription(long topicUid, int queue, long subscriptionUid);

  /**
   * Stores the deletion in the log of a queue, which then takes nothing any more, and sweeps it.
   */
  CompletionStage<Void> deleteQueue(long topicUid, int queue);
}
