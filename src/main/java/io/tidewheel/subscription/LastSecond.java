package io.tidewheel.subscription;

import java.util.Arrays;

/**
 * What arrived at a rate in the last second, and how much of it was taken: so that what was saved
 * before is not added to a full second. Not for several threads.
 */
final class LastSecond {
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final int BINS = 201;

  /** All but the one that is being filled are a second. */
  private static final long BIN_NANOS = SECOND_NANOS / (BINS - 1);

  private final double[] arrived = new double[BINS];
  private final int[] taken = new int[BINS];
  private final long[] takenNanos = new long[BINS];
  private long bin = Long.MIN_VALUE;
  private long nanos;

  /** Time goes on to now, at this rate since it was told before. */
  void pass(double perSecond, long sinceNanos, long nowNanos) {
    long now = Math.floorDiv(nowNanos, BIN_NANOS);
    nanos = nowNanos;
    if (bin == Long.MIN_VALUE || now - bin >= BINS) {
      Arrays.fill(arrived, perSecond * BIN_NANOS / SECOND_NANOS);
      Arrays.fill(taken, 0);
      bin = now;
      return;
    }
    // What arrived while nobody asked belongs to its time, or it would count in a later second.
    long from = sinceNanos;
    for (; bin < now; from = bin * BIN_NANOS) {
      long end = (bin + 1) * BIN_NANOS;
      arrived[index()] += perSecond * (end - from) / SECOND_NANOS;
      bin++;
      arrived[index()] = 0;
      taken[index()] = 0;
    }
    arrived[index()] += perSecond * Math.max(0, nowNanos - from) / SECOND_NANOS;
  }

  /** Negative for what is given back. */
  void take(int count) {
    taken[index()] += count;
    takenNanos[index()] = nanos;
  }

  /** Messages that arrived. */
  double arrived() {
    double sum = 0;
    for (double each : arrived) {
      sum += each;
    }
    return sum;
  }

  /** Messages that were taken, of these or of those saved before. */
  int taken() {
    int sum = 0;
    for (int i = 0; i < BINS; i++) {
      sum += taken[i] != 0 && nanos - takenNanos[i] < SECOND_NANOS ? taken[i] : 0;
    }
    return sum;
  }

  private int index() {
    return (int) Math.floorMod(bin, (long) BINS);
  }
}
