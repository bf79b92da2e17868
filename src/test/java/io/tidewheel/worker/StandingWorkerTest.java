package io.tidewheel.worker;

import static io.tidewheel.worker.ConsumerFixture.delivery;
import static io.tidewheel.worker.ConsumerFixture.get;
import static io.tidewheel.worker.ConsumerFixture.give;
import static io.tidewheel.worker.ConsumerFixture.giveOfMany;
import static io.tidewheel.worker.ConsumerFixture.request;
import static io.tidewheel.worker.ConsumerFixture.subscription;
import static io.tidewheel.worker.ConsumerFixture.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.Offer;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.worker.ConsumerFixture.AtQueue;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StandingWorkerTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final Duration WAIT = Duration.ofSeconds(60);

  /** Too short for the board to be asked twice, whose answer no virtual clock waits for. */
  private static final Duration BRIEF = Workers.BOARD_INTERVAL.minusMillis(100);

  /** When a queue has not answered in time a worker that looks anew after that. */
  private static final Duration LATE =
      new PullTask(1, 1, 1, request(1, 1, BRIEF), new CompletableFuture<>()).pullTimeout();

  private ConsumerFixture fixture;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    fixture = new ConsumerFixture(KIT, 2, 100, 100);
  }

  @Test
  void goesOnWhereThereWasMore() {
    fixture.report(0, 5);
    Consumer.StandingPull standing = stand(1);
    CompletableFuture<List<Delivery>> first = standing.next(1);
    giveOfMany(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(first)).containsExactly(delivery(0, 0, 10));
    fixture.queues.expectNoMessage();
    CompletableFuture<List<Delivery>> second = standing.next(3);
    AtQueue<Subscription.Pull> pull = fixture.expectPull(0);
    assertThat(pull.command().max()).isEqualTo(3);
    give(pull, delivery(0, 1, 10));
    assertThat(get(second)).containsExactly(delivery(0, 1, 10));
  }

  @Test
  void takesAllThatHaveMoreInTurn() {
    fixture.report(0, 5);
    fixture.report(1, 4);
    Consumer.StandingPull standing = stand(2);
    for (int i = 0; i < 6; i++) {
      CompletableFuture<List<Delivery>> answer = standing.next(1);
      giveOfMany(fixture.expectPull(i % 2), delivery(i % 2, i, 10));
      assertThat(get(answer)).hasSize(1);
    }
  }

  @Test
  void waitsWhereNothingWasLeftAndIsWokenByTheNextReport() {
    Consumer.StandingPull standing = standWithNothingLeft();
    for (int i = 1; i < 4; i++) {
      CompletableFuture<List<Delivery>> answer = standing.next(5);
      fixture.queues.expectNoMessage();
      assertThat(answer).isNotDone();
      fixture.report(0, 1);
      give(fixture.expectPull(0), delivery(0, i, 10));
      assertThat(get(answer)).containsExactly(delivery(0, i, 10));
    }
  }

  /** The way of a message that comes while a worker of its node waits. */
  @Test
  void isAnsweredByTheQueueThatHasSomethingFirst() {
    Consumer.StandingPull standing = standWithNothingLeft();
    for (int i = 1; i < 4; i++) {
      CompletableFuture<List<Delivery>> next = standing.next(5);
      Subscription.Pull pull = fixture.expectWaiting();
      assertThat(pull.max()).isEqualTo(5);
      pull.replyTo().tell(new Subscription.Pulled(pull.call(), List.of(delivery(0, i, 10)), 0));
      assertThat(get(next)).containsExactly(delivery(0, i, 10));
    }
    assertThat(fixture.waiting.isAny(ConsumerFixture.SUBSCRIPTION)).isFalse();
  }

  /** Guards messages that were given out twice, as the worker had gone elsewhere meanwhile. */
  @Test
  void goesNowhereElseWhileAQueueIsAboutToAnswerIt() {
    fixture.report(1, 0);
    Consumer.StandingPull standing = standWithNothingLeft(2);
    CompletableFuture<List<Delivery>> next = standing.next(5);
    Subscription.Pull taken = fixture.expectWaiting();
    fixture.report(1, 3);
    fixture.queues.expectNoMessage();
    taken.replyTo().tell(new Subscription.Pulled(taken.call(), List.of(delivery(0, 1, 10)), 0));
    assertThat(get(next)).containsExactly(delivery(0, 1, 10));
    fixture.queues.expectNoMessage();
  }

  /** A queue that has taken its pull, and then has nothing to give all the same. */
  @Test
  void looksAgainWhenTheQueueThatIsAboutToAnswerItHasNothing() {
    fixture.report(1, 0);
    Consumer.StandingPull standing = standWithNothingLeft(2);
    CompletableFuture<List<Delivery>> next = standing.next(5);
    Subscription.Pull taken = fixture.expectWaiting();
    fixture.report(1, 3);
    fixture.queues.expectNoMessage();
    taken.replyTo().tell(new Subscription.Pulled(taken.call(), List.of(), 0));
    give(fixture.expectPull(1), delivery(1, 0, 10));
    give(fixture.expectPull(0));
    assertThat(get(next)).containsExactly(delivery(1, 0, 10));
  }

  /** Guards workers of which each makes the next one look, as fast as queues can answer. */
  @Test
  void waitsToBeWokenAfterAnAnswerWithNothingInIt() {
    Consumer.StandingPull standing = standWithNothingLeft();
    CompletableFuture<List<Delivery>> next = standing.next(5);
    Subscription.Pull taken = fixture.expectWaiting();
    taken.replyTo().tell(new Subscription.Pulled(taken.call(), List.of(), 9));
    fixture.queues.expectNoMessage();
    assertThat(next).isNotDone();
    fixture.report(0, 1);
    give(fixture.expectPull(0), delivery(0, 1, 10));
    assertThat(get(next)).containsExactly(delivery(0, 1, 10));
  }

  @Test
  void givesBackWhatAQueueGaveWhenItHadEnded() {
    Consumer.StandingPull standing = standWithNothingLeft();
    CompletableFuture<List<Delivery>> next = standing.next(5);
    Subscription.Pull pull = fixture.expectWaiting();
    standing.end();
    assertThat(get(next)).isEmpty();
    pull.replyTo().tell(new Subscription.Pulled(pull.call(), List.of(delivery(0, 1, 10)), 0));
    fixture.expectReleased(0, 1);
  }

  /** Guards queues that would answer a worker that is not there any more. */
  @Test
  void waitsNoMoreWhenItHasEnded() {
    Consumer.StandingPull standing = standWithNothingLeft();
    CompletableFuture<List<Delivery>> next = standing.next(5);
    fixture.awaitWaiting();
    standing.end();
    assertThat(get(next)).isEmpty();
    assertThat(fixture.waiting.isAny(ConsumerFixture.SUBSCRIPTION)).isFalse();
  }

  @Test
  void findsWhatWasReportedWhileItRested() {
    Consumer.StandingPull standing = standWithNothingLeft();
    fixture.report(0, 1);
    fixture.queues.expectNoMessage();
    CompletableFuture<List<Delivery>> second = standing.next(5);
    give(fixture.expectPull(0), delivery(0, 1, 10));
    assertThat(get(second)).hasSize(1);
  }

  /** Guards a queue that is read all the time: another one with older messages gets its turn. */
  @Test
  void asksTheBoardAgainNowAndThen() {
    fixture.report(0, 500);
    Consumer.StandingPull standing = stand(2);
    CompletableFuture<List<Delivery>> answer = standing.next(1);
    fixture.expectWake(1);
    fixture.report(1, 900);
    int pulls = 1;
    AtQueue<Subscription.Pull> pull = fixture.expect(Subscription.Pull.class);
    while (pull.queue() == 0 && pulls < 100) {
      giveOfMany(pull, delivery(0, pulls, 10));
      assertThat(get(answer)).hasSize(1);
      answer = standing.next(1);
      pull = fixture.expect(Subscription.Pull.class);
      pulls++;
    }
    assertThat(pulls).isBetween(2, 20);
    give(pull, delivery(1, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(1, 0, 10));
  }

  @Test
  void leavesOtherNodesToOthersWhileItsOwnHasMore() {
    fixture.report(0, 5);
    fixture.heard(1, 900, 100);
    Consumer.StandingPull standing = stand(2);
    for (int i = 0; i < 40; i++) {
      CompletableFuture<List<Delivery>> answer = standing.next(1);
      giveOfMany(fixture.expectPull(0), delivery(0, i, 10));
      assertThat(get(answer)).hasSize(1);
    }
    CompletableFuture<List<Delivery>> last = standing.next(1);
    give(fixture.expectPull(0));
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(last)).containsExactly(delivery(1, 0, 10));
  }

  @Test
  void releasesAnAnswerThatComesWhileItRests() {
    fixture.report(0, 9);
    fixture.report(1, 1);
    Consumer.StandingPull standing = stand(2);
    CompletableFuture<List<Delivery>> answer = standing.next(5);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    final AtQueue<Subscription.Pull> slow = fixture.expectPull(1);
    fixture.time.timePasses(PullWorker.COLLECT_TIMEOUT);
    assertThat(get(answer)).hasSize(1);
    give(slow, delivery(1, 0, 10));
    fixture.expectReleased(1, 0);
  }

  /** Guards a row that had more when its answer came too late: nobody else may hear of it. */
  @Test
  void looksAgainAfterAnAnswerThatWasNotWaitedForHadMore() {
    fixture.report(0, 9);
    fixture.report(1, 0);
    Consumer.StandingPull standing = stand(2, BRIEF);
    CompletableFuture<List<Delivery>> answer = standing.next(1);
    AtQueue<Subscription.Pull> slow = fixture.expectPull(0);
    fixture.pass(LATE);
    fixture.queues.expectNoMessage();
    giveOfMany(slow, delivery(0, 0, 10));
    assertThat(get(answer)).hasSize(1);
    CompletableFuture<List<Delivery>> next = standing.next(1);
    give(fixture.expectPull(0), delivery(0, 1, 10));
    assertThat(get(next)).hasSize(1);
  }

  @Test
  void looksAtEverythingAnewFromTimeToTime() {
    fixture.report(0, 0);
    Consumer.StandingPull standing = stand(2, BRIEF);
    CompletableFuture<List<Delivery>> answer = standing.next(5);
    fixture.expectWake(1);
    give(fixture.expectPull(1));
    fixture.queues.expectNoMessage();
    fixture.time.timePasses(BRIEF);
    fixture.expectWake(1);
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(answer)).hasSize(1);
  }

  @Test
  void answersWithWhatWasOnItsWayWhenItIsEnded() {
    fixture.report(0, 9);
    fixture.report(1, 1);
    Consumer.StandingPull standing = stand(2);
    CompletableFuture<List<Delivery>> answer = standing.next(5);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    AtQueue<Subscription.Pull> slow = fixture.expectPull(1);
    standing.end();
    assertThat(get(answer)).containsExactly(delivery(0, 0, 10));
    give(slow, delivery(1, 0, 10));
    fixture.expectReleased(1, 0);
  }

  @Test
  void takesNothingAfterItsEndAndLeavesRoomForAnother() {
    fixture.report(0, 0);
    Consumer.StandingPull one = stand(1);
    CompletableFuture<List<Delivery>> waiting = one.next(5);
    fixture.queues.expectNoMessage();
    Consumer.StandingPull other = stand(1);
    CompletableFuture<List<Delivery>> served = other.next(5);
    fixture.queues.expectNoMessage();
    assertThatThrownBy(() -> get(stand(1).next(5))).hasCauseInstanceOf(RejectedPullException.class);
    one.end();
    assertThat(get(waiting)).isEmpty();
    fixture.report(0, 1);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(served)).hasSize(1);
    fixture.queues.expectNoMessage();
    CompletableFuture<List<Delivery>> third = stand(1).next(5);
    // The board has not heard from the queue since.
    give(fixture.expectPull(0));
    fixture.queues.expectNoMessage();
    assertThat(third).isNotDone();
  }

  @Test
  void failsWhenItsWorkerIsGone() {
    fixture.report(0, 0);
    Consumer.StandingPull standing = stand(1);
    CompletableFuture<List<Delivery>> waiting = standing.next(5);
    fixture.queues.expectNoMessage();
    KIT.stop(fixture.workers);
    assertThatThrownBy(() -> get(waiting)).hasCauseInstanceOf(RejectedPullException.class);
  }

  /** Guards a worker that waits, and that the board has forgotten. */
  @Test
  void isWokenAlsoAfterAQueueElsewhereSaidLateThatItHasNothing() {
    fixture.report(1, 0);
    fixture.heard(0, 5, 100);
    Consumer.StandingPull standing = stand(2, BRIEF);
    final CompletableFuture<List<Delivery>> answer = standing.next(5);
    AtQueue<Subscription.Pull> slow = fixture.expectPull(0);
    fixture.pass(LATE);
    fixture.awaitWaiting();
    give(slow);
    fixture.awaitNothingOffered();
    fixture.report(1, 1);
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(1, 0, 10));
  }

  /** Guards nodes that would offer to others what a worker of theirs is about to take. */
  @Test
  void isCountedOnByTheBoardUntilItIsFullOrRests() {
    TestProbe<BacklogBoard.Command> board = KIT.createTestProbe(BacklogBoard.Command.class);
    CompletableFuture<List<Delivery>> first = new CompletableFuture<>();
    ActorRef<PullWorker.Command> worker =
        KIT.spawn(
            StandingWorker.create(
                task(5, first),
                new PullWorker.Sources(fixture.router, board.getRef(), fixture.waiting),
                false));
    BacklogBoard.Candidates asked = board.expectMessageClass(BacklogBoard.Candidates.class);
    assertThat(asked.capacity()).isEqualTo(5);
    BitSet awake = new BitSet();
    awake.set(0);
    asked.replyTo().tell(new Offer(3, List.of(), awake, false));
    board.expectMessageClass(BacklogBoard.Want.class);
    giveWaiting(0);
    assertThat(get(first)).hasSize(1);
    assertThat(board.expectMessageClass(BacklogBoard.Stay.class).capacity()).isEqualTo(4);
    worker.tell(new StandingWorker.Rest());
    board.expectMessageClass(BacklogBoard.Leave.class);
    CompletableFuture<List<Delivery>> second = new CompletableFuture<>();
    worker.tell(new StandingWorker.Next(task(1, second)));
    board.expectMessageClass(BacklogBoard.Want.class);
    giveWaiting(1);
    assertThat(get(second)).hasSize(1);
    board.expectMessageClass(BacklogBoard.Leave.class);
  }

  private void giveWaiting(long offset) {
    Subscription.Pull pull = fixture.expectWaiting();
    pull.replyTo().tell(new Subscription.Pulled(pull.call(), List.of(delivery(0, offset, 10)), 0));
  }

  private static PullTask task(int max, CompletableFuture<List<Delivery>> answer) {
    return new PullTask(
        ConsumerFixture.TOPIC, 1, ConsumerFixture.SUBSCRIPTION, request(max, 1_000, WAIT), answer);
  }

  /** One that rests: its only queue had one message, which it has. */
  private Consumer.StandingPull standWithNothingLeft() {
    return standWithNothingLeft(1);
  }

  private Consumer.StandingPull standWithNothingLeft(int queues) {
    fixture.report(0, 1);
    Consumer.StandingPull standing = stand(queues);
    CompletableFuture<List<Delivery>> answer = standing.next(5);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(answer)).hasSize(1);
    return standing;
  }

  private Consumer.StandingPull stand(int queues) {
    return stand(queues, WAIT);
  }

  private Consumer.StandingPull stand(int queues, Duration wait) {
    return fixture.consumer.stand(topic(queues), subscription(), request(1, 1_000, wait));
  }
}
