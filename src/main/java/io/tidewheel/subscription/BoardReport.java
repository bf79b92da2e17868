package io.tidewheel.subscription;

import io.tidewheel.subscription.Subscription.Board;
import org.jspecify.annotations.Nullable;

/**
 * Says on the node's board what could be dispatched: at once when it becomes something or nothing,
 * else when it or the backlog changed by a quarter.
 */
final class BoardReport {
  private final Board board;
  private Board.@Nullable Row last;

  BoardReport(Board board) {
    this.board = board;
  }

  void update(Board.Row row) {
    Board.Row before = last;
    if (before == null
        || isWorthTelling(before.dispatchable(), row.dispatchable())
        || isWorthTelling(before.backlog(), row.backlog())
        || (before.oldestAtMillis() == 0) != (row.oldestAtMillis() == 0)) {
      last = row;
      board.report(row);
    }
  }

  /** It does not live here any more. */
  void gone() {
    Board.Row before = last;
    if (before != null) {
      last = null;
      board.report(
          new Board.Row(
              before.topicUid(), before.subscriptionUid(), before.queue(), 0, 0, 0, true));
    }
  }

  private static boolean isWorthTelling(long before, long after) {
    return (before == 0) != (after == 0) || Math.abs(after - before) * 4 > before;
  }
}
