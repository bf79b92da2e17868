package io.tidewheel.subscription;

import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Message;
import io.tidewheel.subscription.Slot.Place;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.TreeSet;
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

  /** Offsets between two wanted ones that are rather read than searched past. */
  private static final long MAX_GAP = 1_000;

  private static final int COMPACT_ABOVE = 1_024;

  private final WindowBudget budget;
  private final Map<Long, Slot> slots = new HashMap<>();
  private final Map<Long, KeyLine> lines = new HashMap<>();
  private final Deferred deferred;

  /** Offsets whose payload is to be read again: absent ones, and the next of keys. */
  private final TreeSet<Long> wanted = new TreeSet<>();

  private Deque<Slot> order = new ArrayDeque<>();
  private final Deque<Slot> fresh = new ArrayDeque<>();
  private final PriorityQueue<Slot> returned =
      new PriorityQueue<>(Comparator.comparingLong(slot -> slot.offset));
  private final PriorityQueue<Due> waiting =
      new PriorityQueue<>(Comparator.comparingLong(Due::atNanos));
  private final int[] counts = new int[Place.COUNT];
  private long cursor;
  private long bytes;
  private long nextExpiryMillis = Long.MAX_VALUE;

  /** A retry time; void if the message has another place or time by then. */
  private record Due(long atNanos, Slot slot) {}

  Window(WindowBudget budget, long cursor) {
    this.budget = budget;
    this.cursor = cursor;
    this.deferred = new Deferred(budget, hash -> lineOf(hash));
  }

  private KeyLine lineOf(long hash) {
    return lines.computeIfAbsent(hash, KeyLine::new);
  }

  private void changeBytes(long change) {
    bytes += change;
    budget.add(change);
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
    return room() > 0 && deferred.hasRoom();
  }

  /** Whether no more offsets can be deferred. */
  boolean isDeferringStopped() {
    return !deferred.hasRoom();
  }

  private boolean isTight() {
    return budget.isTight(bytes);
  }

  /** Bytes that may still be read. */
  long room() {
    return budget.roomFor(bytes);
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
    KeyLine line = key == null ? null : lineOf(KeyHash.of(key));
    if (line != null && mayDefer && isDeferring(line)) {
      deferred.add(line, offset);
      return null;
    }
    return keep(new Slot(offset, publishedAtMillis, message, line));
  }

  private boolean isDeferring(KeyLine line) {
    return line.deferredCount > 0 || (line.first() != null && isTight());
  }

  private Slot keep(Slot slot) {
    slots.put(slot.offset, slot);
    Slot first = order.peekFirst();
    if (first != null && slot.offset < first.offset) {
      order.addFirst(slot);
    } else {
      order.addLast(slot);
    }
    changeBytes(slot.weight);
    counts[Place.BLOCKED.index]++;
    if (slot.line != null) {
      slot.line.add(slot);
    }
    return slot;
  }

  /** It is a dead letter, or will be: its key waits. */
  void park(Slot slot) {
    slot.lease = null;
    move(slot, Place.PARKED);
    drop(slot);
  }

  /** Puts a message that was just taken in where it belongs, with what is known about it. */
  void place(Slot slot, long dueNanos, long nowNanos) {
    noteExpiry(slot);
    slot.dueNanos = dueNanos;
    KeyLine line = slot.line;
    if (line == null || isHead(slot, line)) {
      placeFirst(slot, nowNanos, slot.offset == cursor - 1 ? fresh : returned);
    }
    if (line != null) {
      want(line);
    }
  }

  private boolean isHead(Slot slot, KeyLine line) {
    long next = deferred.first(line);
    return line.first() == slot && line.outCount == 0 && (next < 0 || slot.offset < next);
  }

  // Reading again

  /** The first offset from here on whose payload is to be read again; null if there is none. */
  @Nullable Long wanted(long from) {
    return wanted.ceiling(from);
  }

  /** Up to where to read on from a wanted offset: as far as others are wanted close to it. */
  long wantedEnd(long from) {
    long end = from + 1;
    int count = 0;
    for (Long offset = from; offset != null; offset = wanted.ceiling(offset + 1)) {
      if (offset - end > MAX_GAP || ++count > MAX_GAP) {
        break;
      }
      end = Math.max(end, offset + 1);
      if (!slots.containsKey(offset)) {
        end = Math.max(end, deferred.runEnd(deferred.lineOf(offset), MAX_KEY_RUN, MAX_GAP));
      }
    }
    return end;
  }

  /** Whether a wanted payload may be taken in: also beyond the room when nothing else is ready. */
  boolean canLoad() {
    return room() > 0 || count(Place.READY) == 0;
  }

  boolean isDeferred(long offset) {
    return deferred.contains(offset);
  }

  int deferredCount() {
    return deferred.count();
  }

  void forEachDeferred(LongConsumer action) {
    deferred.forEach(action);
  }

  /** It is settled without having been read again. */
  void dropDeferred(long offset, long nowNanos) {
    if (deferred.contains(offset)) {
      KeyLine line = deferred.lineOf(offset);
      deferred.remove(offset);
      wanted.remove(offset);
      advance(line, nowNanos);
    }
  }

  /** Takes in the payload of a message that stayed without. */
  void load(Slot slot, Message message, long nowNanos) {
    wanted.remove(slot.offset);
    if (!slot.isLoaded()) {
      slot.load(message);
      changeBytes(slot.weight);
    }
    if (slot.place == Place.ABSENT) {
      placeFirst(slot, nowNanos, returned);
    }
  }

  /** Takes in the payload of a deferred message, which becomes one in the window. */
  Slot loadDeferred(long offset, Message message, long publishedAtMillis) {
    KeyLine line = deferred.lineOf(offset);
    deferred.remove(offset);
    wanted.remove(offset);
    return keep(new Slot(offset, publishedAtMillis, message, line));
  }

  /** Wants the next deferred message of a key if its turn comes soon. */
  private void want(KeyLine line) {
    long next = deferred.first(line);
    if (next < 0) {
      return;
    }
    Slot first = line.first();
    boolean isSoon =
        first == null
            || next < first.offset
            || (first.place != Place.WAITING
                && first.place != Place.PARKED
                && line.size() <= MAX_KEY_RUN
                && !isTight());
    if (isSoon) {
      wanted.add(next);
    }
  }

  private void unload(Slot slot) {
    if (isTight()) {
      drop(slot);
    }
  }

  private void drop(Slot slot) {
    if (slot.isLoaded()) {
      slot.unload();
      changeBytes(-slot.weight);
    }
  }

  @Nullable Slot find(long offset) {
    return slots.get(offset);
  }

  /**
   * Gives out what can be given out, in order.
   *
   * @param max messages
   * @param maxPayloadBytes of payload; one larger message goes alone
   */
  void take(int max, long maxPayloadBytes, long nowNanos, Consumer<Slot> action) {
    int left = max;
    long bytesLeft = maxPayloadBytes;
    boolean isFirst = true;
    while (left > 0) {
      Slot slot = peekReady();
      if (slot == null || (!isFirst && slot.payloadBytes() > bytesLeft)) {
        return;
      }
      slot.isQueued = false;
      if (returned.peek() == slot) {
        returned.poll();
      } else {
        fresh.poll();
      }
      isFirst = false;
      KeyLine line = slot.line;
      if (line == null) {
        left--;
        bytesLeft -= slot.payloadBytes();
        lease(slot, action);
      } else {
        int runMax = Math.min(left, MAX_KEY_RUN);
        long runEnd = deferred.first(line);
        int taken = 0;
        for (Slot member : line.slots()) {
          boolean isHead = member == slot;
          if (member.place == Place.GONE) {
            continue;
          }
          if (taken == runMax || !(isHead || isNext(member, runEnd, bytesLeft, nowNanos))) {
            break;
          }
          taken++;
          bytesLeft -= member.payloadBytes();
          lease(member, action);
        }
        left -= taken;
        want(line);
      }
    }
  }

  /** Whether a message may go out behind the first one of its key. */
  private static boolean isNext(Slot member, long runEnd, long bytesLeft, long nowNanos) {
    return member.isLoaded()
        && member.dueNanos <= nowNanos
        && (runEnd < 0 || member.offset < runEnd)
        && member.payloadBytes() <= bytesLeft;
  }

  /** Hands a message that is being read back to the worker that held it before a restart. */
  void resume(Slot slot) {
    move(slot, Place.LEASED);
    unload(slot);
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
    wanted.remove(slot.offset);
    changeBytes(slot.isLoaded() ? -slot.weight : 0);
    slot.drop();
    KeyLine line = slot.line;
    if (line != null) {
      advance(line, nowNanos);
    }
    compact();
  }

  /** It is free again, from {@code dueNanos} on. */
  void giveBack(Slot slot, long dueNanos, long nowNanos) {
    slot.dueNanos = dueNanos;
    slot.lease = null;
    move(slot, Place.BLOCKED);
    noteExpiry(slot);
    KeyLine line = slot.line;
    if (line == null) {
      placeFirst(slot, nowNanos, returned);
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
    for (Due due = waiting.peek(); due != null && due.atNanos <= nowNanos; due = waiting.peek()) {
      waiting.poll();
      Slot slot = due.slot;
      if (slot.place == Place.WAITING && slot.dueNanos == due.atNanos) {
        placeFirst(slot, nowNanos, returned);
      }
    }
  }

  private void noteExpiry(Slot slot) {
    nextExpiryMillis = Math.min(nextExpiryMillis, slot.expiresAtMillis);
  }

  /** When a message may expire next; {@link Long#MAX_VALUE} for never. */
  long nextExpiryMillis() {
    return nextExpiryMillis;
  }

  /** Those whose time to live is over, but for those with workers; in the order of offsets. */
  List<Slot> expired(long nowMillis) {
    if (nowMillis < nextExpiryMillis) {
      return List.of();
    }
    nextExpiryMillis = Long.MAX_VALUE;
    List<Slot> expired = new ArrayList<>();
    for (Slot slot : slots.values()) {
      if (slot.isOpen() && slot.expiresAtMillis <= nowMillis) {
        expired.add(slot);
      } else if (slot.isOpen()) {
        noteExpiry(slot);
      }
    }
    expired.sort(Comparator.comparingLong(slot -> slot.offset));
    return expired;
  }

  /** They could not be made dead letters now. */
  void expireLater(long atMillis) {
    nextExpiryMillis = Math.min(nextExpiryMillis, atMillis);
  }

  /** When {@link #wake} has something to do next; {@link Long#MAX_VALUE} for never. */
  long nextDue() {
    Due due = waiting.peek();
    return due == null ? Long.MAX_VALUE : due.atNanos;
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
    return bytes;
  }

  /** When the oldest message in the window was published; 0 if it is empty. */
  long oldestAtMillis() {
    dropGone(order);
    Slot first = order.peekFirst();
    return first == null ? 0 : first.publishedAtMillis;
  }

  /** Empties the window and goes on at an offset. */
  void restart(long offset) {
    slots.values().forEach(slot -> slot.place = Place.GONE);
    slots.values().forEach(Slot::drop);
    slots.clear();
    lines.clear();
    deferred.clear();
    wanted.clear();
    order.clear();
    fresh.clear();
    returned.clear();
    waiting.clear();
    Arrays.fill(counts, 0);
    changeBytes(-bytes);
    nextExpiryMillis = Long.MAX_VALUE;
    cursor = offset;
  }

  /** All messages in the window, in no order. */
  Collection<Slot> all() {
    return slots.values();
  }

  private @Nullable Slot peekReady() {
    dropStale(fresh);
    dropStale(returned);
    Slot first = fresh.peek();
    Slot back = returned.peek();
    if (first == null || back == null) {
      return first == null ? back : first;
    }
    return back.attempts > 0 || back.offset < first.offset ? back : first;
  }

  /** Drops from the head what can't be given out any more; its key puts it back when it can. */
  private void dropStale(Queue<Slot> queue) {
    for (Slot slot = queue.peek(); slot != null && !isFree(slot); slot = queue.peek()) {
      queue.poll();
      slot.isQueued = false;
      if (slot.place == Place.READY) {
        move(slot, Place.BLOCKED);
      }
    }
  }

  private static boolean isFree(Slot slot) {
    return slot.place == Place.READY && (slot.line == null || slot.line.outCount == 0);
  }

  private void lease(Slot slot, Consumer<Slot> action) {
    move(slot, Place.LEASED);
    action.accept(slot);
    unload(slot);
  }

  private void move(Slot slot, Place place) {
    KeyLine line = slot.line;
    boolean wasOut = slot.isOut();
    if (slot.place == Place.ABSENT && place != Place.READY) {
      wanted.remove(slot.offset);
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
    if (first == null && line.deferredCount == 0) {
      lines.remove(line.hash);
      return;
    }
    if (first != null && first.place == Place.BLOCKED && isHead(first, line)) {
      placeFirst(first, nowNanos, returned);
    }
    want(line);
  }

  /** Nothing but its own retry time holds the message. */
  private void placeFirst(Slot slot, long nowNanos, Queue<Slot> queue) {
    if (slot.dueNanos > nowNanos) {
      move(slot, Place.WAITING);
      waiting.add(new Due(slot.dueNanos, slot));
      unload(slot);
      return;
    }
    if (!slot.isLoaded()) {
      move(slot, Place.ABSENT);
      wanted.add(slot.offset);
      return;
    }
    move(slot, Place.READY);
    if (!slot.isQueued) {
      slot.isQueued = true;
      queue.add(slot);
    }
  }

  private void compact() {
    if (order.size() > COMPACT_ABOVE && order.size() > 2 * slots.size()) {
      Deque<Slot> live = new ArrayDeque<>(slots.size());
      order.forEach(
          slot -> {
            if (slot.place != Place.GONE) {
              live.addLast(slot);
            }
          });
      order = live;
    }
  }

  private static void dropGone(Deque<Slot> queue) {
    Slot first = queue.peekFirst();
    while (first != null && first.place == Place.GONE) {
      queue.pollFirst();
      first = queue.peekFirst();
    }
  }
}
