package io.tidewheel.queue;

import java.time.Duration;

/**
 * How long a queue without work keeps its core, and how long it stays awake at all.
 *
 * @param queueAfter at least {@code coreAfter}
 */
public record QueueIdle(Duration coreAfter, Duration queueAfter) {
  /** Cores are quickly started again, and a queue that just had work often gets more. */
  public static final QueueIdle DEFAULT =
      new QueueIdle(Duration.ofSeconds(10), Duration.ofSeconds(30));
}
