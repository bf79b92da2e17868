package io.tidewheel.cluster;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.sharding.typed.ShardingEnvelope;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.tidewheel.dispatch.SameThread;
import io.tidewheel.feedback.BackendFeedback;
import io.tidewheel.feedback.FeedbackRouter;
import io.tidewheel.feedback.SuccessFeedback;
import io.tidewheel.journal.FencedLog;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** The feedback actors of the cluster, as sharded entities. Safe for any thread. */
public final class ShardedFeedback implements FeedbackRouter {
  private static final EntityTypeKey<SuccessFeedback.Command> SUCCESS =
      EntityTypeKey.create(SuccessFeedback.Command.class, "success-feedback");
  private static final EntityTypeKey<BackendFeedback.Command> BACKEND =
      EntityTypeKey.create(BackendFeedback.Command.class, "backend-feedback");

  private final ActorSystem<?> system;
  private final ActorRef<ShardingEnvelope<SuccessFeedback.Command>> success;
  private final ActorRef<ShardingEnvelope<BackendFeedback.Command>> backends;
  private volatile boolean isStopping;

  /** Starts the regions of this node: feedback actors may live here from now on. */
  public ShardedFeedback(
      ActorSystem<?> system,
      FencedLog.Ownership ownership,
      InstantSource clock,
      LongSupplier nanoTime) {
    this.system = system;
    ClusterSharding sharding = ClusterSharding.get(system);
    this.success =
        sharding.init(
            Entity.of(
                    SUCCESS,
                    context ->
                        SuccessFeedback.create(
                            nanoTime,
                            self -> context.getShard().tell(new ClusterSharding.Passivate<>(self))))
                .withStopMessage(new SuccessFeedback.Stop()));
    this.backends =
        sharding.init(
            Entity.of(
                    BACKEND,
                    context ->
                        BackendFeedback.create(
                            context.getEntityId(),
                            new BackendFeedback.Parts(
                                ownership,
                                clock,
                                nanoTime,
                                self ->
                                    context
                                        .getShard()
                                        .tell(new ClusterSharding.Passivate<>(self)))))
                .withStopMessage(new BackendFeedback.Stop()));
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeClusterShutdown(),
            "send-nothing-to-feedback",
            () -> {
              isStopping = true;
              return CompletableFuture.completedFuture(Done.getInstance());
            });
  }

  /** Not to a node that stops: a region does not end before it is rid of what it keeps. */
  @Override
  public void tell(long subscriptionUid, SuccessFeedback.Command command) {
    if (!isStopping) {
      success.tell(new ShardingEnvelope<>(Long.toString(subscriptionUid), command));
    }
  }

  @Override
  public void tell(String backend, BackendFeedback.Command command) {
    if (!isStopping) {
      backends.tell(new ShardingEnvelope<>(backend, command));
    }
  }

  @Override
  public <R> CompletionStage<R> ask(
      String backend, Function<ActorRef<R>, BackendFeedback.Command> question, Duration timeout) {
    if (isStopping) {
      return CompletableFuture.failedFuture(new IllegalStateException("the node stops"));
    }
    return SameThread.of(
        AskPattern.ask(
            backends,
            replyTo -> new ShardingEnvelope<>(backend, question.apply(replyTo)),
            timeout,
            system.scheduler()));
  }
}
