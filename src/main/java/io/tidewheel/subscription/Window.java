package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import io.tidewheel.subscription.Slot.Place;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The messages that were read and are not settled: which of them can be given out, and in which
 * order. Pure; times are nanoseconds of a monotonic clock that began at 0.
 *
 * <ol>
 *   <li>Every message is in exactly one {@link Place}.
 *   <li>Of the messages of a key, only the first one that is not settled is given out, together
 *       with a run of those directly behind it; while one of them is out, no other is.
 *   <li>Messages that failed or were given back go before new ones; else the lower offset first.
 *   <li>Every payload in the window counts for its bytes, whoever holds it. When it gets tight,
 *       payloads of what can't be given out now are not kept: what waits for its key is deferred,
 *       what is leased or waits for its retry stays without. They are {@link #wanted} again when
 *       their turn comes.
 * </ol>
 */
final class Window {
  /** Messages of one key that go out together. */
  static final int MAX_KEY_RUN = 100;

  private final Map<Long, Slot> slots = new HashMap<>();
  private final Turns turns = new Turns();
  private final Ages ages = new Ages();
  private final Payloads payloads;
  private final KeyLines lines;
  private final int[] counts = new int[Place.COUNT];
  private long cursor;

  Window(WindowBudget budget, long cursor) {
    this.payloads = new Payloads(budget);
    this.lines = new KeyLines(budget, payloads);
    this.cursor = cursor;
  }

  /** The next offset to read. */
  long cursor() {
    return cursor;
  }

  /** Passes over offsets that need not be read. */
  void skipTo(long offset) {
    cursor = Math.max(cursor, offset);
  }

  boolean hasRoom() {
    return room() > 0 && lines.hasRoom();
  }

  /** Whether no more offsets can be deferred. */
  boolean isDeferringStopped() {
    return !lines.hasRoom();
  }

  /** Bytes that may still be read. */
  long room() {
    return payloads.room();
  }

  /**
   * Takes in the message at the cursor.
   *
   * @param isOrdered whether its key counts
   * @param mayDefer whether its payload may be left out when its key is busy
   * @return null if it is deferred
   */
  @Nullable Slot add(
      long offset, Message message, long publishedAtMillis, boolean isOrdered, boolean mayDefer) {
    if (offset < cursor) {
      throw new IllegalArgumentException("offset " + offset + " is below cursor " + cursor);
    }
    cursor = offset + 1;
    String key = isOrdered ? message.key() : null;
    KeyLine line = key == null ? null : lines.of(key);
    if (line != null && mayDefer && lines.isDeferring(line)) {
      lines.defer(line, offset);
      return null;
    }
    return keep(new Slot(offset, publishedAtMillis, message, line));
  }

  private Slot keep(Slot slot) {
    slots.put(slot.offset, slot);
    ages.add(slot);
    payloads.keep(slot);
    counts[Place.BLOCKED.index]++;
    if (slot.line != null) {
      slot.line.add(slot);
    }
    return slot;
  }

  /** It is a dead letter, or will be: its key waits, but for what comes before it. */
  void park(Slot slot, long nowNanos) {
    slot.lease = null;
    move(slot, Place.PARKED);
    payloads.drop(slot);
    if (slot.line != null) {
      advance(slot.line, nowNanos);
    }
  }

  /** Puts a message that was just taken in where it belongs, with what is known about it. */
  void place(Slot slot, long dueNanos, long nowNanos) {
    ages.noteExpiry(slot.expiresAtMillis);
    slot.dueNanos = dueNanos;
    KeyLine line = slot.line;
    if (line == null || lines.isHead(slot, line)) {
      placeFirst(slot, nowNanos, slot.offset == cursor - 1);
    }
    if (line != null) {
      lines.follow(line);
    }
  }

  /** Who of a key comes first. */
  KeyLines lines() {
    return lines;
  }

  // Reading again

  /** The first offset from here on whose payload is to be read again; null if there is none. */
  @Nullable Long wanted(long from) {
    return payloads.wanted(from);
  }

  /** Up to where to read on from a wanted offset: as far as others are wanted close to it. */
  long wantedEnd(long from) {
    return lines.wantedEnd(from, slots::containsKey);
  }

  /** Whether a wanted payload may be taken in: also beyond the room when nothing else is ready. */
  boolean canLoad() {
    return room() > 0 || count(Place.READY) == 0;
  }

  boolean isDeferred(long offset) {
    return lines.isDeferred(offset);
  }

  int deferredCount() {
    return lines.deferredCount();
  }

  void forEachDeferred(long before, LongConsumer action) {
    lines.forEachDeferred(before, action);
  }

  /** It is settled without having been read again. */
  void dropDeferred(long offset, long nowNanos) {
    if (lines.isDeferred(offset)) {
      advance(lines.undefer(offset), nowNanos);
    }
  }

  /** Takes in the payload of a message that stayed without. */
  void load(Slot slot, Message message, long nowNanos) {
    payloads.load(slot, message);
    if (slot.place == Place.ABSENT) {
      placeFirst(slot, nowNanos, false);
    }
  }

  /** Takes in the payload of a deferred message, which becomes one in the window. */
  Slot loadDeferred(long offset, Message message, long publishedAtMillis) {
    return keep(new Slot(offset, publishedAtMillis, message, lines.undefer(offset)));
  }

  @Nullable Slot find(long offset) {
    return slots.get(offset);
  }

  /**
   * Gives out what can be given out, in order; a suspect without others.
   *
   * @param max messages, at most as many as are asked for
   * @param request says how much of payload, beside which an {@link AnswerRoom} has its own bound;
   *     one larger message goes alone
   */
  void take(int max, Deliveries.Request request, long nowNanos, Consumer<Slot> action) {
    turns.limitRetries(request.retryShare());
    int left = max;
    AnswerRoom room = new AnswerRoom(request.maxBytes());
    while (left > 0) {
      Slot slot = turns.peek(stale -> move(stale, Place.BLOCKED));
      if (slot == null || !room.isFor(slot) || (slot.isSuspect && left < max)) {
        return;
      }
      turns.take(slot);
      KeyLine line = slot.line;
      int taken = 0;
      if (line == null) {
        taken++;
        room.fill(slot);
        lease(slot, action);
      } else {
        int runMax = slot.isSuspect ? 1 : Math.min(left, MAX_KEY_RUN);
        for (Slot member : line.slots()) {
          boolean isHead = member == slot;
          if (member.place == Place.GONE) {
            continue;
          }
          if (taken == runMax || !(isHead || isNext(member, line, room, nowNanos))) {
            break;
          }
          taken++;
          room.fill(member);
          lease(member, action);
        }
        lines.follow(line);
      }
      left = slot.isSuspect ? 0 : left - taken;
    }
  }

  /** Whether a message may go out behind the first one of its key. */
  private boolean isNext(Slot member, KeyLine line, AnswerRoom room, long nowNanos) {
    return member.isLoaded()
        && !member.isSuspect
        && member.dueNanos <= nowNanos
        && lines.isBeforeDeferred(member, line)
        && room.isFor(member);
  }

  /** Hands a message that is being read back to the worker that held it before a restart. */
  void resume(Slot slot) {
    move(slot, Place.LEASED);
    payloads.dropIfTight(slot);
  }

  /** Something about the message is being stored: nobody gets it meanwhile. */
  void hold(Slot slot, Place place) {
    move(slot, place);
  }

  /** It is settled, or on its way to the dead-letter topic. */
  void remove(Slot slot, long nowNanos) {
    if (slot.place == Place.GONE) {
      return;
    }
    move(slot, Place.GONE);
    slots.remove(slot.offset);
    payloads.wantNoMore(slot.offset);
    payloads.drop(slot);
    slot.drop();
    KeyLine line = slot.line;
    if (line != null) {
      advance(line, nowNanos);
    }
    ages.compact(slots.size());
  }

  /** It is free again, from {@code dueNanos} on. */
  void giveBack(Slot slot, long dueNanos, long nowNanos) {
    slot.dueNanos = dueNanos;
    slot.lease = null;
    move(slot, Place.BLOCKED);
    ages.noteExpiry(slot.expiresAtMillis);
    KeyLine line = slot.line;
    if (line == null) {
      placeFirst(slot, nowNanos, false);
    } else {
      advance(line, nowNanos);
    }
  }

  /** The messages of its key behind this one that are with the worker. */
  List<Slot> leasedBehind(Slot slot) {
    KeyLine line = slot.line;
    return line == null ? List.of() : line.leasedBehind(slot);
  }

  /** Makes ready what has reached its retry time. */
  void wake(long nowNanos) {
    for (Slot due = turns.pollDue(nowNanos); due != null; due = turns.pollDue(nowNanos)) {
      placeFirst(due, nowNanos, false);
    }
  }

  /** When a message may expire next; {@link Long#MAX_VALUE} for never. */
  long nextExpiryMillis() {
    return ages.nextExpiryMillis();
  }

  /** Those whose time to live is over, but for those with workers; in the order of offsets. */
  List<Slot> expired(long nowMillis) {
    return ages.expired(slots.values(), nowMillis);
  }

  /** They could not be made dead letters now. */
  void expireLater(long atMillis) {
    ages.noteExpiry(atMillis);
  }

  /** When {@link #wake} has something to do next; {@link Long#MAX_VALUE} for never. */
  long nextDue() {
    return turns.nextDue();
  }

  int count(Place place) {
    return counts[place.index];
  }

  /** With workers or being stored. */
  int outCount() {
    return count(Place.LEASED) + count(Place.SETTLING) + count(Place.RETURNING);
  }

  int size() {
    return slots.size();
  }

  long bytes() {
    return payloads.bytes();
  }

  /** When the oldest message in the window was published; 0 if it is empty. */
  long oldestAtMillis() {
    return ages.oldestAtMillis();
  }

  /** Empties the window and goes on at an offset. */
  void restart(long offset) {
    slots.values().forEach(slot -> slot.place = Place.GONE);
    slots.values().forEach(Slot::drop);
    slots.clear();
    lines.clear();
    payloads.clear();
    turns.clear();
    ages.clear();
    Arrays.fill(counts, 0);
    cursor = offset;
  }

  /** All messages in the window, in no order. */
  Collection<Slot> all() {
    return slots.values();
  }

  private void lease(Slot slot, Consumer<Slot> action) {
    move(slot, Place.LEASED);
    action.accept(slot);
    payloads.dropIfTight(slot);
  }

  private void move(Slot slot, Place place) {
    KeyLine line = slot.line;
    boolean wasOut = slot.isOut();
    if (slot.place == Place.ABSENT && place != Place.READY) {
      payloads.wantNoMore(slot.offset);
    }
    counts[slot.place.index]--;
    slot.place = place;
    if (place != Place.GONE) {
      counts[place.index]++;
    }
    if (line != null && wasOut != slot.isOut()) {
      line.outCount += wasOut ? -1 : 1;
    }
  }

  /** Looks at a key after something changed: its first message may be free now. */
  private void advance(KeyLine line, long nowNanos) {
    Slot first = line.first();
    if (first != null && first.place == Place.BLOCKED && lines.isHead(first, line)) {
      placeFirst(first, nowNanos, false);
    }
    lines.follow(line);
  }

  /** Nothing but its own retry time holds the message. */
  private void placeFirst(Slot slot, long nowNanos, boolean isFresh) {
    if (slot.dueNanos > nowNanos) {
      move(slot, Place.WAITING);
      turns.await(slot);
      payloads.dropIfTight(slot);
      return;
    }
    if (!slot.isLoaded()) {
      move(slot, Place.ABSENT);
      payloads.want(slot.offset);
      return;
    }
    move(slot, Place.READY);
    turns.add(slot, isFresh);
  }
}
