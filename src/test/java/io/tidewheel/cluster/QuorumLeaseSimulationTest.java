package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

/**
 * Brokers with clocks of their own, messages that take their time or get lost, pauses, partitions
 * and removals: never does a node take over while the one it takes over from still has the right.
 * The cluster under it is worse than Akka: members are removed at any moment, as long as every
 * member that goes on was told so before anybody acts on it. What a node was told its lease hears
 * up to three seconds later.
 */
class QuorumLeaseSimulationTest {
  private static final long MILLI = 1_000_000;
  private static final int STEPS = 400;

  @Property(tries = 300)
  void nobodyTakesOverFromOneThatMayStillWrite(@ForAll long seed) {
    Simulation simulation = new Simulation(new Random(seed));
    simulation.run();
    // Else the rule is never put to the test.
    Statistics.label("take-overs")
        .collect(simulation.takeOvers > 0)
        .coverage(coverage -> coverage.check(true).percentage(share -> share > 5));
  }

  private record Event(long at, Runnable run) {}

  /** A log has come to a node, from one that was not of these members any more. */
  private record Move(BooleanSupplier claim, Set<NodeId> members) {}

  private static final class Node {
    private final NodeId id;
    private final long clockOffset;
    private final QuorumLease lease;
    private final VoteRecord record;

    /** As the cluster has told this node, and as its lease has heard. */
    private final Set<NodeId> members;

    private Set<NodeId> heardMembers;
    private long heardAt;

    private final List<Move> moves = new ArrayList<>();

    private Set<NodeId> unreachable = new HashSet<>();
    private long pausedUntil;
    private boolean isRemoved;
    private final Simulation world;

    Node(NodeId id, long clockOffset, Set<NodeId> members, Simulation world) {
      this.id = id;
      this.clockOffset = clockOffset;
      this.world = world;
      this.members = members;
      this.heardMembers = Set.copyOf(members);
      this.lease =
          new QuorumLease(world.quorum, Duration.ofSeconds(30), () -> world.now + clockOffset);
      this.record = new VoteRecord();
    }

    MemberView view() {
      return new MemberView(id, heardMembers, Set.of(), unreachable);
    }

    /** The cluster tells; the lease hears of it in the same order. */
    void remove(NodeId gone) {
      members.remove(gone);
      Set<NodeId> now = Set.copyOf(members);
      heardAt = Math.max(heardAt, world.now + world.random.nextInt(3_000) * MILLI);
      world.events.add(
          new Event(
              heardAt,
              () ->
                  world.whenAwake(
                      this,
                      () -> {
                        // A pause may turn two round here, which Akka does not: members only go.
                        if (heardMembers.containsAll(now)) {
                          heardMembers = now;
                        }
                        lease.observe(view());
                      })));
    }

    /** A log comes, and the node looks at what the cluster has told it. */
    void claim() {
      moves.add(new Move(lease.claim(() -> {}), Set.copyOf(members)));
      long count = lease.takeOvers().count();
      MemberView now = new MemberView(id, members, Set.of(), unreachable);
      world.events.add(
          new Event(
              world.now + world.random.nextInt(200) * MILLI,
              () -> world.whenAwake(this, () -> lease.onLooked(now, count))));
    }

    void tick() {
      QuorumLease.Question question = lease.begin(view());
      // The same order in each process, or a seed would not show the same again.
      List<NodeId> peers = new ArrayList<>(heardMembers);
      peers.sort(Comparator.comparing(NodeId::address));
      for (NodeId peer : peers) {
        world.send(id, peer, node -> node.answer(this, question));
      }
    }

    void answer(Node asker, QuorumLease.Question question) {
      VoteRecord.Vote vote =
          record.vote(asker.id, question.gone(), view(), world.now + clockOffset);
      world.send(id, asker.id, node -> node.lease.onVote(question.number(), id, vote));
    }
  }

