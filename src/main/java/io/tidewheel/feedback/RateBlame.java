package io.tidewheel.feedback;

/**
 * Whether failures come from the rate. If they do, more succeeds at a lower one, as of a backend
 * that takes so many calls a second and fails the others. Pure; times are nanoseconds of a
 * monotonic clock.
 *
 * <p>What says that they do not may be chance: a machine that stands still for a moment fails more
 * at any rate. So that is tried, and where a higher rate fails more it is not believed again for a
 * while, each time for longer.
 */
final class RateBlame {
  private static final long MIN_DOUBT_NANOS = 5_000_000_000L;
  private static final long MAX_DOUBT_NANOS = 60_000_000_000L;

  /** A rate must be so much lower to tell. */
  private static final double LOWER = 0.75;

  private static final double HIGHER = 1.5;
  private static final int MIN_UNHELPED = 2;

  /** Where the rate fell from first; 0 if it does not fall. */
  private double fallingFrom;

  private double fallingSuccess;
  private int unhelpedCount;

  /** At which rate it was said that failures do not come from it; 0 if that is settled. */
  private double acquittedAt;

  private long believesAgainNanos = Long.MIN_VALUE;
  private long doubtNanos = MIN_DOUBT_NANOS;

  /** The rate falls from here, where so much succeeded; unless it is falling already. */
  void accuse(double rate, double success) {
    if (fallingFrom <= 0) {
      fallingFrom = rate;
      fallingSuccess = success;
    }
  }

  /**
   * Whether falling has not helped, twice.
   *
   * @param rate that was tried; what was given out before a limit held may come back after it
   * @param success at it
   * @param reference success where the rate does no harm
   */
  boolean isNotTheRate(double rate, double success, double reference, long nowNanos) {
    if (fallingFrom <= 0 || rate >= LOWER * fallingFrom) {
      return false;
    }
    double expected = Math.min(reference, fallingSuccess * fallingFrom / rate);
    boolean isHelping = success >= fallingSuccess + (expected - fallingSuccess) / 2;
    unhelpedCount = isHelping ? 0 : unhelpedCount + 1;
    return unhelpedCount >= MIN_UNHELPED && nowNanos >= believesAgainNanos;
  }

  /** Whether falling has not helped yet. */
  boolean isInDoubt() {
    return unhelpedCount > 0;
  }

  /** Failures do not come from the rate: which one to try. */
  double acquit(double limit) {
    double next = Math.max(fallingFrom, limit * 2);
    forget();
    acquittedAt = limit;
    return next;
  }

  /** Too much fails: whether that shows that it was the rate after all. */
  boolean isRefuted(double limit, long nowNanos) {
    if (acquittedAt <= 0 || limit <= HIGHER * acquittedAt) {
      return false;
    }
    acquittedAt = 0;
    doubtNanos = Math.min(MAX_DOUBT_NANOS, 2 * doubtNanos);
    believesAgainNanos = nowNanos + doubtNanos;
    return true;
  }

  /** Nothing fails any more: what was found out does not matter. */
  void settle() {
    forget();
    acquittedAt = 0;
  }

  /** The rate does not fall any more. */
  void forget() {
    fallingFrom = 0;
    unhelpedCount = 0;
  }
}
