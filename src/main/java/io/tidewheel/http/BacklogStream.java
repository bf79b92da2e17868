package io.tidewheel.http;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.feedback.Allowances;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What one websocket is told of the board: everything its filter lets through, in pieces, then what
 * changes, at most four times a second. Nothing is made before the client can take it: a slow one
 * is told less often, and of each row only how it is then.
 *
 * <p>A text from the client is a new filter, with which everything begins anew. Wrong input ends
 * the stream, after a frame that says what was wrong.
 */
final class BacklogStream extends AbstractBehavior<BacklogStream.Command> {
  static final Duration PACE = Duration.ofMillis(250);

  /** Between two looks who is a member. */
  static final Duration CLUSTER_INTERVAL = Duration.ofSeconds(5);

  /** Between two looks at rates that have changed although their row has not. */
  static final Duration RATE_INTERVAL = Duration.ofSeconds(1);

  private static final int MAX_RATES = 1_000;

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

  private record Told(BoardNews news) implements Command {}

  private record Paced() implements Command {}

  /** Time to look who is a member. */
  record LookAround() implements Command {}

  /** Who is a member; null if that could not be found out. */
  record Members(@Nullable ObjectNode cluster) implements Command {}

  /** Time to look at everything. */
  record Survey() implements Command {}

  private record Allowed(Allowances allowances) implements Command {}

  /** Everything, as a frame; null if that could not be found out. */
  record Surveyed(@Nullable String frame) implements Command {}

  private final Broker broker;
  private final Membership membership;
  private final TimerScheduler<Command> timers;
  private final ActorRef<BoardNews> news;
  private final LiveRates rates;
  private BacklogFilter filter;
  private @Nullable Allowances allowances;
  private @Nullable CompletableFuture<Optional<String>> waiting;
  private final Deque<BoardNews.Changes> changes = new ArrayDeque<>();
  private @Nullable ObjectNode cluster;
  private @Nullable ObjectNode toldCluster;
  private @Nullable Problem problem;
  private boolean isAsked = true;
  private boolean isSnapshot = true;
  private boolean isPaced;
  private boolean isRateDue;
  private boolean isFiltering;
  private boolean isOver;

