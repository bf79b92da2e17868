package io.tidewheel.worker;

import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.subscription.Subscription.ReplayOutcome;
import io.tidewheel.subscription.Subscription.Replayed;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** Says where messages are and what holds them. Safe for any thread; never blocks. */
public interface Locator {
  /**
   * Where a stored message is for one subscription.
   *
   * @param publishedAtMillis when it was stored
   * @param timeLeft after which it is {@link Sighting.State#UNKNOWN}
   * @return does not fail
   */
  CompletionStage<Sighting> where(
      Topic topic,
      Topic.Subscription subscription,
      int queue,
      long offset,
      long publishedAtMillis,
      Duration timeLeft);

  /**
   * Asks a subscription on one queue.
   *
   * @return {@link Looks.NotNow} if it does not answer in time; the stage does not fail
   */
  CompletionStage<Looks.Answer> look(
      Topic topic,
      Topic.Subscription subscription,
      int queue,
      Looks.Question question,
      Duration timeLeft);

  /**
   * Gives one message to one subscription once more.
   *
   * @return {@link ReplayOutcome#UNKNOWN} if the queue does not answer in time; does not fail
   */
  CompletionStage<Replayed> replay(
      Topic topic, Topic.Subscription subscription, int queue, long offset, Duration timeLeft);
}
