package io.tidewheel.worker;

import io.tidewheel.subscription.Delivery;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/**
 * What a worker is to do: one pull.
 *
 * @param queues of the topic
 * @param answer completed with the deliveries; whoever cancels it gives up
 */
record PullTask(
    long topicUid,
    int queues,
    long subscriptionUid,
    Consumer.PullRequest request,
    CompletableFuture<List<Delivery>> answer) {
  /**
   * How long a queue that has work may take before the worker tries the next; a quarter of the
   * pull's time if that is less.
   */
  static final Duration PULL_TIMEOUT = Duration.ofSeconds(5);

  /** How much longer than its time a pull may take when a queue was just asked. */
  static final Duration GRACE = Duration.ofMillis(500);

  /** How long a pull without waiting may take, so that queues which are asleep can answer. */
  static final Duration MIN_LIMIT = Duration.ofSeconds(2);

  /** When it ends in any case. */
  Duration limit() {
    Duration limit = request.waitTime().plus(GRACE);
    return limit.compareTo(MIN_LIMIT) > 0 ? limit : MIN_LIMIT;
  }

  Duration pullTimeout() {
    Duration quarter = limit().dividedBy(4);
    return quarter.compareTo(PULL_TIMEOUT) < 0 ? quarter : PULL_TIMEOUT;
  }

  /**
   * Answers.
   *
   * @param isCandidateOpen whether a queue that has work has not answered
   * @return false if nobody takes what is in hand
   */
  boolean end(Hand hand, boolean isCandidateOpen) {
    if (hand.isEmpty() && isCandidateOpen) {
      answer.completeExceptionally(
          new TimeoutException("Queues that have messages do not answer; try again."));
      return true;
    }
    return answer.complete(hand.deliveries());
  }
}
