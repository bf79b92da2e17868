package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The front of one subscription on one queue: gives messages out, keeps their leases, and has what
 * becomes of them stored by its core. It never waits; while a write is in flight the next collects.
 *
 * <ol>
 *   <li>An ack is confirmed only after it is stored, and a confirmed one is never given out again.
 *   <li>Of the messages of a key only the first unsettled one is given out, with a run of those
 *       behind it to the same worker.
 *   <li>Without the fence nothing is given out and nothing is confirmed.
 *   <li>What is waiting, leased or being stored is bounded; at a bound it refuses or stops reading,
 *       and says why in {@link Reader.Status#stopReason()}.
 * </ol>
 *
 * <p>Leases and the window are in memory: after a crash leased messages are ready again. An orderly
 * stop stores the leases, and the next owner honours them.
 */
public final class Subscription extends AbstractBehavior<Reader.Command> {
  /** What a subscription takes beside what every {@link Reader} takes. */
  public sealed interface Command extends Reader.Command
      permits Pull,
          Settle,
          Tick,
          WorkerEnded,
          LogRead,
          StopDeadline,
          CoreLink.Answered,
          CoreLink.Ended,
          CoreLink.Revive,
          Outbox.Prepared,
          Outbox.Replied,
          Outbox.Unanswered,
          Outbox.Resume {}

  /**
   * Give out what can be dispatched now; answered at once, with an empty list if there is nothing.
   *
   * @param max deliveries
   * @param maxBytes payload bytes; one larger message is still given, alone
   * @param leaseMillis how long they are held; 0 for the subscription's own
   * @param worker name for the pull log; empty if it has none
   * @param version of the worker's code; empty if it has none
   * @param watch ends the leases at once when it terminates; null for leases that only end by time,
   *     as those of HTTP pulls do
   */
  public record Pull(
      int max,
      int maxBytes,
      long leaseMillis,
      String worker,
      String version,
      @Nullable ActorRef<?> watch,
      ActorRef<Pulled> replyTo)
      implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(new Pulled(List.of(), 0));
    }
  }

  /**
   * What was given out.
   *
   * @param dispatchableLeft what could still be dispatched, so that the worker knows whether to
   *     come back
   */
  public record Pulled(List<Delivery> deliveries, long dispatchableLeft) {}

  /** Settle, give back or extend deliveries; answered when it is stored. */
  public record Settle(SettleAction action, List<Receipt> receipts, ActorRef<Settled> replyTo)
      implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(new Settled(receipts.stream().map(receipt -> SettleStatus.INVALID).toList()));
    }
  }

  /** One status per receipt, in order. */
  public record Settled(List<SettleStatus> statuses) {}

  /**
   * Where a subscription says what it could dispatch: the board of its node. Called on the
   * subscription's thread; must not block.
   */
  @FunctionalInterface
  public interface Board {
    void report(Row row);

    /**
     * A subscription on one queue at one moment. Times, not ages.
     *
     * @param dispatchable what could be delivered now, as far as the window knows
     * @param backlog messages neither settled nor leased
     * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
     * @param isGone whether it does not live on this node any more
     */
    record Row(
        long topicUid,
        long subscriptionUid,
        int queue,
        long dispatchable,
        long backlog,
        long oldestAtMillis,
        boolean isGone) {}
  }

  /**
   * What subscriptions work with. Everything here is safe for any thread.
   *
   * @param random for jitter and for telling incarnations apart
   * @param nanoTime a monotonic clock, in nanoseconds
   * @param windowBytes what one subscription on one queue may keep in memory of messages that are
   *     read and not settled
   */
  public record Dependencies(
      CatalogClient catalog,
      QueueRouter router,
      Board board,
      FencedLog.Ownership ownership,
      InstantSource clock,
      LongSupplier nanoTime,
      RandomGenerator random,
      long windowBytes) {
    public static final long DEFAULT_WINDOW_BYTES = 8L << 20;
  }

  /** Time to look at leases, retry times, and what else waits. */
  record Tick(long atNanos) implements Command {}

  /** A worker ended that holds leases. */
  record WorkerEnded(ActorRef<?> worker) implements Command {}

  /** What a read of the log from an offset gave. */
  record LogRead(long from, @Nullable List<MessageBatch> batches, @Nullable Throwable failure)
      implements Command {}

  /** An orderly stop has taken too long. */
  record StopDeadline() implements Command {}

  private static final long MAX_READ_BYTES = 1 << 20;
  private static final int MAX_EARLY_SETTLES = 1_000;
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(3);

  /** Leases that an orderly stop hands over; the others end as they do after a crash. */
  private static final int MAX_LEASES_LEFT = 10_000;

  /** How long nothing may happen while something waits for a change that nobody announces. */
  private static final Duration RECHECK = Duration.ofMillis(500);

  private final Reader.Context reader;
  private final Dependencies deps;
  private final TimerScheduler<Reader.Command> timers;
  private final CoreLink core;
  private final Outbox outbox;
  private final BoardReport report;
  private final PolicyView policies;
  private final long originNanos;
  private final Set<ActorRef<?>> watched = new HashSet<>();
  private final Set<ActorRef<?>> ended = new HashSet<>();
  private final List<Settle> early = new ArrayList<>();
  private @Nullable Deliveries deliveries;
  private long knownEnd;
  private long armedNanos = Long.MAX_VALUE;
  private boolean isReading;
  private @Nullable String readTrouble;
  private @Nullable ActorRef<Reader.Gone> closer;
  private boolean isStopping;
  private boolean isHandingOver;

  /** Makes subscriptions for queues. */
  public static Reader.Factory factory(Dependencies deps) {
    return reader ->
        Behaviors.setup(
            context ->
                Behaviors.withTimers(timers -> new Subscription(context, timers, reader, deps)));
  }

  private Subscription(
      ActorContext<Reader.Command> context,
      TimerScheduler<Reader.Command> timers,
      Reader.Context reader,
      Dependencies deps) {
    super(context);
    this.reader = reader;
    this.deps = deps;
    this.timers = timers;
    this.report = new BoardReport(deps.board());
    this.policies = new PolicyView(deps.catalog(), reader.topicUid(), reader.subscriptionUid());
    this.originNanos = deps.nanoTime().getAsLong();
    this.knownEnd = reader.nextOffset();
    this.outbox =
        new Outbox(
            context, timers, reader, deps.catalog(), deps.router(), deps.ownership().fence());
    this.core =
        new CoreLink(
            context,
            timers,
            () ->
                SubscriptionLog.create(
                    reader.topicUid(),
                    reader.queue(),
                    reader.subscriptionUid(),
                    reader.startOffset(),
                    deps.ownership()));
    core.load();
  }

  @Override
  public Receive<Reader.Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Pull.class, this::onPull)
        .onMessage(Settle.class, this::onSettle)
        .onMessage(Reader.Appended.class, this::onAppended)
        .onMessage(Reader.Extended.class, extended -> onExtended(extended.nextOffset()))
        .onMessage(CoreLink.Answered.class, this::onAnswered)
        .onMessage(LogRead.class, this::onLogRead)
        .onMessage(Tick.class, this::onTick)
        .onMessage(WorkerEnded.class, this::onWorkerEnded)
        .onMessage(CoreLink.Ended.class, this::onCoreEnded)
        .onMessage(CoreLink.Revive.class, revive -> onRevive())
        .onMessage(Outbox.Prepared.class, this::onPrepared)
        .onMessage(Outbox.Replied.class, this::onReplied)
        .onMessage(Outbox.Unanswered.class, this::onUnanswered)
        .onMessage(Outbox.Resume.class, resume -> onResume())
        .onMessage(Reader.Describe.class, this::onDescribe)
        .onMessage(Reader.Close.class, this::onClose)
        .onMessage(Reader.Stop.class, stop -> onStop())
        .onMessage(StopDeadline.class, deadline -> Behaviors.stopped())
        .onSignal(PostStop.class, signal -> onPostStop())
        .build();
  }

  private Behavior<Reader.Command> onPull(Pull pull) {
    Deliveries known = deliveries;
    Deliveries.Policy policy = policies.current();
    if (known == null || !isDispatching(policy) || pull.max() <= 0) {
      pull.replyTo().tell(new Pulled(List.of(), 0));
      return next();
    }
    ActorRef<?> holder = pull.watch();
    Deliveries.Request request =
        new Deliveries.Request(
            pull.max(),
            pull.maxBytes(),
            pull.leaseMillis(),
            WorkerName.of(pull.worker(), pull.version()),
            holder);
    List<Delivery> given = known.pull(request, policy, now());
    if (given.isEmpty() || !policy.isAtMostOnce()) {
      watch(given.isEmpty() ? null : holder);
      pull.replyTo().tell(new Pulled(given, known.dispatchable(policy)));
    } else {
      known.settleBeforeLeaving(
          given,
          () -> pull.replyTo().tell(new Pulled(given, known.dispatchable(policies.current()))),
          () -> pull.replyTo().tell(new Pulled(List.of(), 0)));
    }
    return next();
  }

  private boolean isDispatching(Deliveries.Policy policy) {
    return !policy.settings().isPaused()
        && closer == null
        && !isStopping
        && deps.ownership().fence().isHeld();
  }

  private void watch(@Nullable ActorRef<?> worker) {
    if (worker != null && watched.add(worker)) {
      getContext().watchWith(worker, new WorkerEnded(worker));
    }
  }

  private Behavior<Reader.Command> onSettle(Settle settle) {
    Deliveries known = deliveries;
    if (known == null && early.size() < MAX_EARLY_SETTLES) {
      early.add(settle);
    } else if (known == null || isStopping || !deps.ownership().fence().isHeld()) {
      settle.replyTo().tell(retryAll(settle.receipts()));
    } else {
      settle(known, settle);
    }
    return next();
  }

  private void settle(Deliveries known, Settle settle) {
    boolean[] isPending = new boolean[settle.receipts().size()];
    SettleStatus[] statuses =
        known.settle(settle.action(), settle.receipts(), isPending, policies.current(), now());
    if (!isAny(isPending)) {
      settle.replyTo().tell(new Settled(List.of(statuses)));
      return;
    }
    known.await(
        () -> settle.replyTo().tell(new Settled(List.of(statuses))),
        () -> {
          for (int i = 0; i < statuses.length; i++) {
            statuses[i] = isPending[i] ? SettleStatus.RETRY : statuses[i];
          }
          settle.replyTo().tell(new Settled(List.of(statuses)));
        });
  }

  private Behavior<Reader.Command> onAppended(Reader.Appended appended) {
    MessageBatch batch = appended.batch();
    Deliveries known = deliveries;
    boolean isNext = known != null && batch.firstOffset() == known.window().cursor();
    onEnd(batch.endOffset());
    if (known != null && isNext && known.isKnown() && known.window().hasRoom()) {
      known.read(batch, policies.current(), now());
    }
    return next();
  }

  private Behavior<Reader.Command> onExtended(long nextOffset) {
    onEnd(nextOffset);
    return next();
  }

  private void onEnd(long nextOffset) {
    knownEnd = Math.max(knownEnd, nextOffset);
    if (deliveries != null) {
      deliveries.extendTo(knownEnd);
    }
  }

  private Behavior<Reader.Command> onAnswered(CoreLink.Answered answered) {
    if (!core.onAnswered()) {
      return next();
    }
    if (answered.answer() instanceof FencedLog.Done<SubscriptionLog.Result> done) {
      if (done.result() instanceof SubscriptionLog.Loaded loaded) {
        onLoaded(loaded.state());
      } else if (done.result() instanceof SubscriptionLog.Recorded recorded) {
        if (isHandingOver) {
          return Behaviors.stopped();
        }
        onRecorded(recorded);
      }
      return next();
    }
    onUnknown();
    return next();
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
              deps.windowBytes(),
              deps.random());
      deliveries = known;
      for (Settle settle : early) {
        settle(known, settle);
      }
      early.clear();
    } else {
      known.load(state, policies.current(), now());
      outbox.restart();
    }
  }

  private void onRecorded(SubscriptionLog.Recorded recorded) {
    core.onStored();
    if (deliveries != null) {
      deliveries.onStored(recorded.event(), policies.current(), now());
    }
  }

  private Behavior<Reader.Command> onCoreEnded(CoreLink.Ended end) {
    if (core.onEnded(end)) {
      onUnknown();
    }
    return next();
  }

  /** The core ended or may not speak: whatever it was asked may have happened or not. */
  private void onUnknown() {
    if (deliveries != null) {
      deliveries.onUnknown();
    }
    early.forEach(settle -> settle.replyTo().tell(retryAll(settle.receipts())));
    early.clear();
    core.pause();
  }

  private Behavior<Reader.Command> onRevive() {
    core.load();
    return next();
  }

  private Behavior<Reader.Command> onLogRead(LogRead read) {
    isReading = false;
    Deliveries known = deliveries;
    if (known == null) {
      return next();
    }
    long before = known.window().cursor();
    List<MessageBatch> batches = read.batches();
    if (batches != null && known.isKnown()) {
      known.read(read.from(), batches, policies.current(), now());
    }
    boolean isEmpty = batches != null && batches.isEmpty() && known.window().cursor() == before;
    readTrouble = known.isKnown() && (batches == null || isEmpty) ? "log-unreadable" : null;
    if (readTrouble != null) {
      getContext()
          .getLog()
          .warn("reading {} from {} failed, trying again", name(), before, read.failure());
    }
    return next();
  }

  private Behavior<Reader.Command> onTick(Tick tick) {
    if (tick.atNanos() == armedNanos) {
      armedNanos = Long.MAX_VALUE;
    }
    readTrouble = null;
    if (deliveries != null) {
      deliveries.expire(policies.current(), now());
    }
    return next();
  }

  private Behavior<Reader.Command> onWorkerEnded(WorkerEnded worker) {
    watched.remove(worker.worker());
    ended.add(worker.worker());
    return next();
  }

  private Behavior<Reader.Command> onPrepared(Outbox.Prepared prepared) {
    outbox.onPrepared(prepared);
    return next();
  }

  private Behavior<Reader.Command> onReplied(Outbox.Replied replied) {
    long number = outbox.onReplied(replied.reply());
    if (number > 0 && deliveries != null) {
      deliveries.deadLettered(number);
    }
    return next();
  }

  private Behavior<Reader.Command> onUnanswered(Outbox.Unanswered unanswered) {
    outbox.onUnanswered(unanswered);
    return next();
  }

  private Behavior<Reader.Command> onResume() {
    outbox.onResume();
    return next();
  }

  private Behavior<Reader.Command> onDescribe(Reader.Describe describe) {
    Deliveries known = deliveries;
    Deliveries.Policy policy = policies.current();
    String trouble = readTrouble == null ? outbox.trouble() : readTrouble;
    describe
        .replyTo()
        .tell(
            known == null
                ? Figures.recovering(reader, knownEnd)
                : Figures.of(reader, known, policy, isDispatching(policy), trouble));
    return next();
  }

  private Behavior<Reader.Command> onClose(Reader.Close close) {
    closer = close.replyTo();
    return next();
  }

  private Behavior<Reader.Command> onStop() {
    isStopping = true;
    timers.startSingleTimer(StopDeadline.class, new StopDeadline(), STOP_TIMEOUT);
    return next();
  }

  private Behavior<Reader.Command> onPostStop() {
    report.gone();
    early.forEach(settle -> settle.replyTo().tell(retryAll(settle.receipts())));
    if (deliveries != null) {
      deliveries.onUnknown();
    }
    return this;
  }

  /** After every message: whatever can go on now does. */
  private Behavior<Reader.Command> next() {
    Deliveries known = deliveries;
    if (known == null) {
      return isStopping ? Behaviors.stopped() : this;
    }
    Deliveries.Policy policy = policies.current();
    if (!ended.isEmpty()) {
      ended.removeIf(worker -> known.endLeasesOf(worker, policy, now()));
    }
    if (known.isKnown()) {
      read(known);
      outbox.advance(known.state(), policies.origin(reader.queue()));
    }
    write(known);
    if (isDone(known)) {
      return Behaviors.stopped();
    }
    arm(known, policy);
    report.update(Figures.row(reader, known, policy, isDispatching(policy)));
    return this;
  }

  private void read(Deliveries known) {
    long from = isReading || readTrouble != null || isStopping ? -1 : known.readFrom();
    if (from >= 0) {
      isReading = true;
      long bytes = Math.min(known.window().room(), MAX_READ_BYTES);
      getContext()
          .pipeToSelf(
              reader.log().read(from, known.readEnd(), bytes),
              (batches, failure) -> new LogRead(from, failure == null ? batches : null, failure));
    }
  }

  private void write(Deliveries known) {
    SubscriptionEvent.Settled settled = core.isBusy() ? null : known.nextWrite(now());
    if (settled != null) {
      core.submit(new SubscriptionLog.Settle(known.state().generation(), settled));
    }
  }

  /** Whether it may end; before an orderly stop it has its leases stored. */
  private boolean isDone(Deliveries known) {
    ActorRef<Reader.Gone> waiting = closer;
    boolean isIdle = known.isKnown() && !known.isStoring() && !known.hasUnstored();
    if (waiting != null && isIdle && known.state().dyingCount() == 0) {
      waiting.tell(new Reader.Gone(reader.subscriptionUid()));
      return true;
    }
    if (!isStopping || isHandingOver || (known.isKnown() && !isIdle)) {
      return false;
    }
    List<SubscriptionEvent.LeaseLeft> left = known.leasesLeft(now());
    if (left.isEmpty() || !known.isKnown() || core.isBusy()) {
      return true;
    }
    isHandingOver = true;
    List<SubscriptionEvent.LeaseLeft> bounded =
        left.subList(0, Math.min(left.size(), MAX_LEASES_LEFT));
    core.submit(
        new SubscriptionLog.Close(
            new SubscriptionEvent.Closing(deps.clock().millis(), List.copyOf(bounded))));
    return false;
  }

  /** One timer, set only if something is due before it would ring. */
  private void arm(Deliveries known, Deliveries.Policy policy) {
    long nowNanos = nanos();
    long due = known.isKnown() && !isStopping ? known.nextDueNanos() : Long.MAX_VALUE;
    boolean waitsForChange =
        readTrouble != null
            || (policy.settings().isPaused() && known.backlog() > 0)
            || !deps.ownership().fence().isHeld();
    if (waitsForChange && armedNanos == Long.MAX_VALUE) {
      due = Math.min(due, nowNanos + RECHECK.toNanos());
    }
    if (due < armedNanos) {
      armedNanos = due;
      Duration wait = Duration.ofNanos(Math.max(1_000_000, due - nowNanos));
      timers.startSingleTimer(Tick.class, new Tick(due), wait);
    }
  }

  private Now now() {
    return new Now(deps.clock().millis(), nanos());
  }

  private long nanos() {
    return deps.nanoTime().getAsLong() - originNanos;
  }

  private String name() {
    return getContext().getSelf().path().name();
  }

  private static boolean isAny(boolean[] flags) {
    for (boolean flag : flags) {
      if (flag) {
        return true;
      }
    }
    return false;
  }

  private static Settled retryAll(List<Receipt> receipts) {
    SettleStatus[] statuses = new SettleStatus[receipts.size()];
    Arrays.fill(statuses, SettleStatus.RETRY);
    return new Settled(List.of(statuses));
  }
}
