package io.tidewheel.worker;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.AskPattern;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogReports;
import io.tidewheel.backlog.Boards;
import io.tidewheel.backlog.Claims;
import io.tidewheel.backlog.Offer;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.backlog.Standing.Nearness;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import io.tidewheel.subscription.WaitingPulls;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A consumer with its board; the test plays the queues and their subscriptions. */
final class ConsumerFixture {
  static final long TOPIC = 5;
  static final long SUBSCRIPTION = 7;

  final ManualTime time;
  final TestProbe<Sent> queues;
  final QueueRouter router;
  final ActorRef<BacklogBoard.Command> board;
  final BacklogReports reports;
  final WaitingPulls waiting = new WaitingPulls();
  final ActorRef<Workers.Command> workers;
  final Questions questions;
  final NodeConsumer consumer;
  private final ActorTestKit kit;

  /** Nothing is sent to queues any more. */
  boolean isStopping;

  ConsumerFixture(ActorTestKit kit, int maxPulls, int maxSettles, int maxQuestions) {
    this.kit = kit;
    time = ManualTime.get(kit.system());
    queues = kit.createTestProbe(Sent.class);
    router = (topicUid, queue, command) -> queues.getRef().tell(new Sent(queue, command));
    board = kit.spawn(BacklogBoard.create(Boards.alone()));
    reports = new BacklogReports(board, new Claims(() -> Instant.EPOCH));
    workers = kit.spawn(Workers.create(router, board, waiting, maxPulls));
    questions = new Questions(this::ask, maxQuestions);
    consumer =
        new NodeConsumer(
            workers,
            new Questions(this::ask, maxSettles),
            questions,
            router,
            new Idleness(System::nanoTime),
            kit.system());
  }

  private <R> CompletionStage<R> ask(
      long topicUid, int queue, Function<ActorRef<R>, Queue.Command> question, Duration timeout) {
    if (isStopping) {
      return CompletableFuture.failedFuture(new IllegalStateException("the node stops"));
    }
    return AskPattern.ask(
        queues.getRef(),
        replyTo -> new Sent(queue, question.apply(replyTo)),
        timeout,
        kit.system().scheduler());
  }

  /** Until a worker waits for any queue. */
  void awaitWaiting() {
    TestProbe<Object> probe = kit.createTestProbe();
    probe.awaitAssert(
        () -> {
          assertThat(waiting.isAny(SUBSCRIPTION)).isTrue();
          return 0;
        });
  }

  /** The pull of the worker that waits longest for any queue. */
  Subscription.Pull expectWaiting() {
    awaitWaiting();
    return Objects.requireNonNull(waiting.take(SUBSCRIPTION));
  }

  static Topic topic(int queueCount) {
    return new Topic(TOPIC, "orders", 1, 0, TopicSettings.defaults(queueCount), false, Map.of());
  }

  static Topic.Subscription subscription() {
    return new Topic.Subscription(
        SUBSCRIPTION,
        "billing",
        1,
        0,
        SubscriptionSettings.DEFAULTS,
        Topic.StartPosition.EARLIEST,
        0,
        Topic.Stage.OPEN,
        false);
  }

  static Consumer.PullRequest request(int max, int maxBytes, Duration wait) {
    return new Consumer.PullRequest(max, maxBytes, wait, null, null, null);
  }

  static Receipt receipt(int queue, long offset) {
    return new Receipt(SUBSCRIPTION, 1, queue, offset, 99, 1);
  }

  static Delivery delivery(int queue, long offset, int bytes) {
    return new Delivery(receipt(queue, offset), Message.of(new byte[bytes]), 1, 0, 0);
  }

  /** The row of a queue, reported and known to the board. */
  void report(int queue, long dispatchable) {
    reports.report(
        new Row(TOPIC, SUBSCRIPTION, queue, 1, dispatchable, dispatchable, 0, 100, Presence.AWAKE));
    awaitBoard();
  }

