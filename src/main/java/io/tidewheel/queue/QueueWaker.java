package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Control;
import io.tidewheel.message.KeyHash;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Wakes the sleeping queues of a node, a bounded number at a time: every queue once after the
 * start, so that what was due meanwhile is done and due times are known again, and later each one
 * when its time has come. Queues that somebody asks for wake by themselves, before their turn. One
 * that does not say that it is awake is asked again after the others.
 *
 * <p>Holds due times in memory only: a queue that sleeps has nothing to deliver, and after a start
 * it is asked again.
 */
public final class QueueWaker extends AbstractBehavior<QueueWaker.Command> {
  private static final Duration INTERVAL = Duration.ofMillis(100);

  /** The wall clock may be set ahead while the timer waits. */
  private static final Duration MAX_WAIT = Duration.ofSeconds(10);

  private static final long NO_TICK = Long.MAX_VALUE;

  /** What a waker takes. */
  public sealed interface Command {}

  /** Wake every queue of these topics once. */
  public record WakeAll(CatalogSnapshot catalog) implements Command {}

  /** A queue falls asleep, and is to be woken at this time in wall-clock milliseconds. */
  public record Sleeps(long topicUid, int queue, long dueMillis) implements Command {}

  /**
   * Wake the queues of the newest catalog that fall to one of several nodes, so that each is woken
   * by one.
   *
   * @param index of this node among {@code count}
   */
  public record WakeSlice(int index, int count) implements Command {}

  /** Wake a queue before all that wait: somebody may be waiting for it. */
  public record WakeNow(long topicUid, int queue) implements Command {}

  /** A queue leaves this node: it goes on where it comes to. */
  public record Moves(long topicUid, int queue) implements Command {}

  /** A queue has read its log. */
  public record IsAwake(long topicUid, int queue) implements Command, Control {}

  private record NoAnswer(WakeList.Place place) implements Command {}

  private record Tick() implements Command {}

  private static final Tick TICK = new Tick();

  private final ActorRef<IsAwake> self;
  private final TimerScheduler<Command> timers;
  private final QueueRouter router;
  private final InstantSource clock;
  private final Supplier<CatalogSnapshot> catalog;

  /** Those that somebody may be waiting for. */
  private final Set<WakeList.Place> first = new LinkedHashSet<>();

  /** The others that are to be woken, none of which is in {@link #first}. */
  private final Set<WakeList.Place> asleep = new LinkedHashSet<>();

  private final WakeList list = new WakeList();
  private final WakeWindow window = new WakeWindow();

  /** When the timer rings, in wall-clock milliseconds. */
  private long tickAtMillis = NO_TICK;

  private QueueWaker(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      QueueRouter router,
      Supplier<CatalogSnapshot> catalog,
      InstantSource clock) {
    super(context);
    this.self = context.getSelf().narrow();
    this.timers = timers;
    this.router = router;
    this.catalog = catalog;
    this.clock = clock;
  }

  /** A waker that knows of no queue yet. */
  public static Behavior<Command> create(
      QueueRouter router, Supplier<CatalogSnapshot> catalog, InstantSource clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new QueueWaker(context, timers, router, catalog, clock)));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(WakeAll.class, this::onWakeAll)
        .onMessage(WakeSlice.class, this::onWakeSlice)
        .onMessage(WakeNow.class, this::onWakeNow)
        .onMessage(Moves.class, this::onMoves)
        .onMessage(Sleeps.class, this::onSleeps)
        .onMessage(IsAwake.class, this::onIsAwake)
        .onMessage(NoAnswer.class, this::onNoAnswer)
        .onMessage(Tick.class, tick -> onTick())
        .build();
  }

  private Behavior<Command> onWakeAll(WakeAll all) {
    add(all.catalog(), 0, 1);
    return this;
  }

  private Behavior<Command> onWakeSlice(WakeSlice slice) {
    add(catalog.get(), slice.index(), slice.count());
    return this;
  }

  private void add(CatalogSnapshot known, int index, int count) {
    for (Topic topic : known.topics().values()) {
      for (int queue = 0; queue < topic.settings().queues(); queue++) {
        WakeList.Place place = new WakeList.Place(topic.uid(), queue);
        boolean isOurs = Long.remainderUnsigned(KeyHash.mix(topic.uid()) + queue, count) == index;
        if (isOurs && !first.contains(place)) {
          asleep.add(place);
        }
      }
    }
    tick();
  }

  private Behavior<Command> onWakeNow(WakeNow now) {
    WakeList.Place place = new WakeList.Place(now.topicUid, now.queue);
    asleep.remove(place);
    if (window.isAsked(place)) {
      // Who says so knows more than when it was asked: that wake may have gone to a dead broker.
      wake(place);
    } else {
      first.add(place);
      wake(first);
      tick();
    }
    return this;
  }

  private Behavior<Command> onMoves(Moves moves) {
    list.put(new WakeList.Place(moves.topicUid, moves.queue), Long.MAX_VALUE);
    return onWakeNow(new WakeNow(moves.topicUid, moves.queue));
  }

  private Behavior<Command> onSleeps(Sleeps sleeps) {
    list.put(new WakeList.Place(sleeps.topicUid, sleeps.queue), sleeps.dueMillis);
    tick();
    return this;
  }

  private Behavior<Command> onIsAwake(IsAwake awake) {
    WakeList.Place place = new WakeList.Place(awake.topicUid, awake.queue);
    timers.cancel(place);
    window.onAnswer(place, clock.millis());
    return wakeNext();
  }

  /** It may be that the wake was lost, or that the queue waits for something. */
  private Behavior<Command> onNoAnswer(NoAnswer none) {
    window.onNoAnswer(none.place);
    boolean isKnown = catalog.get().topic(none.place.topicUid()) != null;
    if (isKnown && !first.contains(none.place)) {
      asleep.add(none.place);
    }
    return wakeNext();
  }

  private Behavior<Command> onTick() {
    tickAtMillis = NO_TICK;
    return wakeNext();
  }

  private Behavior<Command> wakeNext() {
    wake(first);
    wake(asleep);
    list.takeDue(clock.millis(), window.room()).forEach(this::wake);
    tick();
    return this;
  }

  private void wake(Set<WakeList.Place> places) {
    for (Iterator<WakeList.Place> next = places.iterator(); window.room() > 0 && next.hasNext(); ) {
      wake(next.next());
      next.remove();
    }
  }

  private void wake(WakeList.Place place) {
    timers.startSingleTimer(place, new NoAnswer(place), window.ask(place, clock.millis()));
    router.tell(place.topicUid(), place.queue(), new Queue.Wake(self));
  }

  /** A timer that rings in time is left alone: started anew again and again it never would. */
  private void tick() {
    boolean isAnyQueued = !first.isEmpty() || !asleep.isEmpty();
    if (window.room() > 0 && (isAnyQueued || !list.isEmpty())) {
      Duration wait = isAnyQueued ? INTERVAL : untilDue();
      long atMillis = clock.millis() + wait.toMillis();
      if (atMillis < tickAtMillis) {
        tickAtMillis = atMillis;
        timers.startSingleTimer(TICK, TICK, wait);
      }
    }
  }

  /** An idle node does not look again and again at what is due in an hour. */
  private Duration untilDue() {
    Duration wait = Duration.ofMillis(list.nextDueMillis() - clock.millis());
    return wait.compareTo(INTERVAL) < 0 ? INTERVAL : wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait;
  }
}
