package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.journal.CoreLink;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.Reader;
import io.tidewheel.queue.ReaderProgress;
import io.tidewheel.subscription.Subscription.Dependencies;
import io.tidewheel.subscription.Subscription.Pull;
import io.tidewheel.subscription.Subscription.Settle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The actor behind {@link Subscription}: asks, in turn, its parts to go on. {@link Deliveries}
 * decides, {@link SubscriptionLog} stores, {@link LogReading} reads, {@link Outbox} sends dead
 * letters. After every message whatever can go on does, so nothing waits for a timer but time.
 *
 * <ol>
 *   <li>The core has one command at a time. When it ends or may not speak, nothing is given out or
 *       settled until the state is read again.
 *   <li>It ends only when nothing is left to be stored, or when an orderly stop takes too long.
 * </ol>
 */
final class SubscriptionFront extends AbstractBehavior<Reader.Command> {
  /** Something came back from the core. */
  record CoreSignal(CoreLink.Signal<SubscriptionLog.Result> signal)
      implements Subscription.Command {}

  /** Time to ask a core that might not speak for the state again. */
  record Reload() implements Subscription.Command {}

  /** An orderly stop has taken too long. */
  record StopDeadline() implements Subscription.Command {}

  private static final Duration RELOAD_DELAY = Duration.ofMillis(500);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(3);

  private final Reader.Context reader;
  private final Dependencies deps;
  private final TimerScheduler<Reader.Command> timers;
  private final CoreLink<Reader.Command, SubscriptionLog.Command, SubscriptionLog.Result> core;
  private final Alarm alarm;
  private final LogReading reading;
  private final Outbox outbox;
  private final Settlements settlements = new Settlements();
  private final BoardReport report;
  private final PolicyView policies;
  private final Holders holders;
  private final ReaderProgress progress;
  private final Seeking seeking;
  private final Replays replays;
  private final Gates gates;
  private final Looking looking;
  private @Nullable Deliveries deliveries;
  private long knownEnd;
  private @Nullable ActorRef<Reader.Gone> closer;
  private boolean isStopping;
  private boolean isHandingOver;
  private boolean isOver;
  private boolean isAsleep;

