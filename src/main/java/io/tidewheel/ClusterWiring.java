package io.tidewheel;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import io.tidewheel.cluster.ClusterNode;
import io.tidewheel.config.ClusterSettings;
import io.tidewheel.config.ConfigurationException;
import io.tidewheel.config.TidewheelSettings;

/** How a node becomes a member, and what happens when it can't be one any more. */
final class ClusterWiring {
  /** Why a node ends by itself: others go on without it, and it comes back as a new one. */
  static final CoordinatedShutdown.Reason NO_QUORUM =
      new CoordinatedShutdown.Reason() {
        @Override
        public String toString() {
          return "NoQuorum";
        }
      };

  private ClusterWiring() {}

  /**
   * Refuses what cannot be.
   *
   * @throws ConfigurationException with one line for people
   */
  static void check(TidewheelSettings settings) {
    if (settings.cluster().isOneOfSeveral()) {
      throw new ConfigurationException(
          "tidewheel.cluster says that this node is one of several, but the embedded store keeps"
              + " everything on the disk of one node: a cluster needs tidewheel.store = cassandra,"
              + " one node needs no setting below tidewheel.cluster.");
    }
  }

  static ClusterNode join(ActorSystem<?> system, TidewheelSettings settings) {
    ClusterSettings cluster = settings.cluster();
    if (!cluster.isOneOfSeveral()) {
      return ClusterNode.alone(system, cluster);
    }
    return ClusterNode.member(system, cluster, System::nanoTime, () -> leave(system, cluster));
  }

  private static void leave(ActorSystem<?> system, ClusterSettings cluster) {
    system
        .log()
        .error(
            "This node has had no confirmation of {} brokers for too long; it ends, to join again"
                + " when it is started the next time",
            cluster.quorum());
    CoordinatedShutdown.get(system).runAll(NO_QUORUM);
  }
}
