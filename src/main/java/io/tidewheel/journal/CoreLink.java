package io.tidewheel.journal;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.journal.FencedLog.Answer;
import io.tidewheel.journal.FencedLog.Done;
import io.tidewheel.journal.FencedLog.Request;
import io.tidewheel.journal.FencedLog.Stale;
import io.tidewheel.journal.FencedLog.Submit;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A front's hold on its core: hands over one command at a time and starts the core again, with
 * backoff, when a failed persist has stopped it. Part of the front's actor; not thread-safe.
 *
 * @param <M> the messages of the front
 * @param <C> the commands of the core
 * @param <R> the results of the core
 */
public final class CoreLink<M, C, R> {
  static final Duration MIN_BACKOFF = Duration.ofMillis(200);
  static final Duration MAX_BACKOFF = Duration.ofSeconds(5);

  /**
   * Between two looks whether the log may be read, should the fence not say so by itself. Each wait
   * is half as long again as the one before, so that a take-over is late by no more than a third of
   * what it had to wait anyway.
   */
  static final Duration MIN_TAKE_OVER_WAIT = Duration.ofMillis(100);

  /** A node may have ten thousand fronts that wait. */
  static final Duration MAX_TAKE_OVER_WAIT = Duration.ofSeconds(1);

  /** What comes back for the link; the front hands it to {@link #onSignal}. */
  public sealed interface Signal<R> {}

  private record Answered<R>(Answer<R> answer) implements Signal<R> {}

  private record Stopped<R>(int startCount) implements Signal<R> {}

  private record StartDue<R>() implements Signal<R> {}

  /** The claim is ready, most likely. */
  private record TakeOverDue<R>() implements Signal<R> {}

  /** Who waits for a command. */
  public interface Outcome<R> {
    /** Decided, and stored as far as anything was to be stored. */
    void onDone(R result);

    /**
     * Not confirmed.
     *
     * @param mayBeStored whether it may have been stored all the same
     */
    void onLost(boolean mayBeStored);
  }

  private final ActorContext<M> context;
  private final TimerScheduler<M> timers;
  private final FencedLog.Ownership ownership;
  private final Supplier<Behavior<Request<C, R>>> behavior;
  private final Function<Signal<R>, M> message;
  private final Runnable onStarted;
  private final ActorRef<Answer<R>> answers;
  private @Nullable ActorRef<Request<C, R>> core;
  private @Nullable Outcome<R> waiting;

  /** What to do when the core has left its log. */
  private @Nullable Runnable onLeft;

  private Duration backoff = MIN_BACKOFF;
  private Duration takeOverWait = MIN_TAKE_OVER_WAIT;

  /** To the log, while the core is to be started and may not be yet. */
  private @Nullable BooleanSupplier claim;

  private boolean isLoading;
  private boolean isResting;
  private int startCount;

  /**
   * A link without a core; {@link #start} makes it.
   *
   * @param ownership says when the log may be read, and so a core be started
   * @param behavior of a new core
   * @param message wraps a signal for the front
   * @param onStarted called after every start; the first thing to do is to load
   */
  @SuppressWarnings("unchecked") // a message adapter only knows the raw class of a generic type
  public CoreLink(
      ActorContext<M> context,
      TimerScheduler<M> timers,
      FencedLog.Ownership ownership,
      Supplier<Behavior<Request<C, R>>> behavior,
      Function<Signal<R>, M> message,
      Runnable onStarted) {
    this.context = context;
    this.timers = timers;
    this.ownership = ownership;
    this.behavior = behavior;
    this.message = message;
    this.onStarted = onStarted;
    this.answers =
        context.messageAdapter(
            (Class<Answer<R>>) (Class<?>) Answer.class,
            answer -> message.apply(new Answered<>(answer)));
  }

