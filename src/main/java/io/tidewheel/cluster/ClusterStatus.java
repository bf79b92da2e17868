package io.tidewheel.cluster;

import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a node knows of the cluster.
 *
 * @param node that one
 * @param brokers that are members in full and reachable
 * @param leaseMillisLeft how long the node may still act unless it is confirmed; 0 if it may not,
 *     and null for a node alone, which needs nobody
 * @param waitsFor brokers that have left and may still believe that they have not
 * @param members by name
 */
public record ClusterStatus(
    String node,
    int quorum,
    int brokers,
    boolean isServing,
    String detail,
    @Nullable Long leaseMillisLeft,
    List<String> waitsFor,
    List<MemberStatus> members) {

  /**
   * A member of the cluster.
   *
   * @param node its name
   * @param uid tells this run of the node from others at the same address
   * @param roles {@code broker} or {@code gateway}
   * @param status as Akka calls it, in lower case: {@code joining}, {@code weaklyup}, {@code up},
   *     {@code leaving}, {@code exiting}, {@code down}, {@code removed}
   * @param zone where it stands
   * @param isReachable whether every other node reaches it
   * @param isOldest whether the catalog lives there
   * @param awakeQueues that live there now and do not sleep; null if that is not known
   * @param url where clients reach it; null if that is not known
   */
  public record MemberStatus(
      String node,
      long uid,
      List<String> roles,
      String status,
      String zone,
      boolean isReachable,
      boolean isOldest,
      @Nullable Integer awakeQueues,
      @Nullable String url) {}

  /** The members as a node sees them now, by name. */
  static List<MemberStatus> members(
      Cluster cluster, Map<String, Integer> awakeQueues, Map<String, String> urls) {
    CurrentClusterState state = cluster.state();
    Set<Member> unreachable = new HashSet<>(state.getUnreachable());
    Member oldest = oldest(cluster);
    List<MemberStatus> members = new ArrayList<>();
    for (Member member : state.getMembers()) {
      members.add(
          of(
              member,
              !unreachable.contains(member),
              member.equals(oldest),
              awakeQueues.get(Members.name(member.address())),
              urls.get(Members.name(member.address()))));
    }
    members.sort(Comparator.comparing(MemberStatus::node));
    return List.copyOf(members);
  }

  private static @Nullable Member oldest(Cluster cluster) {
    Set<NodeId> brokers = Members.view(cluster).brokers();
    Member oldest = null;
    for (Member member : cluster.state().getMembers()) {
      if (brokers.contains(Members.id(member.uniqueAddress()))
          && (oldest == null || member.isOlderThan(oldest))) {
        oldest = member;
      }
    }
    return oldest;
  }

  private static MemberStatus of(
      Member member,
      boolean isReachable,
      boolean isOldest,
      @Nullable Integer awakeQueues,
      @Nullable String url) {
    List<String> roles = new ArrayList<>();
    String zone = "default";
    for (String role : member.getRoles()) {
      if (role.startsWith(Roles.ZONE_PREFIX)) {
        zone = role.substring(Roles.ZONE_PREFIX.length());
      } else if (!role.startsWith("dc-")) {
        roles.add(role);
      }
    }
    roles.sort(Comparator.naturalOrder());
    NodeId id = Members.id(member.uniqueAddress());
    return new MemberStatus(
        id.address(),
        id.uid(),
        List.copyOf(roles),
        member.status().toString().toLowerCase(Locale.ROOT),
        zone,
        isReachable,
        isOldest,
        awakeQueues,
        url);
  }
}
