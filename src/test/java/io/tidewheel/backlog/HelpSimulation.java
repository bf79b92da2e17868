package io.tidewheel.backlog;

import akka.actor.testkit.typed.javadsl.TestInbox;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.backlog.Standing.Nearness;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.function.LongUnaryOperator;

/**
 * Queues, boards and workers of several nodes in virtual time: the boards are the real ones, the
 * rest does what links and workers promise to do.
 */
final class HelpSimulation {
  static final long HOP_MILLIS = 2;
  private static final long PACE_MILLIS = 1_000;
  private static final long SUBSCRIPTION = 7;

  /** How a worker looks at the world: whether it has nothing to do, and what the board tells it. */
  interface Sleeper {
    void wakeIfTold();
  }

  private final SplittableRandom random;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (one, other) ->
              one.atMillis != other.atMillis
                  ? Long.compare(one.atMillis, other.atMillis)
                  : Long.compare(one.order, other.order));
  private final List<Node> nodes = new ArrayList<>();
  private final List<Queue> queues = new ArrayList<>();
  private final List<Worker> workers = new ArrayList<>();
  private long hopMillis = HOP_MILLIS;
  private long maxStoreMillis = 12;
  private long now = 1_000_000;
  private final long startMillis = now;
  private long order;
  private long dispatchable;
  private long workSince = Long.MAX_VALUE;
  private long delivered;
  private long local;
  private long lastDoneMillis;
  private long longestIdle;
  private long longestWait;

  private record Event(long atMillis, long order, Runnable step) {}

  /**
   * What came of a run.
   *
   * @param longestIdleMillis how long a worker waited at most while there was work somewhere
   * @param longestWaitMillis how long a message waited at most
   */
  record Result(
      long drainedAtMillis,
      long delivered,
      double localShare,
      long longestIdleMillis,
      long longestWaitMillis) {}

  HelpSimulation(int nodeCount, long seed) {
    random = new SplittableRandom(seed);
    for (int i = 0; i < nodeCount; i++) {
      Node node = new Node(i);
      nodes.add(node);
      at(random.nextLong(PACE_MILLIS), node::pace);
    }
  }

  int queue(int node) {
    queues.add(new Queue(queues.size(), nodes.get(node)));
    return queues.size() - 1;
  }

  void publish(int queue, int count) {
    at(0, () -> queues.get(queue).publish(count));
  }

  /** Publishes to queues in turn. */
  void stream(int[] to, int perSecond, long forMillis) {
    long count = perSecond * forMillis / 1_000;
    for (long i = 0; i < count; i++) {
      Queue queue = queues.get(to[(int) (i % to.length)]);
      at(1 + i * 1_000 / perSecond + random.nextLong(3), () -> queue.publish(1));
    }
  }

  /** Publishes batches to queues in turn, at times that are a little off. */
  void bursts(int[] to, int perSecond, int size, long forMillis) {
    long count = perSecond * forMillis / 1_000 / size;
    for (long i = 0; i < count; i++) {
      Queue queue = queues.get(to[(int) (i % to.length)]);
      at(1 + i * forMillis / count + random.nextLong(20), () -> queue.publish(size));
    }
  }

  void workers(int count, IntUnaryOperator node, int capacity, LongUnaryOperator handlingMillis) {
    for (int i = 0; i < count; i++) {
      Worker worker =
          new Worker(nodes.get(node.applyAsInt(i)), capacity, handlingMillis.applyAsLong(i));
      workers.add(worker);
      worker.node.sleepers.add(worker);
      at(random.nextLong(5), worker::look);
    }
  }

  /** Sessions that hold more than they handle at a time, one on each node. */
  List<HelpCrew> crews(int concurrency, int inHand, LongUnaryOperator handlingMillis) {
    List<HelpCrew> crews = new ArrayList<>();
    for (Node node : nodes) {
      HelpCrew crew =
          new HelpCrew(this, node, concurrency, inHand, handlingMillis.applyAsLong(node.number));
      node.sleepers.add(crew);
      crews.add(crew);
      at(random.nextLong(5), crew::pull);
    }
    return crews;
  }

  Queue queueOf(Standing row) {
    return queues.get(row.queue());
  }

  long now() {
    return now;
  }

  /** Makes the machine slower than it is by default. */
  void slowDown(long hopMillis, long maxStoreMillis) {
    this.hopMillis = hopMillis;
    this.maxStoreMillis = maxStoreMillis;
  }

  long hopMillis() {
    return hopMillis;
  }

  /** How long a queue takes to store whom it gives something. */
  long storeMillis() {
    return random.nextLong(2, maxStoreMillis);
  }

  void onDelivered(int count, boolean isLocal) {
    delivered += count;
    local += isLocal ? count : 0;
  }

  void onDone() {
    lastDoneMillis = now;
  }

  /** Leaves out of the result what was before. */
  void countFromNow() {
    delivered = 0;
    local = 0;
    longestIdle = 0;
    longestWait = 0;
  }

  Result run(long limitMillis) {
    while (!events.isEmpty() && now < startMillis + limitMillis) {
      Event event = events.remove();
      now = event.atMillis;
      event.step.run();
      noteIdle();
    }
    return new Result(
        lastDoneMillis - startMillis,
        delivered,
        delivered == 0 ? 1 : (double) local / delivered,
        longestIdle,
        longestWait);
  }

  private void noteIdle() {
    if (dispatchable > 0) {
      for (Worker worker : workers) {
        if (worker.isWaiting) {
          longestIdle = Math.max(longestIdle, now - Math.max(worker.waitingSince, workSince));
        }
      }
    }
  }

  void at(long inMillis, Runnable step) {
    events.add(new Event(now + inMillis, order++, step));
  }

  final class Queue {
    private final int number;
    final Node home;
    private final Deque<Long> published = new ArrayDeque<>();

    private Queue(int number, Node home) {
      this.number = number;
      this.home = home;
    }

    private void publish(int count) {
      for (int i = 0; i < count; i++) {
        published.add(now);
      }
      changed(count);
      home.report(this);
    }

    int take(int max) {
      int taken = 0;
      while (taken < max && !published.isEmpty()) {
        longestWait = Math.max(longestWait, now - published.remove());
        taken++;
      }
      changed(-taken);
      if (taken > 0) {
        home.report(this);
      }
      return taken;
    }

    boolean isEmpty() {
      return published.isEmpty();
    }

    private void changed(int by) {
      if (dispatchable == 0 && by > 0) {
        workSince = now;
      }
      dispatchable += by;
    }

    private Row row() {
      return new Row(
          1,
          SUBSCRIPTION,
          number,
          1,
          published.size(),
          published.size(),
          0,
          published.isEmpty() ? 0 : published.peek(),
          Presence.AWAKE);
    }
  }

  final class Node {
    private final int number;
    final SubscriptionBoard board;
    final List<Sleeper> sleepers = new ArrayList<>();
    private final Map<Integer, Standing> untold = new HashMap<>();
    long version;

    private Node(int number) {
      this.number = number;
      this.board = new SubscriptionBoard(SUBSCRIPTION, random.split());
    }

    private Home seenFrom(Node other) {
      return new Home("n" + number, number, other == this ? Nearness.HERE : Nearness.ZONE);
    }

    private void report(Queue queue) {
      Standing standing = new Standing(queue.row(), seenFrom(this), ++version);
      board.put(standing, version, now);
      untold.put(queue.number, standing);
      settle();
    }

    private void hear(List<Standing> rows) {
      version++;
      rows.forEach(row -> board.put(row, version, now));
      settle();
    }

    void settle() {
      board.wake(version, now);
      List<Standing> urgent = new ArrayList<>();
      board.announce(now, urgent::add);
      tell(urgent);
      List.copyOf(sleepers).forEach(Sleeper::wakeIfTold);
    }

    private void tell(List<Standing> rows) {
      if (rows.isEmpty()) {
        return;
      }
      for (Node other : nodes) {
        if (other != this) {
          List<Standing> seen =
              rows.stream()
                  .map(row -> new Standing(row.row(), seenFrom(other), row.number(), row.isKept()))
                  .toList();
          at(hopMillis, () -> other.hear(seen));
        }
      }
    }

    private void pace() {
      tell(untold.keySet().stream().map(board::standing).toList());
      untold.clear();
      if (dispatchable > 0 || events.size() > nodes.size()) {
        at(PACE_MILLIS, this::pace);
      }
    }
  }

  /** Pulls, handles what it got, and pulls again. */
  final class Worker implements Sleeper {
    private final Node node;
    private final int capacity;
    private final long handlingMillis;

    /** Under a name of its own: inboxes of one name are equal. */
    private final TestInbox<Offer> inbox = TestInbox.create("worker-" + workers.size());

    private BitSet tried = new BitSet();
    private boolean hasMore;
    private boolean isWaiting;
    private long waitingSince;

    private Worker(Node node, int capacity, long handlingMillis) {
      this.node = node;
      this.capacity = capacity;
      this.handlingMillis = handlingMillis;
    }

    private void look() {
      lookFurther(new BitSet(), node.version);
    }

    private void lookFurther(BitSet tried, long version) {
      Offer offer = node.board.offer(node.version, now, tried);
      hasMore = offer.hasMore();
      offer.rows().forEach(row -> tried.set(row.queue()));
      this.tried = tried;
      ask(new ArrayDeque<>(offer.rows()), version, false);
    }

    private void ask(Deque<Standing> rows, long version, boolean isPromised) {
      if (rows.isEmpty() && hasMore) {
        lookFurther(tried, version);
        return;
      }
      if (rows.isEmpty()) {
        isWaiting = true;
        waitingSince = now;
        node.board.want(inbox.getRef(), capacity, version, now);
        node.settle();
        return;
      }
      Queue queue = queues.get(rows.remove().queue());
      long hop = queue.home == node ? 0 : hopMillis;
      at(hop, () -> asked(queue, rows, version, isPromised, hop));
    }

    private void asked(
        Queue queue, Deque<Standing> rows, long version, boolean isPromised, long hop) {
      int taken = queue.take(capacity);
      boolean isEmpty = queue.published.isEmpty();
      at(
          hop,
          () -> {
            if (isPromised) {
              if (isEmpty) {
                node.board.spend(queue.number, version);
              }
              node.board.leave(inbox.getRef(), now);
              node.settle();
            } else if (isEmpty && hop > 0) {
              node.board.spend(queue.number, version);
            }
            if (taken == 0) {
              ask(rows, version, false);
            } else {
              delivered += taken;
              local += hop == 0 ? taken : 0;
              at(
                  taken * handlingMillis,
                  () -> {
                    lastDoneMillis = now;
                    look();
                  });
            }
          });
    }

    @Override
    public void wakeIfTold() {
      if (isWaiting && inbox.hasMessages()) {
        isWaiting = false;
        Offer offer = inbox.receiveMessage();
        tried = new BitSet();
        offer.rows().forEach(row -> tried.set(row.queue()));
        hasMore = offer.hasMore();
        ask(new ArrayDeque<>(offer.rows()), offer.version(), true);
      }
    }
  }
}
