package io.tidewheel.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import java.util.HashMap;
import java.util.Map;

/**
 * The actors of one name on the other nodes, one on each, under the guardian of the system. For one
 * thread.
 *
 * @param <T> what they take
 */
final class Peers<T> {
  /** Nodes that have gone are forgotten with all others when there are so many. */
  private static final int MAX_CACHED = 256;

  private final ActorRefResolver resolver;
  private final String systemName;
  private final String name;
  private final Map<NodeId, ActorRef<T>> cached = new HashMap<>();

  /**
   * Knows nobody yet.
   *
   * @param name under which each node starts its own
   */
  Peers(ActorSystem<?> system, String name) {
    this.resolver = ActorRefResolver.get(system);
    this.systemName = system.name();
    this.name = name;
  }

  /** The one on a node, whether it runs or not. */
  ActorRef<T> on(NodeId node) {
    ActorRef<T> known = cached.get(node);
    if (known != null) {
      return known;
    }
    if (cached.size() >= MAX_CACHED) {
      cached.clear();
    }
    ActorRef<T> peer =
        resolver.resolveActorRef("akka://" + systemName + '@' + node.address() + "/system/" + name);
    cached.put(node, peer);
    return peer;
  }
}
