package io.tidewheel.feedback;

/**
 * What came back of what was given out at one rate: it begins when deliveries made before the rate
 * changed have come back. Pure; times are nanoseconds of a monotonic clock.
 */
final class Epoch {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long MAX_SETTLE_NANOS = 30_000_000_000L;

  private Outcomes outcomes = Outcomes.NONE;
  private boolean wasHeldElsewhere;
  private long beganNanos;
  private long settledNanos;

  /**
   * The rate has changed.
   *
   * @param latencyNanos that deliveries took before
   */
  void restart(long nowNanos, long latencyNanos) {
    outcomes = Outcomes.NONE;
    wasHeldElsewhere = false;
    beganNanos = nowNanos;
    // Half a step is on its way anyway when the limit arrives.
    long settling = latencyNanos + latencyNanos / 2 - 100_000_000L;
    settledNanos = nowNanos + Math.max(0, Math.min(MAX_SETTLE_NANOS, settling));
  }

  /**
   * Takes in a step.
   *
   * @param lastNanos when the step before was
   * @param isHeldElsewhere whether another bound held the rate
   * @return whether it counts
   */
  boolean add(Outcomes step, boolean isHeldElsewhere, long lastNanos, long nowNanos) {
    if (lastNanos < settledNanos) {
      beganNanos = nowNanos;
      return false;
    }
    outcomes = outcomes.plus(step);
    wasHeldElsewhere |= isHeldElsewhere;
    return true;
  }

  Outcomes outcomes() {
    return outcomes;
  }

  boolean wasHeldElsewhere() {
    return wasHeldElsewhere;
  }

  long elapsedNanos(long nowNanos) {
    return nowNanos - beganNanos;
  }

  /** Settled a second. */
  double rate(long nowNanos) {
    return outcomes.count() * NANOS_PER_SECOND / elapsedNanos(nowNanos);
  }

  /** Succeeded a second. */
  double goodRate(long nowNanos) {
    return outcomes.succeeded() * NANOS_PER_SECOND / elapsedNanos(nowNanos);
  }

  /** The mean of a delivery. */
  long latencyNanos() {
    return outcomes.latencyNanos() / Math.max(1, outcomes.count());
  }
}
