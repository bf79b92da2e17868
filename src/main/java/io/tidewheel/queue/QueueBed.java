package io.tidewheel.queue;

import akka.actor.typed.ActorRef;

/** Who lets a queue fall asleep, and wakes it. */
@FunctionalInterface
public interface QueueBed {
  /** For a queue that never sleeps. */
  QueueBed NONE = (queue, dueMillis) -> {};

  /**
   * Have this queue stopped with {@link Queue.Stop}, and started again by the next message for it.
   *
   * @param dueMillis when it must be woken in any case, in wall-clock milliseconds; {@link
   *     Long#MAX_VALUE} for never
   */
  void sleep(ActorRef<Queue.Command> queue, long dueMillis);

  /** The queue is stopped although it does not sleep: have it started where it goes on. */
  default void moves() {}
}
