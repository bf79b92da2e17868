package io.tidewheel.subscription;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The unsettled messages of one key that were read, by offset. Only the first may be given out.
 * Keys of one hash share a line: they wait for each other, which keeps the order of each.
 */
final class KeyLine {
  final long hash;

  /** How many are with a worker or being stored; the others wait until it is 0. */
  int outCount;

  /** The chain of those in {@link Deferred}, which alone changes these. */
  int deferredHead;

  int deferredTail;
  int deferredCount;

  private Deque<Slot> slots = new ArrayDeque<>();

  KeyLine(long hash) {
    this.hash = hash;
  }

  /** The first in the window; null if there is none. Those that left are dropped. */
  @Nullable Slot first() {
    Slot first = slots.peekFirst();
    while (first != null && first.place == Slot.Place.GONE) {
      slots.pollFirst();
      first = slots.peekFirst();
    }
    return first;
  }

  /** In order; may name some that left. */
  Iterable<Slot> slots() {
    return slots;
  }

  /** At least how many are in the window. */
  int size() {
    return slots.size();
  }

  void add(Slot slot) {
    Slot first = slots.peekFirst();
    Slot last = slots.peekLast();
    if (last == null || last.offset < slot.offset) {
      slots.addLast(slot);
    } else if (first != null && slot.offset < first.offset) {
      slots.addFirst(slot);
    } else {
      Deque<Slot> sorted = new ArrayDeque<>(slots.size() + 1);
      Slot next = slot;
      for (Slot each : slots) {
        if (next != null && next.offset < each.offset) {
          sorted.addLast(next);
          next = null;
        }
        sorted.addLast(each);
      }
      slots = sorted;
    }
  }

  /** The messages behind this one that are with the worker. */
  List<Slot> leasedBehind(Slot slot) {
    if (outCount < 2) {
      return List.of();
    }
    List<Slot> behind = new ArrayList<>();
    int outLeft = outCount;
    Iterator<Slot> all = slots.iterator();
    while (all.hasNext() && outLeft > 0) {
      Slot member = all.next();
      outLeft -= member.isOut() ? 1 : 0;
      if (member.offset > slot.offset && member.place == Slot.Place.LEASED) {
        behind.add(member);
      }
    }
    return behind;
  }
}
