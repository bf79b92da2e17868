package io.tidewheel.worker;

/**
 * How fast work may go: in any stretch of time at most as much as its rate gives for that time and
 * a tenth of a second more, and one. By the generic cell rate algorithm (ITU-T I.371).
 */
final class Pace {
  private static final long BURST_NANOS = 100_000_000L;

  private final long intervalNanos;
  private long nextNanos;

  /**
   * A pace.
   *
   * @param perSecond from 1 to a billion
   */
  Pace(int perSecond, long nowNanos) {
    this.intervalNanos = 1_000_000_000L / perSecond;
    this.nextNanos = nowNanos;
  }

  /** How many of the wanted ones may go now; they count as gone. */
  int take(int wanted, long nowNanos) {
    if (nowNanos < nextNanos) {
      return 0;
    }
    long begin = Math.max(nextNanos, nowNanos - BURST_NANOS);
    int taken = (int) Math.min(wanted, 1 + (nowNanos - begin) / intervalNanos);
    nextNanos = begin + taken * intervalNanos;
    return taken;
  }

  /** How long until one may go. */
  long waitNanos(long nowNanos) {
    return Math.max(0, nextNanos - nowNanos);
  }
}
