package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.journal.FencedLog.Answer;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The front's hold on its core: starts it, gives it one command at a time, and starts it anew, with
 * growing pauses, when it ended or may not speak.
 */
final class CoreLink {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final ActorContext<Reader.Command> context;
  private final TimerScheduler<Reader.Command> timers;
  private final Supplier<
          Behavior<FencedLog.Request<SubscriptionLog.Command, SubscriptionLog.Result>>>
      core;
  private final ActorRef<Answer<SubscriptionLog.Result>> answers;
  private @Nullable ActorRef<FencedLog.Request<SubscriptionLog.Command, SubscriptionLog.Result>>
      running;
  private int startCount;
  private boolean isBusy;
  private Duration pause = FIRST_PAUSE;

  /** The core answered. */
  record Answered(Answer<SubscriptionLog.Result> answer) implements Subscription.Command {}

  /** A start of the core, by its number, has ended. */
  record Ended(int start) implements Subscription.Command {}

  /** A pause is over. */
  record Revive() implements Subscription.Command {}

  @SuppressWarnings("unchecked")
  CoreLink(
      ActorContext<Reader.Command> context,
      TimerScheduler<Reader.Command> timers,
      Supplier<Behavior<FencedLog.Request<SubscriptionLog.Command, SubscriptionLog.Result>>> core) {
    this.context = context;
    this.timers = timers;
    this.core = core;
    Class<Answer<SubscriptionLog.Result>> type =
        (Class<Answer<SubscriptionLog.Result>>) (Class<?>) Answer.class;
    this.answers = context.messageAdapter(type, Answered::new);
  }

  /** Starts the core if it does not run, and asks it for the state. */
  void load() {
    var ref = running;
    if (ref == null) {
      startCount++;
      ref = context.spawn(core.get(), "log-" + startCount);
      context.watchWith(ref, new Ended(startCount));
      running = ref;
    }
    isBusy = true;
    ref.tell(new FencedLog.Submit<>(new SubscriptionLog.Load(), answers));
  }

  /** Whether a command is with the core, or the core is not there. */
  boolean isBusy() {
    return isBusy || running == null;
  }

  void submit(SubscriptionLog.Command command) {
    var ref = running;
    if (ref == null || isBusy) {
      throw new IllegalStateException("the core takes one command at a time");
    }
    isBusy = true;
    ref.tell(new FencedLog.Submit<>(command, answers));
  }

  /**
   * Takes note of an answer.
   *
   * @return false for one of a core that is known to have ended
   */
  boolean onAnswered() {
    boolean isExpected = isBusy && running != null;
    isBusy = false;
    return isExpected;
  }

  /** What was asked is stored: the next pause is a short one again. */
  void onStored() {
    pause = FIRST_PAUSE;
  }

  /**
   * Takes note of the end of a start.
   *
   * @return false for a start before the running one
   */
  boolean onEnded(Ended ended) {
    if (ended.start != startCount) {
      return false;
    }
    running = null;
    isBusy = false;
    return true;
  }

  /** Loads again after a pause; each is twice as long as the one before, up to 5 s. */
  void pause() {
    timers.startSingleTimer(Revive.class, new Revive(), pause);
    Duration longer = pause.multipliedBy(2);
    pause = longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer;
  }
}
