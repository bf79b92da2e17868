package io.tidewheel.worker;

import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.PullLog;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.subscription.Subscription.Replay;
import io.tidewheel.subscription.Subscription.ReplayOutcome;
import io.tidewheel.subscription.Subscription.Replayed;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Asks the subscriptions, and reads the pull log. */
public final class NodeLocator implements Locator {
  private static final String SILENT = "the queue did not answer in time";

  private final Questions questions;
  private final PullLog pullLog;
  private final LongSupplier nanoTime;

  /**
   * Asks and reads.
   *
   * @param nanoTime a monotonic clock
   */
  public NodeLocator(Questions questions, PullLog pullLog, LongSupplier nanoTime) {
    this.questions = questions;
    this.pullLog = pullLog;
    this.nanoTime = nanoTime;
  }

  @Override
  public CompletionStage<Sighting> where(
      Topic topic,
      Topic.Subscription subscription,
      int queue,
      long offset,
      long publishedAtMillis,
      Duration timeLeft) {
    long deadlineNanos = nanoTime.getAsLong() + timeLeft.toNanos();
    PullLog.Place place = new PullLog.Place(topic.uid(), queue, subscription.uid());
    return look(topic, subscription, queue, new Looks.Where(offset), timeLeft)
        .thenCompose(
            answer -> {
              if (answer instanceof Looks.Seen seen) {
                long leftNanos = Math.max(0, deadlineNanos - nanoTime.getAsLong());
                // Where it is stays true when the records can't be read, or not in time.
                return pullLog
                    .complete(place, seen, publishedAtMillis)
                    .toCompletableFuture()
                    .completeOnTimeout(seen.sighting(), leftNanos, TimeUnit.NANOSECONDS)
                    .exceptionally(failure -> seen.sighting());
              }
              String why = answer instanceof Looks.NotNow refused ? refused.detail() : SILENT;
              return CompletableFuture.completedFuture(Sighting.unknown(offset, why));
            });
  }

  @Override
  public CompletionStage<Looks.Answer> look(
      Topic topic,
      Topic.Subscription subscription,
      int queue,
      Looks.Question question,
      Duration timeLeft) {
    return questions.<Looks.Answer>ask(
        new Questions.Place(topic.uid(), queue, subscription.uid()),
        replyTo -> new Looks.Look(question, replyTo),
        new Looks.NotNow(SILENT),
        new Looks.NotNow("too much is asked on this node now"),
        timeLeft);
  }

  @Override
  public CompletionStage<Replayed> replay(
      Topic topic, Topic.Subscription subscription, int queue, long offset, Duration timeLeft) {
    return questions.<Replayed>ask(
        new Questions.Place(topic.uid(), queue, subscription.uid()),
        replyTo -> new Replay(offset, replyTo),
        new Replayed(offset, ReplayOutcome.UNKNOWN),
        new Replayed(offset, ReplayOutcome.NOT_NOW),
        timeLeft);
  }
}
