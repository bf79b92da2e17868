package io.tidewheel.cluster;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.tidewheel.VirtualTime;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogReports;
import io.tidewheel.backlog.Claims;
import io.tidewheel.backlog.Offer;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.backlog.Standing.Nearness;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;

/** Boards of several nodes with their links; time and what gets through are the test's. */
final class LinkedBoards {
  static final long SUBSCRIPTION = 7;
  static final long TOPIC = 1;
  private static final long STEP = 1_000;

  private final ActorTestKit kit;
  private final VirtualTime time;
  private final AtomicLong millis = new AtomicLong(1_000_000);
  private final Map<NodeId, Node> nodes = new ConcurrentHashMap<>();
  private volatile Set<NodeId> members = Set.of();
  private volatile Set<NodeId> down = Set.of();

  /** Whether a message gets to a node. */
  volatile BiPredicate<NodeId, BacklogLink.Command> isDelivered = (to, message) -> true;

  /** A message between nodes. */
  record Sent(NodeId from, NodeId to, BacklogLink.Command message) {}

  final List<Sent> sent = new CopyOnWriteArrayList<>();

  LinkedBoards(ActorTestKit kit) {
    this.kit = kit;
    this.time = new VirtualTime(kit);
  }

  Node join(String name) {
    return join(name, "", 0);
  }

  /** A node in a zone, whose clock goes wrong by so many milliseconds. */
  Node join(String name, String zone, long skewMillis) {
    Node node = new Node(new NodeId(name, nodes.size() + 1), zone, skewMillis);
    nodes.put(node.id, node);
    Set<NodeId> more = new HashSet<>(members);
    more.add(node.id);
    members = Set.copyOf(more);
    node.start();
    changed();
    return node;
  }

  void leave(Node node) {
    Set<NodeId> fewer = new HashSet<>(members);
    fewer.remove(node.id);
    members = Set.copyOf(fewer);
    kit.stop(node.link);
    nodes.remove(node.id);
    changed();
  }

  /** Is declared dead, and not removed before {@link #remove}. */
  void kill(Node node) {
    down = Set.of(node.id);
    leave(node);
  }

  void remove() {
    down = Set.of();
    changed();
  }

  private void changed() {
    nodes.values().forEach(node -> node.listeners.forEach(Runnable::run));
    settle();
  }

  /** Time passes, in steps after each of which everybody does what is to be done. */
  void pass(Duration duration) {
    for (long left = duration.toMillis(); left > 0; left -= STEP) {
      long step = Math.min(left, STEP);
      millis.addAndGet(step);
      time.passes(Duration.ofMillis(step));
      settle(1);
    }
    settle();
  }

  /** Everybody has dealt with all messages. */
  void settle() {
    settle(4);
  }

  private void settle(int hops) {
    for (int hop = 0; hop < hops; hop++) {
      nodes.values().forEach(Node::beginSettling);
      nodes.values().forEach(Node::awaitSettled);
    }
  }

  List<BacklogLink.Told> told(Node from, Node to) {
    List<BacklogLink.Told> told = new ArrayList<>();
    for (Sent one : sent) {
      if (one.from.equals(from.id)
          && one.to.equals(to.id)
          && one.message instanceof BacklogLink.Rows rows) {
        told.addAll(rows.rows());
      }
    }
    return told;
  }

  /** One node. */
  final class Node implements BacklogLink.Neighbours {
    final NodeId id;
    private final String zone;
    final ActorRef<BacklogBoard.Command> board;
    final BacklogReports reports;
    final BoardLag lag = new BoardLag(() -> millis.get() * 1_000_000);
    final TestProbe<QueueWaker.Command> waker = kit.createTestProbe();
    private final TestProbe<Object> probe = kit.createTestProbe();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final AtomicInteger views = new AtomicInteger();
    private int viewsBefore;
    private volatile ActorRef<BacklogLink.Command> link;

