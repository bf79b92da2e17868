package io.tidewheel.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Pauses between tries of one request: longer each time, with jitter, until a limit. */
final class Backoff {
  private static final long FIRST_MILLIS = 100;
  private static final long MAX_MILLIS = 5_000;
  private static final long SLICE_MILLIS = 100;

  private final Terminal terminal;
  private final long limitNanos;
  private final long startNanos;
  private long pauseMillis = FIRST_MILLIS;

  Backoff(Terminal terminal, Duration limit) {
    this.terminal = terminal;
    this.limitNanos = limit.toNanos();
    this.startNanos = terminal.nanoTime().getAsLong();
  }

  /**
   * Waits before the next try.
   *
   * @param leastMillis what the broker asked for
   * @return false at once when the time is used up or the command is stopping
   */
  boolean pause(long leastMillis, BooleanSupplier isStopping) throws InterruptedException {
    long millis = Math.max(leastMillis, pauseMillis / 2 + terminal.random().nextLong(pauseMillis));
    pauseMillis = Math.min(MAX_MILLIS, 2 * pauseMillis);
    long now = terminal.nanoTime().getAsLong();
    long until = now + TimeUnit.MILLISECONDS.toNanos(millis);
    if (until - startNanos > limitNanos) {
      return false;
    }
    while (until - terminal.nanoTime().getAsLong() > 0) {
      if (isStopping.getAsBoolean()) {
        return false;
      }
      long left = TimeUnit.NANOSECONDS.toMillis(until - terminal.nanoTime().getAsLong()) + 1;
      TimeUnit.MILLISECONDS.sleep(Math.min(SLICE_MILLIS, left));
    }
    return !isStopping.getAsBoolean();
  }
}
