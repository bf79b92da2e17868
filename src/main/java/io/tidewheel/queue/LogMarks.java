package io.tidewheel.queue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Places in a log, in order, by which bytes and times are known without reading it. At most {@link
 * #MAX_MARKS}, about evenly over the bytes of the log: beyond, one of those that are closest
 * together goes, so the grain gets coarser with the length of the log, never its memory larger. Not
 * thread-safe.
 */
final class LogMarks {
  static final int MAX_MARKS = 512;

  private final TreeMap<Long, LogMark> marks = new TreeMap<>();

  /** Adds a mark behind all others; one at the same offset as the last stays as it is. */
  void add(LogMark mark) {
    if (!marks.isEmpty() && mark.offset() <= marks.lastKey()) {
      return;
    }
    marks.put(mark.offset(), mark);
    if (marks.size() > MAX_MARKS) {
      thin();
    }
  }

  /** Drops the mark, neither first nor last, between whose neighbours the fewest bytes are. */
  private void thin() {
    LogMark beforeLast = null;
    LogMark last = null;
    long closest = marks.lastKey();
    long smallest = Long.MAX_VALUE;
    for (LogMark mark : marks.values()) {
      if (beforeLast != null && last != null && mark.bytes() - beforeLast.bytes() < smallest) {
        smallest = mark.bytes() - beforeLast.bytes();
        closest = last.offset();
      }
      beforeLast = last;
      last = mark;
    }
    marks.remove(closest);
  }

  /** Forgets the marks up to an offset: the log begins there. */
  void dropUpTo(long offset) {
    marks.headMap(offset, true).clear();
  }

  /** The last mark, null if there is none. */
  @Nullable LogMark last() {
    Map.Entry<Long, LogMark> last = marks.lastEntry();
    return last == null ? null : last.getValue();
  }

  /** The last mark at or before an offset; null if there is none. */
  @Nullable LogMark atOrBefore(long offset) {
    Map.Entry<Long, LogMark> found = marks.floorEntry(offset);
    return found == null ? null : found.getValue();
  }

  /** The first mark behind an offset; null if there is none. */
  @Nullable LogMark after(long offset) {
    Map.Entry<Long, LogMark> found = marks.higherEntry(offset);
    return found == null ? null : found.getValue();
  }

  /** The last mark at or before an offset whose row is at most {@code seqNr}. */
  @Nullable LogMark atOrBefore(long offset, long seqNr) {
    for (LogMark mark : marks.headMap(offset, true).descendingMap().values()) {
      if (mark.seqNr() <= seqNr) {
        return mark;
      }
    }
    return null;
  }

  /** The last mark before which everything was stored at or before a time. */
  @Nullable LogMark storedBy(long atMillis) {
    LogMark found = null;
    for (LogMark mark : marks.values()) {
      if (mark.atMillis() > atMillis) {
        break;
      }
      found = mark;
    }
    return found;
  }

  /** The last mark that has at most this many bytes before it. */
  @Nullable LogMark within(long bytes) {
    LogMark found = null;
    for (LogMark mark : marks.values()) {
      if (mark.bytes() > bytes) {
        break;
      }
      found = mark;
    }
    return found;
  }

  /** All of them, oldest first. */
  List<LogMark> all() {
    return List.copyOf(marks.values());
  }
}
