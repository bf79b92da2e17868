package io.tidewheel.monitor;

import io.tidewheel.subscription.Since;

/**
 * Rates of counts that only grow, over the last ten seconds. Times are nanoseconds of a monotonic
 * clock. Pure.
 */
final class RateWindow {
  static final int WINDOW_SECONDS = 10;
  private static final long WINDOW_NANOS = WINDOW_SECONDS * 1_000_000_000L;

  /** One sample a second; more often than that overwrites the newest. */
  private static final int SAMPLES = WINDOW_SECONDS + 2;

  private static final long MIN_STEP_NANOS = 900_000_000L;

  private final long[] atNanos = new long[SAMPLES];
  private final long[] in = new long[SAMPLES];
  private final long[] out = new long[SAMPLES];
  private final long[] failed = new long[SAMPLES];
  private int first;
  private int count;

  /** The counts now. */
  void sample(long nowNanos, Since counts) {
    boolean isNewStep = count < 2 || nowNanos - atNanos[index(count - 2)] >= MIN_STEP_NANOS;
    if (isNewStep) {
      if (count == SAMPLES) {
        first = (first + 1) % SAMPLES;
        count--;
      }
      count++;
    }
    int newest = index(count - 1);
    atNanos[newest] = nowNanos;
    in[newest] = counts.stored();
    out[newest] = counts.settled();
    failed[newest] = counts.failed();
    // The first sample older than the window stays: the window reaches back to it.
    while (count > 2 && nowNanos - atNanos[index(1)] >= WINDOW_NANOS) {
      first = (first + 1) % SAMPLES;
      count--;
    }
  }

  Rates rates() {
    if (count < 2) {
      return Rates.NONE;
    }
    int oldest = first;
    int newest = index(count - 1);
    double seconds = (atNanos[newest] - atNanos[oldest]) / 1e9;
    return seconds <= 0
        ? Rates.NONE
        : new Rates(
            (in[newest] - in[oldest]) / seconds,
            (out[newest] - out[oldest]) / seconds,
            (failed[newest] - failed[oldest]) / seconds);
  }

  private int index(int position) {
    return (first + position) % SAMPLES;
  }
}
