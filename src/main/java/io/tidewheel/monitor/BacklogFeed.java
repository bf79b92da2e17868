package io.tidewheel.monitor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one who watches from outside is told of the board: everything its filter lets through, in
 * pieces, then what changes, at most four times a second. Nothing is made before it is asked for:
 * who is slow is told less often, and of each row only how it is then.
 */
public final class BacklogFeed extends AbstractBehavior<BacklogFeed.Command> {
  static final Duration PACE = Duration.ofMillis(250);

  /** Between two looks at rates that have changed although their row has not. */
  static final Duration RATE_INTERVAL = Duration.ofSeconds(1);

  private static final int MAX_RATES = 1_000;

  /** What a feed takes. */
  public sealed interface Command {}

  /** There is room for news; completed once, as soon as there are any. One at a time. */
  public record Next(CompletableFuture<News> news) implements Command {}

  /** Everything begins anew, with another filter. */
  public record Choose(BacklogFilter filter) implements Command {}

  private record Told(BoardNews news) implements Command {}

  private record Paced() implements Command {}

  /** Time to look at everything. */
  private record Survey() implements Command {}

  private record Allowed(Allowances allowances) implements Command {}

  /** What a feed tells. */
  public sealed interface News {}

  /**
   * What has changed since the news before.
   *
   * @param gone places of rows that were told of, and are not there any more or not what is watched
   * @param isReset whether everything that was told before is forgotten
   * @param isSnapshot whether this belongs to the first look at everything
   * @param hasMore whether the next news are there already; in a snapshot, whether it goes on
   */
  public record Update(
      List<Row> rows, List<Place> gone, boolean isReset, boolean isSnapshot, boolean hasMore)
      implements News {}

  /** Too many watch the board of this node; nothing else comes. */
  public record Refused() implements News {}

  /** A row, with what does not stand on the board. */
  public record Row(
      Standing standing,
      Topic topic,
      Topic.Subscription subscription,
      Rates rates,
      Allowances.Allowed allowed) {}

  /**
   * What feeds of a node need of it.
   *
   * @param board takes what is for the board of this node; from any thread
   * @param catalog what this node knows now; from any thread
   */
  public record Parts(
      Consumer<BacklogBoard.Command> board, Supplier<CatalogSnapshot> catalog, Monitor monitor) {}

  private final Parts parts;
  private final TimerScheduler<Command> timers;
  private final ActorRef<BoardNews> adapter;
  private final LiveRates rates;
  private final Deque<BoardNews.Changes> changes = new ArrayDeque<>();
  private BacklogFilter filter;
  private @Nullable Allowances allowances;
  private @Nullable CompletableFuture<News> waiting;
  private boolean isAsked = true;
  private boolean isSnapshot = true;
  private boolean isPaced;
  private boolean isRateDue;
  private boolean isChoosing;
  private boolean isRefused;

  /** A feed; it is stopped by who started it. */
  public static Behavior<Command> create(Parts parts, BacklogFilter filter) {
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new BacklogFeed(context, timers, parts, filter)));
  }

  private BacklogFeed(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Parts parts,
      BacklogFilter filter) {
    super(context);
    this.parts = parts;
    this.timers = timers;
    this.filter = filter;
    this.rates = new LiveRates(parts.monitor(), this::allowed);
    this.adapter = context.messageAdapter(BoardNews.class, Told::new);
    watch();
    askAllowances();
    timers.startTimerWithFixedDelay(new Survey(), RATE_INTERVAL);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Next.class, this::onNext)
        .onMessage(Choose.class, this::onChoose)
        .onMessage(Told.class, told -> onTold(told.news()))
        .onMessage(Paced.class, paced -> onPaced())
        .onMessage(Survey.class, survey -> onSurvey())
        .onMessage(Allowed.class, this::onAllowed)
        .build();
  }

  private void watch() {
    BacklogFilter chosen = filter;
    Supplier<CatalogSnapshot> catalog = parts.catalog();
    parts
        .board()
        .accept(new BacklogBoard.Watch(row -> chosen.matches(row, catalog.get()), adapter));
  }

  private Behavior<Command> onNext(Next next) {
    waiting = next.news();
    return go();
  }

  private Behavior<Command> onChoose(Choose choose) {
    filter = choose.filter();
    changes.clear();
    isChoosing = true;
    isAsked = true;
    watch();
    return this;
  }

  private Behavior<Command> onTold(BoardNews one) {
    if (one instanceof BoardNews.Refused) {
      isRefused = true;
    } else if (one instanceof BoardNews.Changes told) {
      // What was on its way under the filter before is not wanted any more.
      if (told.isReset()) {
        isChoosing = false;
        changes.clear();
      }
      if (!isChoosing) {
        changes.add(told);
      }
    }
    return go();
  }

  private Behavior<Command> onPaced() {
    isPaced = false;
    return go();
  }

  private Behavior<Command> onSurvey() {
    askAllowances();
    isRateDue = true;
    return go();
  }

  private void askAllowances() {
    getContext()
        .pipeToSelf(
            parts.monitor().allowances(),
            (known, failure) -> new Allowed(known == null ? Allowances.NOTHING : known));
  }

  private Behavior<Command> onAllowed(Allowed told) {
    allowances = told.allowances();
    return go();
  }

  private Allowances.Allowed allowed(Standing row) {
    RowOwner owner = RowOwner.of(parts.catalog().get(), row);
    Allowances known = allowances;
    return owner == null || known == null
        ? Allowances.Allowed.UNBOUNDED
        : known.of(owner.subscription(), row.home().node());
  }

  private Behavior<Command> go() {
    CompletableFuture<News> taker = waiting;
    News news = taker == null ? null : news();
    if (taker != null && news != null) {
      waiting = null;
      taker.complete(news);
    }
    return this;
  }

  private @Nullable News news() {
    if (isRefused) {
      return new Refused();
    }
    BoardNews.Changes told = allowances == null ? null : changes.poll();
    if (told != null) {
      isAsked = false;
      return update(told);
    }
    if (isRateDue && !isSnapshot) {
      BoardNews.Changes rated = rates.changed(MAX_RATES);
      isRateDue = false;
      if (!rated.rows().isEmpty()) {
        return new Update(rows(rated), rated.gone(), false, false, false);
      }
    }
    if (!isAsked && !isPaced) {
      isAsked = true;
      parts.board().accept(new BacklogBoard.More(adapter, true));
    }
    return null;
  }

  private Update update(BoardNews.Changes told) {
    if (told.isReset()) {
      isSnapshot = true;
      rates.clear();
    }
    Update update = new Update(rows(told), told.gone(), told.isReset(), isSnapshot, told.hasMore());
    rates.forget(told.gone());
    if (!told.hasMore()) {
      isSnapshot = false;
      isPaced = true;
      timers.startSingleTimer(new Paced(), PACE);
    }
    return update;
  }

  private List<Row> rows(BoardNews.Changes told) {
    List<Row> rows = new ArrayList<>(told.rows().size());
    for (Standing row : told.rows()) {
      RowOwner owner = RowOwner.of(parts.catalog().get(), row);
      if (owner != null) {
        LiveRates.Live live = rates.of(row);
        rows.add(new Row(row, owner.topic(), owner.subscription(), live.rates(), live.allowed()));
      }
    }
    return rows;
  }
}
