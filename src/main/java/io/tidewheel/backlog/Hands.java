package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import java.util.HashMap;
import java.util.Map;

/**
 * How many deliveries of one subscription the workers of this node have room for: those that wait,
 * those that were woken for a queue of the node, and those that are between two pulls. Part of the
 * board's actor.
 */
final class Hands {
  private final Map<ActorRef<Offer>, Integer> room = new HashMap<>();
  private long total;

  void set(ActorRef<Offer> worker, int count) {
    remove(worker);
    if (count > 0) {
      room.put(worker, count);
      total += count;
    }
  }

  void remove(ActorRef<Offer> worker) {
    Integer before = room.remove(worker);
    total -= before == null ? 0 : before;
  }

  int room(ActorRef<Offer> worker) {
    return room.getOrDefault(worker, 0);
  }

  boolean isEmpty() {
    return room.isEmpty();
  }

  long total() {
    return total;
  }
}
