package io.tidewheel.queue;

import io.tidewheel.catalog.TopicSettings;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How far a queue's log reaches, and who holds it: its start and end, marks between them, and up to
 * where each open subscription has settled everything. Bytes between marks are estimated by the
 * offsets. Changed by the queue's front only; readers of its figures may be on any thread.
 */
final class LogExtent {
  /** Marks are set in front after so much, closer than the checkpoints that are stored. */
  private static final long MARK_BYTES = 256 << 10;

  private static final long MARK_MILLIS = 60_000;

  private final LogMarks marks = new LogMarks();
  private final Map<Long, Long> floors = new TreeMap<>();
  private LogMark start = LogMark.ORIGIN;
  private LogMark end = LogMark.ORIGIN;
  private long checksum;

  /** Of the subscription that holds the log, if one is open; asked for by every append. */
  private long lowestFloor = Long.MAX_VALUE;

  private @Nullable Long lowest;

  /** Takes over what the core knows. */
  synchronized void load(QueueLog.Loaded loaded) {
    loaded.marks().forEach(marks::add);
    end = loaded.end();
    checksum = loaded.checksum();
    trimTo(loaded.start());
    floors.keySet().retainAll(loaded.openSubscriptions().keySet());
    loaded.openSubscriptions().forEach(floors::putIfAbsent);
    findLowest();
  }

  /** A batch was stored at the end. */
  synchronized void append(long endOffset, long payloadBytes, long payloadChecksum, long atMillis) {
    checksum += payloadChecksum;
    end = new LogMark(endOffset, 0, end.bytes() + payloadBytes, atMillis);
    LogMark last = marks.last();
    LogMark before = last == null ? start : last;
    if (end.bytes() - before.bytes() >= MARK_BYTES || atMillis - before.atMillis() >= MARK_MILLIS) {
      marks.add(end);
    }
  }

  /** The log begins here now. */
  synchronized void trimTo(LogMark mark) {
    start = mark;
    marks.dropUpTo(mark.offset());
  }

  /** A subscription reads from here on; what it has reported since then is better known. */
  synchronized void open(long subscriptionUid, long startOffset) {
    floors.putIfAbsent(subscriptionUid, startOffset);
    findLowest();
  }

  synchronized void close(long subscriptionUid) {
    floors.remove(subscriptionUid);
    findLowest();
  }

  /** An open subscription has settled everything before an offset. */
  synchronized void settle(long subscriptionUid, long floor) {
    Long before = floors.replace(subscriptionUid, floor);
    // Others than the one that holds the log say something new most of the time.
    if (before != null && (before == lowestFloor || floor < lowestFloor)) {
      findLowest();
    }
  }

  private void findLowest() {
    lowestFloor = Long.MAX_VALUE;
    lowest = null;
    for (Map.Entry<Long, Long> each : floors.entrySet()) {
      if (each.getValue() < lowestFloor) {
        lowestFloor = each.getValue();
        lowest = each.getKey();
      }
    }
  }

  /** Uids of the open subscriptions. */
  Set<Long> subscriptions() {
    return Collections.unmodifiableSet(floors.keySet());
  }

  synchronized LogMark start() {
    return start;
  }

  synchronized LogMark end() {
    return end;
  }

  synchronized List<LogMark> marks() {
    return marks.all();
  }

  /** Sum of the checksums of all messages ever stored. */
  synchronized long checksum() {
    return checksum;
  }

  /** Where every open subscription reads on; the end of the log if there is none. */
  synchronized long floor() {
    return Math.max(Math.min(lowestFloor, end.offset()), start.offset());
  }

  /** The open subscription that holds the log; null if none does. */
  synchronized @Nullable Long pinnedBy() {
    return lowestFloor < end.offset() ? lowest : null;
  }

  /** Where a subscription reads on; the end of the log if it is not open. */
  synchronized long floorOf(long subscriptionUid) {
    return Math.max(start.offset(), floors.getOrDefault(subscriptionUid, end.offset()));
  }

  /** Payload bytes from an offset to the end. */
  synchronized long bytesFrom(long offset) {
    return end.bytes() - bytesBefore(offset);
  }

  private long bytesBefore(long offset) {
    if (offset >= end.offset()) {
      return end.bytes();
    }
    LogMark known = marks.atOrBefore(offset);
    LogMark low = known == null ? start : known;
    if (offset <= low.offset()) {
      return low.bytes();
    }
    LogMark next = marks.after(offset);
    LogMark high = next == null ? end : next;
    double part = (double) (offset - low.offset()) / (high.offset() - low.offset());
    return low.bytes() + (long) (part * (high.bytes() - low.bytes()));
  }

  /** An offset from which on at most so many bytes are stored; the start if all fit. */
  synchronized long offsetOfNewest(long bytes) {
    long before = end.bytes() - bytes;
    if (before <= start.bytes()) {
      return start.offset();
    }
    LogMark known = marks.within(before);
    LogMark low = known == null ? start : known;
    LogMark next = marks.after(low.offset());
    LogMark high = next == null ? end : next;
    double part = (double) (before - low.bytes()) / Math.max(1, high.bytes() - low.bytes());
    long offset = low.offset() + (long) Math.ceil(part * (high.offset() - low.offset()));
    return Math.min(offset, end.offset());
  }

  /** Up to where nobody needs the log any more. */
  synchronized long trimmable(TopicSettings settings, long nowMillis) {
    long cutoff = nowMillis - settings.retentionTime().toMillis();
    LogMark old = end.atMillis() <= cutoff ? end : marks.storedBy(cutoff);
    LogMark beyond = marks.within(end.bytes() - settings.retentionBytes());
    long upTo = Math.max(old == null ? 0 : old.offset(), beyond == null ? 0 : beyond.offset());
    return Math.max(start.offset(), Math.min(upTo, floor()));
  }

  /** When time alone makes something trimmable; {@link Long#MAX_VALUE} if the log is empty. */
  synchronized long nextDueMillis(TopicSettings settings, long nowMillis) {
    if (end.offset() == start.offset()) {
      return Long.MAX_VALUE;
    }
    long age = settings.retentionTime().toMillis();
    LogMark next = marks.storedBy(nowMillis - age);
    LogMark coming = marks.after(next == null ? start.offset() : next.offset());
    return (coming == null ? end : coming).atMillis() + age;
  }

  /** How the queue is, with what its readers have said. */
  synchronized Inspector.QueueStatus describe(int queue, String node, List<Reader.Status> readers) {
    Long holder = pinnedBy();
    return new Inspector.QueueStatus(
        queue,
        node,
        start.offset(),
        end.offset(),
        bytesFrom(start.offset()),
        holder == null ? 0 : holder,
        bytesFrom(floor()),
        checksum,
        readers);
  }
}
