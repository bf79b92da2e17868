package io.tidewheel.backlog;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.backlog.BacklogBoard.Candidates;
import io.tidewheel.backlog.BacklogBoard.Leave;
import io.tidewheel.backlog.BacklogBoard.Spent;
import io.tidewheel.backlog.BacklogBoard.Want;
import io.tidewheel.backlog.Standing.Nearness;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BacklogBoardTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final long SUBSCRIPTION = 7;
  private static final Nearness NEAR = Nearness.ZONE;
  private static final Nearness FAR = Nearness.FAR;

  private final AtomicLong now = new AtomicLong(1_500);
  private final BacklogBoard.Parts parts =
      Boards.at(Standing.Home.ALONE, () -> Instant.ofEpochMilli(now.get()));

  private ActorRef<BacklogBoard.Command> board;
  private BacklogReports reports;
  private TestProbe<Offer> asker;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    board = KIT.spawn(BacklogBoard.create(parts));
    reports = new BacklogReports(board, parts.claims());
    asker = KIT.createTestProbe(Offer.class);
  }

  @Test
  void offersTheOldestFirstThenTheLargest() {
    reports.report(row(0, 5, 300));
    reports.report(row(1, 1, 100));
    reports.report(row(2, 9, 300));
    reports.report(row(3, 0, 0));
    Offer offer = look();
    assertThat(offer.rows()).extracting(Standing::queue).containsExactly(1, 2, 0);
    assertThat(offer.awake().stream().boxed()).containsExactly(0, 1, 2, 3);
    assertThat(offer.hasMore()).isFalse();
  }

  @Test
  void keepsTheRowsOfSubscriptionsApart() {
    reports.report(row(0, 5, 100));
    board.tell(new Candidates(8, new BitSet(), 0, asker.getRef()));
    Offer offer = asker.receiveMessage();
    assertThat(offer.rows()).isEmpty();
    assertThat(offer.awake().isEmpty()).isTrue();
  }

  @Test
  void pagesThroughManyRows() {
    Set<Integer> expected = new HashSet<>();
    for (int queue = 0; queue < 150; queue++) {
      reports.report(row(queue, 1, 1_000 - queue));
      expected.add(queue);
    }
    Set<Integer> seen = new HashSet<>();
    BitSet tried = new BitSet();
    boolean hasMore = true;
    int pages = 0;
    while (hasMore) {
      board.tell(new Candidates(SUBSCRIPTION, (BitSet) tried.clone(), 0, asker.getRef()));
      Offer offer = asker.receiveMessage();
      offer.rows().forEach(row -> assertThat(seen.add(row.queue())).isTrue());
      offer.rows().forEach(row -> tried.set(row.queue()));
      hasMore = offer.hasMore();
      pages++;
    }
    assertThat(seen).isEqualTo(expected);
    assertThat(pages).isEqualTo(3);
  }

  @Test
  void forgetsARowThatIsGone() {
    reports.report(row(0, 5, 100));
    reports.report(row(1, 5, 100));
    look();
    reports.report(row(0, 5, 100).empty(Presence.GONE));
    Offer offer = look();
    assertThat(offer.rows()).extracting(Standing::queue).containsExactly(1);
    assertThat(offer.awake().get(0)).isFalse();
  }

  @Test
  void takesOnlyTheNewestOfManyReports() {
    TestProbe<BacklogBoard.Command> probe = KIT.createTestProbe(BacklogBoard.Command.class);
    BacklogReports coalescing = new BacklogReports(probe.getRef(), parts.claims());
    for (int i = 1; i <= 1_000; i++) {
      coalescing.report(row(0, i, 100));
      coalescing.report(row(1, i, 100));
    }
    probe.expectMessage(new BacklogBoard.Reported(coalescing));
    List<Row> taken = new ArrayList<>();
    coalescing.take(10, taken::add);
    assertThat(taken).containsExactly(row(0, 1_000, 100), row(1, 1_000, 100));
    coalescing.report(row(0, 1, 100));
    probe.expectMessage(new BacklogBoard.Reported(coalescing));
    probe.expectNoMessage();
  }

  @Test
  void tellsAgainWhatDoesNotFitInOneTurn() {
    TestProbe<BacklogBoard.Command> probe = KIT.createTestProbe(BacklogBoard.Command.class);
    BacklogReports coalescing = new BacklogReports(probe.getRef(), parts.claims());
    for (int queue = 0; queue < 25; queue++) {
      coalescing.report(row(queue, 1, 100));
    }
    List<Row> taken = new ArrayList<>();
    for (int turn = 0; turn < 3; turn++) {
      probe.expectMessage(new BacklogBoard.Reported(coalescing));
      coalescing.take(10, taken::add);
    }
    assertThat(taken).hasSize(25);
    probe.expectNoMessage();
  }

  @Test
  void wakesInTheOrderOfComingAndOnlyAsManyAsThereIsWorkFor() {
    List<TestProbe<Offer>> workers = wanting(3, 1);
    reports.report(row(0, 2, 100));
    assertThat(workers.get(0).receiveMessage().rows())
        .extracting(Standing::row)
        .containsExactly(row(0, 2, 100));
    workers.get(1).receiveMessage();
    workers.get(2).expectNoMessage();
    reports.report(row(0, 3, 100));
    workers.get(2).receiveMessage();
  }

  @Test
  void countsWhatAWorkerCanTake() {
    List<TestProbe<Offer>> workers = wanting(3, 10);
    reports.report(row(0, 11, 100));
    workers.get(0).receiveMessage();
    workers.get(1).receiveMessage();
    workers.get(2).expectNoMessage();
  }

  @Test
  void doesNotWakeASecondForWorkThatIsPromised() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 1, 100));
    workers.get(0).receiveMessage();
    reports.report(row(0, 2, 100));
    workers.get(1).expectNoMessage();
  }

  @Test
  void wakesAnotherForAnotherQueueWhileTheFirstIsBusy() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 1, 100));
    workers.get(0).receiveMessage();
    reports.report(row(1, 1, 200));
    Offer offer = workers.get(1).receiveMessage();
    assertThat(offer.rows()).extracting(Standing::queue).containsExactly(1, 0);
  }

  @Test
  void wakesTheNextForWhatAWokenWorkerHasLeft() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 5, 100));
    workers.get(0).receiveMessage();
    reports.report(row(0, 4, 100));
    board.tell(new Leave(workers.get(0).getRef()));
    assertThat(workers.get(1).receiveMessage().rows())
        .extracting(Standing::row)
        .containsExactly(row(0, 4, 100));
  }

  @Test
  void wakesNobodyForWorkThatWasFoundGoneUntilItIsReportedAgain() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 5, 100));
    Offer offer = workers.get(0).receiveMessage();
    board.tell(new Spent(SUBSCRIPTION, 0, offer.version()));
    board.tell(new Leave(workers.get(0).getRef()));
    workers.get(1).expectNoMessage();
    assertThat(look().rows()).as("whoever asks may still try").hasSize(1);
    reports.report(row(0, 5, 100));
    workers.get(1).receiveMessage();
  }

  @Test
  void doesNotTakeAnOldFindingForANewReport() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 5, 100));
    Offer offer = workers.get(0).receiveMessage();
    reports.report(row(0, 5, 100));
    look();
    board.tell(new Spent(SUBSCRIPTION, 0, offer.version()));
    board.tell(new Leave(workers.get(0).getRef()));
    workers.get(1).receiveMessage();
  }

  @Test
  void doesNotWakeAWorkerForWhatItHasTried() {
    reports.report(row(0, 5, 100));
    Offer offer = look();
    board.tell(new Want(SUBSCRIPTION, 10, offer.version(), asker.getRef()));
    asker.expectNoMessage();
    reports.report(row(0, 5, 100));
    asker.receiveMessage();
  }

  @Test
  void wakesAtOnceForWhatWasReportedWhileTheWorkerTried() {
    reports.report(row(0, 5, 100));
    Offer offer = look();
    reports.report(row(1, 1, 200));
    look();
    board.tell(new Want(SUBSCRIPTION, 10, offer.version(), asker.getRef()));
    assertThat(asker.receiveMessage().rows().get(0).queue()).isEqualTo(1);
  }

  @Test
  void passesOverAWorkerThatHasLeft() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    board.tell(new Leave(workers.get(0).getRef()));
    reports.report(row(0, 1, 100));
    workers.get(1).receiveMessage();
    workers.get(0).expectNoMessage();
  }

  @Test
  void wakesTheNextWhenAWokenWorkerLeaves() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 1, 100));
    workers.get(0).receiveMessage();
    board.tell(new Leave(workers.get(0).getRef()));
    workers.get(1).receiveMessage();
  }

  @Test
  void wakesTheNextWhenAWokenWorkerDies() {
    TestProbe<Offer> dying = KIT.createTestProbe(Offer.class);
    TestProbe<Offer> next = KIT.createTestProbe(Offer.class);
    board.tell(new Want(SUBSCRIPTION, 10, 0, dying.getRef()));
    board.tell(new Want(SUBSCRIPTION, 10, 0, next.getRef()));
    reports.report(row(0, 1, 100));
    dying.receiveMessage();
    next.expectNoMessage();
    dying.stop();
    next.receiveMessage();
  }

  @Test
  void wakesTheNextWhenAWokenWorkerDiesWhoseReferenceIsAnAdapter() {
    TestProbe<Offer> woken = KIT.createTestProbe(Offer.class);
    TestProbe<String> wanted = KIT.createTestProbe(String.class);
    ActorRef<String> dying =
        KIT.spawn(
            Behaviors.<String>setup(
                context -> {
                  ActorRef<Offer> adapter =
                      context.messageAdapter(
                          Offer.class,
                          offer -> {
                            woken.getRef().tell(offer);
                            return "woken";
                          });
                  board.tell(new Want(SUBSCRIPTION, 10, 0, adapter));
                  wanted.getRef().tell("wanted");
                  return Behaviors.receive(String.class)
                      .onMessageEquals("woken", Behaviors::same)
                      .onMessageEquals("stop", Behaviors::stopped)
                      .build();
                }));
    wanted.expectMessage("wanted");
    TestProbe<Offer> next = KIT.createTestProbe(Offer.class);
    board.tell(new Want(SUBSCRIPTION, 10, 0, next.getRef()));
    reports.report(row(0, 1, 100));
    woken.receiveMessage();
    next.expectNoMessage();
    dying.tell("stop");
    next.receiveMessage();
  }

  @Test
  void keepsAPromiseToItsQueueWhenThatMovesAwayAndComesBack() {
    List<TestProbe<Offer>> workers = wanting(3, 10);
    reports.report(row(0, 1, 100));
    workers.get(0).receiveMessage();
    reports.report(row(0, 1, 100).empty(Presence.GONE));
    look();
    reports.report(row(0, 1, 100));
    workers.get(1).receiveMessage();
    board.tell(new Leave(workers.get(0).getRef()));
    workers.get(2).expectNoMessage();
  }

  @Test
  void wakesAllWhoWaitWhenItHasFailed() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 0, 0));
    long version = look().version();
    board.tell(new Want(SUBSCRIPTION, 10, 0, null));
    workers.forEach(worker -> assertThat(worker.receiveMessage().rows()).isEmpty());
    Offer offer = look();
    assertThat(offer.awake().isEmpty()).isTrue();
    assertThat(offer.version()).isGreaterThanOrEqualTo(version);
    board.tell(new Want(SUBSCRIPTION, 10, version, workers.get(0).getRef()));
    reports.report(row(0, 1, 100));
    workers.get(0).receiveMessage();
  }

  @Test
  void holdsAHundredThousandRows() {
    for (int subscription = 0; subscription < 1_000; subscription++) {
      for (int queue = 0; queue < 100; queue++) {
        reports.report(
            new Row(
                1, subscription, queue, 1, 1 + queue, 1 + queue, 0, 1_000 - queue, Presence.AWAKE));
      }
    }
    for (int subscription = 0; subscription < 1_000; subscription++) {
      board.tell(new Want(subscription, 1, 0, asker.getRef()));
      assertThat(asker.receiveMessage().rows().get(0).queue()).isEqualTo(99);
    }
  }

  @Test
  void takesItsOwnNodeFirstThenItsZone() {
    reports.report(row(0, 5, 2_500));
    hear(standing(1, 50, 1_000, NEAR));
    hear(standing(2, 50, 1_000, FAR));
    assertThat(look().rows()).extracting(Standing::queue).startsWith(0, 1);
  }

  /** Guards messages of another node that nobody ever comes to. */
  @Test
  void takesAnotherNodeFirstWhoseOldestMessageIsMuchOlder() {
    reports.report(row(0, 5, 3_001));
    hear(standing(1, 1, 1_000, NEAR));
    assertThat(look().rows()).extracting(Standing::queue).containsExactly(1, 0);
    reports.report(row(0, 6, 3_000));
    assertThat(look().rows()).extracting(Standing::queue).containsExactly(0, 1);
  }

  @Test
  void spreadsOverTheQueuesOfOtherNodesWithAPreferenceForLongOnes() {
    for (int queue = 0; queue < 10; queue++) {
      hear(standing(queue, 10 + queue, 1_000, NEAR));
    }
    int[] chosen = new int[10];
    for (int i = 0; i < 1_000; i++) {
      chosen[look().rows().get(0).queue()]++;
    }
    assertThat(chosen[9]).isBetween(100, 300);
    assertThat(chosen[9]).isGreaterThan(chosen[2]);
    assertThat(chosen[0]).isGreaterThan(0);
  }

  @Test
  void goesFarAwayOnlyForWhatHasWaited() {
    hear(standing(0, 5, 1_000, FAR));
    assertThat(look().rows()).isEmpty();
    TestProbe<Offer> worker = wanting(1, 10).get(0);
    TestProbe<BoardNews> link = KIT.createTestProbe(BoardNews.class);
    board.tell(new BacklogBoard.Link(link.getRef()));
    board.tell(new Want(SUBSCRIPTION, 10, 0, worker.getRef()));
    worker.expectNoMessage();
    now.set(3_000);
    ManualTime.get(KIT.system()).timePasses(Duration.ofSeconds(3));
    assertThat(worker.receiveMessage().rows()).extracting(Standing::queue).containsExactly(0);
  }

  @Test
  void believesTheLaterOwnerInWhateverOrderTheyAreHeard() {
    Standing early = standing(0, 5, 1_000, NEAR, 10, Presence.AWAKE);
    Standing late = standing(0, 7, 1_000, FAR, 11, Presence.AWAKE);
    now.set(100_000);
    hear(early);
    hear(late);
    assertThat(look().rows()).containsExactly(late);
    hear(early);
    hear(new Standing(early.row().empty(Presence.GONE), early.home(), 9));
    assertThat(look().rows()).containsExactly(late);
  }

  @Test
  void believesWhoIsAwakeMoreThanWhoSleeps() {
    Standing asleep = standing(0, 0, 0, NEAR, 20, Presence.ASLEEP);
    Standing awake = standing(0, 7, 1_000, FAR, 11, Presence.AWAKE);
    now.set(100_000);
    hear(asleep);
    hear(awake);
    assertThat(look().rows()).containsExactly(awake);
    hear(new Standing(asleep.row(), asleep.home(), 9));
    assertThat(look().rows()).containsExactly(awake);
  }

  @Test
  void changesNothingByWhatIsRepeated() {
    Standing row = standing(0, 5, 1_000, NEAR);
    hear(row);
    long version = look().version();
    TestProbe<Offer> worker = KIT.createTestProbe(Offer.class);
    board.tell(new Want(SUBSCRIPTION, 10, version, worker.getRef()));
    hear(row);
    worker.expectNoMessage();
    hear(new Standing(row.row(), row.home(), row.number() + 1));
    worker.receiveMessage();
  }

  @Test
  void tellsAWatcherEverythingInPiecesAndThenChangesWhenItIsReady() {
    for (int queue = 0; queue < 1_500; queue++) {
      reports.report(row(queue, 1, 100));
    }
    look();
    TestProbe<BoardNews> watcher = KIT.createTestProbe(BoardNews.class);
    board.tell(new BacklogBoard.Watch(one -> true, watcher.getRef()));
    BoardNews.Changes first = watcher.expectMessageClass(BoardNews.Changes.class);
    assertThat(first.rows()).hasSize(BoardWatchers.ROWS_PER_NEWS);
    assertThat(first.isReset()).isTrue();
    assertThat(first.hasMore()).isTrue();
    watcher.expectNoMessage();
    board.tell(new BacklogBoard.More(watcher.getRef(), true));
    BoardNews.Changes second = watcher.expectMessageClass(BoardNews.Changes.class);
    assertThat(second.rows()).hasSize(500);
    assertThat(second.hasMore()).isFalse();
    for (int change = 2; change < 50; change++) {
      reports.report(row(7, change, 100));
      look();
    }
    reports.report(row(8, 1, 100).empty(Presence.GONE));
    look();
    board.tell(new BacklogBoard.More(watcher.getRef(), true));
    BoardNews.Changes third = watcher.expectMessageClass(BoardNews.Changes.class);
    assertThat(third.rows()).extracting(one -> one.row().dispatchable()).containsExactly(49L);
    assertThat(third.gone()).containsExactly(new Standing.Place(SUBSCRIPTION, 8));
  }

  @Test
  void tellsAWatcherOnlyOfWhatItsFilterLetsThrough() {
    reports.report(row(0, 5, 100));
    reports.report(row(1, 1, 100));
    look();
    TestProbe<BoardNews> watcher = KIT.createTestProbe(BoardNews.class);
    board.tell(new BacklogBoard.Watch(one -> one.row().backlog() >= 5, watcher.getRef()));
    assertThat(watcher.expectMessageClass(BoardNews.Changes.class).rows())
        .extracting(Standing::queue)
        .containsExactly(0);
    board.tell(new BacklogBoard.More(watcher.getRef(), true));
    reports.report(row(1, 2, 100));
    look();
    watcher.expectNoMessage();
    reports.report(row(0, 4, 100));
    assertThat(watcher.expectMessageClass(BoardNews.Changes.class).gone())
        .containsExactly(new Standing.Place(SUBSCRIPTION, 0));
  }

  @Test
  void refusesWatchersBeyondItsBound() {
    List<TestProbe<BoardNews>> watchers = new ArrayList<>();
    for (int i = 0; i <= BoardWatchers.MAX_WATCHERS; i++) {
      TestProbe<BoardNews> watcher = KIT.createTestProbe(BoardNews.class);
      board.tell(new BacklogBoard.Watch(one -> true, watcher.getRef()));
      BoardNews told = watcher.receiveMessage();
      assertThat(told instanceof BoardNews.Refused).isEqualTo(i == BoardWatchers.MAX_WATCHERS);
      watchers.add(watcher);
    }
    watchers.get(0).stop();
    TestProbe<BoardNews> late = KIT.createTestProbe(BoardNews.class);
    late.awaitAssert(
        () -> {
          board.tell(new BacklogBoard.Watch(one -> true, late.getRef()));
          return late.expectMessageClass(BoardNews.Changes.class);
        });
  }

  private void hear(Standing standing) {
    board.tell(new BacklogBoard.Heard(List.of(standing)));
    look();
  }

  private static Standing standing(
      int queue, long dispatchable, long oldestAtMillis, Nearness nearness) {
    return standing(queue, dispatchable, oldestAtMillis, nearness, 1, Presence.AWAKE);
  }

  private static Standing standing(
      int queue,
      long dispatchable,
      long oldestAtMillis,
      Nearness nearness,
      long claim,
      Presence presence) {
    return new Standing(
        new Row(
            1, SUBSCRIPTION, queue, claim, dispatchable, dispatchable, 0, oldestAtMillis, presence),
        new Standing.Home("other-" + nearness, 1, nearness),
        1);
  }

  private static Row row(int queue, long dispatchable, long oldestAtMillis) {
    return Boards.row(SUBSCRIPTION, queue, dispatchable, oldestAtMillis);
  }

  private Offer look() {
    board.tell(new Candidates(SUBSCRIPTION, new BitSet(), 0, asker.getRef()));
    return asker.receiveMessage();
  }

  private List<TestProbe<Offer>> wanting(int count, int capacity) {
    List<TestProbe<Offer>> workers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      TestProbe<Offer> worker = KIT.createTestProbe(Offer.class);
      board.tell(new Want(SUBSCRIPTION, capacity, 0, worker.getRef()));
      workers.add(worker);
    }
    return workers;
  }
}
