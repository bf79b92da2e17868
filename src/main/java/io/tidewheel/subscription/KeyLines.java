package io.tidewheel.subscription;

import io.tidewheel.message.KeyHash;
import io.tidewheel.subscription.Slot.Place;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/** The keys of a window: who of a key comes first, and what of it is deferred. */
final class KeyLines {
  /** Offsets between two wanted ones that are rather read than searched past. */
  private static final long MAX_GAP = 1_000;

  private final Map<Long, KeyLine> lines = new HashMap<>();
  private final Payloads payloads;
  private final Deferred deferred;

  KeyLines(WindowBudget budget, Payloads payloads) {
    this.payloads = payloads;
    this.deferred = new Deferred(budget, hash -> ofHash(hash));
  }

  KeyLine of(String key) {
    return ofHash(KeyHash.of(key));
  }

  private KeyLine ofHash(long hash) {
    return lines.computeIfAbsent(hash, KeyLine::new);
  }

  /** The first message of a key that was read and is not settled; -1 if there is none. */
  long firstOf(String key) {
    KeyLine line = lines.get(KeyHash.of(key));
    return line == null ? -1 : earliest(line);
  }

  /** What a message of a key waits for: an earlier one, else one that is out; -1 for nothing. */
  long blockerOf(KeyLine line, long offset) {
    long earliest = earliest(line);
    if (earliest >= 0 && earliest < offset) {
      return earliest;
    }
    for (Slot member : line.slots()) {
      if (member.isOut()) {
        return member.offset;
      }
    }
    return -1;
  }

  /** As {@link #blockerOf(KeyLine, long)}, of one that is deferred. */
  long blockerOfDeferred(long offset) {
    return blockerOf(deferred.lineOf(offset), offset);
  }

  private long earliest(KeyLine line) {
    Slot first = line.first();
    long next = deferred.first(line);
    return first == null ? next : next < 0 ? first.offset : Math.min(next, first.offset);
  }

  /** Whether a message of a key that comes now should stay without its payload. */
  boolean isDeferring(KeyLine line) {
    return line.deferredCount > 0 || (line.first() != null && payloads.isTight());
  }

  void defer(KeyLine line, long offset) {
    deferred.add(line, offset);
  }

  /** Takes an offset out; returns its line. */
  KeyLine undefer(long offset) {
    KeyLine line = deferred.lineOf(offset);
    deferred.remove(offset);
    payloads.wantNoMore(offset);
    return line;
  }

  boolean hasRoom() {
    return deferred.hasRoom();
  }

  boolean isDeferred(long offset) {
    return deferred.contains(offset);
  }

  int deferredCount() {
    return deferred.count();
  }

  void forEachDeferred(long before, LongConsumer action) {
    deferred.forEach(before, action);
  }

  /** Whether a message is the first of its key, and nobody has another one. */
  boolean isHead(Slot slot, KeyLine line) {
    return line.first() == slot && line.outCount == 0 && isBeforeDeferred(slot, line);
  }

  /** Whether nothing of the key that comes before the message is deferred. */
  boolean isBeforeDeferred(Slot slot, KeyLine line) {
    long next = deferred.first(line);
    return next < 0 || slot.offset < next;
  }

  /** Wants the next deferred message of a key if its turn comes soon; forgets an empty key. */
  void follow(KeyLine line) {
    Slot first = line.first();
    long next = deferred.first(line);
    if (next < 0) {
      if (first == null) {
        lines.remove(line.hash);
      }
      return;
    }
    boolean isSoon =
        first == null
            || next < first.offset
            || (first.place != Place.WAITING
                && first.place != Place.PARKED
                && line.size() <= Window.MAX_KEY_RUN
                && !payloads.isTight());
    if (isSoon) {
      payloads.want(next);
    }
  }

  /**
   * Up to where to read on from a wanted offset: as far as others are wanted close to it.
   *
   * @param isKept which of them are in the window, without their payload
   */
  long wantedEnd(long from, LongPredicate isKept) {
    long end = from + 1;
    int count = 0;
    for (Long offset = from; offset != null; offset = payloads.wanted(offset + 1)) {
      if (offset - end > MAX_GAP || ++count > MAX_GAP) {
        break;
      }
      end = Math.max(end, offset + 1);
      if (!isKept.test(offset)) {
        KeyLine line = deferred.lineOf(offset);
        end = Math.max(end, deferred.runEnd(line, Window.MAX_KEY_RUN, MAX_GAP));
      }
    }
    return end;
  }

  void clear() {
    lines.clear();
    deferred.clear();
  }
}
