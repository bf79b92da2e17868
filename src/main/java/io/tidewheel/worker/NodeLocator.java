package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
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

/** Asks through the short-lived {@link Workers} of this node, and reads the pull log. */
public final class NodeLocator implements Locator {
  private static final String SILENT = "the queue did not answer in time";

  private final ActorRef<Workers.Command> workers;
  private final PullLog pullLog;

  public NodeLocator(ActorRef<Workers.Command> workers, PullLog pullLog) {
    this.workers = workers;
    this.pullLog = pullLog;
  }

  @Override
  public CompletionStage<Sighting> where(
      Topic topic,
      Topic.Subscription subscription,
      int queue,
      long offset,
      long publishedAtMillis,
      Duration timeLeft) {
    PullLog.Place place = new PullLog.Place(topic.uid(), queue, subscription.uid());
    return look(topic, subscription, queue, new Looks.Where(offset), timeLeft)
        .thenCompose(
            answer -> {
              if (answer instanceof Looks.Seen seen) {
                // Where it is stays true when the records can't be read, or not in time.
                return pullLog
                    .complete(place, seen, publishedAtMillis)
                    .toCompletableFuture()
                    .completeOnTimeout(seen.sighting(), timeLeft.toMillis(), TimeUnit.MILLISECONDS)
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
    CompletableFuture<Looks.Answer> answer = new CompletableFuture<>();
    workers.tell(
        new Workers.Ask(
            new AskCall.Task<>(
                topic.uid(),
                subscription.uid(),
                queue,
                Looks.Answer.class,
                replyTo -> new Looks.Look(question, replyTo),
                new Looks.NotNow(SILENT),
                timeLeft,
                answer)));
    return answer;
  }

  @Override
  public CompletionStage<Replayed> replay(
      Topic topic, Topic.Subscription subscription, int queue, long offset, Duration timeLeft) {
    CompletableFuture<Replayed> answer = new CompletableFuture<>();
    workers.tell(
        new Workers.Ask(
            new AskCall.Task<>(
                topic.uid(),
                subscription.uid(),
                queue,
                Replayed.class,
                replyTo -> new Replay(offset, replyTo),
                new Replayed(offset, ReplayOutcome.UNKNOWN),
                timeLeft,
                answer)));
    return answer;
  }
}
