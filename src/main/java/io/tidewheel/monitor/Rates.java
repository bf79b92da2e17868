package io.tidewheel.monitor;

/**
 * Messages per second, over the last {@link RateWindow#WINDOW_SECONDS} seconds.
 *
 * @param in stored
 * @param out settled: acked, dead-lettered, filtered or skipped
 * @param failed deliveries that ended without an ack
 */
public record Rates(double in, double out, double failed) {
  public static final Rates NONE = new Rates(0, 0, 0);

  /** As {@link #drainSeconds}: not at this rate. */
  public static final long NEVER = -1;

  /** Longer than this is never, for people. */
  private static final double MAX_DRAIN_SECONDS = 365.0 * 24 * 3600;

  public Rates plus(Rates other) {
    return new Rates(in + other.in, out + other.out, failed + other.failed);
  }

  /** When so many messages are settled, if all goes on like this; {@link #NEVER} if it grows. */
  public long drainSeconds(long messages) {
    if (messages <= 0) {
      return 0;
    }
    double seconds = messages / (out - in);
    return out > in && seconds <= MAX_DRAIN_SECONDS ? (long) Math.ceil(seconds) : NEVER;
  }

  /**
   * How many workers settle as much as comes in, if each does what these do; 0 if that is not
   * known, because nobody settles anything.
   */
  public int workersNeeded(int workers) {
    if (workers <= 0 || out <= 0) {
      return 0;
    }
    return (int) Math.min(1_000_000, Math.max(1, Math.ceil(in * workers / out)));
  }
}
