package io.tidewheel.backlog;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.backlog.BacklogBoard.Candidates;
import io.tidewheel.backlog.BacklogBoard.Leave;
import io.tidewheel.backlog.BacklogBoard.Looked;
import io.tidewheel.backlog.BacklogBoard.Offer;
import io.tidewheel.backlog.BacklogBoard.Want;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BacklogBoardTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final long SUBSCRIPTION = 7;
  private static final BacklogBoard.Parts PARTS = Boards.alone();
  private static final Claims CLAIMS = PARTS.claims();

  private ActorRef<BacklogBoard.Command> board;
  private BacklogReports reports;
  private TestProbe<Offer> asker;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    board = KIT.spawn(BacklogBoard.create(PARTS));
    reports = new BacklogReports(board, CLAIMS);
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
    board.tell(new Candidates(8, new BitSet(), asker.getRef()));
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
      board.tell(new Candidates(SUBSCRIPTION, (BitSet) tried.clone(), asker.getRef()));
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
    BacklogReports coalescing = new BacklogReports(probe.getRef(), CLAIMS);
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
    BacklogReports coalescing = new BacklogReports(probe.getRef(), CLAIMS);
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
    Offer offer = workers.get(0).receiveMessage();
    reports.report(row(0, 4, 100));
    board.tell(new Looked(0, offer.version(), false, workers.get(0).getRef()));
    assertThat(workers.get(1).receiveMessage().rows())
        .extracting(Standing::row)
        .containsExactly(row(0, 4, 100));
  }

  @Test
  void wakesNobodyForWorkThatWasFoundGoneUntilItIsReportedAgain() {
    List<TestProbe<Offer>> workers = wanting(2, 10);
    reports.report(row(0, 5, 100));
    Offer offer = workers.get(0).receiveMessage();
    board.tell(new Looked(0, offer.version(), true, workers.get(0).getRef()));
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
    board.tell(new Looked(0, offer.version(), true, workers.get(0).getRef()));
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
                  return Behaviors.receive(String.class)
                      .onMessageEquals("woken", Behaviors::same)
                      .onMessageEquals("stop", Behaviors::stopped)
                      .build();
                }));
    awaitWaiting(dying);
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

  private static Row row(int queue, long dispatchable, long oldestAtMillis) {
    return new Row(
        1, SUBSCRIPTION, queue, 1, dispatchable, dispatchable, 0, oldestAtMillis, Presence.AWAKE);
  }

  private Offer look() {
    board.tell(new Candidates(SUBSCRIPTION, new BitSet(), asker.getRef()));
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

  /** Returns when the actor has started, and so has sent its want. */
  private void awaitWaiting(ActorRef<String> started) {
    started.tell("woken");
    TestProbe<Object> probe = KIT.createTestProbe();
    assertThat(probe.awaitAssert(() -> look().awake().isEmpty())).isTrue();
  }
}
