package io.tidewheel.queue;

import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a queue does when nobody asks: lets its log be trimmed, its core rest and itself fall
 * asleep. Looks around when a reader has reported, and when something is due; one timer. Part of
 * the queue's actor; not thread-safe.
 *
 * <p>Trims are rare and large: when {@link #WORTH_BYTES} have come together, when the queue has
 * been quiet for a while, and else at most once in a retention time. Only what every reader has
 * said is stored as settled is trimmed.
 */
final class QueueUpkeep {
  /** Reports of readers are looked at together. */
  private static final Duration LOOK_AFTER_REPORT = Duration.ofMillis(200);

  static final long WORTH_BYTES = 16L << 20;
  private static final long BUSY_PAUSE_MILLIS = 1_000;
  private static final long QUIET_MILLIS = 2_000;
  private static final long MIN_INTERVAL_MILLIS = 5_000;
  private static final long MAX_INTERVAL_MILLIS = 60_000;

  /** A look at something far away is not taken all at once: clocks are set, settings change. */
  private static final long MAX_WAIT_MILLIS = 60_000;

  /**
   * A row may go when the checkpoints that are kept cover it, which takes as many new ones. When
   * snapshots fail it would take checkpoints for ever.
   */
  private static final int MAX_REPEATS = 2;

  /** The messages the upkeep sends to its own actor. */
  record Messages(Queue.Command look, Queue.Command leftoverFound) {}

  private final ActorContext<Queue.Command> context;
  private final TimerScheduler<Queue.Command> timers;
  private final Messages messages;
  private final Queue.Dependencies node;
  private final long topicUid;
  private final int queue;
  private final LogExtent extent;
  private final QueueBed bed;
  private final Map<Long, ReaderProgress> progress = new HashMap<>();
  private final Map<Long, ReaderProgress.State> states = new HashMap<>();
  private long lookAtNanos = Long.MAX_VALUE;
  private long activeAtNanos;
  private long appendedAtNanos;
  private long trimmedAtNanos;
  private boolean isTrimming;
  private long askedUpTo;

  /** Trims in a row for which a checkpoint was taken first. */
  private int repeats;

  /** The core could not trim up to here as the log is. */
  private long fruitlessUpTo = -1;

  private boolean isCoreResting;
  private boolean isStopping;
  private boolean isAsleep;

  /** Since it said that it falls asleep. */
  private boolean isUsed;

  private @Nullable QueueWriter writer;

  QueueUpkeep(
      ActorContext<Queue.Command> context,
      TimerScheduler<Queue.Command> timers,
      Messages messages,
      long topicUid,
      int queue,
      Queue.Dependencies node,
      LogExtent extent,
      QueueBed bed) {
    this.context = context;
    this.timers = timers;
    this.messages = messages;
    this.topicUid = topicUid;
    this.queue = queue;
    this.node = node;
    this.extent = extent;
    this.bed = bed;
    long now = node.nanoTime().getAsLong();
    activeAtNanos = now;
    appendedAtNanos = now;
    trimmedAtNanos = now - MAX_INTERVAL_MILLIS * 1_000_000;
  }

  /** Begins to act. */
  void start(QueueWriter through) {
    writer = through;
  }

  boolean isStopping() {
    return isStopping;
  }

  /** Whether the stop is for sleep, and nothing came since. */
  boolean isAsleep() {
    return isAsleep;
  }

  /** The queue is asked to stop. */
  void onStop() {
    isStopping = true;
    if (!isAsleep) {
      bed.moves();
    }
    if (isAsleep && isUsed) {
      // What came before the stop goes on as soon as the queue has stopped.
      isAsleep = false;
      bed.sleep(context.getSelf(), node.clock().millis());
    }
  }

  /** The core has recovered: a crash between a stored trim and its deletions leaves rows behind. */
  void onLoaded() {
    onStored();
    LogMark start = extent.start();
    if (start.seqNr() > 0) {
      context.pipeToSelf(
          node.rows().read(QueueLog.persistenceId(topicUid, queue), 1, start.seqNr(), 1),
          (rows, failure) ->
              failure == null && !rows.isEmpty() ? messages.leftoverFound() : messages.look());
    }
  }

  /** Somebody uses the queue. */
  void onUse() {
    isUsed = true;
    onActivity();
  }

  private void onActivity() {
    activeAtNanos = node.nanoTime().getAsLong();
    isCoreResting = false;
    if (lookAtNanos == Long.MAX_VALUE) {
      lookIn(node.idle().coreAfter().toMillis());
    }
  }

  void onStored() {
    onActivity();
    appendedAtNanos = activeAtNanos;
    fruitlessUpTo = -1;
    lookIn(QUIET_MILLIS);
  }

  void onProgress(ReaderProgress reported) {
    onUse();
    progress.put(reported.subscriptionUid(), reported);
    lookIn(LOOK_AFTER_REPORT.toMillis());
  }

  void onClosed(long subscriptionUid) {
    progress.remove(subscriptionUid);
    states.remove(subscriptionUid);
    lookIn(LOOK_AFTER_REPORT.toMillis());
  }

  /** The core has said what came of a trim; null if it could not. */
  void onTrimmed(QueueLog.@Nullable TrimDone done) {
    isTrimming = false;
    boolean isFruitless =
        done != null && !done.isWorthRepeating() && extent.start().offset() < askedUpTo;
    fruitlessUpTo = isFruitless ? askedUpTo : -1;
    boolean isRepeated = done != null && done.isWorthRepeating() && repeats < MAX_REPEATS;
    repeats = isRepeated ? repeats + 1 : 0;
    if (isRepeated) {
      trimmedAtNanos -= MAX_INTERVAL_MILLIS * 1_000_000;
      onLook();
    }
  }

  /** Reads what the readers have reported, and does what is due. */
  void onLook() {
    lookAtNanos = Long.MAX_VALUE;
    QueueWriter through = writer;
    if (isStopping || through == null || !through.isLoaded()) {
      return;
    }
    progress.values().forEach(this::read);
    long now = node.nanoTime().getAsLong();
    Topic topic = node.catalog().get().topic(topicUid);
    long dueMillis = topic == null ? Long.MAX_VALUE : trim(topic.settings(), now, through);
    long idleMillis = (now - activeAtNanos) / 1_000_000;
    boolean isAtRest = !isTrimming && through.isAtRest();
    long coreAfter = node.idle().coreAfter().toMillis();
    long queueAfter = node.idle().queueAfter().toMillis();
    if (isAtRest && idleMillis >= coreAfter && !isCoreResting) {
      isCoreResting = true;
      through.restCore();
    }
    boolean isDone = isAtRest && dueMillis > 0 && areReadersAtRest();
    if (isDone && idleMillis >= queueAfter) {
      sleep(dueMillis == Long.MAX_VALUE ? dueMillis : node.clock().millis() + dueMillis);
    }
    if (!isCoreResting) {
      lookIn(Math.max(100, coreAfter - idleMillis));
    } else if (isDone) {
      lookIn(Math.max(1_000, queueAfter - idleMillis));
    }
    if (dueMillis != Long.MAX_VALUE) {
      lookIn(Math.max(100, Math.min(dueMillis, MAX_WAIT_MILLIS)));
    }
  }

  private void sleep(long dueMillis) {
    if (!isAsleep) {
      isAsleep = true;
      isUsed = false;
      bed.sleep(context.getSelf(), dueMillis);
    }
  }

  private void read(ReaderProgress reported) {
    ReaderProgress.State state = reported.take();
    states.put(reported.subscriptionUid(), state);
    if (state.floor() >= 0) {
      extent.settle(reported.subscriptionUid(), state.floor());
    }
  }

  private boolean areReadersAtRest() {
    for (long subscriptionUid : extent.subscriptions()) {
      ReaderProgress.State state = states.get(subscriptionUid);
      if (state == null || !state.isAtRest()) {
        return false;
      }
    }
    return extent.subscriptions().isEmpty() || extent.floor() == extent.end().offset();
  }

  /** Trims if it is worth it; else says in how many milliseconds it may be. */
  private long trim(TopicSettings settings, long now, QueueWriter through) {
    long nowMillis = node.clock().millis();
    long upTo = extent.trimmable(settings, nowMillis);
    if (upTo <= extent.start().offset() || upTo == fruitlessUpTo) {
      long due = extent.nextDueMillis(settings, nowMillis);
      // What is due but held by a reader waits for its report.
      return due == Long.MAX_VALUE || due <= nowMillis ? Long.MAX_VALUE : due - nowMillis;
    }
    long sinceTrim = (now - trimmedAtNanos) / 1_000_000;
    long sinceAppend = (now - appendedAtNanos) / 1_000_000;
    long interval =
        Math.max(
            MIN_INTERVAL_MILLIS,
            Math.min(settings.retentionTime().toMillis(), MAX_INTERVAL_MILLIS));
    boolean isLarge =
        extent.bytesFrom(extent.start().offset()) - extent.bytesFrom(upTo) >= WORTH_BYTES;
    boolean isQuiet = sinceAppend >= QUIET_MILLIS && upTo == extent.end().offset();
    boolean isDue = sinceTrim >= interval || (isQuiet && sinceTrim >= QUIET_MILLIS);
    if (isTrimming || (!isDue && !(isLarge && sinceTrim >= BUSY_PAUSE_MILLIS))) {
      long wait = upTo == extent.end().offset() ? QUIET_MILLIS : interval;
      return Math.max(1, Math.min(wait, MAX_WAIT_MILLIS));
    }
    isTrimming = true;
    trimmedAtNanos = now;
    askedUpTo = upTo;
    through.trim(new QueueLog.Trim(upTo, isDue));
    return interval;
  }

  private void lookIn(long millis) {
    long at = node.nanoTime().getAsLong() + millis * 1_000_000;
    if (at < lookAtNanos) {
      lookAtNanos = at;
      timers.startSingleTimer(messages.look(), messages.look(), Duration.ofMillis(millis));
    }
  }
}