  static Behavior<Command> create(Broker broker, Membership membership, BacklogFilter filter) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new BacklogStream(context, timers, broker, membership, filter)));
  }

  private BacklogStream(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Broker broker,
      Membership membership,
      BacklogFilter filter) {
    super(context);
    this.broker = broker;
    this.membership = membership;
    this.timers = timers;
    this.filter = filter;
    this.rates = new LiveRates(broker.monitor(), this::allowed);
    this.news = context.messageAdapter(BoardNews.class, Told::new);
    watch();
    askAllowances();
    timers.startTimerWithFixedDelay(new LookAround(), Duration.ZERO, CLUSTER_INTERVAL);
    timers.startTimerWithFixedDelay(new Survey(), RATE_INTERVAL);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Next.class, this::onNext)
        .onMessage(Told.class, told -> onTold(told.news()))
        .onMessage(Paced.class, paced -> onPaced())
        .onMessage(Received.class, received -> onReceived(received.text()))
        .onMessage(
            Wrong.class, wrong -> onProblem(Problem.of(ProblemType.MALFORMED, wrong.detail())))
        .onMessage(LookAround.class, look -> onLookAround())
        .onMessage(Survey.class, survey -> onSurvey())
        .onMessage(Allowed.class, this::onAllowed)
        .onMessage(Members.class, this::onMembers)
        .onMessage(Closed.class, closed -> Behaviors.stopped())
        .onMessage(Stop.class, stop -> onStop())
        .build();
  }

  private void watch() {
    BacklogFilter chosen = filter;
    broker.board().tell(new BacklogBoard.Watch(row -> chosen.matches(row, broker.catalog()), news));
  }

  private Behavior<Command> onNext(Next next) {
    waiting = next.frame();
    return go();
  }

  private Behavior<Command> onTold(BoardNews one) {
    if (one instanceof BoardNews.Refused) {
      return onProblem(
          Problem.of(ProblemType.OVER_LIMIT, "too many watch the backlog of this node"));
    }
    if (one instanceof BoardNews.Changes told) {
      // What was on its way under the filter before is not wanted any more.
      if (told.isReset()) {
        isFiltering = false;
        changes.clear();
      }
      if (!isFiltering) {
        changes.add(told);
      }
    }
    return go();
  }

  private Behavior<Command> onPaced() {
    isPaced = false;
    return go();
  }

  private Behavior<Command> onReceived(String text) {
    try {
      filter = BacklogFilter.of(Json.object(text.getBytes(StandardCharsets.UTF_8)));
    } catch (ProblemException e) {
      return onProblem(e.problem());
    }
    changes.clear();
    isFiltering = true;
    isAsked = true;
    watch();
    return this;
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

  private Behavior<Command> onSurvey() {
    askAllowances();
    isRateDue = true;
    return go();
  }

  private void askAllowances() {
    getContext()
        .pipeToSelf(
            broker.monitor().allowances(),
            (known, failure) -> new Allowed(known == null ? Allowances.NOTHING : known));
  }

  private Behavior<Command> onAllowed(Allowed told) {
    allowances = told.allowances();
    return go();
  }

  private Allowances.Allowed allowed(Standing row) {
    BacklogFilter.Owner owner = BacklogFilter.Owner.of(broker.catalog(), row);
    Allowances known = allowances;
    return owner == null || known == null
        ? Allowances.Allowed.UNBOUNDED
        : known.of(owner.subscription(), row.home().node());
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
    BoardNews.Changes told = allowances == null ? null : changes.poll();
    if (told != null) {
      isAsked = false;
      return write(told);
    }
    ObjectNode members = cluster;
    if (members != null && !isSnapshot) {
      cluster = null;
      toldCluster = members;
      return members.toString();
    }
    BoardNews.Changes rated = isRateDue && !isSnapshot ? rates.changed(MAX_RATES) : null;
    if (rated != null) {
      isRateDue = false;
      if (!rated.rows().isEmpty()) {
        return delta(rated);
      }
    }
    if (!isAsked && !isPaced) {
      isAsked = true;
      broker.board().tell(new BacklogBoard.More(news, true));
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

  private String delta(BoardNews.Changes told) {
    ObjectNode frame = Json.newObject();
    frame.put("type", "delta");
    ArrayNode rows = frame.putArray("rows");
    told.rows().forEach(row -> write(row, rows));
    ArrayNode gone = frame.putArray("gone");
    told.gone().forEach(place -> gone.add(BacklogRoutes.id(place)));
    rates.forget(told.gone());
    return frame.toString();
  }

  private String write(BoardNews.Changes told) {
    if (told.isReset()) {
      isSnapshot = true;
      rates.clear();
    }
    String frame = isSnapshot ? snapshot(told) : delta(told);
    if (!told.hasMore()) {
      isSnapshot = false;
      isPaced = true;
      timers.startSingleTimer(new Paced(), PACE);
    }
    return frame;
  }

  private String snapshot(BoardNews.Changes told) {
    ObjectNode frame = Json.newObject();
    frame.put("type", "snapshot");
    ArrayNode rows = frame.putArray("rows");
    told.rows().forEach(row -> write(row, rows));
    frame.put("more", told.hasMore());
    return frame.toString();
  }

  private void write(Standing row, ArrayNode rows) {
    BacklogFilter.Owner owner = BacklogFilter.Owner.of(broker.catalog(), row);
    if (owner == null) {
      return;
    }
    ObjectNode node = rows.addObject();
    node.put("id", BacklogRoutes.id(row.place()));
    node.put("topic", owner.topic().name());
    node.put("subscription", owner.subscription().name());
    node.put("queue", row.queue());
    node.put("node", row.home().node());
    LiveRates.Live live = rates.of(row);
    BacklogRow.write(node, row.row(), live.rates());
    AllowanceWriter.write(node, live.allowed());
    node.put("paused", owner.subscription().settings().isPaused());
  }
}
