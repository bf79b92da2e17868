package io.tidewheel.cluster;

import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import java.util.HashSet;
import java.util.Set;

/** Reads what Akka knows of the cluster's members. */
final class Members {
  static final String BROKER = "broker";

  private Members() {}

  static NodeId self(Cluster cluster) {
    return id(cluster.selfMember().uniqueAddress());
  }

  static NodeId id(UniqueAddress address) {
    return new NodeId(address.address().hostPort().replaceFirst(".*@", ""), address.longUid());
  }

  static MemberView view(Cluster cluster) {
    CurrentClusterState state = cluster.state();
    Set<NodeId> brokers = new HashSet<>();
    Set<NodeId> gateways = new HashSet<>();
    for (Member member : state.getMembers()) {
      if (isInFull(member)) {
        (member.hasRole(BROKER) ? brokers : gateways).add(id(member.uniqueAddress()));
      }
    }
    Set<NodeId> unreachable = new HashSet<>();
    for (Member member : state.getUnreachable()) {
      unreachable.add(id(member.uniqueAddress()));
    }
    return new MemberView(self(cluster), brokers, gateways, unreachable);
  }

  private static boolean isInFull(Member member) {
    return member.status().equals(MemberStatus.up())
        || member.status().equals(MemberStatus.leaving());
  }

  /** Whether this node has been removed, or was decided to be. */
  static boolean isEnding(Cluster cluster) {
    return cluster.isTerminated() || cluster.selfMember().status().equals(MemberStatus.down());
  }
}
