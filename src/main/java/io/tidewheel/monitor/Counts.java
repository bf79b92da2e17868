package io.tidewheel.monitor;

import io.tidewheel.backlog.Standing;
import io.tidewheel.subscription.Tally;

/**
 * What has happened at a place since it was first seen, whoever owned it. Only grows, although what
 * its owners report begins anew with each owner and each generation.
 *
 * @param in messages stored
 * @param out messages settled
 */
record Counts(
    long in, long out, long acked, long dead, long delivered, long redelivered, long failed) {
  static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0);

  /** With what happened between two reports. */
  Counts plus(Counts step) {
    return new Counts(
        in + step.in,
        out + step.out,
        acked + step.acked,
        dead + step.dead,
        delivered + step.delivered,
        redelivered + step.redelivered,
        failed + step.failed);
  }

  /** What happened from one report of a place to a later one. */
  static Counts between(Standing before, Standing after) {
    Tally from = before.row().tally();
    Tally to = after.row().tally();
    boolean isSameOwner =
        before.home().equals(after.home()) && before.row().claim() == after.row().claim();
    return new Counts(
        grown(from.appended(), to.appended()),
        grown(from.settled(), to.settled()),
        grown(from.acked(), to.acked()),
        grown(from.dead(), to.dead()),
        isSameOwner ? grown(from.delivered(), to.delivered()) : to.delivered(),
        isSameOwner ? grown(from.redelivered(), to.redelivered()) : to.redelivered(),
        isSameOwner ? grown(from.failed(), to.failed()) : to.failed());
  }

  private static long grown(long before, long after) {
    return Math.max(0, after - before);
  }
}
