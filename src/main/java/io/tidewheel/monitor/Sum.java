package io.tidewheel.monitor;

import io.tidewheel.backlog.Standing;
import io.tidewheel.subscription.Subscription.Board.Row;
import io.tidewheel.subscription.Tally;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * What waits in one place or in several together.
 *
 * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
 * @param workers at least so many: of the queues of a subscription the most on one of them, as one
 *     worker pulls from several; those of different subscriptions are added up
 * @param drainSeconds until all has settled what waits for it now; {@link Rates#NEVER} if it grows
 * @param stopReason of one of the places; null if it flows on all of them
 */
public record Sum(
    long backlog,
    long waiting,
    long leased,
    long dispatchable,
    long oldestAtMillis,
    long lag,
    long dead,
    int workers,
    Rates rates,
    long drainSeconds,
    @Nullable String stopReason) {
  public static final Sum NOTHING = new Sum(0, 0, 0, 0, 0, 0, 0, 0, Rates.NONE, 0, null);

  /** The queues of a subscription; of none it is nothing. */
  public static Sum of(Collection<Seen> rows) {
    Sum sum = NOTHING;
    int workers = 0;
    for (Seen row : rows) {
      Sum one = of(row);
      workers = Math.max(workers, one.workers);
      sum = sum.plus(one);
    }
    return new Sum(
        sum.backlog,
        sum.waiting,
        sum.leased,
        sum.dispatchable,
        sum.oldestAtMillis,
        sum.lag,
        sum.dead,
        workers,
        sum.rates,
        sum.rates.drainSeconds(sum.backlog),
        sum.stopReason);
  }

  private static Sum of(Seen seen) {
    Standing standing = seen.standing();
    return of(standing.row(), seen.rates());
  }

  /** A row of the board. */
  public static Sum of(Row row, Rates rates) {
    Tally tally = row.tally();
    return new Sum(
        row.backlog(),
        tally.waiting(),
        row.leased(),
        row.dispatchable(),
        row.oldestAtMillis(),
        tally.lag(),
        tally.dead(),
        tally.workers(),
        rates,
        rates.drainSeconds(row.backlog()),
        tally.stopReason());
  }

  /** Two different subscriptions, or places. */
  public Sum plus(Sum other) {
    return new Sum(
        backlog + other.backlog,
        waiting + other.waiting,
        leased + other.leased,
        dispatchable + other.dispatchable,
        older(oldestAtMillis, other.oldestAtMillis),
        lag + other.lag,
        dead + other.dead,
        workers + other.workers,
        rates.plus(other.rates),
        later(drainSeconds, other.drainSeconds),
        stopReason == null ? other.stopReason : stopReason);
  }

  /** With another rate of what comes in: it comes in once, however many subscriptions read it. */
  public Sum withIn(double in) {
    return new Sum(
        backlog,
        waiting,
        leased,
        dispatchable,
        oldestAtMillis,
        lag,
        dead,
        workers,
        new Rates(in, rates.out(), rates.failed()),
        drainSeconds,
        stopReason);
  }

  private static long later(long one, long other) {
    return one == Rates.NEVER || other == Rates.NEVER ? Rates.NEVER : Math.max(one, other);
  }

  /** The earlier of two times, of which 0 is none. */
  static long older(long one, long other) {
    return one == 0 || other == 0 ? Math.max(one, other) : Math.min(one, other);
  }
}
