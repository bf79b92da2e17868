package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.backlog.Standing.Home;
import java.time.Duration;
import java.time.InstantSource;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The board of a node: what subscriptions could dispatch, here and as far as is known on other
 * nodes, which workers of this node wait for it, and who else wants to know.
 *
 * <p>Any actor that sends {@link Want} is a worker to the board, whatever it does with deliveries.
 * A worker waits here and not at queues, so that a waiting worker keeps no queue awake.
 *
 * <ol>
 *   <li>Of two rows of one place that which {@link Standing#outdoes} the other is kept, whoever
 *       said it and in whatever order they came.
 *   <li>Only as many workers are woken as there is work for: the work of a row that a woken worker
 *       has not looked at yet is promised to it and wakes nobody else.
 *   <li>No work is forgotten: whoever waits has tried everything the board knew at a version, and
 *       every later report has a higher one. A report that is repeated changes nothing.
 *   <li>Work that somebody found gone wakes nobody until its subscription reports again.
 *   <li>Work of this node that the workers here have no room for is announced to the link at once,
 *       what lies there although they have after {@link SubscriptionBoard#OWN_MILLIS}. Until then
 *       other nodes leave it to them.
 * </ol>
 *
 * <p>Holds a row for each subscription on each queue of the node, those of other nodes that it was
 * told of, and one entry for each worker. After a failure it starts empty and wakes all who waited,
 * so that they look at the queues themselves; who watches begins anew.
 */
public final class BacklogBoard extends AbstractBehavior<BacklogBoard.Command> {
  /** Reports taken in one turn, so that workers are not held up by many. */
  private static final int REPORTS_PER_TURN = 1_000;

  /** What a board takes. */
  public sealed interface Command {}

  /**
   * Say what could be dispatched now; answered at once.
   *
   * @param tried queues that the offer shall not name
   * @param capacity how many deliveries the worker will take from queues of this node until it
   *     leaves; 0 if it comes only once
   */
  public record Candidates(
      long subscriptionUid, BitSet tried, int capacity, ActorRef<Offer> replyTo)
      implements Command {}

  /**
   * A worker has free capacity, has tried all rows of the version it has seen, and found nothing:
   * it is woken with one {@link Offer} as soon as there is something new. Workers are woken in the
   * order they came. A worker waits for one subscription at a time, until it is woken, leaves or
   * terminates.
   *
   * @param capacity how many deliveries it takes
   * @param seenVersion of the offer whose rows it has tried; 0 if it has seen none
   */
  public record Want(long subscriptionUid, int capacity, long seenVersion, ActorRef<Offer> worker)
      implements Command {}

  /**
   * A worker has found nothing at a queue, or has left nothing there.
   *
   * @param version of the offer that sent it there
   */
  public record Spent(long subscriptionUid, int queue, long version) implements Command {}

  /**
   * A worker that waited or was woken does not wait now, and comes back at once for so many
   * deliveries. What was promised to it is free again.
   */
  public record Stay(int capacity, ActorRef<Offer> worker) implements Command {}

  /** A worker is not to be counted on any more; what was promised to it is free again. */
  public record Leave(ActorRef<Offer> worker) implements Command {}

  /** Answer, to show that the board works. */
  public record Ping(ActorRef<Pong> replyTo) implements Command {}

  /** The answer to a {@link Ping}. */
  public record Pong() {}

  /** There are new reports. */
  record Reported(BacklogReports reports) implements Command {}

  /** What another node has said. */
  public record Heard(List<Standing> rows) implements Command {}

  /** A node has left, and its rows with it. */
  public record Left(Home home) implements Command {}

  /**
   * Tell what there is and what changes, or that too many watch. The first news come at once, every
   * other only after a {@link More}. Ends with the watcher.
   */
  public record Watch(Predicate<Standing> filter, ActorRef<BoardNews> watcher) implements Command {}

  /**
   * A watcher has dealt with what it was told.
   *
   * @param waits whether it is to be told of the next change, if there is none yet
   */
  public record More(ActorRef<BoardNews> watcher, boolean waits) implements Command {}

  /** Watch the rows of this node, and hear of what is urgent; one for each board. */
  public record Link(ActorRef<BoardNews> link) implements Command {}

  /** Tell the link all that is {@link BoardNews.Wanted}. */
  public record TellWanted() implements Command {}

  private record FarDue() implements Command {}

  private record Unwatch(ActorRef<BoardNews> watcher) implements Command {}

  /**
   * What a board works with.
   *
   * @param home of the node
   * @param random for the choice among other nodes
   */
  public record Parts(Home home, Claims claims, InstantSource clock, RandomGenerator random) {}

  /** Outlives a restart: versions that workers have seen stay comparable. */
  private static final class Kept {
    private long version;
    private final BoardWatchers watchers = new BoardWatchers();
    private final BoardLink link = new BoardLink();
  }

  private final Parts parts;
  private final TimerScheduler<Command> timers;
  private final Kept kept;
  private final BoardRows rows;
  private final Map<ActorRef<Offer>, SubscriptionBoard> workers = new HashMap<>();
  private long farDueMillis = Long.MAX_VALUE;

  /** A board that knows nothing yet. */
  public static Behavior<Command> create(Parts parts) {
    Kept kept = new Kept();
    return Behaviors.supervise(
            Behaviors.<Command>setup(
                context ->
                    Behaviors.withTimers(timers -> new BacklogBoard(context, timers, parts, kept))))
        .onFailure(SupervisorStrategy.restart());
  }

  private BacklogBoard(
      ActorContext<Command> context, TimerScheduler<Command> timers, Parts parts, Kept kept) {
    super(context);
    this.timers = timers;
    this.parts = parts;
    this.kept = kept;
    this.rows = new BoardRows(parts.random());
    kept.watchers.tell(rows::standing);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Reported.class, this::onReported)
        .onMessage(Candidates.class, this::onCandidates)
        .onMessage(Want.class, this::onWant)
        .onMessage(Spent.class, this::onSpent)
        .onMessage(Stay.class, this::onStay)
        .onMessage(Leave.class, this::onLeave)
        .onMessage(Ping.class, this::onPing)
        .onMessage(Heard.class, this::onHeard)
        .onMessage(Left.class, this::onLeft)
        .onMessage(Watch.class, this::onWatch)
        .onMessage(More.class, this::onMore)
        .onMessage(Unwatch.class, this::onUnwatch)
        .onMessage(Link.class, this::onLink)
        .onMessage(TellWanted.class, command -> onTellWanted())
        .onMessage(FarDue.class, command -> onFarDue())
        .onSignal(PreRestart.class, signal -> onPreRestart())
        .build();
  }

  private Behavior<Command> onReported(Reported command) {
    Set<SubscriptionBoard> changed = new LinkedHashSet<>();
    command
        .reports()
        .take(
            REPORTS_PER_TURN, row -> put(new Standing(row, parts.home(), ++kept.version), changed));
    return settle(changed);
  }

  private Behavior<Command> onHeard(Heard command) {
    Set<SubscriptionBoard> changed = new LinkedHashSet<>();
    for (Standing heard : command.rows()) {
      parts.claims().heard(heard.row().claim());
      kept.version++;
      put(heard, changed);
    }
    return settle(changed);
  }

  private void put(Standing now, Set<SubscriptionBoard> changed) {
    SubscriptionBoard board = rows.findOrAdd(now.row().subscriptionUid());
    changed.add(board);
    if (board.put(now, kept.version, parts.clock().millis()) && !kept.watchers.isEmpty()) {
      kept.watchers.changed(now.place(), now.row().isGone() ? null : now);
    }
  }

  private Behavior<Command> onLeft(Left command) {
    for (SubscriptionBoard board : rows.all()) {
      board.removeAll(command.home(), removed -> kept.watchers.changed(removed.place(), null));
      wakeOrForget(board);
    }
    return settle(Set.of());
  }

  private Behavior<Command> onCandidates(Candidates command) {
    SubscriptionBoard board = asked(command.subscriptionUid());
    if (board != null && command.capacity() > 0 && kept.link.isThere()) {
      place(command.replyTo(), board);
      board.stay(command.replyTo(), command.capacity(), parts.clock().millis());
    }
    command
        .replyTo()
        .tell(
            board == null
                ? Offer.nothing(kept.version)
                : board.offer(kept.version, parts.clock().millis(), command.tried()));
    return this;
  }

  /** What a worker asks for is wanted here, whether or not anything is known of it yet. */
  private @Nullable SubscriptionBoard asked(long subscriptionUid) {
    if (!kept.link.isThere()) {
      return rows.find(subscriptionUid);
    }
    SubscriptionBoard board = rows.findOrAdd(subscriptionUid);
    kept.link.asked(board);
    return board;
  }

  private Behavior<Command> onWant(Want command) {
    asked(command.subscriptionUid());
    SubscriptionBoard board = rows.findOrAdd(command.subscriptionUid());
    place(command.worker(), board);
    board.want(command.worker(), command.capacity(), command.seenVersion(), parts.clock().millis());
    return settle(Set.of(board));
  }

  private void place(ActorRef<Offer> worker, SubscriptionBoard board) {
    SubscriptionBoard before = workers.get(worker);
    if (before == null) {
      getContext().watchWith(worker, new Leave(worker));
    } else if (before != board) {
      before.leave(worker, parts.clock().millis());
      wakeOrForget(before);
    }
    workers.put(worker, board);
  }

  private Behavior<Command> onSpent(Spent command) {
    SubscriptionBoard board = rows.find(command.subscriptionUid());
    if (board != null) {
      board.spend(command.queue(), command.version());
    }
    return this;
  }

  private Behavior<Command> onStay(Stay command) {
    SubscriptionBoard board = workers.get(command.worker());
    if (board == null) {
      return this;
    }
    board.stay(command.worker(), command.capacity(), parts.clock().millis());
    return settle(Set.of(board));
  }

  private Behavior<Command> onLeave(Leave command) {
    SubscriptionBoard board = workers.remove(command.worker());
    if (board == null) {
      return this;
    }
    getContext().unwatch(command.worker());
    board.leave(command.worker(), parts.clock().millis());
    return settle(Set.of(board));
  }

  private Behavior<Command> onPing(Ping command) {
    command.replyTo().tell(new Pong());
    return this;
  }

  private Behavior<Command> onWatch(Watch command) {
    ActorRef<BoardNews> watcher = command.watcher();
    if (kept.watchers.contains(watcher)) {
      kept.watchers.remove(watcher);
    } else if (kept.watchers.isFull()) {
      watcher.tell(new BoardNews.Refused());
      return this;
    } else {
      getContext().watchWith(watcher, new Unwatch(watcher));
    }
    kept.watchers.add(watcher, command.filter(), rows.standings());
    kept.watchers.tell(rows::standing);
    if (!kept.link.is(watcher)) {
      kept.link.askedForEverything();
    }
    return this;
  }

  private Behavior<Command> onMore(More command) {
    kept.watchers.ready(command.watcher(), true);
    kept.watchers.tell(rows::standing);
    if (!command.waits()) {
      kept.watchers.ready(command.watcher(), false);
    }
    return this;
  }

  private Behavior<Command> onUnwatch(Unwatch command) {
    kept.watchers.remove(command.watcher());
    if (kept.link.is(command.watcher())) {
      kept.link.end();
    }
    return this;
  }

  private Behavior<Command> onLink(Link command) {
    kept.link.begin(command.link());
    onWatch(new Watch(Standing::isHere, command.link()));
    // What was reported before there was anybody to announce it to is looked at now.
    return settle(new LinkedHashSet<>(rows.all()));
  }

  private Behavior<Command> onTellWanted() {
    boolean isEverything = kept.watchers.isAnyBeside(kept.link.ref());
    kept.link.tellWanted(rows.all(), isEverything).forEach(rows::removeIfUnused);
    return this;
  }

  private Behavior<Command> onFarDue() {
    farDueMillis = Long.MAX_VALUE;
    return settle(new LinkedHashSet<>(workers.values()));
  }

  private Behavior<Command> onPreRestart() {
    Offer nothing = Offer.nothing(kept.version);
    workers.keySet().forEach(worker -> worker.tell(nothing));
    kept.watchers.reset();
    return this;
  }

  /** Whoever there is something for now is told. */
  private Behavior<Command> settle(Set<SubscriptionBoard> changed) {
    changed.forEach(this::wakeOrForget);
    kept.link.announce(kept.watchers);
    if (!kept.watchers.isEmpty()) {
      kept.watchers.tell(rows::standing);
    }
    return this;
  }

  private void wakeOrForget(SubscriptionBoard board) {
    long now = parts.clock().millis();
    board.wake(kept.version, now);
    if (kept.link.isThere()) {
      kept.link.collect(board, now);
      armFar(board.nextWakeMillis(now), now);
    } else {
      rows.removeIfUnused(board);
    }
  }

  private void armFar(long dueMillis, long nowMillis) {
    if (dueMillis < farDueMillis) {
      farDueMillis = dueMillis;
      long wait = Math.max(10, dueMillis - nowMillis);
      timers.startSingleTimer(new FarDue(), Duration.ofMillis(wait));
    }
  }
}
