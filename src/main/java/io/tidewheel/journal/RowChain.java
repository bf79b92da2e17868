package io.tidewheel.journal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Decides which rows of a log are valid when two owners wrote at the same sequence number.
 *
 * <p>Rows form a chain: of several rows at one number the valid one is that whose epoch the next
 * row continues or names as previous. At the end of the log the row read last is taken; the next
 * {@link LogRow.Opened} names it and so settles it for ever. Rows are therefore held back until a
 * number with one row follows; without a second writer that is one row.
 *
 * @param <E> the events of this log
 */
final class RowChain<E extends LogEvent> {
  /** More numbers in doubt than this are not the trace of late writes but a damaged log. */
  static final int MAX_HELD_NUMBERS = 64;

  private final Deque<Numbered<E>> held = new ArrayDeque<>();
  private long epoch;
  private boolean isAfterSnapshot;
  private boolean isStartKnown = true;
  private long droppedRowCount;

  private record Numbered<E extends LogEvent>(long seqNr, List<LogRow<E>> rows) {}

  /**
   * @param epoch the epoch of the row before the first one given to {@link #accept}; 0 before the
   *     first row of a log
   * @param isAfterSnapshot whether that row is known from a snapshot: a newer epoch is then
   *     accepted without its {@code Opened}, because an {@code Opened} and a {@code Checkpoint} at
   *     the same number change nothing else
   */
  RowChain(long epoch, boolean isAfterSnapshot) {
    this.epoch = epoch;
    this.isAfterSnapshot = isAfterSnapshot;
  }

  /** A chain that begins at any row: what the row before it was is not known. */
  static <E extends LogEvent> RowChain<E> fromAnywhere() {
    RowChain<E> chain = new RowChain<>(0, false);
    chain.isStartKnown = false;
    return chain;
  }

  /**
   * Takes the next row and applies those that are settled by it, in order.
   *
   * @param seqNr the number of the last one, or one more
   * @throws BrokenChainException if no choice of rows makes a chain
   */
  void accept(long seqNr, LogRow<E> row, Consumer<LogRow<E>> apply) {
    Numbered<E> last = held.peekLast();
    if (last != null && seqNr == last.seqNr) {
      last.rows.add(row);
      return;
    }
    if (last != null && seqNr != last.seqNr + 1) {
      throw new BrokenChainException(
          "row " + seqNr + " follows row " + last.seqNr + ": rows are missing");
    }
    if (last != null && last.rows.size() == 1) {
      settle(last.rows.get(0), apply);
    }
    if (held.size() == MAX_HELD_NUMBERS) {
      throw new BrokenChainException(
          "two writers over " + MAX_HELD_NUMBERS + " rows up to " + seqNr);
    }
    List<LogRow<E>> rows = new ArrayList<>(1);
    rows.add(row);
    held.addLast(new Numbered<>(seqNr, rows));
  }

  /** Ends the log: the row read last is the valid one of its number. */
  void finish(Consumer<LogRow<E>> apply) {
    Numbered<E> last = held.peekLast();
    if (last != null) {
      settle(last.rows.get(last.rows.size() - 1), apply);
    }
  }

  /**
   * Ends a log of which all rows were read, as a recovery would: that reads only the first row of
   * the highest number.
   */
  void finishAsReplayed(Consumer<LogRow<E>> apply) {
    Numbered<E> last = held.peekLast();
    if (last != null) {
      settle(last.rows.get(0), apply);
    }
  }

  /** Whether the last number has more than one row, so that only those behind it can settle it. */
  boolean isInDoubt() {
    Numbered<E> last = held.peekLast();
    return last != null && last.rows.size() > 1;
  }

  /** The epoch of the last row applied. */
  long epoch() {
    return epoch;
  }

  /** Rows that lost against another one at their number; none of them was ever answered. */
  long droppedRowCount() {
    return droppedRowCount;
  }

  private void settle(LogRow<E> end, Consumer<LogRow<E>> apply) {
    Deque<LogRow<E>> chain = new ArrayDeque<>();
    chain.addFirst(end);
    Iterator<Numbered<E>> backward = held.descendingIterator();
    Numbered<E> last = backward.next();
    droppedRowCount += last.rows.size() - 1;
    while (backward.hasNext()) {
      Numbered<E> number = backward.next();
      chain.addFirst(predecessor(chain.getFirst(), number));
      droppedRowCount += number.rows.size() - 1;
    }
    if (isStartKnown) {
      requireContinues(chain.getFirst(), held.getFirst().seqNr);
    }
    held.clear();
    for (LogRow<E> row : chain) {
      apply.accept(row);
    }
    epoch = end.epoch();
    isAfterSnapshot = false;
    isStartKnown = true;
  }

  private LogRow<E> predecessor(LogRow<E> next, Numbered<E> number) {
    for (LogRow<E> candidate : number.rows) {
      if (candidate.epoch() == next.continuesEpoch()) {
        return candidate;
      }
    }
    throw new BrokenChainException(
        "row "
            + (number.seqNr + 1)
            + " continues epoch "
            + next.continuesEpoch()
            + ", but row "
            + number.seqNr
            + " was written in epoch "
            + number.rows.get(0).epoch());
  }

  private void requireContinues(LogRow<E> first, long seqNr) {
    boolean isContinued = first.continuesEpoch() == epoch;
    boolean isNewerAfterSnapshot = isAfterSnapshot && first.continuesEpoch() > epoch;
    if (!isContinued && !isNewerAfterSnapshot) {
      throw new BrokenChainException(
          "row "
              + seqNr
              + " continues epoch "
              + first.continuesEpoch()
              + ", but the row before it was written in epoch "
              + epoch);
    }
  }
}
