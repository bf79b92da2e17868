package io.tidewheel.cluster;

import akka.Done;
import akka.actor.Address;
import akka.actor.AddressFromURIString;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.JoinSeedNodes;
import akka.management.cluster.bootstrap.ClusterBootstrap;
import akka.management.javadsl.AkkaManagement;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.Standing;
import io.tidewheel.config.ClusterSettings;
import io.tidewheel.journal.Fence;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.worker.Idleness;
import io.tidewheel.worker.OtherNodes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node as a member: how it joins, what gives it the right to write, and what it knows of the
 * others. Safe for any thread.
 */
public final class ClusterNode {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterNode.class);
  private static final Duration RESIGN_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration COUNT_TIMEOUT = Duration.ofSeconds(2);

  private final ActorSystem<?> system;
  private final ClusterSettings settings;
  private final Cluster cluster;
  private final @Nullable QuorumLease lease;
  private final Fence fence;
  private final InstantSource clock;
  private final Map<String, String> httpAddresses = new ConcurrentHashMap<>();
  private final BoardLag boardLag;

  private ClusterNode(
      ActorSystem<?> system,
      ClusterSettings settings,
      @Nullable QuorumLease lease,
      Fence fence,
      InstantSource clock,
      LongSupplier nanoTime) {
    this.boardLag = new BoardLag(nanoTime);
    this.system = system;
    this.settings = settings;
    this.cluster = Cluster.get(system);
    this.lease = lease;
    this.fence = fence;
    this.clock = clock;
  }

  /** Names this start of this node and no other, without spaces. */
  public static String incarnation(ActorSystem<?> system) {
    NodeId self = Members.self(Cluster.get(system));
    return self.address() + '#' + Long.toHexString(self.uid());
  }

  /** A cluster of this node alone, whose store is a fence by itself. */
  public static ClusterNode alone(
      ActorSystem<?> system, ClusterSettings settings, InstantSource wall) {
    Cluster cluster = Cluster.get(system);
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    // There are no others to be late.
    return new ClusterNode(system, settings, null, Fence.ALWAYS, wall, () -> 0);
  }

  /**
   * Joins the others, by seed nodes or by what discovery finds; returns at once.
   *
   * @param store what the store says of the right to write; {@link Fence#ALWAYS} if only the others
   *     are asked
   * @param wall this node's clock
   * @param nanoTime monotonic clock in nanoseconds
   * @param onOverdue is run once, on any thread, when this node has no right to do anything for so
   *     long that it should end and begin anew
   */
  public static ClusterNode member(
      ActorSystem<?> system,
      ClusterSettings settings,
      Fence store,
      InstantSource wall,
      LongSupplier nanoTime,
      Runnable onOverdue) {
    if (settings.unsafeWriteWithoutQuorum()) {
      LOG.warn(
          "tidewheel.cluster.unsafe-write-without-quorum is on: a node that is paused or cut off"
              + " goes on writing, and acknowledged messages WILL BE LOST. For testing the fault"
              + " checker only.");
    }
    QuorumLease lease = new QuorumLease(settings.quorum(), settings.joinTimeout(), nanoTime);
    ClusterClock clock = new ClusterClock(wall, nanoTime);
    ActorRef<QuorumWatch.Command> watch =
        system.systemActorOf(
            Behaviors.supervise(QuorumWatch.create(lease, clock, nanoTime, onOverdue))
                .onFailure(SupervisorStrategy.restart()),
            QuorumWatch.NAME,
            DispatcherSelector.fromConfig("akka.actor.internal-dispatcher"));
    CoordinatedShutdown.get(system)
        .addTask(
            // The queues have moved. Before the others see that it leaves, or what they take over
            // would wait for the end of its right. The catalog takes no changes from here on.
            CoordinatedShutdown.PhaseClusterLeave(),
            "resign",
            () ->
                AskPattern.<QuorumWatch.Command, Done>ask(
                    watch, QuorumWatch.Resign::new, RESIGN_TIMEOUT, system.scheduler()));
    if (!settings.seedNodes().isEmpty()) {
      List<Address> seeds =
          settings.seedNodes().stream()
              .map(seed -> AddressFromURIString.parse("akka://" + system.name() + '@' + seed))
              .toList();
      Cluster.get(system).manager().tell(new JoinSeedNodes(seeds));
    } else if (settings.discovery() == ClusterSettings.Discovery.NONE) {
      Cluster cluster = Cluster.get(system);
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    } else {
      AkkaManagement.get(system).start();
      ClusterBootstrap.get(system).start();
    }
    Fence fence = settings.unsafeWriteWithoutQuorum() ? Fence.ALWAYS : lease.and(store);
    return new ClusterNode(system, settings, lease, fence, clock, nanoTime);
  }

  /** Whether there may be other nodes. */
  public boolean isMember() {
    return lease != null;
  }

  public ClusterSettings settings() {
    return settings;
  }

  /** The right of this node to write. */
  public Fence fence() {
    return fence;
  }

  /** Seconds since the board of the other node that was heard longest ago told anything. */
  public double boardLagSeconds() {
    return boardLag.seconds();
  }

  /** The time by most brokers; this node's own if it is alone. */
  public InstantSource clock() {
    return clock;
  }

  /** How far {@link #clock} is ahead of this node's own; 0 if it is alone. */
  public double clockCorrectionSeconds() {
    return clock instanceof ClusterClock common ? common.correctionSeconds() : 0;
  }

  /** The name of this node, {@code host:port} of what others reach it by. */
  public String name() {
    return Members.self(cluster).address();
  }

  /** Whether this node serves, and why not if it does not; one line for people. */
  public String state() {
    QuorumLease own = lease;
    if (own == null || own.isHeld()) {
      return fence.isHeld() ? "serving" : "the store does not confirm that no other broker uses it";
    }
    return own.wasHeld()
        ? "fewer than " + settings.quorum() + " brokers confirm that this node is a member"
        : "waiting for " + settings.quorum() + " brokers";
  }

  /** What this node knows now, members by name; nodes that do not answer in time say less. */
  public CompletionStage<ClusterStatus> status(ShardedQueues queues) {
    return queues.countByNode(COUNT_TIMEOUT).thenApply(this::status);
  }

  private ClusterStatus status(Map<String, Integer> awakeQueues) {
    MemberView view = Members.view(cluster);
    QuorumLease own = lease;
    return new ClusterStatus(
        name(),
        settings.quorum(),
        (int) view.brokers().stream().filter(view::isReachable).count(),
        fence().isHeld(),
        state(),
        own == null ? null : own.left().toMillis(),
        own == null ? List.of() : own.waitingFor().stream().map(NodeId::address).sorted().toList(),
        ClusterStatus.members(cluster, awakeQueues, httpAddresses));
  }

  /**
   * Starts to tell other nodes of the use of subscriptions, and gives what they say; once.
   *
   * @param idleness of this node, of which they are told
   */
  public OtherNodes startIdleLink(Idleness idleness) {
    if (lease == null) {
      return OtherNodes.NONE;
    }
    ActorRef<IdleLink.Command> link =
        system.systemActorOf(
            Behaviors.supervise(IdleLink.create(idleness)).onFailure(SupervisorStrategy.restart()),
            IdleLink.NAME,
            Props.empty());
    return new OtherNodes() {
      /** The first of the brokers by name, as far as this node sees. */
      @Override
      public boolean isInCharge() {
        MemberView view = Members.view(cluster);
        return view.brokers().contains(view.self())
            && view.brokers().stream()
                .allMatch(broker -> broker.address().compareTo(view.self().address()) >= 0);
      }

      @Override
      public CompletionStage<Boolean> beginRemoval(long subscriptionUid, Duration limit) {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        link.tell(new IdleLink.AskAll(subscriptionUid, limit, answer));
        // Whatever becomes of the link; it answers in less.
        return answer.completeOnTimeout(
            false, 2 * IdleLink.TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      }

      @Override
      public void endRemoval(long subscriptionUid) {
        link.tell(new IdleLink.EndAll(subscriptionUid));
      }
    };
  }

  /** Tells the others where clients reach this node, and hears it of them; once. */
  public void startAddressLink(String url) {
    if (lease == null) {
      httpAddresses.put(name(), url);
      return;
    }
    system.systemActorOf(
        Behaviors.supervise(AddressLink.create(url, httpAddresses))
            .onFailure(SupervisorStrategy.restart()),
        AddressLink.NAME,
        Props.empty());
  }

  /** Where clients reach a node, as a URL; null if that is not known. */
  public @Nullable String httpAddress(String node) {
    return httpAddresses.get(node);
  }

  /** This node, as boards know it. */
  public Standing.Home home() {
    NodeId self = Members.self(cluster);
    return new Standing.Home(self.address(), self.uid(), Standing.Nearness.HERE);
  }

  /**
   * The actors of a name on the other nodes, as they are now.
   *
   * @param name under which each node has started its own, under the guardian of the system
   */
  public <T> Supplier<List<ActorRef<T>>> others(String name) {
    if (lease == null) {
      return List::of;
    }
    Peers<T> peers = new Peers<>(system, name);
    return () -> {
      synchronized (peers) {
        return Members.view(cluster).others().stream().map(peers::on).toList();
      }
    };
  }

  /** Nodes where queues may live now; at least one. */
  public int brokerCount() {
    return lease == null ? 1 : Math.max(1, Members.view(cluster).brokers().size());
  }

  /**
   * Has the board of this node hear of the subscriptions of others, and theirs of those here; once.
   */
  public void startBacklogLink(
      ActorRef<BacklogBoard.Command> board, ActorRef<QueueWaker.Command> waker) {
    if (lease != null) {
      system.systemActorOf(
          BacklogLink.create(board, waker, boardLag), BacklogLink.NAME, Props.empty());
    }
  }
}
