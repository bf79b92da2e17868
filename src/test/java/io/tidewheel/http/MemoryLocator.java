package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.subscription.Subscription.ReplayOutcome;
import io.tidewheel.subscription.Subscription.Replayed;
import io.tidewheel.worker.Locator;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** Queues that never say where a message is, except in lists, and replay what they are told. */
final class MemoryLocator implements Locator {
  static final String SILENT = "the queue did not answer in time";

  /** Messages that every queue lists. */
  volatile int listedCount;

  /** Whether looks take all their time and come to nothing. */
  volatile boolean isSlow;

  /** Time that looks were given. */
  final List<Duration> lookTimes = new CopyOnWriteArrayList<>();

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
    lookTimes.add(timeLeft);
    if (isSlow) {
      return new CompletableFuture<Looks.Answer>()
          .completeOnTimeout(new Looks.NotNow(SILENT), timeLeft.toNanos(), TimeUnit.NANOSECONDS);
    }
    if (question instanceof Looks.ListOf list && listedCount > 0) {
      long end = Math.min(listedCount, list.from() + list.max());
      List<Sighting> seen =
          LongStream.range(list.from(), end)
              .mapToObj(
                  offset ->
                      new Sighting(
                          offset, Sighting.State.LEASED, 0, "w", "", 0, 0, -1, false, null))
              .toList();
      return CompletableFuture.completedFuture(new Looks.Listed(seen, end < listedCount));
    }
    return CompletableFuture.completedFuture(new Looks.NotNow(SILENT));
  }

  @Override
  public CompletionStage<Replayed> replay(
      Topic topic, Topic.Subscription subscription, int queue, long offset, Duration timeLeft) {
    return CompletableFuture.completedFuture(new Replayed(offset, ReplayOutcome.STORED_AGAIN));
  }
}
