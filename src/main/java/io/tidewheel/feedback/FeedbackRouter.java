package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Sends to the feedback actors of the cluster, wherever they are. Never blocks; safe for any
 * thread.
 */
public interface FeedbackRouter {
  /** To the one of a subscription. */
  void tell(long subscriptionUid, SuccessFeedback.Command command);

  /** To the one of a backend. */
  void tell(String backend, BackendFeedback.Command command);

  /** To the one of a backend; fails when it has not answered in time. */
  <R> CompletionStage<R> ask(
      String backend, Function<ActorRef<R>, BackendFeedback.Command> question, Duration timeout);
}
