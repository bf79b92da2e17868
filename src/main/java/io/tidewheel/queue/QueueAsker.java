package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Asks queues, wherever they are. Safe for any thread. */
public interface QueueAsker {
  /**
   * Sends a question at most once.
   *
   * @param question with the place for its answer
   * @return the answer; fails if there is none in time
   */
  <R> CompletionStage<R> ask(
      long topicUid, int queue, Function<ActorRef<R>, Queue.Command> question, Duration timeout);
}