  private static final class Simulation {
    private final Random random;
    private final int size;
    private final int quorum;
    private final PriorityQueue<Event> events =
        new PriorityQueue<>(Comparator.comparingLong(Event::at));
    private final List<Node> nodes = new ArrayList<>();
    private Set<NodeId> cut = Set.of();
    private long now;
    private int takeOvers;

    Simulation(Random random) {
      this.random = random;
      this.size = 3 + 2 * random.nextInt(2);
      this.quorum = size / 2 + 1;
      Set<NodeId> all = new LinkedHashSet<>();
      for (int i = 0; i < size; i++) {
        all.add(new NodeId("n" + i, i));
      }
      for (NodeId id : all) {
        nodes.add(new Node(id, random.nextInt(1_000) * 1_000L * MILLI, new HashSet<>(all), this));
      }
    }

    void run() {
      for (Node node : nodes) {
        tick(node);
      }
      for (int step = 0; step < STEPS; step++) {
        long until = now + random.nextInt(300) * MILLI;
        while (!events.isEmpty() && events.peek().at <= until) {
          Event event = events.remove();
          now = Math.max(now, event.at);
          event.run.run();
          check();
        }
        now = until;
        disturb();
        check();
      }
    }

    private void tick(Node node) {
      whenAwake(node, node::tick);
      events.add(new Event(now + 500 * MILLI, () -> tick(node)));
    }

    private void whenAwake(Node node, Runnable run) {
      if (node.pausedUntil > now) {
        events.add(new Event(node.pausedUntil, () -> whenAwake(node, run)));
      } else {
        run.run();
      }
    }

    void send(NodeId from, NodeId to, Consumer<Node> message) {
      boolean isCut = cut.contains(from) != cut.contains(to);
      if (isCut || random.nextInt(20) == 0) {
        return;
      }
      long delay = random.nextInt(10) == 0 ? random.nextInt(6_000) : random.nextInt(50);
      Node receiver = node(to);
      events.add(
          new Event(
              now + delay * MILLI, () -> whenAwake(receiver, () -> message.accept(receiver))));
    }

    private Node node(NodeId id) {
      return nodes.stream().filter(node -> node.id.equals(id)).findFirst().orElseThrow();
    }

    private void disturb() {
      switch (random.nextInt(12)) {
        case 0 -> random(node -> node.pausedUntil = now + random.nextInt(9_000) * MILLI);
        case 1 -> random(node -> cut = Set.of(node.id));
        case 2 -> cut = Set.of();
        case 3 -> random(node -> random(other -> node.unreachable.add(other.id)));
        case 4 -> random(node -> node.unreachable.clear());
        case 5 -> random(this::remove);
        default -> {}
      }
    }

    /** Only a quorum removes, and all of it have seen that before anybody acts on it. */
    private void remove(Node gone) {
      List<Node> rest =
          nodes.stream()
              .filter(node -> node != gone && !node.isRemoved && node.pausedUntil <= now)
              .filter(node -> cut.contains(node.id) == cut.contains(nodes.get(0).id))
              .toList();
      if (rest.size() < quorum || gone.isRemoved) {
        return;
      }
      gone.isRemoved = true;
      for (Node node : rest) {
        node.remove(gone.id);
      }
      // Only now does anything move.
      rest.forEach(Node::claim);
    }

    private void random(Consumer<Node> change) {
      change.accept(nodes.get(random.nextInt(size)));
    }

    private void check() {
      for (Node taker : nodes) {
        if (!taker.isRemoved) {
          taker.moves.stream()
              .filter(move -> move.claim.getAsBoolean())
              .forEach(move -> check(taker, move));
        }
      }
    }

    private void check(Node taker, Move move) {
      for (Node other : nodes) {
        if (other.isRemoved && !move.members.contains(other.id)) {
          takeOvers++;
          assertThat(other.lease.isHeld())
              .as("%s may write while %s takes over", other.id, taker.id)
              .isFalse();
        }
      }
    }
  }
}