  /** The row of a queue on another node. */
  void heard(int queue, long dispatchable, long oldestAtMillis) {
    Row row =
        new Row(
            TOPIC,
            SUBSCRIPTION,
            queue,
            1,
            dispatchable,
            dispatchable,
            0,
            oldestAtMillis,
            Presence.AWAKE);
    Home home = new Home("other:1", 1, Nearness.ZONE);
    board.tell(new BacklogBoard.Heard(List.of(new Standing(row, home, 1))));
    awaitBoard();
  }

  /**
   * Lets time pass in steps in which the board is asked at most once: of two questions in one step
   * the second may come before the answer to the first, and then the board counts as silent.
   */
  void pass(Duration amount) {
    Duration step = Workers.BOARD_INTERVAL.minusMillis(1);
    Duration left = amount;
    for (; left.compareTo(step) > 0; left = left.minus(step)) {
      time.timePasses(step);
      awaitBoard();
    }
    time.timePasses(left);
  }

  void awaitBoard() {
    TestProbe<Offer> probe = kit.createTestProbe();
    board.tell(new BacklogBoard.Candidates(SUBSCRIPTION, new BitSet(), 0, probe.getRef()));
    probe.receiveMessage();
  }

  /** Until the board knows that nothing is left anywhere. */
  void awaitNothingOffered() {
    TestProbe<Offer> probe = kit.createTestProbe();
    probe.awaitAssert(
        () -> {
          board.tell(new BacklogBoard.Candidates(SUBSCRIPTION, new BitSet(), 0, probe.getRef()));
          assertThat(probe.receiveMessage().rows()).isEmpty();
          return 0;
        });
  }

  /** A pull that arrived at a queue. */
  AtQueue<Subscription.Pull> expectPull(int queue) {
    AtQueue<Subscription.Pull> pull = expect(Subscription.Pull.class);
    assertThat(pull.queue()).isEqualTo(queue);
    return pull;
  }

  AtQueue<Subscription.Settle> expectSettle(int queue) {
    AtQueue<Subscription.Settle> settle = expect(Subscription.Settle.class);
    assertThat(settle.queue()).isEqualTo(queue);
    return settle;
  }

  void expectReleased(int queue, long... offsets) {
    Subscription.Settle settle = expectSettle(queue).command();
    assertThat(settle.action()).isEqualTo(new SettleAction.Release());
    assertThat(settle.receipts().stream().mapToLong(Receipt::offset)).containsExactly(box(offsets));
  }

  void expectWake(int queue) {
    Sent sent = queues.receiveMessage();
    assertThat(sent.command()).isInstanceOf(Queue.Wake.class);
    assertThat(sent.queue()).isEqualTo(queue);
  }

  static void give(AtQueue<Subscription.Pull> pull, Delivery... deliveries) {
    pull.command()
        .replyTo()
        .tell(new Subscription.Pulled(pull.command().call(), List.of(deliveries), 0));
  }

  /** As {@link #give}, and much is left. */
  static void giveOfMany(AtQueue<Subscription.Pull> pull, Delivery... deliveries) {
    pull.command()
        .replyTo()
        .tell(new Subscription.Pulled(pull.command().call(), List.of(deliveries), 1_000));
  }

  static List<Delivery> get(CompletableFuture<List<Delivery>> answer) {
    return answer.orTimeout(10, TimeUnit.SECONDS).join();
  }

  <T extends Subscription.Command> AtQueue<T> expect(Class<T> type) {
    Sent sent = queues.receiveMessage();
    assertThat(sent.command()).isInstanceOf(Queue.ToReader.class);
    Queue.ToReader toReader = (Queue.ToReader) sent.command();
    assertThat(toReader.subscriptionUid()).isEqualTo(SUBSCRIPTION);
    assertThat(toReader.command()).isInstanceOf(type);
    return new AtQueue<>(sent.queue(), type.cast(toReader.command()));
  }

  private static Long[] box(long... values) {
    return Arrays.stream(values).boxed().toArray(Long[]::new);
  }

  record Sent(int queue, Queue.Command command) {}

  record AtQueue<T>(int queue, T command) {}
}
