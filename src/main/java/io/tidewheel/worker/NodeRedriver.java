package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Names;
import io.tidewheel.worker.RedriveRefusedException.Why;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Redrives through the {@link Redrives} of this node. */
public final class NodeRedriver implements Redriver {
  private final ActorRef<Redrives.Command> redrives;
  private final CatalogClient catalog;

  public NodeRedriver(ActorRef<Redrives.Command> redrives, CatalogClient catalog) {
    this.redrives = redrives;
    this.catalog = catalog;
  }

  @Override
  public CompletionStage<Redrive> start(
      Topic topic,
      Topic.Subscription subscription,
      RedriveRequest request,
      String name,
      Duration timeLeft,
      Consumer<RedriveProgress> progress) {
    String letters = Names.deadLetterTopic(topic.name(), subscription.name());
    return letters(letters, timeLeft)
        .thenCompose(
            found ->
                found == null
                    ? CompletableFuture.completedFuture(nothing(progress))
                    : start(topic, subscription, found, request, name, progress));
  }

  private CompletionStage<Redrive> start(
      Topic topic,
      Topic.Subscription subscription,
      Topic letters,
      RedriveRequest request,
      String name,
      Consumer<RedriveProgress> progress) {
    if (letters.isDeleting()) {
      return refused(Why.CONFLICT, "the dead-letter topic " + letters.name() + " is being deleted");
    }
    // Uids only grow.
    if (letters.uid() < topic.uid()) {
      return refused(
          Why.CONFLICT,
          "the dead-letter topic "
              + letters.name()
              + " is older than its topic: it holds dead letters of a topic that was deleted;"
              + " take what you need from it, then delete it");
    }
    Topic.Subscription pin = letters.builtIn();
    if (pin == null || pin.stage() != Topic.Stage.OPEN) {
      return refused(Why.NOT_NOW, "the dead-letter topic is being made");
    }
    CompletableFuture<Redrive> started = new CompletableFuture<>();
    redrives.tell(
        new Redrives.Start(
            new Redrives.Task(
                name,
                topic,
                subscription,
                letters,
                pin.uid(),
                request,
                progress,
                new CompletableFuture<>()),
            started));
    return started;
  }

  /** The dead-letter topic; asked for if it does not have all that belongs to it here. */
  private CompletionStage<@Nullable Topic> letters(String name, Duration timeLeft) {
    Topic known = catalog.current().topic(name);
    Topic.Subscription pin = known == null ? null : known.builtIn();
    return known != null && pin != null && pin.stage() == Topic.Stage.OPEN
        ? CompletableFuture.completedFuture(known)
        : catalog.refresh(timeLeft).thenApply(snapshot -> snapshot.topic(name));
  }

  private static CompletionStage<Redrive> refused(Why why, String detail) {
    return CompletableFuture.failedFuture(new RedriveRefusedException(why, detail));
  }

  /** Nothing ever died. */
  private static Redrive nothing(Consumer<RedriveProgress> progress) {
    progress.accept(RedriveProgress.NONE);
    CompletableFuture<Void> end = CompletableFuture.completedFuture(null);
    return new Redrive() {
      @Override
      public CompletionStage<Void> end() {
        return end;
      }

      @Override
      public void cancel() {
        // It has ended.
      }
    };
  }
}
