package io.tidewheel.queue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the readers of a log go on: rows of which the offset is known. Bounded; the mark set
 * longest ago goes first, so that readers far behind and readers in front keep theirs. A lost mark
 * only costs a search. Safe for any thread.
 */
final class ReadMarks {
  static final int MAX_MARKS = 64;

  private final NavigableMap<Long, Long> seqNrs = new TreeMap<>();
  private final Deque<Long> order = new ArrayDeque<>();

  /** A row that holds {@code offset}, or that is the next one if the log ends before it. */
  record Mark(long offset, long seqNr) {}

  synchronized void put(long offset, long seqNr) {
    if (seqNrs.put(offset, seqNr) != null) {
      return;
    }
    order.addLast(offset);
    if (order.size() > MAX_MARKS) {
      seqNrs.remove(order.removeFirst());
    }
  }

  /** The nearest mark at or before an offset; null if there is none. */
  synchronized @Nullable Mark atOrBefore(long offset) {
    Map.Entry<Long, Long> mark = seqNrs.floorEntry(offset);
    return mark == null ? null : new Mark(mark.getKey(), mark.getValue());
  }
}
