package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.tidewheel.catalog.Topic;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.Publisher;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.worker.RedriveRefusedException.Why;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The parent of a node's redrives: at most one for each subscription, and {@link #MAX_RUNNING} in
 * all.
 */
public final class Redrives extends AbstractBehavior<Redrives.Command> {
  static final int MAX_RUNNING = 100;

  /**
   * What every redrive of a node works with.
   *
   * @param nanoTime a monotonic clock
   */
  public record Parts(
      QueueRouter router, Browser browser, Publisher publisher, LongSupplier nanoTime) {}

  /**
   * What to do.
   *
   * @param letters the dead-letter topic
   * @param pinUid of its built-in subscription
   * @param end completed in any case
   */
  record Task(
      String name,
      Topic topic,
      Topic.Subscription subscription,
      Topic letters,
      long pinUid,
      RedriveRequest request,
      Consumer<RedriveProgress> progress,
      CompletableFuture<Void> end) {}

  /** Sent by {@link NodeRedriver}. */
  public sealed interface Command {}

  /**
   * Begin one.
   *
   * @param started completed with the redrive, or with why it did not begin
   */
  record Start(Task task, CompletableFuture<Redrive> started) implements Command {}

  private record Ended(Task task) implements Command {}

  private final Parts parts;

  /** By uid of the subscription; one that has ended may stand here for a moment. */
  private final Map<Long, Task> running = new HashMap<>();

  /** Redrives that work with these parts. */
  public static Behavior<Command> create(Parts parts) {
    return Behaviors.setup(context -> new Redrives(context, parts));
  }

  private Redrives(ActorContext<Command> context, Parts parts) {
    super(context);
    this.parts = parts;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Start.class, this::onStart)
        .onMessage(Ended.class, this::onEnded)
        .build();
  }

  private Behavior<Command> onStart(Start start) {
    Task task = start.task;
    long subscriptionUid = task.subscription().uid();
    Task other = running.get(subscriptionUid);
    if (other != null && !other.end().isDone()) {
      start.started.completeExceptionally(
          new RedriveRefusedException(
              Why.CONFLICT,
              "a redrive of this subscription runs: "
                  + other.name()
                  + "; wait for it, or cancel it and begin another"));
    } else if (running.size() >= MAX_RUNNING) {
      start.started.completeExceptionally(
          new RedriveRefusedException(
              Why.TOO_MANY, MAX_RUNNING + " redrives run on this node, which is the most"));
    } else {
      running.put(subscriptionUid, task);
      ActorRef<RedriveRun.Command> run =
          getContext().spawnAnonymous(RedriveRun.create(task, parts));
      getContext().watchWith(run, new Ended(task));
      start.started.complete(new Running(run, task.end()));
    }
    return this;
  }

  private Behavior<Command> onEnded(Ended ended) {
    running.remove(ended.task.subscription().uid(), ended.task);
    return this;
  }

  private record Running(ActorRef<RedriveRun.Command> run, CompletionStage<Void> end)
      implements Redrive {
    @Override
    public void cancel() {
      run.tell(new RedriveRun.Cancel());
    }
  }
}