  /**
   * Starts the core, as soon as the log may be read: without the fence, or while a previous owner
   * may still have it, the link waits.
   */
  public void start() {
    BooleanSupplier claimed = claim == null ? claim() : claim;
    claim = claimed;
    if (!claimed.getAsBoolean()) {
      timers.startSingleTimer(message.apply(new StartDue<>()), takeOverWait);
      takeOverWait = shorter(takeOverWait.multipliedBy(3).dividedBy(2), MAX_TAKE_OVER_WAIT);
      return;
    }
    claim = null;
    timers.cancel(message.apply(new StartDue<>()));
    takeOverWait = MIN_TAKE_OVER_WAIT;
    core = spawn();
    isLoading = true;
    onStarted.run();
  }

  private BooleanSupplier claim() {
    ActorRef<M> self = context.getSelf();
    M due = message.apply(new TakeOverDue<>());
    return ownership.fence().claim(() -> self.tell(due));
  }

  private ActorRef<Request<C, R>> spawn() {
    ActorRef<Request<C, R>> started = context.spawn(behavior.get(), "core-" + ++startCount);
    context.watchWith(started, message.apply(new Stopped<>(startCount)));
    isResting = false;
    return started;
  }

  /**
   * Ends the core until the next command, which starts it again. What it would recover is what the
   * front knows, so nothing is loaded then. Does nothing unless {@link #isFree}.
   */
  public void rest() {
    if (core != null && !isBusy()) {
      context.stop(core);
      core = null;
      isResting = true;
    }
  }

  /** Whether the core could take a command now. */
  public boolean isFree() {
    return (core != null || isResting) && !isBusy();
  }

  /** Whether a command is in the core's hands. */
  public boolean isBusy() {
    return waiting != null || onLeft != null;
  }

  /** Hands a command over; only while {@link #isFree}. */
  public void submit(C command, Outcome<R> outcome) {
    if (!isFree()) {
      throw new IllegalStateException("the core takes one command at a time");
    }
    ActorRef<Request<C, R>> taker = core == null ? spawn() : core;
    core = taker;
    waiting = outcome;
    taker.tell(new Submit<>(command, answers));
  }

  /**
   * Before the end, while {@link #isFree}: lets a core that does not rest take a checkpoint if its
   * log has grown, so that the next owner has little to read.
   *
   * @param after is run when that is done or given up; at once if there is nothing to do
   */
  public void leave(Runnable after) {
    if (core == null || isBusy()) {
      after.run();
      return;
    }
    onLeft = after;
    core.tell(new FencedLog.Leave<>(answers));
  }

  /** Takes what came back. */
  public void onSignal(Signal<R> signal) {
    if (signal instanceof Answered<R> answered) {
      onAnswer(answered.answer());
    } else if (signal instanceof Stopped<R> stopped) {
      // One that was sent to rest is not missed.
      if (core != null && stopped.startCount == startCount) {
        onStopped();
      }
    } else if (signal instanceof StartDue<R> || claim != null) {
      // A hint may come when a look by itself has started the core already.
      start();
    }
  }

  private void onAnswer(Answer<R> answer) {
    if (answer instanceof FencedLog.Left<R>) {
      afterLeaving();
      return;
    }
    Outcome<R> outcome = waiting;
    waiting = null;
    if (outcome == null) {
      return;
    }
    if (answer instanceof Done<R> done) {
      // That a core could read does not show that it can write.
      backoff = isLoading ? backoff : MIN_BACKOFF;
      isLoading = false;
      outcome.onDone(done.result());
    } else {
      outcome.onLost(((Stale<R>) answer).mayBeStored());
    }
  }

  private void afterLeaving() {
    Runnable after = onLeft;
    onLeft = null;
    if (after != null) {
      after.run();
    }
  }

  private void onStopped() {
    core = null;
    afterLeaving();
    Outcome<R> outcome = waiting;
    waiting = null;
    context.getLog().debug("the core stopped and starts again in {}", backoff);
    timers.startSingleTimer(message.apply(new StartDue<>()), backoff);
    backoff = shorter(backoff.multipliedBy(2), MAX_BACKOFF);
    if (outcome != null) {
      outcome.onLost(true);
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
