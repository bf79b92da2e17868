package io.tidewheel.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.message.Control;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells the boards of other nodes what this one's subscriptions could dispatch, and this board what
 * theirs could, so that a worker finds work wherever it is. One on each node.
 *
 * <ol>
 *   <li>A row is sent to the nodes that have workers for its subscription, or somebody who watches
 *       all rows, and to no others.
 *   <li>Work that the workers here have no room for is told at once. Other changes are told once a
 *       second, and of what the workers here have room for others only know that it is there.
 *   <li>Messages between nodes get lost: rows with work are repeated every second, all rows and all
 *       wishes now and then. A row that {@link HeardRows#MISSED_ROUNDS} such rounds did not name is
 *       dropped.
 *   <li>Each node is told something every second, if only that there is nothing: {@link BoardLag}
 *       knows of whom nothing is heard.
 *   <li>When a node has left, its rows go; when it was a broker the queues behind them are woken
 *       first, then all others, each by one of the nodes, as soon as it is removed ({@link
 *       Orphans}).
 * </ol>
 *
 * <p>What is known outlives a restart of the actor.
 */
final class BacklogLink extends AbstractBehavior<BacklogLink.Command> {
  /** Under the system's guardian, the same on every node: so nodes find each other. */
  static final String NAME = "backlog-link";

  /** Between two news, unless they are urgent. */
  static final Duration PACE = Duration.ofSeconds(1);

  /** After so many repetitions all rows are told again. */
  static final int TICKS_PER_ROUND = 30;

  /** After so many the others are told what is wanted here. */
  static final int TICKS_PER_WISH = 10;

  /** A node with workers for more subscriptions than this is told everything. */
  static final int MAX_WISHES = 20_000;

  private static final int ROWS_PER_MESSAGE = 500;

  /** What a link takes. */
  sealed interface Command {}

  /**
   * Rows of another node.
   *
   * @param round how often that node has begun to tell all its rows
   */
  record Rows(NodeId node, long round, List<Told> rows) implements Command, Control {}

  /** A row, the number of its report, and whether it is {@link Standing#isKept kept}. */
  record Told(Row row, long number, boolean isKept) {
    /** A row that others may help with. */
    Told(Row row, long number) {
      this(row, number, false);
    }

    static Told of(Standing standing) {
      return new Told(standing.row(), standing.number(), standing.isKept());
    }

    /** Whether it is news to who knows the other one, of the same place. */
    boolean outdoes(Told known) {
      return Standing.isNews(number, isKept, known.number, known.isKept);
    }
  }

  /**
   * What another node wants to be told.
   *
   * @param isNew whether this is in addition to what it wanted before
   */
  record Wants(NodeId node, Set<Long> subscriptionUids, boolean isEverything, boolean isNew)
      implements Command, Control {}

  private record News(BoardNews news) implements Command {}

  private record Tick() implements Command {}

  private record Changed() implements Command {}

  /** The other nodes. */
  interface Neighbours {
    MemberView view();

    /** Whether a node is in the zone of this one. */
    boolean isNear(NodeId node);

    void tell(NodeId node, Command message);

    /** From now on calls this, on any thread, whenever the view has changed. */
    void onChange(Runnable listener);
  }

  /** What outlives a restart. */
  private static final class Kept {
    private final OwnRows own = new OwnRows();
    private final HeardRows heard = new HeardRows();
    private final Map<NodeId, Wishes> wishes = new HashMap<>();
    private final Wishes here = new Wishes();
    private final Map<NodeId, Home> homes = new HashMap<>();
    private final Orphans orphans = new Orphans();
    private Set<NodeId> peers = new HashSet<>();
    private Set<NodeId> brokers = new HashSet<>();
  }

  private final Neighbours neighbours;
  private final ActorRef<BacklogBoard.Command> board;
  private final ActorRef<QueueWaker.Command> waker;
  private final ActorRef<BoardNews> news;
  private final NodeId self;
  private final BoardLag lag;
  private final Kept kept;
  private long ticks;

  static Behavior<Command> create(
      ActorRef<BacklogBoard.Command> board, ActorRef<QueueWaker.Command> waker, BoardLag lag) {
    return Behaviors.setup(
        context -> create(new ClusterNeighbours(context.getSystem(), NAME), board, waker, lag));
  }

  static Behavior<Command> create(
      Neighbours neighbours,
      ActorRef<BacklogBoard.Command> board,
      ActorRef<QueueWaker.Command> waker,
      BoardLag lag) {
    Kept kept = new Kept();
    kept.brokers = neighbours.view().brokers();
    return Behaviors.setup(
        context -> {
          ActorRef<Command> self = context.getSelf();
          neighbours.onChange(() -> self.tell(new Changed()));
          return Behaviors.supervise(
                  Behaviors.<Command>setup(
                      inner ->
                          Behaviors.withTimers(
                              timers ->
                                  new BacklogLink(
                                      inner, timers, neighbours, board, waker, lag, kept))))
              .onFailure(SupervisorStrategy.restart());
        });
  }

  private BacklogLink(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Neighbours neighbours,
      ActorRef<BacklogBoard.Command> board,
      ActorRef<QueueWaker.Command> waker,
      BoardLag lag,
      Kept kept) {
    super(context);
    this.neighbours = neighbours;
    this.board = board;
    this.waker = waker;
    this.lag = lag;
    this.kept = kept;
    this.self = neighbours.view().self();
    this.news = context.messageAdapter(BoardNews.class, News::new);
    board.tell(new BacklogBoard.Link(news));
    timers.startTimerWithFixedDelay(new Tick(), PACE);
    onChanged();
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(News.class, one -> onNews(one.news()))
        .onMessage(Rows.class, this::onRows)
        .onMessage(Wants.class, this::onWants)
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Changed.class, changes -> onChanged())
        .build();
  }

  private Behavior<Command> onNews(BoardNews one) {
    if (one instanceof BoardNews.Changes changes) {
      if (changes.isReset()) {
        kept.own.clear();
      }
      tell(kept.own.take(changes));
      if (changes.hasMore()) {
        askMore();
      }
    } else if (one instanceof BoardNews.Urgent urgent) {
      tell(kept.own.take(urgent.rows()));
    } else if (one instanceof BoardNews.Wanted wanted) {
      onWanted(wanted);
    }
    return this;
  }

  private void askMore() {
    board.tell(new BacklogBoard.More(news, false));
  }

  private void onWanted(BoardNews.Wanted wanted) {
    kept.here.take(wanted.subscriptionUids(), wanted.isEverything(), wanted.isNew());
    if (wanted.isNew() && !kept.here.isEverything()) {
      ask(new Wants(self, wanted.subscriptionUids(), false, true), kept.peers);
    } else {
      askAll(kept.peers);
    }
  }

  /** Tells others all that is wanted here. */
  private void askAll(Set<NodeId> receivers) {
    Wishes here = kept.here;
    ask(new Wants(self, here.subscriptionUids(), here.isEverything(), false), receivers);
  }

  private void ask(Wants wants, Set<NodeId> receivers) {
    receivers.forEach(peer -> neighbours.tell(peer, wants));
  }

  private Behavior<Command> onWants(Wants wants) {
    if (isKnown(wants.node())) {
      Wishes wishes = kept.wishes.computeIfAbsent(wants.node(), node -> new Wishes());
      boolean wasEverything = wishes.isEverything();
      Set<Long> come = wishes.take(wants.subscriptionUids(), wants.isEverything(), wants.isNew());
      if (wishes.isEverything() && !wasEverything) {
        tell(kept.own.all(), wants.node());
      } else if (!wishes.isEverything() && !come.isEmpty()) {
        tell(kept.own.of(come), wants.node());
      }
    }
    return this;
  }

  private Behavior<Command> onTick() {
    kept.orphans.wakeAgain(waker::tell);
    onChanged();
    ticks++;
    if (ticks % TICKS_PER_WISH == 1) {
      board.tell(new BacklogBoard.TellWanted());
    }
    if (ticks % TICKS_PER_ROUND == 0) {
      kept.own.beginRound();
    }
    // Also to those who want nothing: what they still have of before a round is dropped.
    kept.peers.forEach(peer -> neighbours.tell(peer, rows(List.of())));
    askMore();
    tell(kept.own.repeat());
    return this;
  }

  /** To all who want them. */
  private void tell(List<Told> rows) {
    if (!rows.isEmpty()) {
      kept.peers.forEach(peer -> tell(rows, peer));
    }
  }

  private void tell(List<Told> rows, NodeId peer) {
    Wishes wishes = kept.wishes.get(peer);
    if (wishes == null || rows.isEmpty()) {
      return;
    }
    List<Told> wanted =
        rows.stream().filter(told -> wishes.contain(told.row().subscriptionUid())).toList();
    for (int from = 0; from < wanted.size(); from += ROWS_PER_MESSAGE) {
      int to = Math.min(wanted.size(), from + ROWS_PER_MESSAGE);
      neighbours.tell(peer, rows(wanted.subList(from, to)));
    }
  }

  private Rows rows(List<Told> some) {
    return new Rows(self, kept.own.round(), List.copyOf(some));
  }

  private Behavior<Command> onRows(Rows rows) {
    if (isKnown(rows.node())) {
      lag.heard(rows.node());
      Home home = home(rows.node());
      List<Standing> standings = new ArrayList<>();
      for (Told told : kept.heard.take(rows)) {
        standings.add(new Standing(told.row(), home, told.number(), told.isKept()));
      }
      if (!standings.isEmpty()) {
        board.tell(new BacklogBoard.Heard(standings));
      }
    }
    return this;
  }

  private boolean isKnown(NodeId node) {
    if (!kept.peers.contains(node)) {
      onChanged();
    }
    return kept.peers.contains(node);
  }

  /** As it was first seen: what is known of a node that has left is as it was. */
  private Home home(NodeId node) {
    return kept.homes.computeIfAbsent(
        node,
        one ->
            new Home(
                one.address(),
                one.uid(),
                neighbours.isNear(one) ? Standing.Nearness.ZONE : Standing.Nearness.FAR));
  }

  private Behavior<Command> onChanged() {
    MemberView view = neighbours.view();
    Set<NodeId> now = view.others();
    Set<NodeId> come = new HashSet<>(now);
    come.removeAll(kept.peers);
    Set<NodeId> left = new HashSet<>(kept.peers);
    left.removeAll(now);
    kept.peers = now;
    lag.members(now);
    askAll(come);
    left.forEach(this::forget);
    kept.brokers = view.brokers();
    if (kept.orphans.wake(view.unreachable(), waker::tell) && kept.brokers.contains(self)) {
      List<NodeId> inOrder =
          kept.brokers.stream().sorted(Comparator.comparing(NodeId::toString)).toList();
      waker.tell(new QueueWaker.WakeSlice(inOrder.indexOf(self), inOrder.size()));
    }
    return this;
  }

  private void forget(NodeId node) {
    kept.wishes.remove(node);
    board.tell(new BacklogBoard.Left(home(node)));
    kept.homes.remove(node);
    List<QueueWaker.WakeNow> queues =
        kept.heard.forget(node).stream()
            .map(told -> new QueueWaker.WakeNow(told.row().topicUid(), told.row().queue()))
            .toList();
    kept.orphans.add(node, queues, kept.brokers.contains(node));
  }
}
