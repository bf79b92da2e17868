package io.tidewheel.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.typed.ActorRef;
import io.tidewheel.VirtualTime;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.Boards;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.backlog.Standing.Nearness;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.NamePattern;
import io.tidewheel.monitor.BacklogFeed.News;
import io.tidewheel.monitor.BacklogFeed.Next;
import io.tidewheel.monitor.BacklogFeed.Update;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BacklogFeedTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final long TOPIC = 1;
  private static final long BILLING = 2;
  private static final Home FAR = new Home("far", 9, Nearness.FAR);

  private final VirtualTime time = new VirtualTime(KIT);
  private final StagedMonitor monitor = new StagedMonitor();
  private ActorRef<BacklogBoard.Command> board;
  private long number;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    board = KIT.spawn(BacklogBoard.create(Boards.alone()));
  }

  @Test
  void tellsAllThereIsInPiecesAndThenWhatChanges() {
    for (int queue = 0; queue < 1_500; queue++) {
      report(queue, 1);
    }
    ActorRef<BacklogFeed.Command> feed = feed(BacklogFilter.EVERYTHING);
    Update first = update(feed);
    assertThat(first.isReset()).isTrue();
    assertThat(first.hasMore()).isTrue();
    Update rest = update(feed);
    assertThat(rest.isSnapshot()).isTrue();
    assertThat(rest.hasMore()).isFalse();
    assertThat(first.rows().size() + rest.rows().size()).isEqualTo(1_500);
    report(3, 7);
    Update change = late(feed);
    assertThat(change.isSnapshot()).isFalse();
    assertThat(change.rows()).hasSize(1);
    assertThat(change.rows().get(0).topic().name()).isEqualTo("orders");
    assertThat(change.rows().get(0).subscription().name()).isEqualTo("billing");
    assertThat(change.rows().get(0).standing().row().backlog()).isEqualTo(7);
  }

  /** Guards those who wait for the end of what they are told first. */
  @Test
  void tellsTheEndAlsoIfTheRestIsGoneMeanwhile() {
    for (int queue = 0; queue < 1_500; queue++) {
      report(queue, 1);
    }
    ActorRef<BacklogFeed.Command> feed =
        feed(new BacklogFilter(NamePattern.ANY, NamePattern.ANY, null, 1));
    Update first = update(feed);
    assertThat(first.hasMore()).isTrue();
    Set<Integer> told =
        first.rows().stream().map(row -> row.standing().queue()).collect(Collectors.toSet());
    for (int queue = 0; queue < 1_500; queue++) {
      if (!told.contains(queue)) {
        report(queue, 0);
      }
    }
    Update end = update(feed);
    assertThat(end.isSnapshot()).isTrue();
    assertThat(end.hasMore()).isFalse();
    assertThat(end.rows()).isEmpty();
  }

  /** However often a row changes meanwhile, who is slow is told of it once, and as it is then. */
  @Test
  void tellsWhoIsSlowOnlyHowItIsThen() {
    ActorRef<BacklogFeed.Command> feed = feed(BacklogFilter.EVERYTHING);
    assertThat(update(feed).rows()).isEmpty();
    for (int backlog = 1; backlog <= 100; backlog++) {
      report(0, backlog);
      report(1, backlog);
    }
    assertThat(late(feed).rows())
        .extracting(row -> row.standing().row().backlog())
        .containsExactly(100L, 100L);
  }

  @Test
  void tellsAtMostFourTimesASecond() {
    ActorRef<BacklogFeed.Command> feed = feed(BacklogFilter.EVERYTHING);
    update(feed);
    report(0, 1);
    CompletableFuture<News> next = ask(feed);
    time.passes(BacklogFeed.PACE.minusMillis(1));
    settle();
    assertThat(next).isNotDone();
    time.passes(Duration.ofMillis(1));
    assertThat(await(next).rows()).hasSize(1);
  }

  @Test
  void beginsAnewWithAnotherFilter() {
    report(0, 1);
    report(1, 50);
    ActorRef<BacklogFeed.Command> feed = feed(BacklogFilter.EVERYTHING);
    assertThat(update(feed).rows()).hasSize(2);
    CompletableFuture<News> next = ask(feed);
    feed.tell(
        new BacklogFeed.Choose(
            new BacklogFilter(NamePattern.of("topic", "ord*"), NamePattern.ANY, "far", 10)));
    time.passes(BacklogFeed.PACE);
    Update anew = await(next);
    assertThat(anew.isReset()).isTrue();
    assertThat(anew.rows()).extracting(row -> row.standing().queue()).containsExactly(1);
    report(1, 0);
    assertThat(late(feed).gone()).containsExactly(new Place(BILLING, 1));
  }

  @Test
  void tellsRatesThatChangeWithoutTheirRow() {
    report(0, 5);
    ActorRef<BacklogFeed.Command> feed = feed(BacklogFilter.EVERYTHING);
    update(feed);
    monitor.rates().put(new Place(BILLING, 0), new Rates(3, 1, 0));
    CompletableFuture<News> next = ask(feed);
    time.passes(BacklogFeed.RATE_INTERVAL);
    assertThat(await(next).rows()).extracting(row -> row.rates().in()).containsExactly(3.0);
  }

  @Test
  void saysThatTooManyWatch() {
    for (int i = 0; i < 100; i++) {
      update(feed(BacklogFilter.EVERYTHING));
    }
    assertThat(await(ask(feed(BacklogFilter.EVERYTHING)), News.class))
        .isInstanceOf(BacklogFeed.Refused.class);
  }

  private ActorRef<BacklogFeed.Command> feed(BacklogFilter filter) {
    return KIT.spawn(
        BacklogFeed.create(
            new BacklogFeed.Parts(board::tell, BacklogFeedTest::catalog, monitor), filter));
  }

  private static CompletableFuture<News> ask(ActorRef<BacklogFeed.Command> feed) {
    CompletableFuture<News> next = new CompletableFuture<>();
    feed.tell(new Next(next));
    return next;
  }

  private static Update update(ActorRef<BacklogFeed.Command> feed) {
    return await(ask(feed));
  }

  /** What comes once the pace allows it. */
  private Update late(ActorRef<BacklogFeed.Command> feed) {
    settle();
    time.passes(BacklogFeed.PACE);
    return update(feed);
  }

  private static Update await(CompletableFuture<News> next) {
    return await(next, Update.class);
  }

  private static <T> T await(CompletableFuture<News> next, Class<T> type) {
    return type.cast(next.orTimeout(20, TimeUnit.SECONDS).join());
  }

  /** The board has dealt with everything. */
  private void settle() {
    var probe = KIT.<BacklogBoard.Pong>createTestProbe();
    board.tell(new BacklogBoard.Ping(probe.getRef()));
    probe.receiveMessage();
  }

  private void report(int queue, long backlog) {
    Row row = new Row(TOPIC, BILLING, queue, 3, backlog, backlog, 0, 0, Presence.AWAKE);
    board.tell(new BacklogBoard.Heard(List.of(new Standing(row, FAR, ++number))));
  }

  private static CatalogSnapshot catalog() {
    Topic.Subscription billing =
        new Topic.Subscription(
            BILLING,
            "billing",
            1,
            0,
            SubscriptionSettings.DEFAULTS,
            Topic.StartPosition.EARLIEST,
            0,
            Topic.Stage.OPEN,
            false);
    Topic orders =
        new Topic(
            TOPIC, "orders", 1, 0, TopicSettings.defaults(1), false, Map.of("billing", billing));
    return CatalogSnapshot.of(1, new TreeMap<>(Map.of("orders", orders)));
  }
}