  static Behavior<Reader.Command> create(Reader.Context reader, Dependencies deps) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new SubscriptionFront(context, timers, reader, deps)));
  }

  private SubscriptionFront(
      ActorContext<Reader.Command> context,
      TimerScheduler<Reader.Command> timers,
      Reader.Context reader,
      Dependencies deps) {
    super(context);
    this.reader = reader;
    this.deps = deps;
    this.timers = timers;
    this.alarm = new Alarm(timers, deps.clock(), deps.nanoTime());
    this.reading = new LogReading(context, reader.log());
    this.holders = new Holders(context);
    this.progress = new ReaderProgress(reader.subscriptionUid(), reader.queueRef());
    this.policies = new PolicyView(deps.catalog(), reader.topicUid(), reader.subscriptionUid());
    this.seeking = new Seeking(context, reader.log(), reader.queue());
    this.replays = new Replays(context, reader, deps.random());
    this.report = new BoardReport(deps.board());
    Pulling pulling =
        new Pulling(
            deps.rates().share(reader, deps.nanoTime()),
            holders,
            policies::current,
            report::repeatSoon);
    this.gates = new Gates(deps.ownership().fence(), pulling, this::ending);
    this.knownEnd = reader.nextOffset();
    this.outbox =
        new Outbox(
            context, timers, reader, deps.catalog(), deps.router(), deps.ownership().fence());
    this.looking = new Looking(reader, gates, reading, outbox::trouble);
    this.core =
        new CoreLink<>(
            context,
            timers,
            deps.ownership(),
            () ->
                SubscriptionLog.create(
                    reader,
                    deps.ownership(),
                    new SubscriptionLog.Kept(
                        () -> policies.pullLogCutoff(deps.clock()), reader.log()::startOffset)),
            CoreSignal::new,
            this::load);
    core.start();
  }

  @Override
  public Receive<Reader.Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(
            Pull.class,
            pull -> after(() -> gates.pull(pull, deliveries, policies.current(), alarm.now())))
        .onMessage(Settle.class, settle -> after(() -> onSettle(settle)))
        .onMessage(Reader.Appended.class, appended -> after(() -> onAppended(appended.batch())))
        .onMessage(Reader.Extended.class, log -> after(() -> extendTo(log.nextOffset())))
        .onMessage(CoreSignal.class, returned -> after(() -> core.onSignal(returned.signal())))
        .onMessage(Reload.class, reload -> after(this::onReload))
        .onMessage(
            LogReading.Read.class,
            read -> after(() -> reading.onRead(read, deliveries, policies.current(), alarm.now())))
        .onMessage(Alarm.Tick.class, tick -> after(() -> onTick(tick)))
        .onMessage(Holders.Ended.class, end -> after(() -> holders.onEnded(end)))
        .onMessage(Outbox.Event.class, event -> after(() -> onOutbox(event)))
        .onMessage(
            Subscription.Seek.class, seek -> after(() -> seeking.onSeek(seek, open(), knownEnd)))
        .onMessage(Seeking.Found.class, found -> after(() -> seeking.onFound(found)))
        .onMessage(Subscription.Replay.class, one -> after(() -> replays.onReplay(one, open())))
        .onMessage(Redriving.Command.class, one -> after(() -> Redriving.onCommand(one, open())))
        .onMessage(Replays.Event.class, event -> after(() -> replays.onEvent(event)))
        .onMessage(
            Looks.Look.class,
            look -> after(() -> looking.onLook(look, deliveries, policies.current(), alarm.now())))
        .onMessage(
            Reader.Describe.class,
            describe ->
                after(() -> looking.describe(describe, deliveries, policies.current(), knownEnd)))
        .onMessage(Reader.Close.class, close -> after(() -> closer = close.replyTo()))
        .onMessage(Reader.Stop.class, stop -> after(() -> onStop(stop)))
        .onMessage(StopDeadline.class, deadline -> Behaviors.stopped())
        .onSignal(PostStop.class, signal -> onPostStop())
        .onSignal(PreRestart.class, signal -> onPostStop())
        .build();
  }

  private @Nullable Gate ending() {
    if (isStopping) {
      return Gate.MOVING;
    }
    return closer == null ? null : Gate.CLOSING;
  }

  private void onSettle(Settle settle) {
    Deliveries known = deliveries;
    if (known == null) {
      settlements.keep(settle);
    } else if (isStopping || !deps.ownership().fence().isHeld()) {
      Settlements.refuse(settle);
    } else {
      Settlements.settle(settle, known, policies.current(), alarm.now());
    }
  }

  private void onAppended(MessageBatch batch) {
    Deliveries known = deliveries;
    boolean isNext = known != null && batch.firstOffset() == known.window().cursor();
    extendTo(batch.endOffset());
    if (known != null && isNext && known.isKnown() && known.window().hasRoom()) {
      known.read(batch, policies.current(), alarm.now());
    }
  }

  private void extendTo(long nextOffset) {
    knownEnd = Math.max(knownEnd, nextOffset);
    if (deliveries != null) {
      deliveries.extendTo(knownEnd);
    }
  }

  private void onReload() {
    if (core.isFree() && (deliveries == null || !deliveries.isKnown())) {
      load();
    }
  }

  /** Asks the core for the state; until it is there, nothing more is given out or settled. */
  private void load() {
    if (deliveries != null && deliveries.isKnown()) {
      deliveries.onUnknown();
    }
    core.submit(new SubscriptionLog.Load(alarm.now().millis()), new CoreOutcome());
  }

  /** What the core made of a command; what got lost may have happened or not. */
  private final class CoreOutcome implements CoreLink.Outcome<SubscriptionLog.Result> {
    @Override
    public void onDone(SubscriptionLog.Result result) {
      if (isHandingOver) {
        core.leave(() -> isOver = true);
      } else if (result instanceof SubscriptionLog.Loaded loaded) {
        onLoaded(loaded.state());
      } else if (result instanceof SubscriptionLog.Recorded recorded
          && recorded.event() instanceof SubscriptionEvent.Sought sought
          && deliveries != null) {
        deliveries.onSought(sought);
        outbox.restart();
        seeking.onStored(sought);
      } else if (result instanceof SubscriptionLog.Recorded recorded && deliveries != null) {
        deliveries.onStored(recorded.event(), policies.current(), alarm.now());
      }
    }

    @Override
    public void onLost(boolean mayBeStored) {
      isOver = isHandingOver;
      if (deliveries != null) {
        deliveries.onUnknown();
      }
      settlements.refuseKept();
      seeking.onLost();
      timers.startSingleTimer(new Reload(), RELOAD_DELAY);
    }
  }

  private void onLoaded(SubscriptionState state) {
    Deliveries known = deliveries;
    if (known == null) {
      known =
          new Deliveries(
              reader.subscriptionUid(),
              reader.queue(),
              state,
              knownEnd,
              deps.windows(),
              deps.random());
      deliveries = known;
      settlements.settleKept(known, policies.current(), alarm.now());
    } else {
      known.load(state, policies.current(), alarm.now());
      outbox.restart();
    }
  }

  private void onTick(Alarm.Tick tick) {
    alarm.onTick(tick);
    reading.retry();
    if (deliveries != null) {
      deliveries.expire(policies.current(), alarm.now());
    }
  }

  private void onOutbox(Outbox.Event event) {
    long number = outbox.onEvent(event);
    if (number > 0 && deliveries != null) {
      deliveries.deadLettered(number);
    }
  }

  /**
   * Whether it takes what changes its position or what it gave out, and says what that comes to.
   */
  private @Nullable Deliveries open() {
    boolean isOpen = !isStopping && closer == null && deps.ownership().fence().isHeld();
    return isOpen ? deliveries : null;
  }

  private Behavior<Reader.Command> after(Runnable step) {
    step.run();
    return next();
  }

  private void onStop(Reader.Stop stop) {
    isStopping = true;
    isAsleep = stop.isAsleep();
    timers.startSingleTimer(new StopDeadline(), STOP_TIMEOUT);
  }

  /** Also before a restart: the next incarnation begins with an empty window. */
  private Behavior<Reader.Command> onPostStop() {
    Deliveries known = deliveries;
    if (isAsleep && known != null && known.isAtRest()) {
      report.asleep();
    } else {
      report.gone();
    }
    seeking.refuseWaiting();
    replays.refuseOpen();
    looking.refuseKept();
    settlements.refuseKept();
    if (known != null) {
      known.window().restart(known.window().cursor());
      known.onUnknown();
    }
    return this;
  }

  /** After every message: whatever can go on now does. */
  private Behavior<Reader.Command> next() {
    Deliveries known = deliveries;
    if (isOver || (known == null && isStopping)) {
      return Behaviors.stopped();
    }
    if (known == null) {
      return this;
    }
    Policy policy = policies.current();
    Now now = alarm.now();
    looking.answerKept(known, policy, now);
    holders.endLeases(known, policy, now);
    known.buryParked(policy);
    if (known.isKnown() && !isStopping) {
      reading.advance(known, policy, now);
    }
    if (known.isKnown()) {
      outbox.advance(known.state(), policies.origin(reader.queue()));
    }
    gates.giveToWaiting(deps.waiting(), reader.subscriptionUid(), known, policy, now);
    write(known, now);
    if (isDone(known, now)) {
      return Behaviors.stopped();
    }
    gates.tellBacklog(known, policy);
    long dispatchable = gates.dispatchable(known, policy);
    String trouble = looking.trouble();
    report.update(
        Figures.row(reader, report, known, policy, dispatchable, gates.allowance(), trouble, now),
        now);
    arm(known, policy, now);
    progress.report(
        known.state().floor(),
        known.isAtRest() && closer == null && seeking.isIdle() && replays.isIdle());
    return this;
  }

  private void write(Deliveries known, Now now) {
    SubscriptionLog.Seek seek =
        core.isFree() && known.isKnown() && !isStopping ? seeking.next(now) : null;
    if (seek != null) {
      core.submit(seek, new CoreOutcome());
      return;
    }
    SubscriptionEvent.Settled settled =
        core.isFree() ? known.nextWrite(now, isStopping || closer != null) : null;
    if (settled != null) {
      core.submit(
          new SubscriptionLog.Settle(known.state().generation(), settled), new CoreOutcome());
    }
  }

  /** Whether it may end; before an orderly stop it has its leases stored. */
  private boolean isDone(Deliveries known, Now now) {
    ActorRef<Reader.Gone> waiting = closer;
    if (waiting != null && known.isIdle() && known.state().dyingCount() == 0) {
      waiting.tell(new Reader.Gone(reader.subscriptionUid()));
      return true;
    }
    if (!isStopping || isHandingOver || (known.isKnown() && !known.isIdle())) {
      return false;
    }
    if (!known.isKnown() || !core.isFree()) {
      return true;
    }
    isHandingOver = true;
    var left = known.leasesLeft(now);
    if (left.isEmpty()) {
      core.leave(() -> isOver = true);
    } else {
      core.submit(
          new SubscriptionLog.Close(new SubscriptionEvent.Closing(now.millis(), left)),
          new CoreOutcome());
    }
    return isOver;
  }

  private void arm(Deliveries known, Policy policy, Now now) {
    boolean waitsForChange =
        reading.trouble() != null
            || (policy.settings().isPaused() && known.whereabouts().backlog() > 0)
            || !deps.ownership().fence().isHeld();
    long due = known.isKnown() && !isStopping ? known.nextDueNanos(now) : Long.MAX_VALUE;
    due = Math.min(due, Math.min(report.dueNanos(), gates.dueNanos(known, policy, now)));
    alarm.arm(due, waitsForChange, now);
  }
}
