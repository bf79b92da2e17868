package io.tidewheel.subscription;

import io.tidewheel.subscription.Slot.Place;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/** How old the messages of a window are, and whose time to live is over. */
final class Ages {
  private static final int COMPACT_ABOVE = 1_024;

  /** By offset, but for a few that were read again; may name messages that left. */
  private Deque<Slot> order = new ArrayDeque<>();

  private long nextExpiryMillis = Long.MAX_VALUE;

  void add(Slot slot) {
    Slot first = order.peekFirst();
    if (first != null && slot.offset < first.offset) {
      order.addFirst(slot);
    } else {
      order.addLast(slot);
    }
  }

  /** When the oldest message was published; 0 if there is none. */
  long oldestAtMillis() {
    Slot first = order.peekFirst();
    while (first != null && first.place == Place.GONE) {
      order.pollFirst();
      first = order.peekFirst();
    }
    return first == null ? 0 : first.publishedAtMillis;
  }

  /** Forgets messages that left when they are the most of those named. */
  void compact(int liveCount) {
    if (order.size() > COMPACT_ABOVE && order.size() > 2 * liveCount) {
      Deque<Slot> live = new ArrayDeque<>(liveCount);
      order.forEach(
          slot -> {
            if (slot.place != Place.GONE) {
              live.addLast(slot);
            }
          });
      order = live;
    }
  }

  /** A message may expire from now on. */
  void noteExpiry(long atMillis) {
    nextExpiryMillis = Math.min(nextExpiryMillis, atMillis);
  }

  /** When a message may expire next; {@link Long#MAX_VALUE} for never. */
  long nextExpiryMillis() {
    return nextExpiryMillis;
  }

  /** Those whose time is over, but for those with workers; in the order of offsets. */
  List<Slot> expired(Collection<Slot> slots, long nowMillis) {
    if (nowMillis < nextExpiryMillis) {
      return List.of();
    }
    nextExpiryMillis = Long.MAX_VALUE;
    List<Slot> expired = new ArrayList<>();
    for (Slot slot : slots) {
      if (slot.isOpen() && slot.expiresAtMillis <= nowMillis) {
        expired.add(slot);
      } else if (slot.isOpen()) {
        noteExpiry(slot.expiresAtMillis);
      }
    }
    expired.sort(Comparator.comparingLong(slot -> slot.offset));
    return expired;
  }

  void clear() {
    order.clear();
    nextExpiryMillis = Long.MAX_VALUE;
  }
}
