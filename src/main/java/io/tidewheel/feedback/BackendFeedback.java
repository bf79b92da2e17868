package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.tidewheel.feedback.BackendEvent.Setup;
import io.tidewheel.feedback.BackendEvent.Signal;
import io.tidewheel.journal.CoreLink;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.message.Control;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides for the whole cluster how much of one backend each subscription may use: the front, over
 * the core {@link BackendLog}. What the subscriptions do is in memory, as they report it again four
 * times a second.
 *
 * <ol>
 *   <li>A change is confirmed after it is stored, and holds from then on.
 *   <li>A signal ends by itself at its time.
 *   <li>Nothing is granted before what is stored is known.
 * </ol>
 */
public final class BackendFeedback extends AbstractBehavior<BackendFeedback.Command> {
  /** What it takes. */
  public sealed interface Command {}

  /** Ends it; the next message begins a new one. */
  public record Stop() implements Command, Control {}

  /** What somebody wants of a backend. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Change.Budget.class, name = "budget"),
    @JsonSubTypes.Type(value = Change.Slow.class, name = "slow"),
    @JsonSubTypes.Type(value = Change.Halt.class, name = "stop"),
    @JsonSubTypes.Type(value = Change.Recovered.class, name = "recovered")
  })
  public sealed interface Change {
    /** So many calls a second; null for no bound. */
    record Budget(@Nullable Double calls) implements Change {}

    /** Fewer calls for a while; half of what is called now if there is no rate. */
    record Slow(@Nullable Double rate, long ttlMillis, @Nullable String reason) implements Change {}

    /** No calls for a while. */
    record Halt(long ttlMillis, @Nullable String reason) implements Change {}

