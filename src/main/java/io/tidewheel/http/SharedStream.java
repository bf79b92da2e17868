package io.tidewheel.http;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.http.BacklogStream.Command;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one websocket is told of everything: once a second what is made once for all who look, and
 * who is a member when that changes. A slow client is told less often, and only how it is then; a
 * text from it ends the stream, as there is nothing to filter.
 */
final class SharedStream extends AbstractBehavior<Command> {
  static final Duration PACE = Duration.ofSeconds(1);

  private final Membership membership;
  private final Supplier<CompletionStage<String>> newest;
  private @Nullable CompletableFuture<Optional<String>> waiting;
  private @Nullable String frame;
  private @Nullable String told;
  private @Nullable ObjectNode cluster;
  private @Nullable ObjectNode toldCluster;
  private @Nullable Problem problem;
  private boolean isOver;

  /** Tells what the supplier has. */
  static Behavior<Command> create(Membership membership, Supplier<CompletionStage<String>> newest) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new SharedStream(context, timers, membership, newest)));
  }

  private SharedStream(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Membership membership,
      Supplier<CompletionStage<String>> newest) {
    super(context);
    this.membership = membership;
    this.newest = newest;
    timers.startTimerWithFixedDelay(new BacklogStream.Survey(), Duration.ZERO, PACE);
    timers.startTimerWithFixedDelay(
        new BacklogStream.LookAround(), Duration.ZERO, BacklogStream.CLUSTER_INTERVAL);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(BacklogStream.Next.class, this::onNext)
        .onMessage(BacklogStream.Survey.class, survey -> onSurvey())
        .onMessage(BacklogStream.Surveyed.class, this::onSurveyed)
        .onMessage(BacklogStream.LookAround.class, look -> onLookAround())
        .onMessage(BacklogStream.Members.class, this::onMembers)
        .onMessage(BacklogStream.Received.class, text -> onWrong("this view takes no filter"))
        .onMessage(BacklogStream.Wrong.class, wrong -> onWrong(wrong.detail()))
        .onMessage(BacklogStream.Closed.class, closed -> Behaviors.stopped())
        .onMessage(BacklogStream.Stop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> onNext(BacklogStream.Next next) {
    waiting = next.frame();
    return go();
  }

  /** Only for a client that can take it. */
  private Behavior<Command> onSurvey() {
    if (waiting != null) {
      getContext().pipeToSelf(newest.get(), (made, failure) -> new BacklogStream.Surveyed(made));
    }
    return this;
  }

  private Behavior<Command> onSurveyed(BacklogStream.Surveyed surveyed) {
    frame = surveyed.frame();
    return go();
  }

  private Behavior<Command> onLookAround() {
    getContext().pipeToSelf(membership.frame(), (made, failure) -> new BacklogStream.Members(made));
    return this;
  }

  private Behavior<Command> onMembers(BacklogStream.Members members) {
    cluster = members.cluster();
    return go();
  }

  private Behavior<Command> onWrong(String detail) {
    problem = Problem.of(ProblemType.MALFORMED, detail);
    return go();
  }

  private Behavior<Command> onStop() {
    isOver = true;
    return go();
  }

  private Behavior<Command> go() {
    CompletableFuture<Optional<String>> taker = waiting;
    if (taker == null) {
      return this;
    }
    if (isOver) {
      taker.complete(Optional.empty());
      return Behaviors.stopped();
    }
    String next = next();
    if (next != null) {
      waiting = null;
      taker.complete(Optional.of(next));
    }
    return this;
  }

  private @Nullable String next() {
    Problem wrong = problem;
    if (wrong != null) {
      isOver = true;
      return BacklogStream.errorFrame(wrong);
    }
    ObjectNode members = cluster;
    if (members != null && !members.equals(toldCluster)) {
      toldCluster = members;
      return members.toString();
    }
    String made = frame;
    if (made != null && !made.equals(told)) {
      told = made;
      return made;
    }
    return null;
  }
}
