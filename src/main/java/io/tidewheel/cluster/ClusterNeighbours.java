package io.tidewheel.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.GetCurrentState;
import akka.cluster.typed.Subscribe;
import org.jspecify.annotations.Nullable;

/** The other members of the cluster, each with an actor under the same name. */
final class ClusterNeighbours implements BacklogLink.Neighbours {
  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final String name;
  private final Peers<BacklogLink.Command> peers;

  /** As of the last event: what Akka gives out without being asked may be older than that. */
  private volatile @Nullable CurrentClusterState newest;

  ClusterNeighbours(ActorSystem<?> system, String name) {
    this.system = system;
    this.cluster = Cluster.get(system);
    this.name = name;
    this.peers = new Peers<>(system, name);
  }

  @Override
  public MemberView view() {
    return Members.view(cluster, state());
  }

  /** One for all questions: who is a member by one of them must have a zone by the other. */
  private CurrentClusterState state() {
    CurrentClusterState known = newest;
    return known == null ? cluster.state() : known;
  }

  @Override
  public boolean isNear(NodeId node) {
    String own = zone(cluster.selfMember());
    for (Member member : state().getMembers()) {
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
    ActorRef<Object> events =
        system.systemActorOf(
            Behaviors.<Object>setup(
                context ->
                    Behaviors.receiveMessage(
                        message -> {
                          if (message instanceof CurrentClusterState state) {
                            newest = state;
                            listener.run();
                          } else {
                            ask(context.getSelf());
                          }
                          return Behaviors.same();
                        })),
            name + "-members",
            Props.empty());
    cluster.subscriptions().tell(Subscribe.create(events.narrow(), MemberEvent.class));
  }

  private void ask(ActorRef<Object> self) {
    cluster.subscriptions().tell(new GetCurrentState(self.narrow()));
  }
}
