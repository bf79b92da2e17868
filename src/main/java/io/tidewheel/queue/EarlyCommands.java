package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What comes before the log of a queue has been read, and needs it: bounded, and given to the queue
 * again once the log is known. Part of the queue's actor; not thread-safe.
 */
final class EarlyCommands {
  static final int MOST = 10_000;

  private final Deque<Queue.Command> waiting = new ArrayDeque<>();

  /** Whether there was room. */
  boolean offer(Queue.Command command) {
    return waiting.size() < MOST && waiting.add(command);
  }

  void giveBackTo(ActorRef<Queue.Command> queue) {
    waiting.forEach(queue::tell);
    waiting.clear();
  }

  /** The queue stops. Whoever asked something finds out by the time it takes. */
  void refuse() {
    for (Queue.Command command : waiting) {
      if (command instanceof Queue.ToReader routed) {
        routed.command().onNotNow();
      }
    }
    waiting.clear();
  }
}