    private Node(NodeId id, String zone, long skewMillis) {
      this.id = id;
      this.zone = zone;
      InstantSource clock = () -> Instant.ofEpochMilli(millis.get() + skewMillis);
      Claims claims = new Claims(clock);
      board =
          kit.spawn(
              BacklogBoard.create(
                  new BacklogBoard.Parts(
                      new Home(id.address(), id.uid(), Nearness.HERE),
                      claims,
                      clock,
                      new SplittableRandom(3))));
      reports = new BacklogReports(board, claims);
    }

    private void start() {
      link = kit.spawn(BacklogLink.create(this, board, waker.getRef(), lag));
    }

    private void beginSettling() {
      board.tell(new BacklogBoard.Ping(probe.getRef().narrow()));
      // A node that nobody knows makes it look who there is.
      viewsBefore = views.get();
      link.tell(new BacklogLink.Wants(new NodeId("nobody", 0), Set.of(), false, false));
    }

    private void awaitSettled() {
      probe.expectMessage(new BacklogBoard.Pong());
      while (views.get() == viewsBefore) {
        LockSupport.parkNanos(10_000);
      }
    }

    @Override
    public MemberView view() {
      views.incrementAndGet();
      return new MemberView(id, members, Set.of(), down);
    }

    @Override
    public boolean isNear(NodeId node) {
      return nodes.get(node).zone.equals(zone);
    }

    @Override
    public void tell(NodeId node, BacklogLink.Command message) {
      sent.add(new Sent(id, node, message));
      Node to = nodes.get(node);
      if (to != null && to.link != null && isDelivered.test(node, message)) {
        to.link.tell(message);
      }
    }

    @Override
    public void onChange(Runnable listener) {
      listeners.add(listener);
    }

    /** A subscription on a queue that begins to live here. */
    Owner owner(int queue) {
      return new Owner(this, queue, reports.claim());
    }

    /** A worker looks for work, which shows that there is one. */
    Offer look() {
      TestProbe<Offer> offers = kit.createTestProbe();
      board.tell(new BacklogBoard.Candidates(SUBSCRIPTION, new BitSet(), 0, offers.getRef()));
      Offer offer = offers.receiveMessage();
      LinkedBoards.this.settle();
      return offer;
    }

    /** A worker that pulls again and again, and has room for so many. */
    void counted(int room) {
      TestProbe<Offer> worker = kit.createTestProbe();
      board.tell(new BacklogBoard.Candidates(SUBSCRIPTION, new BitSet(), room, worker.getRef()));
      worker.receiveMessage();
      LinkedBoards.this.settle();
    }

    /** A worker that has found nothing and waits. */
    TestProbe<Offer> waiting() {
      long version = look().version();
      TestProbe<Offer> worker = kit.createTestProbe();
      board.tell(new BacklogBoard.Want(SUBSCRIPTION, 10, version, worker.getRef()));
      LinkedBoards.this.settle();
      return worker;
    }

    /** A worker that was woken has looked, and does something else now. */
    void looked(TestProbe<Offer> worker) {
      board.tell(new BacklogBoard.Leave(worker.getRef()));
      LinkedBoards.this.settle();
    }

    /** What the board knows of queues with work: where they live. */
    List<String> homes() {
      return look().rows().stream().map(row -> row.queue() + "@" + row.home().node()).toList();
    }
  }

  /** One life of a subscription on a queue. */
  final class Owner {
    private final Node node;
    private final int queue;
    private final long claim;

    private Owner(Node node, int queue, long claim) {
      this.node = node;
      this.queue = queue;
      this.claim = claim;
    }

    Owner has(long dispatchable) {
      return report(dispatchable, Presence.AWAKE);
    }

    Owner sleeps() {
      return report(0, Presence.ASLEEP);
    }

    Owner goes() {
      return report(0, Presence.GONE);
    }

    private Owner report(long dispatchable, Presence presence) {
      node.reports.report(
          new Row(
              TOPIC,
              SUBSCRIPTION,
              queue,
              claim,
              dispatchable,
              dispatchable,
              0,
              dispatchable == 0 ? 0 : 1_000,
              presence));
      settle();
      return this;
    }
  }
}
