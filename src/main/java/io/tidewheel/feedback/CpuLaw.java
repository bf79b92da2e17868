package io.tidewheel.feedback;

/**
 * How much of what a node gave out before it was busy it may give out now. Told four times a second
 * how busy the processors are. Pure.
 *
 * <p>Above the high mark the share falls in proportion to how far the mark is missed, at the latest
 * to the least share; a tenth below the mark it climbs, quicker the longer. A single sample moves
 * nothing: processors are busy for moments all the time.
 */
public final class CpuLaw {
  private static final double SMOOTHING = 0.5;
  private static final double LOW = 0.9;
  private static final double SLOWEST_FALL = 0.9;
  private static final double FASTEST_FALL = 0.5;
  private static final double FALL_GAIN = 2;
  private static final double CLIMB = 1.15;

  private final double highMark;
  private final double leastShare;
  private double busy;
  private boolean isTold;
  private double share = 1;

  /**
   * A law.
   *
   * @param highMark from 0 to 1, where 1 is all processors; above 1 nothing is ever reduced
   * @param leastShare that is left in any case
   */
  public CpuLaw(double highMark, double leastShare) {
    this.highMark = highMark;
    this.leastShare = leastShare;
  }

  /** Takes a sample, from 0 to 1; not a number if there is none. */
  public void sample(double now) {
    if (Double.isNaN(now) || now < 0) {
      return;
    }
    busy = isTold ? busy + SMOOTHING * (now - busy) : now;
    isTold = true;
    if (busy > highMark && now > highMark) {
      double factor = 1 - FALL_GAIN * (busy - highMark);
      share *= Math.max(FASTEST_FALL, Math.min(SLOWEST_FALL, factor));
    } else if (busy < highMark * LOW) {
      share *= CLIMB;
    }
    share = Math.max(leastShare, Math.min(1, share));
  }

  /** From the least share to 1. */
  public double share() {
    return share;
  }

  double busy() {
    return busy;
  }
}
