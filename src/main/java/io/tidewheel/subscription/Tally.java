package io.tidewheel.subscription;

import org.jspecify.annotations.Nullable;

/**
 * Of a subscription on one queue, what people look at. What is counted "since the start" begins
 * anew with each owner, the rest with each generation.
 *
 * @param waiting messages of the backlog that wait for a retry time or their key
 * @param lag newest offset minus ack floor
 * @param appended messages that the queue was ever given
 * @param acked messages of this generation
 * @param dead of this generation
 * @param passed of this generation: filtered, or skipped
 * @param delivered deliveries since the start
 * @param redelivered of these, the ones that were not the first of their message
 * @param failed deliveries since the start that ended without an ack
 * @param workers that pulled in the last ten seconds, or within the lease they were given then
 * @param stopReason why nothing more is given out, in one or two words; null if it flows
 */
public record Tally(
    long waiting,
    long lag,
    long appended,
    long acked,
    long dead,
    long passed,
    long delivered,
    long redelivered,
    long failed,
    int workers,
    @Nullable String stopReason) {
  /** Nothing is known. */
  public static final Tally NONE = new Tally(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null);

  /** Messages of this generation that are over, one way or the other. */
  public long settled() {
    return acked + dead + passed;
  }

  /** The same when all is settled and nobody pulls. */
  Tally atRest() {
    return new Tally(0, 0, appended, acked, dead, passed, delivered, redelivered, failed, 0, null);
  }
}
