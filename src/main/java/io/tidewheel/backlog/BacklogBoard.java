package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The board of a node: what its subscriptions could dispatch, and which workers wait for it.
 *
 * <p>Any actor that sends {@link Want} is a worker to the board, whatever it does with deliveries.
 * A worker waits here and not at queues, so that a waiting worker keeps no queue awake.
 *
 * <ol>
 *   <li>Only as many workers are woken as there is work for: the work of a row that a woken worker
 *       has not looked at yet is promised to it and wakes nobody else.
 *   <li>No work is forgotten: whoever waits has tried everything the board knew at a version, and
 *       every later report has a higher one.
 *   <li>Work that somebody found gone wakes nobody until its subscription reports again.
 * </ol>
 *
 * <p>Holds a row for each subscription on each queue of the node, and one entry for each worker. It
 * has no timer. After a failure it starts empty and wakes all who waited, so that they look at the
 * queues themselves.
 */
public final class BacklogBoard extends AbstractBehavior<BacklogBoard.Command> {
  /** Reports taken in one turn, so that workers are not held up by many. */
  private static final int REPORTS_PER_TURN = 1_000;

  /** What a board takes. */
  public sealed interface Command {}

  /**
   * Say what could be dispatched now; answered at once.
   *
   * @param after the last row of the offer before, to see the ones behind it; null to begin
   */
  public record Candidates(long subscriptionUid, @Nullable Row after, ActorRef<Offer> replyTo)
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
   * A woken worker has pulled from the queue of the first row of its offer. What was promised to it
   * is free again.
   *
   * @param version of the offer
   * @param isEmpty whether nothing came
   */
  public record Looked(int queue, long version, boolean isEmpty, ActorRef<Offer> worker)
      implements Command {}

  /** A worker does not wait any more, or will not look at what it was woken for. */
  public record Leave(ActorRef<Offer> worker) implements Command {}

  /** There are new reports. */
  record Reported(BacklogReports reports) implements Command {}

  /**
   * What could be dispatched.
   *
   * @param version of the board at this moment
   * @param rows the best first (oldest, then largest), at most 64; a worker that was woken finds
   *     first the row it was woken for
   * @param awake queues whose subscription has reported, also those that have nothing
   * @param hasMore whether there are rows behind the last one
   */
  public record Offer(long version, List<Row> rows, BitSet awake, boolean hasMore) {
    /** The offer of a board that knows no row. */
    public static Offer nothing(long version) {
      return new Offer(version, List.of(), new BitSet(), false);
    }
  }

  private final AtomicLong version;
  private final Map<Long, SubscriptionBoard> subscriptions = new HashMap<>();
  private final Map<ActorRef<Offer>, SubscriptionBoard> workers = new HashMap<>();

  /** A board that knows nothing yet. */
  public static Behavior<Command> create() {
    // Outlives a restart: versions that workers have seen stay comparable.
    AtomicLong version = new AtomicLong();
    return Behaviors.supervise(
            Behaviors.<Command>setup(context -> new BacklogBoard(context, version)))
        .onFailure(SupervisorStrategy.restart());
  }

  private BacklogBoard(ActorContext<Command> context, AtomicLong version) {
    super(context);
    this.version = version;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Reported.class, this::onReported)
        .onMessage(Candidates.class, this::onCandidates)
        .onMessage(Want.class, this::onWant)
        .onMessage(Looked.class, this::onLooked)
        .onMessage(Leave.class, this::onLeave)
        .onSignal(PreRestart.class, signal -> onPreRestart())
        .build();
  }

  private Behavior<Command> onReported(Reported command) {
    Set<SubscriptionBoard> changed = new LinkedHashSet<>();
    command.reports().take(REPORTS_PER_TURN, row -> changed.add(put(row)));
    changed.forEach(this::wakeOrForget);
    return this;
  }

  private Behavior<Command> onCandidates(Candidates command) {
    SubscriptionBoard board = subscriptions.get(command.subscriptionUid());
    command
        .replyTo()
        .tell(
            board == null
                ? Offer.nothing(version.get())
                : board.offer(version.get(), command.after()));
    return this;
  }

  private Behavior<Command> onWant(Want command) {
    ActorRef<Offer> worker = command.worker();
    SubscriptionBoard before = workers.get(worker);
    SubscriptionBoard board = board(command.subscriptionUid());
    if (before == null) {
      getContext().watchWith(worker, new Leave(worker));
    } else if (before != board) {
      before.leave(worker);
      wakeOrForget(before);
    }
    workers.put(worker, board);
    board.want(worker, command.capacity(), command.seenVersion());
    wakeOrForget(board);
    return this;
  }

  private Behavior<Command> onLooked(Looked command) {
    SubscriptionBoard board = workers.get(command.worker());
    if (board != null && command.isEmpty()) {
      board.spend(command.queue(), command.version());
    }
    return onLeave(new Leave(command.worker()));
  }

  private Behavior<Command> onLeave(Leave command) {
    SubscriptionBoard board = workers.remove(command.worker());
    if (board != null) {
      getContext().unwatch(command.worker());
      board.leave(command.worker());
      wakeOrForget(board);
    }
    return this;
  }

  private Behavior<Command> onPreRestart() {
    Offer nothing = Offer.nothing(version.get());
    workers.keySet().forEach(worker -> worker.tell(nothing));
    return this;
  }

  private SubscriptionBoard put(Row row) {
    SubscriptionBoard board = board(row.subscriptionUid());
    board.put(row, version.incrementAndGet());
    return board;
  }

  private SubscriptionBoard board(long subscriptionUid) {
    return subscriptions.computeIfAbsent(subscriptionUid, SubscriptionBoard::new);
  }

  private void wakeOrForget(SubscriptionBoard board) {
    board.wake(version.get());
    if (board.isUnused()) {
      subscriptions.remove(board.subscriptionUid());
    }
  }
}
