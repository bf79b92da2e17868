package io.tidewheel.queue;

/** Reaches any queue from any node, wherever it lives. Safe for any thread. */
@FunctionalInterface
public interface QueueRouter {
  /** Sends at most once; who needs an answer waits for it with a time limit. */
  void tell(long topicUid, int queue, Queue.Command command);
}
