package io.tidewheel.subscription;

import org.jspecify.annotations.Nullable;

/**
 * Of a subscription on one queue, what people look at.
 *
 * @param waiting messages of the backlog that wait for a retry time or their key
 * @param lag newest offset minus ack floor
 * @param dead messages of this generation that became dead letters
 * @param workers that pulled in the last ten seconds, or within the lease they were given then
 * @param stopReason why nothing more is given out, in one or two words; null if it flows
 * @param since what has happened since its owner started
 */
public record Tally(
    long waiting, long lag, long dead, int workers, @Nullable String stopReason, Since since) {
  /** Nothing is known. */
  public static final Tally NONE = new Tally(0, 0, 0, 0, null, Since.NONE);

  /** The same when all is settled and nobody pulls. */
  Tally atRest() {
    return new Tally(0, 0, dead, 0, null, since);
  }
}
