package io.tidewheel.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import java.util.HashMap;
import java.util.Map;

/** The other members of the cluster, each with an actor under the same name. */
final class ClusterNeighbours implements BacklogLink.Neighbours {
  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final String name;

  /** Found once: to resolve an address costs more than to send. */
  private final Map<NodeId, ActorRef<BacklogLink.Command>> known = new HashMap<>();

  ClusterNeighbours(ActorSystem<?> system, String name) {
    this.system = system;
    this.cluster = Cluster.get(system);
    this.name = name;
  }

  @Override
  public MemberView view() {
    return Members.view(cluster);
  }

  @Override
  public boolean isNear(NodeId node) {
    String own = zone(cluster.selfMember());
    for (Member member : cluster.state().getMembers()) {
      if (Members.id(member.uniqueAddress()).equals(node)) {
        return zone(member).equals(own);
      }
    }
    return false;
  }

  private static String zone(Member member) {
    for (String role : member.getRoles()) {
      if (role.startsWith(ClusterNode.ZONE_ROLE)) {
        return role;
      }
    }
    return "";
  }

  @Override
  public void tell(NodeId node, BacklogLink.Command message) {
    ActorRef<BacklogLink.Command> link = known.get(node);
    if (link == null) {
      MemberView view = view();
      known
          .keySet()
          .removeIf(one -> !view.brokers().contains(one) && !view.gateways().contains(one));
      link =
          ActorRefResolver.get(system)
              .resolveActorRef(
                  "akka://" + system.name() + '@' + node.address() + "/system/" + name);
      known.put(node, link);
    }
    link.tell(message);
  }

  @Override
  public void onChange(Runnable listener) {
    ActorRef<MemberEvent> events =
        system.systemActorOf(
            Behaviors.receiveMessage(
                event -> {
                  listener.run();
                  return Behaviors.same();
                }),
            name + "-members",
            Props.empty());
    cluster.subscriptions().tell(Subscribe.create(events, MemberEvent.class));
  }
}
