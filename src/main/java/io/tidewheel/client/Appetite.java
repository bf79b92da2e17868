package io.tidewheel.client;

/**
 * How much a worker should hold: what is handled at a time, and beyond it what can be handled in a
 * moment, so that no other worker is idle for what waits here. For one thread at a time.
 */
final class Appetite {
  /** A little more than a round trip to a broker and the store when they are busy. */
  static final long HORIZON_NANOS = 50_000_000;

  private static final double WEIGHT = 0.05;

  private final int concurrency;
  private final int max;

  /** At first one of each is held beside what is handled. */
  private double meanNanos = HORIZON_NANOS;

  Appetite(int concurrency, int max) {
    this.concurrency = concurrency;
    this.max = max;
  }

  /** A delivery was handled. */
  void took(long nanos) {
    meanNanos += WEIGHT * (Math.max(1, nanos) - meanNanos);
  }

  /** Deliveries in hand and on their way. */
  int wanted() {
    double more = concurrency * (HORIZON_NANOS / Math.max(1_000, meanNanos));
    return (int) Math.min(Math.max(concurrency, max), concurrency + more);
  }
}
