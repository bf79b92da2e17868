package io.tidewheel.cluster;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.typed.Cluster;
import io.tidewheel.message.Control;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Tells the other nodes where clients reach this one, and keeps what they tell. One on each node.
 *
 * <p>A node is told when it is seen first, and asked again while it has not answered. What is known
 * of a node that has left is forgotten.
 */
final class AddressLink extends AbstractBehavior<AddressLink.Command> {
  /** Under the system's guardian, the same on every node: so nodes find each other. */
  static final String NAME = "address-link";

  /** Between two looks at who is there. */
  static final Duration LOOK = Duration.ofSeconds(1);

  /** What a link takes. */
  sealed interface Command {}

  /**
   * Where clients reach a node.
   *
   * @param isAsking whether that node does not know the same of the one that is told
   */
  record Said(NodeId node, String url, boolean isAsking) implements Command, Control {}

  private record Look() implements Command {}

  private final Cluster cluster;
  private final NodeId self;
  private final String url;
  private final Map<String, String> urlByNode;
  private final Peers<Command> peers;
  private final Set<NodeId> known = new HashSet<>();

  /**
   * A link.
   *
   * @param url of this node
   * @param urlByNode by name of the node; read by any thread, written by the link alone
   */
  static Behavior<Command> create(String url, Map<String, String> urlByNode) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new AddressLink(context, timers, url, urlByNode)));
  }

  private AddressLink(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      String url,
      Map<String, String> urlByNode) {
    super(context);
    this.cluster = Cluster.get(context.getSystem());
    this.self = Members.self(cluster);
    this.url = url;
    this.urlByNode = urlByNode;
    this.peers = new Peers<>(context.getSystem(), NAME);
    urlByNode.put(self.address(), url);
    timers.startTimerWithFixedDelay(new Look(), LOOK);
    onLook();
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Look.class, look -> onLook())
        .onMessage(Said.class, this::onSaid)
        .build();
  }

  private Behavior<Command> onLook() {
    Set<NodeId> others = Members.view(cluster).others();
    if (known.retainAll(others)) {
      Set<String> names = new HashSet<>();
      known.forEach(node -> names.add(node.address()));
      names.add(self.address());
      urlByNode.keySet().retainAll(names);
    }
    for (NodeId node : others) {
      if (!known.contains(node)) {
        peers.on(node).tell(new Said(self, url, true));
      }
    }
    return this;
  }

  private Behavior<Command> onSaid(Said said) {
    // One that is not a member here yet is asked when it is.
    if (Members.view(cluster).others().contains(said.node())) {
      known.add(said.node());
      urlByNode.put(said.node().address(), said.url());
    }
    if (said.isAsking()) {
      peers.on(said.node()).tell(new Said(self, url, false));
    }
    return this;
  }
}
