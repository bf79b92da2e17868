package io.tidewheel.worker;

import io.tidewheel.subscription.Delivery;
import java.util.ArrayList;
import java.util.List;

/**
 * The deliveries a worker has collected, at most so many and so many payload bytes; a suspect is
 * there without others.
 */
final class Hand {
  /** Takes nothing. */
  static final Hand NONE = new Hand(0, 0);

  private final int max;
  private final int maxBytes;
  private final List<Delivery> deliveries = new ArrayList<>();
  private long bytes;
  private int largest;
  private boolean isSuspect;

  Hand(int max, int maxBytes) {
    this.max = max;
    this.maxBytes = maxBytes;
  }

  /**
   * Takes deliveries of one queue as long as they fit; one that is larger than all the room fits an
   * empty hand.
   *
   * @return the others, from the first that does not fit: never one in front of another that was
   *     taken, so that the order of keys holds
   */
  List<Delivery> take(List<Delivery> more) {
    for (int i = 0; i < more.size(); i++) {
      Delivery next = more.get(i);
      int size = next.message().payload().length;
      boolean isTooMuch = bytes + size > maxBytes || isSuspect || next.isSuspect();
      if (deliveries.size() == max || (!deliveries.isEmpty() && isTooMuch)) {
        return more.subList(i, more.size());
      }
      deliveries.add(next);
      isSuspect = next.isSuspect();
      bytes += size;
      largest = Math.max(largest, size);
    }
    return List.of();
  }

  boolean isEmpty() {
    return deliveries.isEmpty();
  }

  /**
   * Whether asking for more would hardly help: a queue always gives one message, and one of the
   * size of those in hand would have to go back.
   */
  boolean isFull() {
    return deliveries.size() == max
        || isSuspect
        || (!deliveries.isEmpty() && (roomBytes() == 0 || roomBytes() < largest));
  }

  int roomCount() {
    return max - deliveries.size();
  }

  int roomBytes() {
    return (int) Math.max(0, maxBytes - bytes);
  }

  List<Delivery> deliveries() {
    return List.copyOf(deliveries);
  }
}
