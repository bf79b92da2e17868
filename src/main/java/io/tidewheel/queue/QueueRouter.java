package io.tidewheel.queue;

/** Reaches any queue from any node, wherever it lives. Safe for any thread. */
@FunctionalInterface
public interface QueueRouter {
  /** Sends at most once; who needs an answer waits for it with a time limit. */
  void tell(long topicUid, int queue, Queue.Command command);

  /** Whether a queue lives on this node, as far as is known here: a hint, cheap, never blocks. */
  default boolean isHere(long topicUid, int queue) {
    return true;
  }
}
