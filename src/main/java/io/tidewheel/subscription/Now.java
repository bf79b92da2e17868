package io.tidewheel.subscription;

/**
 * One moment on both clocks.
 *
 * @param millis wall clock, for what is stored and shown
 * @param nanos monotonic, from 0 when the subscription's actor began; for leases and waiting
 */
record Now(long millis, long nanos) {
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** A wall-clock time on the monotonic clock; at most the greatest lease away. */
  long nanosAt(long wallMillis) {
    long ahead = Math.min(wallMillis - millis, Leases.MAX_AGE_NANOS / NANOS_PER_MILLI * 2);
    return ahead <= 0 ? nanos : nanos + ahead * NANOS_PER_MILLI;
  }

  /** How long until a time of the monotonic clock, rounded up; 0 if it has passed. */
  long millisUntil(long atNanos) {
    return Math.max(0, (atNanos - nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
  }

  /** A time of the monotonic clock on the wall clock. */
  long millisAt(long atNanos) {
    return millis + (atNanos - nanos) / NANOS_PER_MILLI;
  }
}
