package io.tidewheel.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;

/** The other members of the cluster, each with an actor under the same name. */
final class ClusterNeighbours implements BacklogLink.Neighbours {
  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final String name;
  private final Peers<BacklogLink.Command> peers;

  ClusterNeighbours(ActorSystem<?> system, String name) {
    this.system = system;
    this.cluster = Cluster.get(system);
    this.name = name;
    this.peers = new Peers<>(system, name);
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
      if (role.startsWith(Roles.ZONE_PREFIX)) {
        return role;
      }
    }
    return "";
  }

  @Override
  public void tell(NodeId node, BacklogLink.Command message) {
    peers.on(node).tell(message);
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
