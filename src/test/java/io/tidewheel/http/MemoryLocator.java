package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.subscription.Subscription.ReplayOutcome;
import io.tidewheel.subscription.Subscription.Replayed;
import io.tidewheel.worker.Locator;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Queues that never say where a message is, and replay as they are told. */
final class MemoryLocator implements Locator {
  static final String SILENT = "the queue did not answer in time";

  volatile ReplayOutcome nextOutcome = ReplayOutcome.STORED_AGAIN;

  @Override
  public CompletionStage<Sighting> where(
      Topic topic,
      Topic.Subscription subscription,
      int queue,
      long offset,
      long publishedAtMillis,
      Duration timeLeft) {
    return CompletableFuture.completedFuture(Sighting.unknown(offset, SILENT));
  }

  @Override
  public CompletionStage<Looks.Answer> look(
      Topic topic,
      Topic.Subscription subscription,
      int queue,
      Looks.Question question,
      Duration timeLeft) {
    return CompletableFuture.completedFuture(new Looks.NotNow(SILENT));
  }

  @Override
  public CompletionStage<Replayed> replay(
      Topic topic, Topic.Subscription subscription, int queue, long offset, Duration timeLeft) {
    return CompletableFuture.completedFuture(new Replayed(offset, nextOutcome));
  }
}
