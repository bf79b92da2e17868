package io.tidewheel.feedback;

/**
 * How long less is given out than a limit allows, and whether that is long enough to do without the
 * limit. Pure; times are nanoseconds of a monotonic clock.
 */
final class Slack {
  private static final long OPEN_AFTER_NANOS = 2_000_000_000L;

  /** While it is known which rate fails. */
  private static final long FORGET_AFTER_NANOS = 15_000_000_000L;

  /** While another bound is the lower one; it may be for good. */
  private static final long ELSEWHERE_NANOS = 60_000_000_000L;

  private long sinceNanos = Long.MIN_VALUE;
  private boolean isElsewhere;

  /**
   * Whether the limit is not needed any more.
   *
   * @param isThere whether less is given out than it allows
   * @param isBeyond whether it is beyond every rate that is known to fail
   * @param isHeldElsewhere whether another bound is why
   */
  boolean isOver(boolean isThere, boolean isBeyond, boolean isHeldElsewhere, long nowNanos) {
    if (!isThere) {
      end();
      return false;
    }
    if (sinceNanos == Long.MIN_VALUE || isElsewhere != isHeldElsewhere) {
      sinceNanos = nowNanos;
      isElsewhere = isHeldElsewhere;
    }
    long enough = isBeyond ? OPEN_AFTER_NANOS : FORGET_AFTER_NANOS;
    return nowNanos - sinceNanos >= (isElsewhere ? ELSEWHERE_NANOS : enough);
  }

  /** The limit is used. */
  void end() {
    sinceNanos = Long.MIN_VALUE;
  }
}
