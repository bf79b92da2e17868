package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.Offer;
import io.tidewheel.cluster.LinkedBoards.Node;
import io.tidewheel.cluster.LinkedBoards.Owner;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BacklogLinkTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration ROUND = SECOND.multipliedBy(BacklogLink.TICKS_PER_ROUND);

  private ActorTestKit kit;
  private LinkedBoards boards;
  private Node first;
  private Node second;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(ManualTime.config());
    boards = new LinkedBoards(kit);
    first = boards.join("a:1");
    second = boards.join("b:1");
    boards.pass(SECOND.multipliedBy(2));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void wakesAWorkerOfAnotherNodeAtOnceWhenNobodyIsFreeAtHome() {
    TestProbe<Offer> worker = second.waiting();
    first.owner(0).has(3);
    assertThat(worker.receiveMessage().rows().get(0).home().node()).isEqualTo("a:1");
  }

  @Test
  void keepsWhatAWorkerAtHomeIsFreeForToItself() {
    TestProbe<Offer> away = second.waiting();
    TestProbe<Offer> home = first.waiting();
    first.owner(0).has(3);
    home.receiveMessage();
    away.expectNoMessage();
  }

  @Test
  void announcesWhatTheWorkersAtHomeHaveLeft() {
    TestProbe<Offer> home = first.waiting();
    TestProbe<Offer> away = second.waiting();
    Owner owner = first.owner(0).has(3);
    home.receiveMessage();
    owner.has(30);
    away.receiveMessage();
  }

  @Test
  void tellsNobodyWhoHasNoWorkers() {
    Owner owner = first.owner(0).has(3);
    boards.pass(ROUND);
    owner.has(0);
    boards.pass(ROUND);
    assertThat(boards.told(first, second)).isEmpty();
  }

  @Test
  void tellsWhoAsksForTheFirstTimeWhatThereIs() {
    first.owner(0).has(3);
    boards.pass(SECOND);
    assertThat(second.look().rows()).isEmpty();
    assertThat(second.homes()).containsExactly("0@a:1");
  }

  @Test
  void forgetsWorkersThatDoNotComeAnyMore() {
    second.look();
    boards.pass(Duration.ofMinutes(3));
    boards.sent.clear();
    first.owner(0).has(3);
    boards.pass(SECOND.multipliedBy(5));
    assertThat(boards.told(first, second)).isEmpty();
  }

  @Test
  void tellsARowThatChangesAllTheTimeOnceASecondWhileWorkersAtHomeAreFree() {
    second.look();
    TestProbe<Offer> home = first.waiting();
    Owner owner = first.owner(0).has(0);
    boards.pass(SECOND.multipliedBy(2));
    boards.sent.clear();
    for (int change = 0; change < 50; change++) {
      owner.has(1);
      home.receiveMessage();
      owner.has(0);
      first.looked(home);
      home = first.waiting();
      boards.pass(Duration.ofMillis(100));
    }
    assertThat(boards.told(first, second)).hasSizeBetween(3, 6);
  }

  @Test
  void repeatsWorkThatNobodyTakesUntilItIsHeard() {
    TestProbe<Offer> worker = second.waiting();
    boards.isDelivered = (to, message) -> !(message instanceof BacklogLink.Rows);
    first.owner(0).has(3);
    worker.expectNoMessage();
    boards.isDelivered = (to, message) -> true;
    boards.pass(SECOND.multipliedBy(2));
    worker.receiveMessage();
  }

  @Test
  void doesNotRepeatWhatHasNoWork() {
    second.look();
    first.owner(0).has(0);
    boards.pass(SECOND.multipliedBy(2));
    boards.sent.clear();
    boards.pass(SECOND.multipliedBy(10));
    assertThat(boards.told(first, second)).isEmpty();
  }

  @Test
  void doesNotWakeAnyoneAgainByRepeating() {
    first.owner(0).has(3);
    second.look();
    assertThat(second.homes()).containsExactly("0@a:1");
    TestProbe<Offer> worker = second.waiting();
    boards.pass(SECOND.multipliedBy(10));
    worker.expectNoMessage();
  }

  @Test
  void wakesAgainForTheSameAmountWhenItWasReportedAnew() {
    Owner owner = first.owner(0).has(3);
    second.look();
    TestProbe<Offer> worker = second.waiting();
    owner.has(0);
    owner.has(3);
    boards.pass(SECOND.multipliedBy(2));
    worker.receiveMessage();
  }

  /** Guards messages that only a worker elsewhere could take, and nobody told it of. */
  @Test
  void believesTheNewHolderOfAQueueThatMovedAsleep() {
    Node third = boards.join("c:1");
    third.look();
    first.look();
    first.owner(0).has(2).has(0).sleeps();
    boards.pass(SECOND.multipliedBy(2));
    second.owner(0).has(5);
    boards.pass(SECOND.multipliedBy(10));
    assertThat(first.homes()).containsExactly("0@b:1");
    assertThat(third.homes()).containsExactly("0@b:1");
    boards.pass(ROUND.multipliedBy(2));
    assertThat(first.homes()).containsExactly("0@b:1");
    assertThat(third.homes()).containsExactly("0@b:1");
  }

  @Test
  void believesTheNewHolderAlsoWhenItsClockIsSlow() {
    Node slow = boards.join("c:1", "", -3_600_000);
    first.look();
    second.look();
    first.owner(0).has(2).has(0).sleeps();
    boards.pass(SECOND.multipliedBy(2));
    slow.owner(0).has(5);
    boards.pass(ROUND.multipliedBy(2));
    assertThat(first.homes()).containsExactly("0@c:1");
    assertThat(second.homes()).containsExactly("0@c:1");
  }

  /** The old owner speaks again after it was paused, and nobody tells it that it has lost. */
  @Test
  void doesNotBelieveAnOwnerThatAnotherHasFollowed() {
    Node third = boards.join("c:1");
    third.look();
    second.look();
    Owner old = first.owner(0).has(2);
    boards.pass(SECOND.multipliedBy(2));
    second.owner(0).has(5);
    boards.pass(SECOND.multipliedBy(2));
    old.has(9);
    boards.pass(ROUND.multipliedBy(2));
    assertThat(third.homes()).containsExactly("0@b:1");
    assertThat(second.homes()).containsExactly("0@b:1");
  }

  @Test
  void forgetsRowsWhoseEndWasLost() {
    Owner owner = first.owner(0).has(3);
    second.look();
    assertThat(second.homes()).hasSize(1);
    boards.isDelivered = (to, message) -> false;
    owner.goes();
    boards.pass(SECOND.multipliedBy(2));
    boards.isDelivered = (to, message) -> true;
    boards.pass(ROUND.multipliedBy(2 + HeardRows.MISSED_ROUNDS));
    assertThat(second.look().awake().isEmpty()).isTrue();
  }

  @Test
  void keepsRowsOfWhichOneRoundWasLost() {
    first.owner(0).has(0);
    second.waiting();
    boards.pass(SECOND.multipliedBy(2));
    boards.isDelivered = (to, message) -> !(message instanceof BacklogLink.Rows);
    boards.pass(ROUND);
    boards.isDelivered = (to, message) -> true;
    boards.pass(ROUND.multipliedBy(4));
    assertThat(second.look().awake().get(0)).isTrue();
  }

  /** Guards the room of busy clients, which would be filled from other nodes. */
  @Test
  void leavesToANodeWhatItsOwnWorkersHaveRoomFor() {
    first.counted(10);
    TestProbe<Offer> worker = second.waiting();
    boards.pass(Duration.ofMillis(900));
    first.owner(0).has(10);
    boards.pass(Duration.ofMillis(150));
    assertThat(boards.told(first, second)).extracting(BacklogLink.Told::isKept).contains(true);
    worker.expectNoMessage();
    assertThat(second.homes()).isEmpty();
    boards.pass(Duration.ofMillis(100));
    worker.receiveMessage();
    second.looked(worker);
    assertThat(second.homes()).containsExactly("0@a:1");
  }

  @Test
  void tellsAtOnceOfMoreThanItsOwnWorkersHaveRoomFor() {
    first.counted(10);
    TestProbe<Offer> worker = second.waiting();
    first.owner(0).has(6);
    worker.expectNoMessage();
    first.owner(1).has(5);
    boards.settle();
    worker.receiveMessage();
    second.looked(worker);
    assertThat(second.homes()).containsExactlyInAnyOrder("0@a:1", "1@a:1");
  }

  @Test
  void forgetsTheRowsOfANodeThatLeavesAndWakesTheirQueues() {
    first.owner(3).has(2);
    second.look();
    assertThat(second.homes()).containsExactly("3@a:1");
    boards.leave(first);
    assertThat(second.look().awake().isEmpty()).isTrue();
    List<QueueWaker.Command> woken = second.waker.receiveSeveralMessages(2);
    assertThat(woken)
        .containsExactly(
            new QueueWaker.WakeNow(LinkedBoards.TOPIC, 3), new QueueWaker.WakeSlice(0, 1));
  }

  /** Guards wakes that would go to where the queues were, and be lost with it. */
  @Test
  void wakesTheQueuesOfOneThatIsDeadOnlyWhenItIsRemovedAndOnceMore() {
    first.owner(3).has(2);
    second.look();
    boards.kill(first);
    assertThat(second.look().awake().isEmpty()).isTrue();
    boards.pass(SECOND.multipliedBy(3));
    second.waker.expectNoMessage();
    boards.remove();
    QueueWaker.Command wake = new QueueWaker.WakeNow(LinkedBoards.TOPIC, 3);
    assertThat(second.waker.receiveSeveralMessages(2))
        .containsExactly(wake, new QueueWaker.WakeSlice(0, 1));
    boards.pass(SECOND.multipliedBy(3));
    second.waker.expectMessage(wake);
    second.waker.expectNoMessage();
  }

  @Test
  void goesOnWithWhatItKnewWhenTheBoardHasFailed() {
    first.owner(0).has(3);
    second.look();
    assertThat(second.homes()).hasSize(1);
    second.board.tell(new BacklogBoard.Want(7, 10, 0, null));
    boards.pass(SECOND.multipliedBy(2));
    assertThat(second.homes()).hasSize(1);
  }

  @Test
  void knowsHowLongABoardWasNotHeard() {
    boards.pass(ROUND);
    assertThat(second.lag.seconds()).isLessThanOrEqualTo(1);
    boards.isDelivered = (to, message) -> !to.equals(second.id);
    boards.pass(SECOND.multipliedBy(20));
    assertThat(second.lag.seconds()).isBetween(19.0, 21.0);
    assertThat(first.lag.seconds()).isLessThanOrEqualTo(1);
    boards.isDelivered = (to, message) -> true;
    boards.pass(SECOND.multipliedBy(2));
    assertThat(second.lag.seconds()).isLessThanOrEqualTo(1);
    boards.leave(first);
    boards.pass(SECOND.multipliedBy(20));
    assertThat(second.lag.seconds()).as("of nobody").isZero();
  }

  @Test
  void helpsInItsZoneFirstAndFartherAwayWhenAMessageHasWaited() {
    Node near = boards.join("n:1", "", 0);
    Node far = boards.join("f:1", "elsewhere", 0);
    far.look();
    near.look();
    TestProbe<Offer> away = far.waiting();
    boards.settle();
    TestProbe<Offer> close = near.waiting();
    boards.pass(SECOND);
    long now = 1_000_000 + 10_000;
    first.reports.report(
        new Row(
            1, LinkedBoards.SUBSCRIPTION, 0, first.reports.claim(), 1, 1, 0, now, Presence.AWAKE));
    boards.settle();
    close.receiveMessage();
    away.expectNoMessage();
    boards.pass(Duration.ofSeconds(12));
    away.receiveMessage();
  }
}
