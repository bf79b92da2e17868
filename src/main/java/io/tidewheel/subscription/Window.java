package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import io.tidewheel.subscription.Slot.Place;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.function.Consumer;
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
 *   <li>Everything in the window counts for its bytes, whoever holds it.
 * </ol>
 */
final class Window {
  /** Messages of one key that go out together. */
  static final int MAX_KEY_RUN = 100;

  private static final int COMPACT_ABOVE = 1_024;

  private final WindowBudget budget;
  private final Map<Long, Slot> slots = new HashMap<>();
  private final Map<String, KeyLine> lines = new HashMap<>();
  private Deque<Slot> order = new ArrayDeque<>();
  private final Deque<Slot> fresh = new ArrayDeque<>();
  private final PriorityQueue<Slot> returned =
      new PriorityQueue<>(Comparator.comparingLong(slot -> slot.offset));
  private final PriorityQueue<Due> waiting =
      new PriorityQueue<>(Comparator.comparingLong(Due::atNanos));
  private final int[] counts = new int[Place.COUNT];
  private long cursor;
  private long bytes;

  /** A retry time; void if the message has another place or time by then. */
  private record Due(long atNanos, Slot slot) {}

  Window(WindowBudget budget, long cursor) {
    this.budget = budget;
    this.cursor = cursor;
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
    return room() > 0;
  }

  /** Bytes that may still be read. */
  long room() {
    return budget.roomFor(bytes);
  }

  /**
   * Takes in the message at the cursor.
   *
   * @param isOrdered whether its key counts
   */
  Slot add(
      long offset,
      Message message,
      long publishedAtMillis,
      boolean isOrdered,
      int attempts,
      int deliveries,
      long dueNanos,
      long nowNanos) {
    if (offset < cursor) {
      throw new IllegalArgumentException("offset " + offset + " is below cursor " + cursor);
    }
    cursor = offset + 1;
    String key = isOrdered ? message.key() : null;
    KeyLine line = key == null ? null : lines.computeIfAbsent(key, KeyLine::new);
    Slot slot = new Slot(offset, publishedAtMillis, message, line);
    slot.attempts = attempts;
    slot.deliveries = deliveries;
    slot.dueNanos = dueNanos;
    slots.put(offset, slot);
    order.addLast(slot);
    changeBytes(slot.weight);
    counts[Place.BLOCKED.index]++;
    if (line == null) {
      placeFirst(slot, nowNanos, fresh);
    } else {
      line.slots.addLast(slot);
      if (line.slots.size() == 1) {
        placeFirst(slot, nowNanos, fresh);
      }
    }
    return slot;
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
        lease(slot, action);
        left--;
        bytesLeft -= slot.payloadBytes();
      } else {
        int runMax = Math.min(left, MAX_KEY_RUN);
        int taken = 0;
        for (Slot member : line.slots) {
          boolean isHead = member == slot;
          if (member.place == Place.GONE) {
            continue;
          }
          if (taken == runMax
              || (!isHead && (member.dueNanos > nowNanos || member.payloadBytes() > bytesLeft))) {
            break;
          }
          lease(member, action);
          taken++;
          bytesLeft -= member.payloadBytes();
        }
        left -= taken;
      }
    }
  }

  /** Hands a message that is being read back to the worker that held it before a restart. */
  void resume(Slot slot) {
    move(slot, Place.LEASED);
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
    changeBytes(-slot.weight);
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
    if (line == null || line.outCount < 2) {
      return List.of();
    }
    List<Slot> behind = new ArrayList<>();
    int outLeft = line.outCount;
    Iterator<Slot> all = line.slots.iterator();
    while (all.hasNext() && outLeft > 0) {
      Slot member = all.next();
      outLeft -= member.isOut() ? 1 : 0;
      if (member.offset > slot.offset && member.place == Place.LEASED) {
        behind.add(member);
      }
    }
    return behind;
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
    order.clear();
    fresh.clear();
    returned.clear();
    waiting.clear();
    Arrays.fill(counts, 0);
    changeBytes(-bytes);
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
  }

  private void move(Slot slot, Place place) {
    KeyLine line = slot.line;
    boolean wasOut = slot.isOut();
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
    dropGone(line.slots);
    Slot first = line.slots.peekFirst();
    if (first == null) {
      lines.remove(line.key);
    } else if (line.outCount == 0 && first.place == Place.BLOCKED) {
      placeFirst(first, nowNanos, returned);
    }
  }

  /** Nothing but its own retry time holds the message. */
  private void placeFirst(Slot slot, long nowNanos, Queue<Slot> queue) {
    if (slot.dueNanos > nowNanos) {
      move(slot, Place.WAITING);
      waiting.add(new Due(slot.dueNanos, slot));
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
