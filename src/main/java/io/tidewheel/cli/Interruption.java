package io.tidewheel.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM while a command runs: the command is asked to stop and gets a moment to end by
 * itself and print its totals; then the process ends.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean isRequested;

  private Interruption(Runnable stop, Duration patience) {
    this.hook =
        new Thread(
            () -> {
              isRequested = true;
              stop.run();
              awaitEnd(patience);
            },
            "interruption");
  }

  /**
   * From now on until {@link #close()}.
   *
   * @param stop called once, on a thread of its own
   * @param patience how long the process waits for {@link #close()}
   */
  static Interruption watch(Runnable stop, Duration patience) {
    Interruption interruption = new Interruption(stop, patience);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  boolean isRequested() {
    return isRequested;
  }

  @Override
  public void close() {
    finished.countDown();
    if (!isRequested) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is ending already: the hook has just started and finds the latch open.
        isRequested = true;
      }
    }
  }

  private void awaitEnd(Duration patience) {
    try {
      finished.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
