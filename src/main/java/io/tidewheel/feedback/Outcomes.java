package io.tidewheel.feedback;

/**
 * What became of deliveries in a stretch of time.
 *
 * @param succeeded acked
 * @param failed nacked, or not settled in time
 * @param latencyNanos of all of them together, from giving out to settling
 */
record Outcomes(long succeeded, long failed, long latencyNanos) {
  static final Outcomes NONE = new Outcomes(0, 0, 0);

  long count() {
    return succeeded + failed;
  }

  /** From 0 to 1; 1 without any. */
  double success() {
    return count() == 0 ? 1 : (double) succeeded / count();
  }

  /** The standard deviation of a share of successes found by so many tries. */
  double deviation() {
    return count() == 0 ? 1 : Math.sqrt(success() * (1 - success()) / count());
  }

  Outcomes plus(Outcomes other) {
    return new Outcomes(
        succeeded + other.succeeded, failed + other.failed, latencyNanos + other.latencyNanos);
  }
}
