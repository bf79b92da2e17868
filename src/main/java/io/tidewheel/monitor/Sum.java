package io.tidewheel.monitor;

import io.tidewheel.subscription.Subscription.Board.Row;
import io.tidewheel.subscription.Tally;
import java.util.Collection;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a subscription on all its queues, together.
 *
 * @param rows how many there are
 * @param nodes where they are
 * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
 * @param workers at least so many: the most on one of the queues, as one worker pulls from several
 * @param stopReason of one of the queues; null if it flows on all of them
 */
public record Sum(
    int rows,
    SortedSet<String> nodes,
    long backlog,
    long waiting,
    long leased,
    long dispatchable,
    long oldestAtMillis,
    long lag,
    long dead,
    int workers,
    Rates rates,
    @Nullable String stopReason) {

  /** Adds up; of nothing it is all zeros. */
  public static Sum of(Collection<Seen> rows) {
    SortedSet<String> nodes = new TreeSet<>();
    long backlog = 0;
    long waiting = 0;
    long leased = 0;
    long dispatchable = 0;
    long oldestAtMillis = 0;
    long lag = 0;
    long dead = 0;
    int workers = 0;
    Rates rates = Rates.NONE;
    String stopReason = null;
    for (Seen seen : rows) {
      Row row = seen.standing().row();
      Tally tally = row.tally();
      nodes.add(seen.standing().home().node());
      backlog += row.backlog();
      waiting += tally.waiting();
      leased += row.leased();
      dispatchable += row.dispatchable();
      oldestAtMillis = older(oldestAtMillis, row.oldestAtMillis());
      lag += tally.lag();
      dead += tally.dead();
      workers = Math.max(workers, tally.workers());
      rates = rates.plus(seen.rates());
      stopReason = stopReason == null ? tally.stopReason() : stopReason;
    }
    return new Sum(
        rows.size(),
        nodes,
        backlog,
        waiting,
        leased,
        dispatchable,
        oldestAtMillis,
        lag,
        dead,
        workers,
        rates,
        stopReason);
  }

  /** The earlier of two times, of which 0 is none. */
  public static long older(long one, long other) {
    return one == 0 || other == 0 ? Math.max(one, other) : Math.min(one, other);
  }
}
