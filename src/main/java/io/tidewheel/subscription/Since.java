package io.tidewheel.subscription;

/**
 * What has happened to a subscription on one queue since some moment. Only grows.
 *
 * @param stored messages that came into the queue
 * @param acked messages
 * @param dead messages that became dead letters
 * @param passed messages that were filtered or skipped
 * @param delivered deliveries
 * @param redelivered of these, the ones that were not the first of their message
 * @param failed deliveries that ended without an ack
 */
public record Since(
    long stored,
    long acked,
    long dead,
    long passed,
    long delivered,
    long redelivered,
    long failed) {
  public static final Since NONE = new Since(0, 0, 0, 0, 0, 0, 0);

  /** Messages that are over, one way or the other. */
  public long settled() {
    return acked + dead + passed;
  }

  public Since plus(Since other) {
    return new Since(
        stored + other.stored,
        acked + other.acked,
        dead + other.dead,
        passed + other.passed,
        delivered + other.delivered,
        redelivered + other.redelivered,
        failed + other.failed);
  }

  /** What happened from an earlier moment to this one. */
  public Since minus(Since earlier) {
    return new Since(
        stored - earlier.stored,
        acked - earlier.acked,
        dead - earlier.dead,
        passed - earlier.passed,
        delivered - earlier.delivered,
        redelivered - earlier.redelivered,
        failed - earlier.failed);
  }
}
