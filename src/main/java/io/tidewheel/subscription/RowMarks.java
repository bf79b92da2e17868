package io.tidewheel.subscription;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Checkpoints in a subscription's log, by which rows of the pull log are dropped when nobody needs
 * them: rows up to a mark say nothing about later times or offsets. At most {@link #MAX_MARKS},
 * about evenly over the rows that are kept: beyond, one of those that are closest together goes.
 */
final class RowMarks {
  static final int MAX_MARKS = 128;

  private final List<Mark> marks = new ArrayList<>();
  private long lastAtMillis;
  private long settledEnd;

  /**
   * A checkpoint.
   *
   * @param atMillis when the newest row before it was decided
   * @param settledEnd offsets that rows before it settle are lower
   */
  record Mark(long seqNr, long atMillis, long settledEnd) {}

  /** An event was applied. */
  void note(long atMillis, long end) {
    lastAtMillis = Math.max(lastAtMillis, atMillis);
    settledEnd = Math.max(settledEnd, end);
  }

  /** A checkpoint was stored. */
  void add(long seqNr) {
    put(new Mark(seqNr, lastAtMillis, settledEnd));
  }

  void put(Mark mark) {
    marks.add(mark);
    if (marks.size() > MAX_MARKS) {
      marks.remove(closest());
    }
  }

  /** The mark, neither first nor last, whose neighbours are closest to each other. */
  private int closest() {
    int closest = 1;
    long smallest = Long.MAX_VALUE;
    for (int i = 1; i < marks.size() - 1; i++) {
      long gap = marks.get(i + 1).seqNr - marks.get(i - 1).seqNr;
      if (gap < smallest) {
        smallest = gap;
        closest = i;
      }
    }
    return closest;
  }

  /** Rows before this one are gone: marks of them say nothing any more. */
  void dropBelow(long seqNr) {
    marks.removeIf(mark -> mark.seqNr < seqNr);
  }

  void copyFrom(RowMarks other) {
    marks.clear();
    marks.addAll(other.marks);
    lastAtMillis = other.lastAtMillis;
    settledEnd = other.settledEnd;
  }

  /**
   * The highest row that may go.
   *
   * @param seqNr rows beyond it stay in any case
   * @param cutoffMillis rows decided until then are too old for the pull log
   * @param startOffset messages below it are not kept either
   */
  long deletable(long seqNr, long cutoffMillis, long startOffset) {
    long deletable = 0;
    for (Mark mark : marks) {
      boolean isUnneeded = mark.atMillis <= cutoffMillis || mark.settledEnd <= startOffset;
      if (mark.seqNr <= seqNr && isUnneeded) {
        deletable = Math.max(deletable, mark.seqNr);
      }
    }
    return deletable;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RowMarks that
        && marks.equals(that.marks)
        && lastAtMillis == that.lastAtMillis
        && settledEnd == that.settledEnd;
  }

  @Override
  public int hashCode() {
    return Objects.hash(marks, lastAtMillis, settledEnd);
  }

  List<Mark> all() {
    return List.copyOf(marks);
  }

  long lastAtMillis() {
    return lastAtMillis;
  }

  long settledEnd() {
    return settledEnd;
  }
}
