package io.tidewheel;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.tidewheel.cluster.ClusterNode;
import io.tidewheel.cluster.SoleLease;
import io.tidewheel.config.ClusterSettings;
import io.tidewheel.config.ConfigurationException;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.journal.Fence;
import io.tidewheel.journal.NodeStore;
import io.tidewheel.journal.SharedRegister;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;

/** How a node becomes a member, and what happens when it can't be one any more. */
final class ClusterWiring {
  /** Why a node ends by itself: others go on without it, and it comes back as a new one. */
  private static final CoordinatedShutdown.Reason NO_QUORUM = reason("NoQuorum");

  private static final CoordinatedShutdown.Reason TAKEN_OVER = reason("TakenOver");

  private static final String QUORUM = "cluster-quorum";

  private ClusterWiring() {}

  private static CoordinatedShutdown.Reason reason(String name) {
    return new CoordinatedShutdown.Reason() {
      @Override
      public String toString() {
        return name;
      }
    };
  }

  /**
   * Refuses what cannot be.
   *
   * @throws ConfigurationException with one line for people
   */
  static void check(TidewheelSettings settings) {
    if (settings.store() == TidewheelSettings.Store.EMBEDDED
        && settings.cluster().isOneOfSeveral()) {
      throw new ConfigurationException(
          "tidewheel.cluster says that this node is one of several, but the embedded store keeps"
              + " everything on the disk of one node: a cluster needs tidewheel.store = cassandra,"
              + " one node needs no setting below tidewheel.cluster.");
    }
  }

  /**
   * Makes the node a member of its cluster; returns as soon as it tries to be.
   *
   * @throws NodeStartException if the cluster was begun with another quorum
   */
  static ClusterNode join(
      ActorSystem<?> system,
      TidewheelSettings settings,
      InstantSource wall,
      NodeStore store,
      StartGate gate) {
    ClusterSettings cluster = settings.cluster();
    SharedRegister register = store.register();
    if (register == null) {
      return ClusterNode.alone(system, cluster, wall);
    }
    byte[] own = Integer.toString(cluster.quorum()).getBytes(StandardCharsets.UTF_8);
    byte[] recorded = gate.await(() -> store.readOrCreate(QUORUM, () -> own), "the store");
    if (!Arrays.equals(own, recorded)) {
      throw new NodeStartException(
          "tidewheel.cluster.brokers = "
              + cluster.brokers()
              + " makes a quorum of "
              + cluster.quorum()
              + ", but this cluster was begun with a quorum of "
              + new String(recorded, StandardCharsets.UTF_8)
              + ", and two that differ could both serve. It is the same on every node; to change it,"
              + " stop all nodes and change the value "
              + QUORUM
              + " in the store.",
          null);
    }
    boolean isSole = cluster.brokers() == 1 && cluster.role() == ClusterSettings.Role.BROKER;
    return ClusterNode.member(
        system,
        cluster,
        isSole ? soleLease(system, register, gate) : Fence.ALWAYS,
        wall,
        System::nanoTime,
        () -> leave(system, cluster));
  }

  /** Waits until no other broker, of which nobody told this one, uses the same store. */
  private static Fence soleLease(ActorSystem<?> system, SharedRegister register, StartGate gate) {
    CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
    SoleLease lease =
        SoleLease.start(
            new SoleLease.Parts(
                register,
                ClusterNode.incarnation(system),
                System::nanoTime,
                (pause, action) ->
                    system.scheduler().scheduleOnce(pause, action, system.executionContext()),
                () -> shutdown.runAll(TAKEN_OVER)));
    shutdown.addTask(
        // The queues have moved or ended.
        CoordinatedShutdown.PhaseClusterLeave(), "give-the-store-back", lease::release);
    gate.await(lease::taken, "the broker that uses the same keyspace");
    return lease;
  }

  /** What this node knows of the others, in its metrics. */
  static void measure(ClusterNode cluster, MeterRegistry registry) {
    Gauge.builder("tidewheel.board.lag", cluster, ClusterNode::boardLagSeconds)
        .description("Since the board of another node was heard, of the one heard longest ago")
        .baseUnit("seconds")
        .register(registry);
    Gauge.builder("tidewheel.clock.correction", cluster, ClusterNode::clockCorrectionSeconds)
        .description("How far the time by most brokers is ahead of this node's own clock")
        .baseUnit("seconds")
        .register(registry);
  }

  private static void leave(ActorSystem<?> system, ClusterSettings cluster) {
    system
        .log()
        .error(
            "This node has had no confirmation of {} brokers for too long; it ends, to join again"
                + " when it is started the next time",
            cluster.quorum());
    // Nothing finds another home without a quorum, and a region would wait for that.
    CoordinatedShutdown.get(system)
        .run(NO_QUORUM, Optional.of(CoordinatedShutdown.PhaseClusterLeave()));
  }
}
