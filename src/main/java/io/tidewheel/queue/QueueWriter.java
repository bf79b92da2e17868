package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.Topic;
import io.tidewheel.journal.CoreLink;
import io.tidewheel.queue.Queue.Append;
import io.tidewheel.queue.Queue.NotNow;
import io.tidewheel.queue.Queue.StoredInLog;
import io.tidewheel.queue.Queue.SubscriptionReply;
import io.tidewheel.queue.QueueLog.IdPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of a queue's front: what waits for the core, and what becomes of it. Answers
 * whoever asked, then tells the {@link Listener}. Part of the queue's actor; not thread-safe.
 */
final class QueueWriter {
  /** Openings, closings and deletions that wait for the core. */
  static final int MAX_CHANGES = 1_000;

  private static final Duration RELOAD_DELAY = Duration.ofSeconds(1);

  /** Until the catalog's view has the topic. */
  private static final IdPolicy DEFAULT_IDS = new IdPolicy(600_000, 10_000);

  /** The queue, as the one who passes on what was stored. */
  interface Listener {
    /** The core has recovered; nothing is given to it before. */
    void onLoaded(QueueLog.Loaded loaded);

    void onStored(MessageBatch batch);

    void onOpened(long subscriptionUid, long startOffset);

    void onClosed(long subscriptionUid);

    /** What came of a trim; null if that is not known. */
    void onTrimmed(QueueLog.@Nullable TrimDone done);

    /** The queue is deleted, now or before; may be called more than once. */
    void onDeleted();
  }

  private record Change(QueueLog.Command command, ActorRef<SubscriptionReply> replyTo) {}

  private final TimerScheduler<Queue.Command> timers;
  private final long topicUid;
  private final Queue.Dependencies node;
  private final Queue.Command reload;
  private final Listener listener;
  private final CoreLink<Queue.Command, QueueLog.Command, QueueLog.Result> core;
  private final PendingAppends pending;
  private final Deque<Change> changes = new ArrayDeque<>();
  private QueueLog.@Nullable Command trim;
  private boolean isLoaded;
  private boolean isDeleted;
  private boolean isStopping;
  private boolean isLeaving;

  /** The messages a writer sends to its own actor. */
  record Messages(
      Function<CoreLink.Signal<QueueLog.Result>, Queue.Command> signal, Queue.Command reload) {}

  /** A writer without a core; {@link #start} makes it. */
  QueueWriter(
      ActorContext<Queue.Command> context,
      TimerScheduler<Queue.Command> timers,
      Messages messages,
      long topicUid,
      int queue,
      Queue.Dependencies node,
      Listener listener) {
    this.timers = timers;
    this.topicUid = topicUid;
    this.node = node;
    this.reload = messages.reload();
    this.listener = listener;
    this.pending = new PendingAppends(node.maxPendingBytes());
    this.core =
        new CoreLink<>(
            context,
            timers,
            node.ownership(),
            () -> QueueLog.create(topicUid, queue, node.clock(), node.ownership()),
            messages.signal(),
            this::load);
  }

  void start() {
    core.start();
  }

  void append(Append append) {
    if (isDeleted) {
      refuse(append, PublishResult.Reason.TOPIC_GONE);
    } else if (isStopping) {
      refuse(append, PublishResult.Reason.UNAVAILABLE);
    } else if (!pending.offer(append, node.nanoTime().getAsLong())) {
      refuse(append, PublishResult.Reason.OVER_LIMIT);
    } else {
      startNext();
    }
  }

  void change(QueueLog.Command command, ActorRef<SubscriptionReply> replyTo) {
    if (isStopping || changes.size() == MAX_CHANGES) {
      replyTo.tell(new NotNow("the queue has too much to do, or is moving"));
    } else {
      changes.addLast(new Change(command, replyTo));
      startNext();
    }
  }

  /** Hands a trim to the core when it is free; one at a time, a later one replaces it. */
  void trim(QueueLog.Command command) {
    if (!isStopping) {
      trim = command;
      startNext();
    }
  }

  /** Ends the core until something is to be stored. */
  void restCore() {
    if (isAtRest()) {
      core.rest();
    }
  }

  /** Whether nothing waits and nothing is under way. */
  boolean isAtRest() {
    return isLoaded && core.isFree() && pending.isEmpty() && changes.isEmpty() && trim == null;
  }

  void onSignal(CoreLink.Signal<QueueLog.Result> signal) {
    core.onSignal(signal);
    startNext();
  }

  /** Asks the core again after it could not answer where the log stands. */
  void onReload() {
    if (!isLoaded && core.isFree()) {
      load();
    }
  }

  /** Refuses what waits and takes nothing any more; what the core holds is still answered. */
  void stop() {
    isStopping = true;
    pending.drain(append -> refuse(append, PublishResult.Reason.UNAVAILABLE));
    changes.forEach(change -> change.replyTo().tell(new NotNow("the queue is moving")));
    changes.clear();
    trim = null;
    startNext();
  }

