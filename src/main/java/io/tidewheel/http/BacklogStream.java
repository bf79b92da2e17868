package io.tidewheel.http;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.monitor.BacklogFilter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What one websocket is told: a {@link BacklogFeed} in JSON, and who is a member when that changes.
 *
 * <p>A text from the client is a new filter, with which everything begins anew. Wrong input ends
 * the stream, after a frame that says what was wrong.
 */
final class BacklogStream extends AbstractBehavior<BacklogStream.Command> {
  /** Between two looks who is a member. */
  static final Duration CLUSTER_INTERVAL = Duration.ofSeconds(5);

  /** What a stream takes. */
  sealed interface Command {}

  /** The client can take a frame; completed with it, or with nothing at the end. */
  record Next(CompletableFuture<Optional<String>> frame) implements Command {}

  /** The client has sent a text. */
  record Received(String text) implements Command {}

  /** The client has sent what nobody can take. */
  record Wrong(String detail) implements Command {}

  /** The client has gone. */
  record Closed() implements Command {}

  /** The node stops: the stream ends in order. */
  record Stop() implements Command {}

  private record Fed(BacklogFeed.News news) implements Command {}

  /** Time to look who is a member. */
  record LookAround() implements Command {}

  /** Who is a member; null if that could not be found out. */
  record Members(@Nullable ObjectNode cluster) implements Command {}

  /** Time to look at everything. */
  record Survey() implements Command {}

  /** Everything, as a frame; null if that could not be found out. */
  record Surveyed(@Nullable String frame) implements Command {}

  private final Membership membership;
  private final ActorRef<BacklogFeed.Command> feed;
  private @Nullable CompletableFuture<Optional<String>> waiting;
  private BacklogFeed.@Nullable Update update;
  private @Nullable ObjectNode cluster;
  private @Nullable ObjectNode toldCluster;
  private @Nullable Problem problem;
  private boolean isFeeding;
  private boolean isSnapshot = true;
  private boolean isOver;

  static Behavior<Command> create(
      BacklogFeed.Parts parts, Membership membership, BacklogFilter filter) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new BacklogStream(context, timers, parts, membership, filter)));
  }

  private BacklogStream(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      BacklogFeed.Parts parts,
      Membership membership,
      BacklogFilter filter) {
    super(context);
    this.membership = membership;
    this.feed = context.spawn(BacklogFeed.create(parts, filter), "feed");
    context.watch(feed);
    timers.startTimerWithFixedDelay(new LookAround(), Duration.ZERO, CLUSTER_INTERVAL);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Next.class, this::onNext)
        .onMessage(Fed.class, fed -> onFed(fed.news()))
        .onMessage(Received.class, received -> onReceived(received.text()))
        .onMessage(
            Wrong.class, wrong -> onProblem(Problem.of(ProblemType.MALFORMED, wrong.detail())))
        .onMessage(LookAround.class, look -> onLookAround())
        .onMessage(Members.class, this::onMembers)
        .onMessage(Closed.class, closed -> Behaviors.stopped())
        .onMessage(Stop.class, stop -> onStop())
        .onSignal(Terminated.class, terminated -> onStop())
        .build();
  }

  private Behavior<Command> onNext(Next next) {
    waiting = next.frame();
    if (!isFeeding && update == null) {
      isFeeding = true;
      CompletableFuture<BacklogFeed.News> news = new CompletableFuture<>();
      getContext().pipeToSelf(news, (told, failure) -> new Fed(told));
      feed.tell(new BacklogFeed.Next(news));
    }
    return go();
  }

  private Behavior<Command> onFed(BacklogFeed.News news) {
    isFeeding = false;
    if (news instanceof BacklogFeed.Update told) {
      update = told;
      return go();
    }
    return onProblem(Problem.of(ProblemType.OVER_LIMIT, "too many watch the backlog of this node"));
  }

  private Behavior<Command> onReceived(String text) {
    try {
      BacklogFilter filter = BacklogFilters.of(Json.object(text.getBytes(StandardCharsets.UTF_8)));
      feed.tell(new BacklogFeed.Choose(filter));
      return this;
    } catch (ProblemException e) {
      return onProblem(e.problem());
    }
  }

  private Behavior<Command> onProblem(Problem one) {
    problem = problem == null ? one : problem;
    return go();
  }

  private Behavior<Command> onStop() {
    isOver = true;
    return go();
  }

  private Behavior<Command> onLookAround() {
    getContext().pipeToSelf(membership.frame(), (frame, failure) -> new Members(frame));
    return this;
  }

  private Behavior<Command> onMembers(Members members) {
    ObjectNode now = members.cluster();
    if (now != null && !now.equals(toldCluster)) {
      cluster = now;
    }
    return go();
  }

  /** Gives the client what there is, if it can take something. */
  private Behavior<Command> go() {
    CompletableFuture<Optional<String>> taker = waiting;
    if (taker == null) {
      return this;
    }
    String frame = frame();
    if (frame != null) {
      waiting = null;
      taker.complete(Optional.of(frame));
    } else if (isOver) {
      taker.complete(Optional.empty());
      return Behaviors.stopped();
    }
    return this;
  }

  private @Nullable String frame() {
    Problem wrong = problem;
    if (isOver) {
      return null;
    }
    if (wrong != null) {
      isOver = true;
      return errorFrame(wrong);
    }
    BacklogFeed.Update told = update;
    if (told != null) {
      update = null;
      isSnapshot = told.isSnapshot() && told.hasMore();
      return told.isSnapshot() ? snapshot(told) : delta(told);
    }
    ObjectNode members = cluster;
    if (members != null && !isSnapshot) {
      cluster = null;
      toldCluster = members;
      return members.toString();
    }
    return null;
  }

  static String errorFrame(Problem wrong) {
    ObjectNode frame = Json.newObject();
    frame.put("type", "error");
    frame.put("error", wrong.type().uri());
    frame.put("detail", wrong.detail());
    return frame.toString();
  }

  private static String delta(BacklogFeed.Update told) {
    ObjectNode frame = Json.newObject();
    frame.put("type", "delta");
    write(told, frame);
    ArrayNode gone = frame.putArray("gone");
    told.gone().forEach(place -> gone.add(BacklogRoutes.id(place)));
    return frame.toString();
  }

  private static String snapshot(BacklogFeed.Update told) {
    ObjectNode frame = Json.newObject();
    frame.put("type", "snapshot");
    write(told, frame);
    frame.put("more", told.hasMore());
    return frame.toString();
  }

  private static void write(BacklogFeed.Update told, ObjectNode frame) {
    ArrayNode rows = frame.putArray("rows");
    told.rows().forEach(row -> write(row, rows.addObject()));
  }

  private static void write(BacklogFeed.Row row, ObjectNode node) {
    node.put("id", BacklogRoutes.id(row.standing().place()));
    node.put("topic", row.topic().name());
    node.put("subscription", row.subscription().name());
    node.put("queue", row.standing().queue());
    node.put("node", row.standing().home().node());
    BacklogRow.write(node, row.standing().row(), row.rates());
    AllowanceWriter.write(node, row.allowed());
    node.put("paused", row.subscription().settings().isPaused());
  }
}
