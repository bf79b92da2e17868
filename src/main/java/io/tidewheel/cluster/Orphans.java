package io.tidewheel.cluster;

import io.tidewheel.queue.QueueWaker.WakeNow;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Queues of nodes that have left. They are woken only when Akka has forgotten the node: until then
 * every message to them, a wake as well, goes to where they were, and is lost. Part of the link's
 * actor.
 */
final class Orphans {
  private final Map<NodeId, Left> left = new LinkedHashMap<>();
  private final List<WakeNow> woken = new ArrayList<>();

  private record Left(List<WakeNow> queues, boolean isBroker) {}

  /** A node is no member in full any more. */
  void add(NodeId node, List<WakeNow> queues, boolean isBroker) {
    left.put(node, new Left(queues, isBroker));
  }

  /**
   * Wakes the queues of those that have gone for good.
   *
   * @param unreachable nodes that have not: one that is declared dead is among them until it is
   *     removed
   * @return whether there was a broker among them
   */
  boolean wake(Set<NodeId> unreachable, Consumer<WakeNow> waker) {
    boolean isAnyBroker = false;
    for (Iterator<Map.Entry<NodeId, Left>> all = left.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<NodeId, Left> one = all.next();
      if (!unreachable.contains(one.getKey())) {
        all.remove();
        one.getValue().queues.forEach(waker);
        woken.addAll(one.getValue().queues);
        isAnyBroker |= one.getValue().isBroker;
      }
    }
    return isAnyBroker;
  }

  /** Once more: where a queue goes may have been learned a moment too late. */
  void wakeAgain(Consumer<WakeNow> waker) {
    woken.forEach(waker);
    woken.clear();
  }
}
