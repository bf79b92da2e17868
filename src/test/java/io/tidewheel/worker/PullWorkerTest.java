package io.tidewheel.worker;

import static io.tidewheel.worker.ConsumerFixture.delivery;
import static io.tidewheel.worker.ConsumerFixture.get;
import static io.tidewheel.worker.ConsumerFixture.give;
import static io.tidewheel.worker.ConsumerFixture.request;
import static io.tidewheel.worker.ConsumerFixture.subscription;
import static io.tidewheel.worker.ConsumerFixture.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.Offer;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.WaitingPulls;
import io.tidewheel.worker.ConsumerFixture.AtQueue;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PullWorkerTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final Duration WAIT = Duration.ofSeconds(20);
  private static final Duration MILLI = Duration.ofMillis(1);

  private ConsumerFixture fixture;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    fixture = new ConsumerFixture(KIT, 100, 100, 100);
  }

  private PullWorker.Sources sources(ActorRef<BacklogBoard.Command> board) {
    return new PullWorker.Sources(fixture.router, board, fixture.waiting);
  }

  @Test
  void pullsFromTheBestCandidateAndGoesOnUntilItHasEnough() {
    fixture.report(0, 2);
    fixture.report(1, 9);
    CompletableFuture<List<Delivery>> answer = pull(2, 3, 1_000, Duration.ZERO);
    AtQueue<Subscription.Pull> first = fixture.expectPull(1);
    assertThat(first.command().max()).isEqualTo(3);
    assertThat(first.command().maxBytes()).isEqualTo(1_000);
    assertThat(first.command().watch()).isNull();
    give(first, delivery(1, 0, 10), delivery(1, 1, 10));
    AtQueue<Subscription.Pull> second = fixture.expectPull(0);
    assertThat(second.command().max()).isEqualTo(1);
    assertThat(second.command().maxBytes()).isEqualTo(980);
    give(second, delivery(0, 0, 10));
    assertThat(get(answer))
        .containsExactly(delivery(1, 0, 10), delivery(1, 1, 10), delivery(0, 0, 10));
  }

  @Test
  void goesToTheNextWhenTheBestHasNothing() {
    fixture.report(0, 2);
    fixture.report(1, 9);
    CompletableFuture<List<Delivery>> answer = pull(2, 3, 1_000, Duration.ZERO);
    give(fixture.expectPull(1));
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(0, 0, 10));
  }

  @Test
  void tellsLeaseWorkerAndVersion() {
    fixture.report(0, 1);
    CompletableFuture<?> unused =
        fixture.consumer.pull(
            topic(1),
            subscription(),
            new Consumer.PullRequest(1, 9, WAIT, Duration.ofSeconds(45), "w-1", "7312"));
    Subscription.Pull pull = fixture.expectPull(0).command();
    assertThat(pull.leaseMillis()).isEqualTo(45_000);
    assertThat(pull.worker()).isEqualTo("w-1");
    assertThat(pull.version()).isEqualTo("7312");
  }

  @Test
  void answersEmptyAtOnceWhenAllQueuesAreAwakeAndHaveNothing() {
    fixture.report(0, 0);
    fixture.report(1, 0);
    assertThat(get(pull(2, 1, 10, Duration.ZERO))).isEmpty();
    fixture.queues.expectNoMessage();
  }

  @Test
  void waitsOnTheBoardAndPullsWhereItIsWokenFor() {
    fixture.report(0, 0);
    fixture.report(1, 0);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    fixture.report(1, 1);
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(1, 0, 10));
  }

  @Test
  void answersEmptyWhenItsTimeIsOver() {
    fixture.report(0, 0);
    CompletableFuture<List<Delivery>> answer = pull(1, 5, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    fixture.pass(WAIT.minus(MILLI));
    assertThat(answer).isNotDone();
    fixture.time.timePasses(MILLI);
    assertThat(get(answer)).isEmpty();
    fixture.report(0, 1);
    fixture.queues.expectNoMessage();
  }

  @Test
  void waitsAgainWhenAnotherWasFaster() {
    fixture.report(0, 0);
    CompletableFuture<List<Delivery>> answer = pull(1, 5, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    fixture.report(0, 1);
    give(fixture.expectPull(0));
    fixture.queues.expectNoMessage();
    fixture.report(0, 1);
    give(fixture.expectPull(0), delivery(0, 3, 10));
    assertThat(get(answer)).containsExactly(delivery(0, 3, 10));
  }

  @Test
  void leavesTheRestOfAQueueToTheNextWaitingPull() {
    fixture.report(0, 0);
    final CompletableFuture<List<Delivery>> first = pull(1, 1, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    final CompletableFuture<List<Delivery>> second = pull(1, 1, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    fixture.report(0, 1);
    AtQueue<Subscription.Pull> pull = fixture.expectPull(0);
    fixture.queues.expectNoMessage();
    fixture.report(0, 2);
    give(fixture.expectPull(0), delivery(0, 1, 10));
    give(pull, delivery(0, 0, 10));
    assertThat(get(first)).containsExactly(delivery(0, 0, 10));
    assertThat(get(second)).containsExactly(delivery(0, 1, 10));
  }

  @Test
  void wakesAndAsksQueuesThatTheBoardDoesNotKnow() {
    fixture.report(1, 0);
    CompletableFuture<List<Delivery>> answer = pull(3, 5, 1_000, Duration.ZERO);
    fixture.expectWake(0);
    fixture.expectWake(2);
    give(fixture.expectPull(0));
    give(fixture.expectPull(2), delivery(2, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(2, 0, 10));
  }

  @Test
  void wakesButDoesNotWaitForUnknownQueuesWhenOthersHaveSomething() {
    fixture.report(1, 4);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    fixture.expectWake(0);
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(answer)).hasSize(1);
    fixture.queues.expectNoMessage();
  }

  @Test
  void asksAnotherUnknownQueueWhileOneRecovers() {
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, Duration.ZERO);
    fixture.expectWake(0);
    fixture.expectWake(1);
    AtQueue<Subscription.Pull> slow = fixture.expectPull(0);
    fixture.time.timePasses(PullWorker.RECOVERY_TIMEOUT);
    give(fixture.expectPull(1));
    assertThat(answer).isNotDone();
    give(slow, delivery(0, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(0, 0, 10));
  }

  @Test
  void answersEmptyWhenUnknownQueuesDoNotAnswerAndReleasesWhatComesLater() {
    CompletableFuture<List<Delivery>> answer = pull(1, 5, 1_000, Duration.ZERO);
    fixture.expectWake(0);
    final AtQueue<Subscription.Pull> slow = fixture.expectPull(0);
    fixture.pass(Duration.ofSeconds(2));
    assertThat(get(answer)).isEmpty();
    give(slow, delivery(0, 0, 10), delivery(0, 1, 10));
    fixture.expectReleased(0, 0, 1);
  }

  @Test
  void takesALateAnswerOfARecoveringQueueWhileItWaits() {
    fixture.report(1, 0);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    fixture.expectWake(0);
    AtQueue<Subscription.Pull> slow = fixture.expectPull(0);
    fixture.pass(PullWorker.UNKNOWN_TIMEOUT);
    fixture.queues.expectNoMessage();
    give(slow, delivery(0, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(0, 0, 10));
  }

  @Test
  void movesOnWhenACandidateDoesNotAnswer() {
    fixture.report(0, 9);
    fixture.report(1, 1);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    AtQueue<Subscription.Pull> silent = fixture.expectPull(0);
    fixture.pass(PullTask.PULL_TIMEOUT);
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(1, 0, 10));
    give(silent, delivery(0, 0, 10));
    fixture.expectReleased(0, 0);
  }

  @Test
  void servesOthersWhileACandidateDoesNotAnswer() {
    fixture.report(0, 9);
    fixture.report(1, 0);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    fixture.expectPull(0);
    fixture.pass(PullTask.PULL_TIMEOUT);
    fixture.queues.expectNoMessage();
    fixture.report(1, 1);
    give(fixture.expectPull(1), delivery(1, 0, 10));
    // The silent one is asked beside it, but not waited for.
    fixture.expectPull(0);
    assertThat(get(answer)).containsExactly(delivery(1, 0, 10));
  }

  @Test
  void asksASilentCandidateAgainSoThatALostQuestionDoesNotCostTheWait() {
    fixture.report(0, 9);
    CompletableFuture<List<Delivery>> answer = pull(1, 5, 1_000, WAIT);
    fixture.expectPull(0);
    fixture.pass(PullTask.PULL_TIMEOUT);
    fixture.queues.expectNoMessage();
    fixture.pass(PullTask.PULL_TIMEOUT);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(answer)).containsExactly(delivery(0, 0, 10));
  }

  @Test
  void failsWhenQueuesThatHaveWorkDoNotAnswer() {
    fixture.report(0, 9);
    CompletableFuture<List<Delivery>> answer = pull(1, 5, 1_000, Duration.ZERO);
    AtQueue<Subscription.Pull> silent = fixture.expectPull(0);
    fixture.pass(PullTask.MIN_LIMIT);
    assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(TimeoutException.class);
    give(silent, delivery(0, 0, 10));
    fixture.expectReleased(0, 0);
  }

  @Test
  void waitsOnlyBrieflyForMoreOnceItHasSome() {
    fixture.report(0, 9);
    fixture.report(1, 1);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    AtQueue<Subscription.Pull> slow = fixture.expectPull(1);
    assertThat(answer).isNotDone();
    fixture.time.timePasses(PullWorker.COLLECT_TIMEOUT);
    assertThat(get(answer)).containsExactly(delivery(0, 0, 10));
    give(slow, delivery(1, 0, 10));
    fixture.expectReleased(1, 0);
  }

  @Test
  void releasesWhatDoesNotFitTogether() {
    fixture.report(0, 9);
    fixture.report(1, 8);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    give(fixture.expectPull(0), delivery(0, 0, 400));
    AtQueue<Subscription.Pull> second = fixture.expectPull(1);
    assertThat(second.command().maxBytes()).isEqualTo(600);
    give(second, delivery(1, 0, 700));
    fixture.expectReleased(1, 0);
    assertThat(get(answer)).containsExactly(delivery(0, 0, 400));
  }

  @Test
  void asksNobodyElseWhenAnotherMessageWouldHardlyFit() {
    fixture.report(0, 9);
    fixture.report(1, 8);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    give(fixture.expectPull(0), delivery(0, 0, 600));
    assertThat(get(answer)).hasSize(1);
    fixture.queues.expectNoMessage();
  }

  @Test
  void givesOneMessageThatIsLargerThanAskedFor() {
    fixture.report(0, 9);
    CompletableFuture<List<Delivery>> answer = pull(1, 5, 1_000, WAIT);
    give(fixture.expectPull(0), delivery(0, 0, 5_000));
    assertThat(get(answer)).hasSize(1);
  }

  @Test
  void releasesWhatArrivesForACallerThatHasGone() {
    fixture.report(0, 9);
    fixture.report(1, 8);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    AtQueue<Subscription.Pull> second = fixture.expectPull(1);
    answer.cancel(false);
    fixture.expectReleased(0, 0);
    give(second, delivery(1, 0, 10));
    fixture.expectReleased(1, 0);
  }

  @Test
  void leavesTheBoardWhenTheCallerHasGone() {
    fixture.report(0, 0);
    CompletableFuture<List<Delivery>> gone = pull(1, 5, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    CompletableFuture<List<Delivery>> waiting = pull(1, 5, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    gone.cancel(false);
    fixture.queues.expectNoMessage();
    fixture.report(0, 1);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(waiting)).hasSize(1);
  }

  @Test
  void leavesTheBoardWhenItsTimeIsOverSoThatACrossingWakeIsPassedOn() {
    TestProbe<BacklogBoard.Command> board = KIT.createTestProbe(BacklogBoard.Command.class);
    CompletableFuture<List<Delivery>> answer = new CompletableFuture<>();
    KIT.spawn(PullWorker.create(task(1, WAIT, answer), sources(board.getRef()), false));
    BitSet awake = new BitSet();
    awake.set(0);
    board
        .expectMessageClass(BacklogBoard.Candidates.class)
        .replyTo()
        .tell(new Offer(3, List.of(), awake, false));
    BacklogBoard.Want want = board.expectMessageClass(BacklogBoard.Want.class);
    assertThat(want.seenVersion()).isEqualTo(3);
    fixture.pass(WAIT);
    assertThat(get(answer)).isEmpty();
    board.expectMessage(new BacklogBoard.Leave(want.worker()));
  }

  @Test
  void asksTheQueuesWhenTheBoardDoesNotAnswer() {
    TestProbe<BacklogBoard.Command> board = KIT.createTestProbe(BacklogBoard.Command.class);
    CompletableFuture<List<Delivery>> answer = new CompletableFuture<>();
    KIT.spawn(PullWorker.create(task(1, WAIT, answer), sources(board.getRef()), false));
    board.expectMessageClass(BacklogBoard.Candidates.class);
    fixture.time.timePasses(PullWorker.BOARD_TIMEOUT);
    fixture.expectWake(0);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(answer)).hasSize(1);
  }

  @Test
  void looksForItselfWhenTheBoardHasForgotten() {
    fixture.report(0, 0);
    CompletableFuture<List<Delivery>> answer = pull(1, 5, 1_000, WAIT);
    fixture.queues.expectNoMessage();
    LoggingTestKit.error(NullPointerException.class)
        .expect(
            KIT.system(),
            () -> {
              fixture.board.tell(new BacklogBoard.Want(ConsumerFixture.SUBSCRIPTION, 1, 0, null));
              return 0;
            });
    fixture.expectWake(0);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(answer)).hasSize(1);
  }

  @Test
  void looksThroughAllPagesOfTheBoard() {
    for (int queue = 0; queue < 70; queue++) {
      fixture.report(queue, 100 - queue);
    }
    CompletableFuture<List<Delivery>> answer = pull(70, 5, 1_000, WAIT);
    for (int queue = 0; queue < 69; queue++) {
      give(fixture.expectPull(queue));
    }
    give(fixture.expectPull(69), delivery(69, 0, 10));
    assertThat(get(answer)).hasSize(1);
  }

  @Test
  void endsOnlyWhenEveryQueueHasAnsweredOrItsBoundIsOver() {
    TestProbe<Object> watcher = KIT.createTestProbe();
    CompletableFuture<List<Delivery>> answer = new CompletableFuture<>();
    fixture.report(0, 9);
    ActorRef<PullWorker.Command> worker =
        KIT.spawn(PullWorker.create(task(1, Duration.ZERO, answer), sources(fixture.board), false));
    AtQueue<Subscription.Pull> silent = fixture.expectPull(0);
    fixture.pass(PullTask.MIN_LIMIT);
    assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(TimeoutException.class);
    fixture.time.timePasses(PullWorker.LINGER_TIMEOUT.minus(MILLI));
    give(silent, delivery(0, 0, 10));
    fixture.expectReleased(0, 0);
    watcher.expectTerminated(worker);
  }

  @Test
  void endsWhenAQueueNeverAnswers() {
    TestProbe<Object> watcher = KIT.createTestProbe();
    CompletableFuture<List<Delivery>> answer = new CompletableFuture<>();
    fixture.report(0, 9);
    ActorRef<PullWorker.Command> worker =
        KIT.spawn(PullWorker.create(task(1, Duration.ZERO, answer), sources(fixture.board), false));
    fixture.expectPull(0);
    fixture.pass(PullTask.MIN_LIMIT);
    assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(TimeoutException.class);
    fixture.time.timePasses(PullWorker.LINGER_TIMEOUT);
    watcher.expectTerminated(worker);
  }

  @Test
  void releasesWhatItHoldsWhenTheNodeStops() {
    fixture.report(0, 9);
    fixture.report(1, 8);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    fixture.expectPull(1);
    KIT.stop(fixture.workers);
    fixture.expectReleased(0, 0);
    assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(RejectedPullException.class);
  }

  /** Guards work that waits as long as the board does not answer. */
  @Test
  void asksTheQueuesItselfWhileTheBoardDoesNotAnswer() {
    TestProbe<BacklogBoard.Command> board = KIT.createTestProbe();
    ActorRef<Workers.Command> workers =
        KIT.spawn(Workers.create(fixture.router, board.getRef(), new WaitingPulls(), 10));
    CompletableFuture<List<Delivery>> answer = new CompletableFuture<>();
    workers.tell(new Workers.Pull(task(1, WAIT, answer)));
    board.expectMessageClass(BacklogBoard.Candidates.class);
    fixture.time.timePasses(PullWorker.BOARD_TIMEOUT);
    fixture.expectWake(0);
    give(fixture.expectPull(0));
    board.expectMessageClass(BacklogBoard.Want.class);
    fixture.time.timePasses(Workers.BOARD_INTERVAL.minus(PullWorker.BOARD_TIMEOUT));
    BacklogBoard.Ping ping = board.expectMessageClass(BacklogBoard.Ping.class);
    fixture.queues.expectNoMessage();
    for (int second = 0; second < 3; second++) {
      fixture.time.timePasses(Workers.BOARD_INTERVAL);
      fixture.expectWake(0);
      give(fixture.expectPull(0));
      board.expectMessageClass(BacklogBoard.Leave.class);
      board.expectMessageClass(BacklogBoard.Want.class);
    }
    CompletableFuture<List<Delivery>> second = new CompletableFuture<>();
    workers.tell(new Workers.Pull(task(1, WAIT, second)));
    fixture.expectWake(0);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(second)).hasSize(1);
    ping.replyTo().tell(new BacklogBoard.Pong());
    workers.tell(new Workers.Pull(task(1, WAIT, new CompletableFuture<>())));
    board.expectMessageClass(BacklogBoard.Candidates.class);
    KIT.stop(workers);
  }

  /** Guards workers that are woken for what the one before has just taken from another node. */
  @Test
  void wakesNobodyForAQueueOfWhichNothingIsLeft() {
    fixture.report(0, 0);
    CompletableFuture<List<Delivery>> first = pull(2, 5, 1_000, WAIT);
    fixture.expectWake(1);
    give(fixture.expectPull(1));
    // The first waits before the second does.
    fixture.queues.expectNoMessage();
    CompletableFuture<List<Delivery>> second = pull(2, 5, 1_000, WAIT);
    fixture.expectWake(1);
    give(fixture.expectPull(1));
    fixture.queues.expectNoMessage();
    fixture.heard(1, 3, 100);
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(first)).hasSize(1);
    fixture.queues.expectNoMessage();
    assertThat(second).isNotDone();
  }

  @Test
  void hasTheWatchedWorkerEndItsLeases() {
    fixture.report(0, 1);
    ActorRef<Object> session = KIT.<Object>createTestProbe().getRef();
    CompletableFuture<?> unused =
        fixture.consumer.pull(
            topic(1),
            subscription(),
            new Consumer.PullRequest(1, 9, WAIT, null, null, null, session));
    assertThat(fixture.expectPull(0).command().watch()).isEqualTo(session);
  }

  @Test
  void leavesOtherNodesToWhoHasNothingInHand() {
    fixture.report(0, 1);
    fixture.heard(1, 50, 100);
    CompletableFuture<List<Delivery>> answer = pull(2, 5, 1_000, WAIT);
    give(fixture.expectPull(0), delivery(0, 0, 10));
    assertThat(get(answer)).hasSize(1);
    CompletableFuture<List<Delivery>> helping = pull(2, 5, 1_000, WAIT);
    give(fixture.expectPull(0));
    give(fixture.expectPull(1), delivery(1, 0, 10));
    assertThat(get(helping)).hasSize(1);
  }

  private CompletableFuture<List<Delivery>> pull(
      int queueCount, int max, int maxBytes, Duration wait) {
    return fixture.consumer.pull(topic(queueCount), subscription(), request(max, maxBytes, wait));
  }

  private static PullTask task(
      int queueCount, Duration wait, CompletableFuture<List<Delivery>> answer) {
    return new PullTask(
        ConsumerFixture.TOPIC,
        queueCount,
        ConsumerFixture.SUBSCRIPTION,
        request(5, 1_000, wait),
        answer);
  }
}