    /** What was signalled is over. */
    record Recovered() implements Change {}
  }

  /** Changes a backend, or only asks about it; answered when it is stored. */
  public record Ask(@Nullable Change change, ActorRef<Answer> replyTo)
      implements Command, Control {}

  /**
   * How a backend is, or nothing but a detail if that cannot be said now.
   *
   * @param signal in lower case; null for none
   * @param rate calls a second that the signal leaves
   * @param untilMillis when the signal ends; 0 without one
   * @param callRate calls a second that are made, as far as is known
   * @param failure why nothing was changed or can be said; null if it is as asked
   */
  public record Answer(
      @Nullable Double budget,
      @Nullable String signal,
      double rate,
      long untilMillis,
      @Nullable String reason,
      double callRate,
      @Nullable String failure)
      implements Control {
    /** Calls a second that may be made; infinite for no bound. */
    public double bound() {
      double calls = budget == null ? Double.POSITIVE_INFINITY : budget;
      return signal == null ? calls : Math.min(calls, rate);
    }
  }

  /** What a subscription did on a node since its report before. */
  record Report(
      String backend,
      String node,
      long subscriptionUid,
      BudgetLaw.Use use,
      ActorRef<Granted> replyTo)
      implements Command, Control {}

  /** What a subscription may give out on a node because of this backend. */
  record Granted(String backend, long subscriptionUid, double rate, String detail)
      implements Control {}

  private record CoreSignal(CoreLink.Signal<Setup> signal) implements Command {}

  private record Look() implements Command {}

  /**
   * What backends work with. Everything is safe for any thread.
   *
   * @param onIdle takes an actor away that nobody has asked for a while
   */
  public record Parts(
      FencedLog.Ownership ownership,
      InstantSource clock,
      LongSupplier nanoTime,
      Consumer<ActorRef<Command>> onIdle) {}

  private static final Duration LOOK = Duration.ofMillis(250);
  private static final long FORGET_NANOS = 2_000_000_000L;
  private static final long IDLE_NANOS = 30_000_000_000L;
  private static final int MAX_WAITING = 100;

  private final String backend;
  private final Parts parts;
  private final CoreLink<Command, BackendLog.Command, Setup> core;
  private final BudgetLaw law = new BudgetLaw();
  private final Map<BudgetLaw.User, ActorRef<Granted>> users = new HashMap<>();
  private final Deque<Ask> waiting = new ArrayDeque<>();
  private @Nullable Setup setup;
  private long heardNanos;

  /** The actor of one backend. */
  public static Behavior<Command> create(String backend, Parts parts) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new BackendFeedback(context, timers, backend, parts)));
  }

  private BackendFeedback(
      ActorContext<Command> context, TimerScheduler<Command> timers, String backend, Parts parts) {
    super(context);
    this.backend = backend;
    this.parts = parts;
    this.heardNanos = parts.nanoTime().getAsLong();
    this.core =
        new CoreLink<>(
            context,
            timers,
            parts.ownership(),
            () -> BackendLog.create(backend, parts.ownership()),
            CoreSignal::new,
            this::load);
    core.start();
    timers.startTimerWithFixedDelay(new Look(), LOOK);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Report.class, this::onReport)
        .onMessage(Ask.class, this::onAsk)
        .onMessage(CoreSignal.class, this::onCore)
        .onMessage(Look.class, look -> onLook())
        .onMessage(Stop.class, stop -> Behaviors.stopped())
        .build();
  }

  private void load() {
    core.submit(new BackendLog.Load(), new Stored(null));
  }

  private Behavior<Command> onReport(Report report) {
    long now = parts.nanoTime().getAsLong();
    heardNanos = now;
    BudgetLaw.User user = new BudgetLaw.User(report.subscriptionUid(), report.node());
    law.report(user, report.use(), now);
    users.put(user, report.replyTo());
    return this;
  }

  private Behavior<Command> onAsk(Ask ask) {
    heardNanos = parts.nanoTime().getAsLong();
    if (waiting.size() >= MAX_WAITING) {
      ask.replyTo().tell(failed("too many wait to change or see this backend"));
      return this;
    }
    waiting.add(ask);
    return next();
  }

  /** One after the other, as each builds on what is stored then. */
  private Behavior<Command> next() {
    Setup known = setup;
    while (known != null && core.isFree() && !waiting.isEmpty()) {
      Ask ask = waiting.remove();
      Change change = ask.change();
      Setup now = known.at(parts.clock().millis());
      if (change == null) {
        ask.replyTo().tell(answer(now));
      } else {
        core.submit(new BackendLog.Store(apply(change, now)), new Stored(ask.replyTo()));
      }
    }
    return this;
  }

  private Setup apply(Change change, Setup now) {
    long nowMillis = parts.clock().millis();
    if (change instanceof Change.Budget budget) {
      return now.withBudget(budget.calls());
    }
    if (change instanceof Change.Slow slow) {
      Double asked = slow.rate();
      double rate = asked == null ? BudgetLaw.SLOW_SHARE * law.callRate() : asked;
      return new Setup(
          now.budget(), Signal.SLOW, rate, nowMillis + slow.ttlMillis(), slow.reason());
    }
    if (change instanceof Change.Halt halt) {
      return new Setup(now.budget(), Signal.STOP, 0, nowMillis + halt.ttlMillis(), halt.reason());
    }
    return now.withoutSignal();
  }

  private final class Stored implements CoreLink.Outcome<Setup> {
    private final @Nullable ActorRef<Answer> replyTo;

    Stored(@Nullable ActorRef<Answer> replyTo) {
      this.replyTo = replyTo;
    }

    @Override
    public void onDone(Setup stored) {
      setup = stored;
      if (replyTo != null) {
        replyTo.tell(answer(stored.at(parts.clock().millis())));
      }
      grant();
    }

    @Override
    public void onLost(boolean mayBeStored) {
      if (replyTo != null) {
        replyTo.tell(
            failed(
                mayBeStored
                    ? "whether this is stored is not known; send it again"
                    : "nothing was stored; send it again"));
      }
    }
  }

  private Behavior<Command> onCore(CoreSignal signal) {
    core.onSignal(signal.signal());
    return next();
  }

  private Behavior<Command> onLook() {
    long now = parts.nanoTime().getAsLong();
    law.forget(now - FORGET_NANOS);
    users.keySet().retainAll(law.users());
    if (setup == null && core.isFree()) {
      load();
    }
    grant();
    if (now - heardNanos >= IDLE_NANOS && !core.isBusy()) {
      parts.onIdle().accept(getContext().getSelf());
    }
    return next();
  }

  private void grant() {
    Setup known = setup;
    if (known == null || users.isEmpty()) {
      return;
    }
    Setup now = known.at(parts.clock().millis());
    String detail = detail(now);
    law.divide(now.calls())
        .forEach(
            (user, rate) -> {
              ActorRef<Granted> relay = users.get(user);
              if (relay != null) {
                relay.tell(new Granted(backend, user.subscriptionUid(), rate, detail));
              }
            });
  }

  private String detail(Setup now) {
    String because = now.reason() == null ? "" : " (" + now.reason() + ")";
    return switch (now.signal()) {
      case NONE ->
          now.budget() == null
              ? ""
              : String.format(
                  Locale.ROOT, "backend %s takes %.1f calls a second", backend, now.budget());
      case SLOW ->
          String.format(
              Locale.ROOT,
              "backend %s asked for %.1f calls a second%s",
              backend,
              now.rate(),
              because);
      case STOP -> "backend " + backend + " asked for no calls" + because;
    };
  }

  private Answer answer(Setup now) {
    return new Answer(
        now.budget(),
        now.signal() == Signal.NONE ? null : now.signal().name().toLowerCase(Locale.ROOT),
        now.rate(),
        now.untilMillis(),
        now.reason(),
        law.callRate(),
        null);
  }

  private static Answer failed(String why) {
    return new Answer(null, null, 0, 0, null, 0, why);
  }
}
