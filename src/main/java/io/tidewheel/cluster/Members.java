package io.tidewheel.cluster;

import akka.actor.Address;
import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import java.util.HashSet;
import java.util.Set;

/** Reads what Akka knows of the cluster's members. */
final class Members {

  private Members() {}

  static NodeId self(Cluster cluster) {
    return id(cluster.selfMember().uniqueAddress());
  }

  static NodeId id(UniqueAddress address) {
    return new NodeId(name(address.address()), address.longUid());
  }

  /** How nodes are called: {@code host:port}. */
  static String name(Address address) {
    String hostPort = address.hostPort();
    return hostPort.substring(hostPort.indexOf('@') + 1);
  }

  static MemberView view(Cluster cluster) {
    return view(cluster, cluster.state());
  }

  static MemberView view(Cluster cluster, CurrentClusterState state) {
    Set<NodeId> brokers = new HashSet<>();
    Set<NodeId> gateways = new HashSet<>();
    for (Member member : state.getMembers()) {
      if (isInFull(member)) {
        (member.hasRole(Roles.BROKER) ? brokers : gateways).add(id(member.uniqueAddress()));
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

  /** Whether every member can be reached and every broker is up: none comes, none leaves. */
  static boolean isCalm(Cluster cluster) {
    CurrentClusterState state = cluster.state();
    for (Member member : state.getMembers()) {
      if (member.hasRole(Roles.BROKER) && !member.status().equals(MemberStatus.up())) {
        return false;
      }
    }
    return state.getUnreachable().isEmpty();
  }

  /** Whether this node has been removed, or was decided to be. */
  static boolean isEnding(Cluster cluster) {
    return cluster.isTerminated() || cluster.selfMember().status().equals(MemberStatus.down());
  }
}
