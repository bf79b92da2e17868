package io.tidewheel.client;

import java.util.random.RandomGenerator;

/** Times between attempts: each twice as long as the one before, between half and all of it. */
final class Backoff {
  private final long minNanos;
  private final long maxNanos;
  private final RandomGenerator random;

  Backoff(long minMillis, long maxMillis, RandomGenerator random) {
    this.minNanos = minMillis * 1_000_000;
    this.maxNanos = maxMillis * 1_000_000;
    this.random = random;
  }

  /**
   * Before the next attempt.
   *
   * @param failures so far, from 1
   */
  long nanosAfter(int failures) {
    long whole = Math.min(maxNanos, minNanos << Math.min(20, Math.max(0, failures - 1)));
    synchronized (random) {
      return whole / 2 + random.nextLong(whole / 2 + 1);
    }
  }

  /** The longest. */
  long maxNanos() {
    return maxNanos;
  }
}