  /** Whether the core has recovered and nothing contradicts that. */
  boolean isLoaded() {
    return isLoaded;
  }

  /** Whether nothing is under way, after {@link #stop}. */
  boolean hasLeft() {
    return !core.isBusy();
  }

  private void load() {
    isLoaded = false;
    core.submit(new QueueLog.Load(), new LoadOutcome());
  }

  private void leave() {
    if (!isLeaving) {
      isLeaving = true;
      core.leave(() -> {});
    }
  }

  /** Gives the core its next command if it is free: changes first, they are rare and small. */
  private void startNext() {
    if (!isLoaded || !core.isFree()) {
      return;
    }
    if (isStopping) {
      leave();
      return;
    }
    Change change = changes.pollFirst();
    if (change != null) {
      core.submit(change.command(), new ChangeOutcome(change));
      return;
    }
    QueueLog.Command due = trim;
    if (due != null && !isDeleted) {
      trim = null;
      core.submit(due, new TrimOutcome());
      return;
    }
    List<Append> appends =
        pending.take(
            node.nanoTime().getAsLong(), expired -> refuse(expired, PublishResult.Reason.EXPIRED));
    if (!appends.isEmpty()) {
      core.submit(new QueueLog.Commit(appends, idPolicy()), new CommitOutcome(appends));
    }
  }

  private void onDeleted() {
    isDeleted = true;
    pending.drain(append -> refuse(append, PublishResult.Reason.TOPIC_GONE));
    listener.onDeleted();
  }

  private IdPolicy idPolicy() {
    Topic topic = node.catalog().get().topic(topicUid);
    return topic == null
        ? DEFAULT_IDS
        : new IdPolicy(topic.settings().dedupWindow().toMillis(), topic.settings().dedupIds());
  }

  private static void refuse(Append append, PublishResult.Reason reason) {
    append.replyTo().tell(AppendReply.refusal(append.number(), reason));
  }

  private final class LoadOutcome implements CoreLink.Outcome<QueueLog.Result> {
    private final long startedNanos = node.nanoTime().getAsLong();

    @Override
    public void onDone(QueueLog.Result result) {
      if (result instanceof QueueLog.Loaded loaded) {
        isLoaded = true;
        node.meter().onLoaded(node.nanoTime().getAsLong() - startedNanos);
        listener.onLoaded(loaded);
        if (loaded.isDeleted()) {
          onDeleted();
        }
      }
    }

    /** The fence is lost for now (a core that stopped is started again by the link). */
    @Override
    public void onLost(boolean mayBeStored) {
      timers.startSingleTimer(reload, RELOAD_DELAY);
    }
  }

  private final class CommitOutcome implements CoreLink.Outcome<QueueLog.Result> {
    private final List<Append> appends;
    private final long startedNanos = node.nanoTime().getAsLong();

    CommitOutcome(List<Append> appends) {
      this.appends = appends;
    }

    @Override
    public void onDone(QueueLog.Result result) {
      if (!(result instanceof QueueLog.Committed committed)) {
        appends.forEach(append -> refuse(append, PublishResult.Reason.TOPIC_GONE));
        return;
      }
      for (int i = 0; i < appends.size(); i++) {
        appends.get(i).replyTo().tell(committed.replies().get(i));
      }
      MessageBatch batch = committed.batch();
      if (batch != null) {
        node.meter().onStored(batch.messages().size(), node.nanoTime().getAsLong() - startedNanos);
        listener.onStored(batch);
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

  private final class TrimOutcome implements CoreLink.Outcome<QueueLog.Result> {
    @Override
    public void onDone(QueueLog.Result result) {
      listener.onTrimmed(result instanceof QueueLog.TrimDone done ? done : null);
    }

    @Override
    public void onLost(boolean mayBeStored) {
      listener.onTrimmed(null);
    }
  }

  private final class ChangeOutcome implements CoreLink.Outcome<QueueLog.Result> {
    private final Change change;

    ChangeOutcome(Change change) {
      this.change = change;
    }

    @Override
    public void onDone(QueueLog.Result result) {
      QueueLog.Command command = change.command();
      if (result instanceof QueueLog.Deleted) {
        onDeleted();
      }
      if (command instanceof QueueLog.Open open) {
        change.replyTo().tell(onOpenDone(open, result));
        return;
      }
      if (command instanceof QueueLog.Close close) {
        listener.onClosed(close.subscriptionUid());
      }
      change.replyTo().tell(new StoredInLog(0));
    }

    private SubscriptionReply onOpenDone(QueueLog.Open open, QueueLog.Result result) {
      if (result instanceof QueueLog.Opened opened) {
        listener.onOpened(open.subscriptionUid(), opened.startOffset());
        return new StoredInLog(opened.startOffset());
      }
      return new NotNow("the topic or the subscription was deleted");
    }

    @Override
    public void onLost(boolean mayBeStored) {
      change.replyTo().tell(new NotNow("the write was not confirmed"));
    }
  }
}
