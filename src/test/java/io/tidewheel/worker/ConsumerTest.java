package io.tidewheel.worker;

import static io.tidewheel.worker.ConsumerFixture.delivery;
import static io.tidewheel.worker.ConsumerFixture.give;
import static io.tidewheel.worker.ConsumerFixture.receipt;
import static io.tidewheel.worker.ConsumerFixture.request;
import static io.tidewheel.worker.ConsumerFixture.subscription;
import static io.tidewheel.worker.ConsumerFixture.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.worker.ConsumerFixture.AtQueue;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConsumerTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final SettleAction ACK = new SettleAction.Ack();
  private static final Duration TIME_LEFT = Duration.ofSeconds(3);

  private ConsumerFixture fixture;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    fixture = new ConsumerFixture(KIT, 2, 2, 2);
  }

  @Test
  void settlesPerQueueAndAnswersInTheOrderOfTheReceipts() {
    CompletableFuture<List<SettleStatus>> answer =
        settle(receipt(1, 0), receipt(0, 5), receipt(1, 1));
    AtQueue<Subscription.Settle> one = expectSettle();
    AtQueue<Subscription.Settle> other = expectSettle();
    AtQueue<Subscription.Settle> first = one.queue() == 0 ? one : other;
    AtQueue<Subscription.Settle> second = one.queue() == 0 ? other : one;
    assertThat(first.command().action()).isEqualTo(ACK);
    assertThat(first.command().receipts()).containsExactly(receipt(0, 5));
    assertThat(second.command().receipts()).containsExactly(receipt(1, 0), receipt(1, 1));
    second
        .command()
        .replyTo()
        .tell(new Subscription.Settled(List.of(SettleStatus.ACKED, SettleStatus.EXPIRED)));
    first.command().replyTo().tell(new Subscription.Settled(List.of(SettleStatus.RETRY)));
    assertThat(get(answer))
        .containsExactly(SettleStatus.ACKED, SettleStatus.RETRY, SettleStatus.EXPIRED);
  }

  @Test
  void answersRetryForAQueueThatDoesNotAnswer() {
    CompletableFuture<List<SettleStatus>> answer = settle(receipt(1, 0), receipt(0, 5));
    AtQueue<Subscription.Settle> one = expectSettle();
    AtQueue<Subscription.Settle> other = expectSettle();
    AtQueue<Subscription.Settle> answering = one.queue() == 0 ? one : other;
    answering.command().replyTo().tell(new Subscription.Settled(List.of(SettleStatus.ACKED)));
    fixture.time.timePasses(TIME_LEFT);
    assertThat(get(answer)).containsExactly(SettleStatus.RETRY, SettleStatus.ACKED);
  }

  @Test
  void refusesForeignReceiptsWithoutAskingAnyone() {
    Receipt foreign = new Receipt(8, 1, 0, 0, 99, 1);
    assertThat(get(settle(foreign, receipt(2, 0), receipt(-1, 0))))
        .containsExactly(SettleStatus.INVALID, SettleStatus.INVALID, SettleStatus.INVALID);
    fixture.queues.expectNoMessage();
  }

  @Test
  void asksNobodyWhenNoTimeIsLeft() {
    CompletableFuture<List<SettleStatus>> answer =
        fixture.consumer.settle(
            topic(2), subscription(), ACK, List.of(receipt(0, 0)), Duration.ZERO);
    assertThat(get(answer)).containsExactly(SettleStatus.RETRY);
    fixture.queues.expectNoMessage();
  }

  @Test
  void answersAnEmptyListForNoReceipts() {
    assertThat(get(settle())).isEmpty();
  }

  @Test
  void answersRetryBeyondTheBoundOfOpenSettlings() {
    CompletableFuture<?> open = settle(receipt(0, 0), receipt(1, 0));
    expectSettle();
    expectSettle();
    assertThat(open).isNotDone();
    assertThat(get(settle(receipt(0, 1)))).containsExactly(SettleStatus.RETRY);
  }

  @Test
  void answersRetryWhenTheNodeStops() {
    fixture.isStopping = true;
    assertThat(get(settle(receipt(0, 0)))).containsExactly(SettleStatus.RETRY);
    fixture.isStopping = false;
    final CompletableFuture<?> open = settle(receipt(0, 1), receipt(1, 1));
    expectSettle();
    expectSettle();
    assertThat(open).as("what failed takes no room").isNotDone();
  }

  @Test
  void releasesPerQueueWithoutWaiting() {
    fixture.consumer.release(
        topic(2), subscription(), List.of(delivery(1, 0, 1), delivery(0, 4, 1), delivery(1, 1, 1)));
    fixture.expectReleased(0, 4);
    fixture.expectReleased(1, 0, 1);
  }

  @Test
  void refusesPullsBeyondTheBoundUntilOneEnds() {
    fixture.report(0, 9);
    final CompletableFuture<List<Delivery>> first = pull();
    final AtQueue<Subscription.Pull> firstPull = fixture.expectPull(0);
    CompletableFuture<?> second = pull();
    fixture.expectPull(0);
    assertThat(second).isNotDone();
    CompletableFuture<List<Delivery>> refused = pull();
    assertThatThrownBy(() -> refused.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(RejectedPullException.class);
    give(firstPull, delivery(0, 0, 1));
    get(first);
    fixture.queues.awaitAssert(
        Duration.ofSeconds(20),
        () -> {
          CompletableFuture<List<Delivery>> next = pull();
          fixture.queues.receiveMessage(Duration.ofSeconds(1));
          return next;
        });
  }

  private CompletableFuture<List<Delivery>> pull() {
    return fixture.consumer.pull(
        topic(1), subscription(), request(1, 1_000, Duration.ofSeconds(20)));
  }

  private CompletableFuture<List<SettleStatus>> settle(Receipt... receipts) {
    return fixture.consumer.settle(topic(2), subscription(), ACK, List.of(receipts), TIME_LEFT);
  }

  private AtQueue<Subscription.Settle> expectSettle() {
    return fixture.expect(Subscription.Settle.class);
  }

  private static <T> T get(CompletableFuture<T> answer) {
    return answer.orTimeout(10, TimeUnit.SECONDS).join();
  }
}
