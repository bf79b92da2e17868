package io.tidewheel.cluster;

import java.util.HashSet;
import java.util.Set;

/**
 * What one node believes of the cluster at one moment, by gossip.
 *
 * @param self this node
 * @param brokers that are members in full: up, or leaving in order
 * @param gateways that are
 * @param unreachable of all, the ones that anybody cannot reach
 */
record MemberView(NodeId self, Set<NodeId> brokers, Set<NodeId> gateways, Set<NodeId> unreachable) {
  MemberView {
    brokers = Set.copyOf(brokers);
    gateways = Set.copyOf(gateways);
    unreachable = Set.copyOf(unreachable);
  }

  /** Every member in full but this node. */
  Set<NodeId> others() {
    Set<NodeId> others = new HashSet<>(brokers);
    others.addAll(gateways);
    others.remove(self);
    return Set.copyOf(others);
  }

  /** Whether a node is a member in full, and reachable, as this node sees it. */
  boolean isReachable(NodeId node) {
    return (brokers.contains(node) || gateways.contains(node)) && !unreachable.contains(node);
  }
}
