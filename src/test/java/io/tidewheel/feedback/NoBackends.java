package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Knows feedback on success alone. */
interface NoBackends extends FeedbackRouter {
  @Override
  default void tell(String backend, BackendFeedback.Command command) {
    throw new AssertionError("no backend here");
  }

  @Override
  default <R> CompletionStage<R> ask(
      String backend, Function<ActorRef<R>, BackendFeedback.Command> question, Duration limit) {
    return CompletableFuture.failedFuture(new AssertionError("no backend here"));
  }
}
