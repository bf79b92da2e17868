package io.tidewheel.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ends the process if a node that stops does not come to an end: whatever hangs, a supervisor that
 * waits for the process is not held up. Nothing that was acknowledged is lost by it.
 */
final class Watchdog implements AutoCloseable {
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicBoolean isStarted = new AtomicBoolean();
  private final Duration limit;
  private final Runnable halt;
  private final Thread thread = new Thread(this::await, "stop-watchdog");

  /**
   * Not started.
   *
   * @param limit from {@link #start} to {@link #close}
   * @param halt ends the process without asking anything in it
   */
  Watchdog(Duration limit, Runnable halt) {
    this.limit = limit;
    this.halt = halt;
  }

  /**
   * The node begins to stop; returns at once. Repeats change nothing.
   *
   * @return what watches; it ends when the node has stopped or was ended
   */
  Thread start() {
    if (isStarted.compareAndSet(false, true)) {
      thread.setDaemon(true);
      thread.start();
    }
    return thread;
  }

  private void await() {
    try {
      if (!ended.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        halt.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The node has stopped. */
  @Override
  public void close() {
    ended.countDown();
  }
}
