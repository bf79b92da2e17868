package io.tidewheel.subscription;

import io.tidewheel.subscription.Subscription.Board;
import org.jspecify.annotations.Nullable;

/**
 * Says on the node's board what could be dispatched: at once when it becomes something or nothing,
 * else when it or the backlog changed by a quarter, or the first message is leased or the last one
 * is back or settled; any other change within a second.
 */
final class BoardReport {
  private static final long FRESHER_MILLIS = 1_000;
  private static final long REPEAT_NANOS = 50_000_000;
  private static final long PACE_NANOS = 1_000_000_000;

  private final Board board;
  private final long claim;
  private Board.@Nullable Row last;
  private long toldNanos;
  private boolean isBehind;

  /** When the row is told again although nothing has changed. */
  private long repeatNanos = Long.MAX_VALUE;

  private boolean isToRepeat;

  BoardReport(Board board) {
    this.board = board;
    this.claim = board.claim();
  }

  /** Whoever asked and got nothing is no reason for others to stay away: they are told again. */
  void repeatSoon() {
    isToRepeat = true;
  }

  void update(Board.Row row, Now now) {
    if (isToRepeat) {
      isToRepeat = false;
      repeatNanos = Math.min(repeatNanos, now.nanos() + REPEAT_NANOS);
    }
    Board.Row before = last;
    if (before == null
        || isWorthTelling(before.dispatchable(), row.dispatchable())
        || isWorthTelling(before.backlog(), row.backlog())
        || (before.leased() == 0) != (row.leased() == 0)
        || isFresher(before, row)
        || repeatNanos <= now.nanos()
        || (now.nanos() - toldNanos >= PACE_NANOS && !row.equals(before))) {
      last = row;
      toldNanos = now.nanos();
      isBehind = false;
      repeatNanos = Long.MAX_VALUE;
      board.report(row);
    } else {
      isBehind = isBehind || !row.equals(before);
    }
  }

  /** When small changes are told as well; {@link Long#MAX_VALUE} if there are none. */
  long dueNanos() {
    return Math.min(repeatNanos, isBehind ? toldNanos + PACE_NANOS : Long.MAX_VALUE);
  }

  /** The owner's number, new with each start of the subscription. */
  long claim() {
    return claim;
  }

  /** It does not live here any more. */
  void gone() {
    end(Board.Presence.GONE);
  }

  /** Its queue sleeps, with everything settled: whoever waits need not ask it. */
  void asleep() {
    end(Board.Presence.ASLEEP);
  }

  private void end(Board.Presence presence) {
    Board.Row before = last;
    if (before != null) {
      last = null;
      board.report(before.empty(presence));
    }
  }

  /** Its oldest message is another one, published more than a second later. */
  private static boolean isFresher(Board.Row before, Board.Row after) {
    return after.dispatchable() > 0
        && after.oldestAtMillis() - before.oldestAtMillis() > FRESHER_MILLIS;
  }

  private static boolean isWorthTelling(long before, long after) {
    return (before == 0) != (after == 0) || Math.abs(after - before) * 4 > before;
  }
}
