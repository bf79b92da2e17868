package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.Topic.StartPosition;
import io.tidewheel.journal.CoreLink;
import io.tidewheel.journal.FencedLog.Ownership;
import io.tidewheel.journal.RowReader;
import io.tidewheel.message.Control;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueLog.IdPolicy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

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
  /** Commands for readers that may wait while the queue recovers. */
  static final int MAX_UNROUTED = 10_000;

  /** Openings, closings and deletions that wait for the core. */
  static final int MAX_CHANGES = 1_000;

  private static final Duration MIN_READER_BACKOFF = Duration.ofMillis(200);
  private static final Duration MAX_READER_BACKOFF = Duration.ofSeconds(5);
  private static final Duration RELOAD_DELAY = Duration.ofSeconds(1);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);

  /** Until the catalog's view has the topic. */
  private static final IdPolicy DEFAULT_IDS = new IdPolicy(600_000, 10_000);

  /** What a queue takes. */
  public sealed interface Command {}

  /**
   * Store messages, in order.
   *
   * @param number of this append for this sender and queue, from 1; a repeat has the same number
   *     and the same messages, and gets the result of the first time
   * @param timeLeftMillis after which it must not be stored any more; {@link Long#MAX_VALUE} for
   *     never
   */
  public record Append(
      SenderId sender,
      long number,
      List<Message> messages,
      long timeLeftMillis,
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

  /** Be awake: recover, and let the readers announce what they have. */
  public record Wake() implements Command, Control {}

  /** Say how the queue and its readers are. */
  public record Describe(ActorRef<Inspector.QueueStatus> replyTo) implements Command, Control {}

  /** Finish what is being stored, then stop; sent by sharding. */
  public record Stop() implements Command, Control {}

  private record CoreSignal(CoreLink.Signal<QueueLog.Result> signal) implements Command {}

  private record Reload() implements Command {}

  private record StartFound(OpenSubscription open, long startOffset) implements Command {}

  private record ReaderGone(Reader.Gone gone, ActorRef<SubscriptionReply> replyTo)
      implements Command {}

  private record ReaderStopped(long subscriptionUid, ActorRef<Reader.Command> reader)
      implements Command {}

  private record StopNow() implements Command {}

  /**
   * What every queue of a node shares.
   *
   * @param ownership when a queue's core may write, and how often it takes a checkpoint
   * @param clock for the time messages are stored at
   * @param nanoTime monotonic, for time limits
   * @param catalog what this node knows of topics
   * @param maxPendingBytes of appends that wait in one queue
   */
  public record Dependencies(
      Ownership ownership,
      InstantSource clock,
      LongSupplier nanoTime,
      Supplier<CatalogSnapshot> catalog,
      RowReader rows,
      TailCache tail,
      Reader.Factory readers,
      long maxPendingBytes) {}

  /** The queue {@code queue} of the topic with that uid. */
  public static Behavior<Command> create(long topicUid, int queue, Dependencies node) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new Queue(context, timers, topicUid, queue, node)));
  }

  private record Change(QueueLog.Command command, ActorRef<SubscriptionReply> replyTo) {}

  private final TimerScheduler<Command> timers;
  private final long topicUid;
  private final int queue;
  private final Dependencies node;
  private final StoredMessageLog log;
  private final CoreLink<Command, QueueLog.Command, QueueLog.Result> core;
  private final PendingAppends pending;
  private final Deque<Change> changes = new ArrayDeque<>();
  private final Deque<ToReader> unrouted = new ArrayDeque<>();
  private final Map<Long, ActorRef<Reader.Command>> readers = new HashMap<>();
  private boolean isLoaded;
  private boolean isDeleted;
  private boolean isStopping;
  private long nextOffset;
  private long storedBytes;
  private int readerCount;

  private Queue(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      long topicUid,
      int queue,
      Dependencies node) {
    super(context);
    this.timers = timers;
    this.topicUid = topicUid;
    this.queue = queue;
    this.node = node;
    this.log = new StoredMessageLog(topicUid, queue, node.rows(), node.tail());
    this.core =
        new CoreLink<>(
            context,
            timers,
            () -> QueueLog.create(topicUid, queue, node.clock(), node.ownership()),
            CoreSignal::new,
            this::load);
    this.pending = new PendingAppends(node.maxPendingBytes());
    core.start();
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
        .onMessage(ReaderGone.class, this::onReaderGone)
        .onMessage(ReaderStopped.class, this::onReaderStopped)
        .onMessage(Delete.class, this::onDelete)
        .onMessage(Describe.class, this::onDescribe)
        .onMessage(Wake.class, wake -> this)
        .onMessage(Stop.class, stop -> onStop())
        .onMessage(StopNow.class, stop -> Behaviors.stopped())
        .build();
  }

  private Behavior<Command> onAppend(Append append) {
    if (isDeleted) {
      refuse(append, PublishResult.Reason.TOPIC_GONE);
    } else if (isStopping) {
      refuse(append, PublishResult.Reason.UNAVAILABLE);
    } else if (!pending.offer(append, node.nanoTime().getAsLong())) {
      refuse(append, PublishResult.Reason.OVER_LIMIT);
    } else {
      startNext();
    }
    return this;
  }

  private Behavior<Command> onToReader(ToReader routed) {
    ActorRef<Reader.Command> reader = readers.get(routed.subscriptionUid());
    if (reader != null) {
      reader.tell(routed.command());
    } else if (isLoaded) {
      routed.command().onNoReader();
    } else if (unrouted.size() < MAX_UNROUTED) {
      unrouted.addLast(routed);
    } else {
      routed.command().onNotNow();
    }
    return this;
  }

  private Behavior<Command> onOpenSubscription(OpenSubscription open) {
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
    return change(
        new QueueLog.Open(found.open().subscriptionUid(), found.startOffset()),
        found.open().replyTo());
  }

  /** The reader goes first: what its outbox still holds is handed over before it is forgotten. */
  private Behavior<Command> onCloseSubscription(CloseSubscription close) {
    ActorRef<Reader.Command> reader = readers.get(close.subscriptionUid());
    if (reader == null) {
      return change(new QueueLog.Close(close.subscriptionUid()), close.replyTo());
    }
    reader.tell(
        new Reader.Close(
            getContext()
                .messageAdapter(Reader.Gone.class, gone -> new ReaderGone(gone, close.replyTo()))));
    return this;
  }

  private Behavior<Command> onReaderGone(ReaderGone closed) {
    readers.remove(closed.gone().subscriptionUid());
    return change(new QueueLog.Close(closed.gone().subscriptionUid()), closed.replyTo());
  }

  private Behavior<Command> onDelete(Delete delete) {
    return change(new QueueLog.Delete(), delete.replyTo());
  }

  private Behavior<Command> onDescribe(Describe describe) {
    QueueDescription.Figures figures =
        new QueueDescription.Figures(
            queue, node.ownership().node(), nextOffset, storedBytes, List.copyOf(readers.values()));
    getContext().spawnAnonymous(QueueDescription.create(figures, describe.replyTo()));
    return this;
  }

  private Behavior<Command> change(QueueLog.Command command, ActorRef<SubscriptionReply> replyTo) {
    if (isStopping || changes.size() == MAX_CHANGES) {
      replyTo.tell(new NotNow("the queue has too much to do, or is moving"));
    } else {
      changes.addLast(new Change(command, replyTo));
      startNext();
    }
    return this;
  }

  /** Gives the core its next command if it is free: changes first, they are rare and small. */
  private void startNext() {
    if (!isLoaded || !core.isFree()) {
      return;
    }
    Change change = changes.pollFirst();
    if (change != null) {
      core.submit(change.command(), new ChangeOutcome(change));
      return;
    }
    List<Append> appends =
        pending.take(
            node.nanoTime().getAsLong(), expired -> refuse(expired, PublishResult.Reason.EXPIRED));
    if (!appends.isEmpty()) {
      core.submit(new QueueLog.Commit(appends, idPolicy()), new CommitOutcome(appends));
    }
  }

  private Behavior<Command> onCoreSignal(CoreSignal returned) {
    core.onSignal(returned.signal());
    return continueOrStop();
  }

  private void load() {
    isLoaded = false;
    core.submit(new QueueLog.Load(), new LoadOutcome());
  }

  private Behavior<Command> onReload() {
    if (!isLoaded && core.isFree()) {
      load();
    }
    return this;
  }

  private final class LoadOutcome implements CoreLink.Outcome<QueueLog.Result> {
    @Override
    public void onDone(QueueLog.Result result) {
      if (result instanceof QueueLog.Loaded loaded) {
        onLoaded(loaded);
      }
    }

    /** The fence is lost for now (a core that stopped is started again by the link). */
    @Override
    public void onLost(boolean mayBeStored) {
      timers.startSingleTimer(new Reload(), RELOAD_DELAY);
    }
  }

  private final class CommitOutcome implements CoreLink.Outcome<QueueLog.Result> {
    private final List<Append> appends;

    CommitOutcome(List<Append> appends) {
      this.appends = appends;
    }

    @Override
    public void onDone(QueueLog.Result result) {
      if (result instanceof QueueLog.Committed committed) {
        onCommitted(appends, committed);
      } else {
        appends.forEach(append -> refuse(append, PublishResult.Reason.TOPIC_GONE));
      }
    }

    @Override
    public void onLost(boolean mayBeStored) {
      for (Append append : appends) {
        if (mayBeStored) {
          String detail = "the write was not confirmed; it may have been stored";
          append.replyTo().tell(new AppendReply.Unknown(append.number(), detail));
        } else {
          refuse(append, PublishResult.Reason.UNAVAILABLE);
        }
      }
    }
  }

  private final class ChangeOutcome implements CoreLink.Outcome<QueueLog.Result> {
    private final Change change;

    ChangeOutcome(Change change) {
      this.change = change;
    }

    @Override
    public void onDone(QueueLog.Result result) {
      if (result instanceof QueueLog.Deleted) {
        onDeleted();
      }
      if (result instanceof QueueLog.Opened opened
          && change.command() instanceof QueueLog.Open open) {
        startReader(open.subscriptionUid(), opened.startOffset());
        change.replyTo().tell(new StoredInLog(opened.startOffset()));
      } else if (change.command() instanceof QueueLog.Open) {
        change.replyTo().tell(new NotNow("the topic was deleted"));
      } else {
        change.replyTo().tell(new StoredInLog(0));
      }
    }

    @Override
    public void onLost(boolean mayBeStored) {
      change.replyTo().tell(new NotNow("the write was not confirmed"));
    }
  }

  private void onLoaded(QueueLog.Loaded loaded) {
    isLoaded = true;
    isDeleted = loaded.isDeleted();
    storedBytes = loaded.storedBytes();
    boolean hasNews = loaded.nextOffset() > nextOffset;
    nextOffset = loaded.nextOffset();
    if (hasNews) {
      // Recovered batches were never passed on: what timed out may have been stored.
      readers.values().forEach(reader -> reader.tell(new Reader.Extended(nextOffset)));
    }
    loaded.openSubscriptions().forEach(this::startReader);
    unrouted.forEach(this::onToReader);
    unrouted.clear();
    if (isDeleted) {
      onDeleted();
    }
  }

  private void onCommitted(List<Append> appends, QueueLog.Committed committed) {
    for (int i = 0; i < appends.size(); i++) {
      appends.get(i).replyTo().tell(committed.replies().get(i));
    }
    MessageBatch batch = committed.batch();
    if (batch == null) {
      return;
    }
    nextOffset = batch.endOffset();
    for (Message message : batch.messages()) {
      storedBytes += message.payload().length;
    }
    node.tail().put(topicUid, queue, batch);
    Reader.Appended appended = new Reader.Appended(batch);
    readers.values().forEach(reader -> reader.tell(appended));
  }

  private void onDeleted() {
    isDeleted = true;
    readers.values().forEach(reader -> reader.tell(new Reader.Stop()));
    pending.drain(append -> refuse(append, PublishResult.Reason.TOPIC_GONE));
  }

  private void startReader(long subscriptionUid, long startOffset) {
    if (readers.containsKey(subscriptionUid) || isStopping) {
      return;
    }
    Reader.Context context =
        new Reader.Context(
            topicUid, queue, subscriptionUid, startOffset, nextOffset, log, getContext().getSelf());
    ActorRef<Reader.Command> reader =
        getContext()
            .spawn(
                Behaviors.supervise(node.readers().create(context))
                    .onFailure(
                        SupervisorStrategy.restartWithBackoff(
                            MIN_READER_BACKOFF, MAX_READER_BACKOFF, 0.2)),
                "subscription-" + subscriptionUid + "-" + ++readerCount);
    getContext().watchWith(reader, new ReaderStopped(subscriptionUid, reader));
    readers.put(subscriptionUid, reader);
  }

  private Behavior<Command> onReaderStopped(ReaderStopped stopped) {
    readers.remove(stopped.subscriptionUid(), stopped.reader());
    return continueOrStop();
  }

  private Behavior<Command> onStop() {
    isStopping = true;
    timers.startSingleTimer(new StopNow(), STOP_TIMEOUT);
    pending.drain(append -> refuse(append, PublishResult.Reason.UNAVAILABLE));
    changes.forEach(change -> change.replyTo().tell(new NotNow("the queue is moving")));
    changes.clear();
    unrouted.forEach(routed -> routed.command().onNotNow());
    unrouted.clear();
    readers.values().forEach(reader -> reader.tell(new Reader.Stop()));
    return continueOrStop();
  }

  private Behavior<Command> continueOrStop() {
    if (isStopping && !core.isBusy() && readers.isEmpty()) {
      return Behaviors.stopped();
    }
    startNext();
    return this;
  }

  private IdPolicy idPolicy() {
    Topic topic = node.catalog().get().topic(topicUid);
    return topic == null
        ? DEFAULT_IDS
        : new IdPolicy(topic.settings().dedupWindow().toMillis(), topic.settings().dedupIds());
  }

  private static void refuse(Append append, PublishResult.Reason reason) {
    String detail =
        switch (reason) {
          case TOPIC_GONE -> "the topic was deleted";
          case OVER_LIMIT -> "too much is waiting to be stored in this queue";
          case EXPIRED -> "the time limit was over before the message could be stored";
          default -> "the queue may not store right now";
        };
    append.replyTo().tell(new AppendReply.NotStored(append.number(), reason, detail));
  }
}
