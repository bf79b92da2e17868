package io.tidewheel.worker;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.subscription.DeadMessage;
import io.tidewheel.subscription.Redriving;
import io.tidewheel.worker.RedriveLetters.Fate;
import io.tidewheel.worker.RedriveLetters.Letter;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * One redrive: goes over the dead letters that were left when it began, in order, a wave at a time.
 *
 * <ol>
 *   <li>Of a wave, each message is reopened in its place, or else stored as a copy; only what is
 *       confirmed to be stored is settled in the dead-letter topic.
 *   <li>The next wave begins when that is stored, so a key's dead letters come back in the order in
 *       which they died.
 *   <li>Every step may be repeated; one that does not succeed is, for {@link #PATIENCE}.
 *   <li>Nothing of it is stored: what is left is what the dead-letter topic's built-in subscription
 *       has not settled.
 * </ol>
 */
final class RedriveRun extends AbstractBehavior<RedriveRun.Command> {
  /** Dead letters that are redriven together. */
  static final int MAX_WAVE = 100;

  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration STORE_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** Read at once; one larger dead letter still comes. */
  private static final long MAX_READ_BYTES = 1 << 20;

  /** Only from itself and from {@link Redrives}. */
  sealed interface Command {}

  record Cancel() implements Command {}

  private record Next() implements Command {}

  private record Found(Redriving.OpenReply reply) implements Command {}

  private record Read(
      int step,
      Redriving.Found found,
      @Nullable List<MessageBatch> batches,
      @Nullable Throwable failure)
      implements Command {}

  private record Reopened(Redriving.Reopened reply) implements Command {}

  private record Stored(
      int step, List<Letter> letters, @Nullable List<PublishResult> results, String failure)
      implements Command {}

  private record Discharged(Redriving.Discharged reply) implements Command {}

  private record Unanswered(int step) implements Command {}

  /** What is waited for. */
  private enum Phase {
    TIME,
    FINDING,
    READING,
    REOPENING,
    STORING,
    DISCHARGING
  }

  private final TimerScheduler<Command> timers;
  private final Redrives.Task task;
  private final Redrives.Parts parts;
  private final QueueCalls source;
  private final QueueCalls pin;
  private final RedriveTally tally = new RedriveTally();
  private final RedriveLetters letters;
  private final Pace pace;
  private final ActorRef<Redriving.OpenReply> openReplies;
  private final ActorRef<Redriving.Reopened> reopenedReplies;
  private final ActorRef<Redriving.Discharged> dischargedReplies;
  private final Set<Long> unanswered = new HashSet<>();
  private Phase phase = Phase.TIME;
  private int step;
  private final Patience patience = new Patience(PATIENCE, FIRST_PAUSE, LONGEST_PAUSE);
  private @Nullable RuntimeException failure;

  static Behavior<Command> create(Redrives.Task task, Redrives.Parts parts) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new RedriveRun(context, timers, task, parts).goOn()));
  }

  private RedriveRun(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Redrives.Task task,
      Redrives.Parts parts) {
    super(context);
    this.timers = timers;
    this.task = task;
    this.parts = parts;
    this.source = new QueueCalls(parts.router(), task.topic().uid(), task.subscription().uid());
    this.pin = new QueueCalls(parts.router(), task.letters().uid(), task.pinUid());
    this.letters = new RedriveLetters(task.request(), tally, task.topic().settings().queues());
    this.pace = new Pace(task.request().rate(), now());
    this.openReplies = context.messageAdapter(Redriving.OpenReply.class, Found::new);
    this.reopenedReplies = context.messageAdapter(Redriving.Reopened.class, Reopened::new);
    this.dischargedReplies = context.messageAdapter(Redriving.Discharged.class, Discharged::new);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Cancel.class, cancel -> onCancel())
        .onMessage(Next.class, next -> phase == Phase.TIME ? goOn() : this)
        .onMessage(Found.class, found -> onFound(found.reply))
        .onMessage(Read.class, this::onRead)
        .onMessage(Reopened.class, reopened -> onReopened(reopened.reply))
        .onMessage(Stored.class, this::onStored)
        .onMessage(Discharged.class, discharged -> onDischarged(discharged.reply))
        .onMessage(Unanswered.class, this::onUnanswered)
        .onSignal(PostStop.class, signal -> onPostStop())
        .build();
  }

  private Behavior<Command> onCancel() {
    if (failure == null) {
      failure = new CancellationException("the redrive was cancelled");
    }
    if (phase != Phase.TIME) {
      return this;
    }
    letters.giveUpOpen();
    return goOn();
  }

  /** Does whatever is next; each way out waits for one answer, or for time. */
  private Behavior<Command> goOn() {
    if (letters.has(Fate.OPEN)) {
      return reopen();
    }
    if (letters.has(Fate.TO_COPY)) {
      return store();
    }
    if (letters.has(Fate.STORED)) {
      return discharge();
    }
    task.progress().accept(tally.now());
    if (failure != null || letters.isDone()) {
      return Behaviors.stopped();
    }
    return letters.hasPage() ? beginWave() : find();
  }

  private Behavior<Command> beginWave() {
    int count = pace.take(Math.min(MAX_WAVE, letters.pageSize()), now());
    if (count == 0) {
      return waitFor(Duration.ofNanos(Math.max(1_000_000, pace.waitNanos(now()))));
    }
    letters.beginWave(count);
    return goOn();
  }

  private Behavior<Command> find() {
    await(Phase.FINDING, ANSWER_TIMEOUT);
    pin.tell(0, new Redriving.FindOpen(letters.from(), letters.end(), openReplies));
    return this;
  }

  private Behavior<Command> onFound(Redriving.OpenReply reply) {
    if (phase != Phase.FINDING) {
      return this;
    }
    if (reply instanceof Redriving.NotFound none) {
      return none.isGone()
          ? fail("the dead-letter topic was deleted meanwhile")
          : repeatLater("the dead-letter topic is recovering");
    }
    Redriving.Found found = (Redriving.Found) reply;
    if (found.from() != letters.from()) {
      return this;
    }
    letters.onFound(found);
    if (found.offsets().isEmpty()) {
      return succeeded();
    }
    await(Phase.READING, ANSWER_TIMEOUT);
    int asked = step;
    long last = found.offsets().get(found.offsets().size() - 1);
    getContext()
        .pipeToSelf(
            parts
                .browser()
                .read(task.letters(), 0, found.offsets().get(0), last + 1, MAX_READ_BYTES),
            (batches, problem) -> new Read(asked, found, batches, problem));
    return this;
  }

  private Behavior<Command> onRead(Read read) {
    if (phase != Phase.READING || read.step != step) {
      return this;
    }
    List<MessageBatch> batches = read.batches;
    if (batches == null) {
      return repeatLater("the dead-letter topic can't be read: " + read.failure);
    }
    letters.onRead(read.found, batches);
    return succeeded();
  }

  private Behavior<Command> reopen() {
    await(Phase.REOPENING, ANSWER_TIMEOUT);
    unanswered.clear();
    List<Letter> open = letters.with(Fate.OPEN);
    open.forEach(letter -> unanswered.add(letter.offset));
    for (Letter letter : open) {
      DeadMessage dead = letter.dead;
      source.tell(
          dead.queue(), new Redriving.Reopen(dead.offset(), letter.offset, reopenedReplies));
    }
    return this;
  }

  private Behavior<Command> onReopened(Redriving.Reopened reply) {
    if (phase != Phase.REOPENING || !unanswered.remove(reply.letter())) {
      return this;
    }
    switch (reply.outcome()) {
      case REOPENED, STILL_OPEN -> letters.set(reply.letter(), Fate.STORED);
      case SETTLED -> letters.set(reply.letter(), Fate.TO_COPY);
      case NOT_NOW -> {}
      case GONE -> {
        return fail("the subscription was deleted meanwhile");
      }
    }
    if (!unanswered.isEmpty()) {
      return this;
    }
    return letters.has(Fate.OPEN) ? repeatLater("the subscription is not ready") : succeeded();
  }

  private Behavior<Command> store() {
    await(Phase.STORING, STORE_TIMEOUT.multipliedBy(2));
    int asked = step;
    List<Letter> sent = letters.with(Fate.TO_COPY);
    List<Message> copies =
        sent.stream()
            .map(
                letter ->
                    letter.dead.copy(
                        task.letters().uid(),
                        letter.generation,
                        letter.offset,
                        task.subscription().uid()))
            .toList();
    getContext()
        .pipeToSelf(
            parts.publisher().publish(task.topic(), copies, STORE_TIMEOUT),
            (results, problem) -> new Stored(asked, sent, results, String.valueOf(problem)));
    return this;
  }

  private Behavior<Command> onStored(Stored stored) {
    if (phase != Phase.STORING || stored.step != step) {
      return this;
    }
    List<PublishResult> results = stored.results;
    if (results == null) {
      return repeatLater("the messages could not be stored: " + stored.failure);
    }
    String trouble = null;
    for (int i = 0; i < results.size(); i++) {
      Letter letter = stored.letters.get(i);
      PublishResult result = results.get(i);
      if (result instanceof PublishResult.Stored) {
        letter.fate = Fate.STORED;
      } else if (result instanceof PublishResult.Unknown unknown) {
        trouble = unknown.detail();
      } else if (result instanceof PublishResult.Refused refused) {
        if (refused.reason() == PublishResult.Reason.TOPIC_GONE) {
          return fail("the topic was deleted meanwhile");
        }
        trouble = refused.detail();
        if (!refused.reason().isRetryable()) {
          letters.leave(letter);
          tally.fail();
        }
      }
    }
    return letters.has(Fate.TO_COPY) ? repeatLater(String.valueOf(trouble)) : succeeded();
  }

  private Behavior<Command> discharge() {
    await(Phase.DISCHARGING, ANSWER_TIMEOUT);
    List<Long> offsets = letters.with(Fate.STORED).stream().map(letter -> letter.offset).toList();
    pin.tell(0, new Redriving.Discharge(offsets, dischargedReplies));
    return this;
  }

  private Behavior<Command> onDischarged(Redriving.Discharged reply) {
    List<Letter> stored = letters.with(Fate.STORED);
    if (phase != Phase.DISCHARGING || stored.get(0).offset != reply.first()) {
      return this;
    }
    if (!reply.isStored()) {
      return repeatLater("the dead-letter topic is recovering");
    }
    tally.redrive(stored.size());
    letters.closeWave();
    return succeeded();
  }

  private Behavior<Command> onUnanswered(Unanswered late) {
    return phase == Phase.TIME || late.step != step ? this : repeatLater("a queue does not answer");
  }

  private Behavior<Command> onPostStop() {
    task.progress().accept(tally.now());
    RuntimeException why = failure;
    if (why == null && !letters.isDone()) {
      boolean isNodeStopping =
          CoordinatedShutdown.get(getContext().getSystem()).getShutdownReason().isPresent();
      why =
          new RedriveFailedException(
              isNodeStopping
                  ? "the node stops"
                  : "the redrive ended unexpectedly: the log of the node tells why");
    }
    if (why == null) {
      task.end().complete(null);
    } else {
      task.end().completeExceptionally(why);
    }
    return this;
  }

  private void await(Phase newPhase, Duration timeout) {
    phase = newPhase;
    step++;
    timers.startSingleTimer(Unanswered.class, new Unanswered(step), timeout);
  }

  private Behavior<Command> succeeded() {
    timers.cancel(Unanswered.class);
    phase = Phase.TIME;
    patience.restore();
    return goOn();
  }

  /** The same again after a pause, unless it has failed for too long or is not wanted any more. */
  private Behavior<Command> repeatLater(String why) {
    timers.cancel(Unanswered.class);
    Duration pause = patience.nextPause(now());
    if (pause == null && failure == null) {
      failure = new RedriveFailedException(why + ", for " + PATIENCE.toSeconds() + " s");
    }
    if (failure != null || pause == null) {
      boolean wasDischarging = phase == Phase.DISCHARGING;
      phase = Phase.TIME;
      letters.giveUpOpen();
      return wasDischarging ? Behaviors.stopped() : goOn();
    }
    return waitFor(pause);
  }

  private Behavior<Command> waitFor(Duration time) {
    phase = Phase.TIME;
    timers.startSingleTimer(Next.class, new Next(), time);
    return this;
  }

  private Behavior<Command> fail(String why) {
    failure = new RedriveFailedException(why);
    return Behaviors.stopped();
  }

  private long now() {
    return parts.nanoTime().getAsLong();
  }
}
