package io.tidewheel.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import io.tidewheel.message.Control;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.subscription.Subscription.Board;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells the boards of other nodes what this one's subscriptions could dispatch, and this board what
 * theirs could, so that a worker finds work wherever it is. One on each node.
 *
 * <ol>
 *   <li>That a subscription has work, has none any more, or has left is told at once; other changes
 *       once a second; everything every few seconds, because messages between nodes get lost.
 *   <li>What another node says of a subscription that lives here is not believed.
 *   <li>When a broker has left, its rows go, and the queues behind them are woken first, then all
 *       others, each by one of the nodes.
 * </ol>
 */
final class BacklogLink extends AbstractBehavior<BacklogLink.Command> {
  static final String NAME = "backlog-link";
  private static final int ROWS_PER_MESSAGE = 500;
  private static final int TICKS_TO_REPEAT = 5;

  /** What a link takes. */
  sealed interface Command {}

  /** A subscription of this node has changed. */
  record Report(Row row) implements Command {}

  /** Rows of another node. */
  record Rows(NodeId node, List<Row> rows) implements Command, Control {}

  private record Flush() implements Command {}

  private record Tick() implements Command {}

  private record Changed() implements Command {}

  private record Place(long subscriptionUid, int queue) {}

  private static final class Known {
    private final Row row;
    private final NodeId holder;

    private Known(Row row, NodeId holder) {
      this.row = row;
      this.holder = holder;
    }
  }

  private final Cluster cluster;
  private final ActorRefResolver resolver;
  private final Board board;
  private final ActorRef<QueueWaker.Command> waker;
  private final NodeId self;
  private final Map<Place, Known> known = new HashMap<>();
  private final Map<Place, Row> urgent = new LinkedHashMap<>();
  private final Map<Place, Row> changed = new LinkedHashMap<>();
  private Set<NodeId> peers = new HashSet<>();
  private Set<NodeId> brokers;
  private boolean isFlushing;
  private int ticks;

  static Behavior<Command> create(Board board, ActorRef<QueueWaker.Command> waker) {
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new BacklogLink(context, timers, board, waker)));
  }

  private BacklogLink(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Board board,
      ActorRef<QueueWaker.Command> waker) {
    super(context);
    this.cluster = Cluster.get(context.getSystem());
    this.resolver = ActorRefResolver.get(context.getSystem());
    this.board = board;
    this.waker = waker;
    this.self = Members.self(cluster);
    this.brokers = Members.view(cluster).brokers();
    ActorRef<MemberEvent> events =
        context.messageAdapter(MemberEvent.class, event -> new Changed());
    cluster.subscriptions().tell(Subscribe.create(events, MemberEvent.class));
    timers.startTimerWithFixedDelay(new Tick(), Duration.ofSeconds(1));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Report.class, this::onReport)
        .onMessage(Rows.class, this::onRows)
        .onMessage(Flush.class, flush -> onFlush())
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Changed.class, changes -> onChanged())
        .build();
  }

  private Behavior<Command> onReport(Report report) {
    Row row = report.row();
    Place place = new Place(row.subscriptionUid(), row.queue());
    Known before = known.get(place);
    if (row.isGone()) {
      if (before == null || !before.holder.equals(self)) {
        return this;
      }
      known.remove(place);
    } else {
      known.put(place, new Known(row, self));
    }
    boolean isUrgent =
        row.isGone()
            || before == null
            || !before.holder.equals(self)
            || (before.row.dispatchable() > 0) != (row.dispatchable() > 0);
    if (isUrgent) {
      changed.remove(place);
      urgent.put(place, row);
      flush();
    } else if (!urgent.containsKey(place)) {
      changed.put(place, row);
    } else {
      urgent.put(place, row);
    }
    return this;
  }

  private void flush() {
    if (!isFlushing) {
      isFlushing = true;
      getContext().getSelf().tell(new Flush());
    }
  }

  private Behavior<Command> onFlush() {
    isFlushing = false;
    send(new ArrayList<>(urgent.values()), peers);
    urgent.clear();
    return this;
  }

  private Behavior<Command> onTick() {
    onChanged();
    ticks++;
    if (ticks % TICKS_TO_REPEAT == 0) {
      send(own(), peers);
    } else {
      send(new ArrayList<>(changed.values()), peers);
    }
    changed.clear();
    return this;
  }

  private List<Row> own() {
    List<Row> own = new ArrayList<>();
    for (Known one : known.values()) {
      if (one.holder.equals(self)) {
        own.add(one.row);
      }
    }
    return own;
  }

  private void send(List<Row> rows, Set<NodeId> receivers) {
    for (int from = 0; from < rows.size(); from += ROWS_PER_MESSAGE) {
      List<Row> page =
          List.copyOf(rows.subList(from, Math.min(rows.size(), from + ROWS_PER_MESSAGE)));
      for (NodeId peer : receivers) {
        peer(peer).tell(new Rows(self, page));
      }
    }
  }

  private ActorRef<Command> peer(NodeId node) {
    return resolver.resolveActorRef(
        "akka://" + getContext().getSystem().name() + '@' + node.address() + "/system/" + NAME);
  }

  private Behavior<Command> onRows(Rows rows) {
    if (!peers.contains(rows.node())) {
      onChanged();
    }
    if (!peers.contains(rows.node())) {
      return this;
    }
    for (Row row : rows.rows()) {
      Place place = new Place(row.subscriptionUid(), row.queue());
      Known before = known.get(place);
      boolean isOwn = before != null && before.holder.equals(self);
      boolean isOthers = before == null || !before.holder.equals(rows.node());
      if (isOwn || (row.isGone() && isOthers)) {
        continue;
      }
      if (row.isGone()) {
        known.remove(place);
      } else {
        known.put(place, new Known(row, rows.node()));
      }
      board.report(row);
    }
    return this;
  }

  private Behavior<Command> onChanged() {
    MemberView view = Members.view(cluster);
    Set<NodeId> now = new HashSet<>(view.brokers());
    now.addAll(view.gateways());
    now.remove(self);
    Set<NodeId> come = new HashSet<>(now);
    come.removeAll(peers);
    Set<NodeId> left = new HashSet<>(peers);
    left.removeAll(now);
    peers = now;
    if (!come.isEmpty()) {
      send(own(), come);
    }
    left.forEach(this::forget);
    Set<NodeId> brokersLeft = new HashSet<>(brokers);
    brokersLeft.removeAll(view.brokers());
    brokers = view.brokers();
    if (!brokersLeft.isEmpty() && brokers.contains(self)) {
      List<NodeId> inOrder =
          brokers.stream().sorted(java.util.Comparator.comparing(NodeId::toString)).toList();
      waker.tell(new QueueWaker.WakeSlice(inOrder.indexOf(self), inOrder.size()));
    }
    return this;
  }

  private void forget(NodeId node) {
    known
        .entrySet()
        .removeIf(
            entry -> {
              Row row = entry.getValue().row;
              if (!entry.getValue().holder.equals(node)) {
                return false;
              }
              board.report(
                  new Row(row.topicUid(), row.subscriptionUid(), row.queue(), 0, 0, 0, true));
              waker.tell(new QueueWaker.WakeNow(row.topicUid(), row.queue()));
              return true;
            });
  }
}
