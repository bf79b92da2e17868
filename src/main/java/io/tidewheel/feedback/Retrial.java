package io.tidewheel.feedback;

/**
 * Looks again whether failures come from the rate after that was ruled out, as chance rules it out
 * now and then: for a moment less is given out, and if more of it succeeds the rate is to blame
 * after all. Rarer each time. Pure; times are nanoseconds of a monotonic clock.
 */
final class Retrial {
  private static final long MIN_WAIT_NANOS = 5_000_000_000L;
  private static final long MAX_WAIT_NANOS = 60_000_000_000L;

  /** So much of the rate tells, and nobody misses the rest. */
  private static final double LESS = 0.7;

  /** What came back at a higher share of the rate says nothing. */
  private static final double TOO_MUCH = 0.85;

  private static final int ENOUGH = 100;
  private static final long MAX_NANOS = 1_500_000_000L;
  private static final double CHANCE = 1.5;

  /** What a trial showed. */
  enum Verdict {
    /** More succeeds at a lower rate. */
    IT_IS_THE_RATE,
    /** It does not, or nothing could be seen. */
    NOT_THE_RATE,
    /** Too little has come back. */
    OPEN
  }

  private long waitNanos = MIN_WAIT_NANOS;
  private long dueNanos = Long.MAX_VALUE;
  private double rateBefore;
  private double successBefore;
  private double limitBefore;

  /** From now on failures are taken not to come from the rate. */
  void await(long nowNanos) {
    dueNanos = nowNanos + waitNanos;
  }

  boolean isDue(long nowNanos) {
    return nowNanos >= dueNanos;
  }

  /**
   * Begins a trial.
   *
   * @param rate given out now, a second
   * @param success of it
   * @param limit that holds
   * @return the limit of the trial
   */
  double begin(double rate, double success, double limit) {
    rateBefore = rate;
    successBefore = success;
    limitBefore = limit;
    return Math.min(limit, LESS * rate);
  }

  /** What came back since it began shows. */
  Verdict verdict(Epoch epoch, long nowNanos) {
    Outcomes outcomes = epoch.outcomes();
    double rate = Math.max(LESS * rateBefore, epoch.rate(nowNanos));
    boolean isLess = rate < TOO_MUCH * rateBefore;
    if ((outcomes.count() < ENOUGH || !isLess) && epoch.elapsedNanos(nowNanos) < MAX_NANOS) {
      return Verdict.OPEN;
    }
    double expected = Math.min(1, successBefore * rateBefore / rate);
    boolean isMore =
        isLess
            && outcomes.count() >= ENOUGH
            && outcomes.success() - CHANCE * outcomes.deviation() >= (successBefore + expected) / 2;
    waitNanos = Math.min(MAX_WAIT_NANOS, 2 * waitNanos);
    await(nowNanos);
    return isMore ? Verdict.IT_IS_THE_RATE : Verdict.NOT_THE_RATE;
  }

  /** What held before the trial. */
  double limitBefore() {
    return limitBefore;
  }
}
