package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic.StartPosition;
import io.tidewheel.journal.CoreLink;
import io.tidewheel.journal.FencedLog.Ownership;
import io.tidewheel.journal.RowReader;
import io.tidewheel.message.Control;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult.Reason;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The front of a queue: a sharded entity that collects, routes and answers, and never waits.
 *
 * <ol>
 *   <li>Group commit: while the core stores a batch, appends collect; the next batch takes all of
 *       them up to its size. No timer: an idle queue commits at once, a busy one in large batches.
 *   <li>What waits is bounded by bytes; beyond, an append is refused before anything of it is
 *       stored.
 *   <li>Everything about an append that is in the core's hands when the core fails is {@code
 *       unknown}; the sender's repeat finds out, by number.
 *   <li>A stored batch goes to every reader by reference, after its publishers are answered.
 * </ol>
 *
 * <p>Nothing here survives a restart; all of {@link QueueLog} does.
 */
public final class Queue extends AbstractBehavior<Queue.Command> {
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);

  /** What a queue takes. */
  public sealed interface Command {}

  /**
   * Store messages, in order.
   *
   * @param number of this append for this sender and queue, from 1; a repeat has the same number
   *     and the same messages, and gets the result of the first time
   * @param timeLeftMillis after which it must not be stored any more; {@link Long#MAX_VALUE} for
   *     never
   * @param mayBeStored whether an earlier sending may have been: a full queue lets it pass to find
   *     out, because a refusal would say nothing
   */
  public record Append(
      SenderId sender,
      long number,
      List<Message> messages,
      long timeLeftMillis,
      boolean mayBeStored,
      ActorRef<AppendReply> replyTo)
      implements Command {}

  /** Store that a subscription reads this queue from now on; repeatable. */
  public record OpenSubscription(
      long subscriptionUid,
      StartPosition start,
      long startsAtMillis,
      ActorRef<SubscriptionReply> replyTo)
      implements Command, Control {}

  /** Store that a subscription does not read this queue any more; repeatable. */
  public record CloseSubscription(long subscriptionUid, ActorRef<SubscriptionReply> replyTo)
      implements Command, Control {}

  /** Store that the queue is deleted, for ever, and sweep its rows; repeatable. */
  public record Delete(ActorRef<SubscriptionReply> replyTo) implements Command, Control {}

  /** What came of opening, closing or deleting. */
  public sealed interface SubscriptionReply extends Control {}

  /**
   * Stored.
   *
   * @param startOffset of an opened subscription, else 0
   */
  public record StoredInLog(long startOffset) implements SubscriptionReply {}

  /** Not now; a repeat finds out. */
  public record NotNow(String detail) implements SubscriptionReply {}

  /**
   * For the reader of this subscription. A queue that has none calls {@link
   * Reader.Command#onNoReader()}.
   */
  public record ToReader(long subscriptionUid, Reader.Command command) implements Command {}

  /**
   * Be awake: recover, and let the readers announce what they have.
   *
   * @param replyTo is told when the log has been read
   */
  public record Wake(@Nullable ActorRef<QueueWaker.IsAwake> replyTo) implements Command, Control {}

  /** Say how the queue is, and if asked for its readers, which takes longer while they recover. */
  public record Describe(boolean withReaders, ActorRef<Inspector.QueueStatus> replyTo)
      implements Command, Control {}

  /** Finish what is being stored, then stop; sent by sharding. */
  public record Stop() implements Command, Control {}

  /** A reader has got further, or come to rest; says so once until it is looked at. */
  record Progressed(ReaderProgress progress) implements Command {}

  /** What readers said, to be answered with what the queue knows now: that is not behind them. */
  record Described(List<Reader.Status> readers, ActorRef<Inspector.QueueStatus> replyTo)
      implements Command {}

  private record LookAround() implements Command {}

  private record LeftoverFound() implements Command {}

  private record CoreSignal(CoreLink.Signal<QueueLog.Result> signal) implements Command {}

  private record Reload() implements Command {}

  private record StartFound(OpenSubscription open, long startOffset) implements Command {}

  private record ReaderSignal(QueueReaders.Signal signal) implements Command {}

  private record StopNow() implements Command {}

  /**
   * What every queue of a node shares.
   *
   * @param ownership when a queue's core may write, and how often it takes a checkpoint
   * @param clock for the time messages are stored at
   * @param nanoTime monotonic, for time limits
   * @param catalog what this node knows of topics
   * @param maxPendingBytes of appends that wait in one queue
   * @param isDiskFull whether nothing more may be appended, so that consumers can go on
   * @param idle when queues without work rest and sleep
   */
  public record Dependencies(
      Ownership ownership,
      InstantSource clock,
      LongSupplier nanoTime,
      Supplier<CatalogSnapshot> catalog,
      RowReader rows,
      TailCache tail,
      Reader.Factory readers,
      long maxPendingBytes,
      BooleanSupplier isDiskFull,
      QueueIdle idle,
      QueueMeter meter) {}

  /** The queue {@code queue} of the topic with that uid, which never sleeps. */
  public static Behavior<Command> create(long topicUid, int queue, Dependencies node) {
    return create(topicUid, queue, node, QueueBed.NONE);
  }

  /** The queue {@code queue} of the topic with that uid. */
  public static Behavior<Command> create(
      long topicUid, int queue, Dependencies node, QueueBed bed) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new Queue(context, timers, topicUid, queue, node, bed)));
  }

  private final TimerScheduler<Command> timers;
  private final long topicUid;
  private final int queue;
  private final Dependencies node;
  private final StoredMessageLog log;
  private final QueueWriter writer;
  private final EarlyCommands early = new EarlyCommands();
  private final QueueReaders readers;
  private final LogExtent extent = new LogExtent();
  private final QueueUpkeep upkeep;

  private Queue(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      long topicUid,
      int queue,
      Dependencies node,
      QueueBed bed) {
    super(context);
    this.timers = timers;
    this.topicUid = topicUid;
    this.queue = queue;
    this.node = node;
    this.log = new StoredMessageLog(topicUid, queue, node.rows(), node.tail(), extent);
    this.readers = new QueueReaders(context, ReaderSignal::new);
    this.upkeep =
        new QueueUpkeep(
            context,
            timers,
            new QueueUpkeep.Messages(new LookAround(), new LeftoverFound()),
            topicUid,
            queue,
            node,
            extent,
            bed);
    this.writer =
        new QueueWriter(
            context,
            timers,
            new QueueWriter.Messages(CoreSignal::new, new Reload()),
            topicUid,
            queue,
            node,
            new QueueNews(context, topicUid, queue, node, log, extent, readers, upkeep, early));
    upkeep.start(writer);
    writer.start();
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Append.class, this::onAppend)
        .onMessage(ToReader.class, this::onToReader)
        .onMessage(CoreSignal.class, this::onCoreSignal)
        .onMessage(Reload.class, reload -> onReload())
        .onMessage(OpenSubscription.class, this::onOpenSubscription)
        .onMessage(StartFound.class, this::onStartFound)
        .onMessage(CloseSubscription.class, this::onCloseSubscription)
        .onMessage(ReaderSignal.class, this::onReaderSignal)
        .onMessage(Progressed.class, this::onProgressed)
        .onMessage(LookAround.class, look -> onLookAround())
        .onMessage(LeftoverFound.class, found -> onLeftoverFound())
        .onMessage(Delete.class, this::onDelete)
        .onMessage(Describe.class, this::onDescribe)
        .onMessage(Described.class, this::onDescribed)
        .onMessage(Wake.class, this::onWake)
        .onMessage(Stop.class, stop -> onStop())
        .onMessage(StopNow.class, stop -> Behaviors.stopped())
        .build();
  }

  private Behavior<Command> onAppend(Append append) {
    upkeep.onUse();
    AppendReply refusal = append.mayBeStored() ? null : refusal(append.number());
    if (refusal == null) {
      writer.append(append);
    } else if (isFenceHeld()) {
      append.replyTo().tell(refusal);
    } else {
      // The queue may live elsewhere by now, and have room there.
      append.replyTo().tell(AppendReply.refusal(append.number(), Reason.UNAVAILABLE));
    }
    return this;
  }

  private boolean isFenceHeld() {
    return node.ownership().fence().isHeld();
  }

  private @Nullable AppendReply refusal(long number) {
    if (node.isDiskFull().getAsBoolean()) {
      return AppendReply.refusal(number, Reason.DISK_FULL);
    }
    String full = BacklogBound.refusal(node.catalog().get().topic(topicUid), queue, extent);
    return full == null ? null : new AppendReply.NotStored(number, Reason.OVER_LIMIT, full);
  }

  private Behavior<Command> onProgressed(Progressed progressed) {
    upkeep.onProgress(progressed.progress());
    return this;
  }

  private Behavior<Command> onLookAround() {
    upkeep.onLook();
    return this;
  }

  private Behavior<Command> onLeftoverFound() {
    writer.trim(new QueueLog.FinishTrim());
    return this;
  }

  private Behavior<Command> onToReader(ToReader routed) {
    upkeep.onUse();
    if (readers.tell(routed.subscriptionUid(), routed.command())) {
      return this;
    }
    boolean isAway = upkeep.isStopping() || (writer.isLoaded() && !isFenceHeld());
    if (!isAway && writer.isLoaded()) {
      routed.command().onNoReader();
    } else if (isAway || !early.offer(routed)) {
      // The reader has stopped already, but its subscription may well be open, here or elsewhere.
      routed.command().onNotNow();
    }
    return this;
  }

  private Behavior<Command> onOpenSubscription(OpenSubscription open) {
    upkeep.onUse();
    if (open.start() == StartPosition.TIME) {
      getContext()
          .pipeToSelf(
              log.firstOffsetSince(open.startsAtMillis()),
              (offset, failure) -> new StartFound(open, failure == null ? offset : -1));
      return this;
    }
    return onStartFound(
        new StartFound(open, open.start() == StartPosition.LATEST ? QueueLog.AT_END : 0));
  }

  private Behavior<Command> onStartFound(StartFound found) {
    if (found.startOffset() < 0) {
      found.open().replyTo().tell(new NotNow("the log of the queue could not be read"));
      return this;
    }
    writer.change(
        new QueueLog.Open(found.open().subscriptionUid(), found.startOffset()),
        found.open().replyTo());
    return this;
  }

  /** The reader goes first: what its outbox still holds is handed over before it is forgotten. */
  private Behavior<Command> onCloseSubscription(CloseSubscription close) {
    upkeep.onUse();
    if (!readers.close(close)) {
      storeClosing(close);
    }
    return this;
  }

  private Behavior<Command> onReaderSignal(ReaderSignal returned) {
    readers.onSignal(returned.signal(), extent.end().offset()).forEach(this::storeClosing);
    return stopIfDone();
  }

  private Behavior<Command> onDelete(Delete delete) {
    writer.change(new QueueLog.Delete(), delete.replyTo());
    return this;
  }

  private Behavior<Command> onWake(Wake wake) {
    if (wake.replyTo() != null && writer.isLoaded()) {
      wake.replyTo().tell(new QueueWaker.IsAwake(topicUid, queue));
    } else if (wake.replyTo() != null) {
      early.offer(wake);
    }
    return this;
  }

  private Behavior<Command> onDescribe(Describe describe) {
    if (!writer.isLoaded() && extent.end().offset() == 0) {
      // Not known yet; whoever asks leaves out a queue that does not answer in time.
      early.offer(describe);
      return this;
    }
    List<ActorRef<Reader.Command>> asked = describe.withReaders() ? readers.all() : List.of();
    getContext()
        .spawnAnonymous(QueueDescription.create(asked, describe.replyTo(), getContext().getSelf()));
    return this;
  }

  private Behavior<Command> onDescribed(Described described) {
    if (isFenceHeld()) {
      String here = node.ownership().node();
      described.replyTo().tell(extent.describe(queue, here, described.readers()));
    }
    return this;
  }

  private void storeClosing(CloseSubscription close) {
    writer.change(new QueueLog.Close(close.subscriptionUid()), close.replyTo());
  }

  private Behavior<Command> onCoreSignal(CoreSignal returned) {
    writer.onSignal(returned.signal());
    return stopIfDone();
  }

  private Behavior<Command> onReload() {
    writer.onReload();
    return this;
  }

  private Behavior<Command> onStop() {
    upkeep.onStop();
    timers.startSingleTimer(new StopNow(), STOP_TIMEOUT);
    writer.stop();
    early.refuse();
    readers.tellAll(new Reader.Stop(upkeep.isAsleep()));
    return stopIfDone();
  }

  private Behavior<Command> stopIfDone() {
    return upkeep.isStopping() && writer.hasLeft() && readers.isEmpty()
        ? Behaviors.stopped()
        : this;
  }
}
