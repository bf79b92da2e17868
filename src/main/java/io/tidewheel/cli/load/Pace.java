package io.tidewheel.cli.load;

/** The start times of the open model on one thread: evenly spaced, whatever the answers do. */
final class Pace {
  private final double intervalNanos;
  private final double phase;
  private long startNanos;
  private long count;

  /**
   * A pace that has not begun.
   *
   * @param requestsPerSecond more than 0
   * @param phase part of an interval by which this thread is behind the first, from 0 to 1
   */
  Pace(double requestsPerSecond, double phase) {
    this.intervalNanos = 1e9 / requestsPerSecond;
    this.phase = phase;
  }

  void start(long nowNanos) {
    startNanos = nowNanos;
  }

  /** When the next request starts. */
  long dueNanos() {
    return startNanos + (long) ((count + phase) * intervalNanos);
  }

  void advance() {
    count++;
  }
}
