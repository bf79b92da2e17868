package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static io.tidewheel.subscription.Fixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The front over its real core: what workers see. */
class SubscriptionTest {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private final Fixture f = new Fixture();

  @AfterEach
  void stop() {
    f.close();
  }

  @Test
  void givesOutInOrderAndForgetsWhatIsAcked() {
    f.start();
    f.publish(free("a"), free("b"), free("c"));
    List<Delivery> given = f.pull(10);
    assertThat(given).extracting(Fixture::text).containsExactly("a", "b", "c");
    assertThat(given).extracting(Delivery::attempt).containsOnly(1);
    assertThat(f.settle(new SettleAction.Ack(), given.get(0), given.get(1), given.get(2)))
        .containsOnly(SettleStatus.ACKED);
    assertThat(f.status().floor()).isEqualTo(3);
    assertThat(f.status().backlog()).isZero();
    f.restart();
    assertThat(f.pull(10)).isEmpty();
  }

  /** The short way: the board hears nothing of a message that a worker has at once. */
  @Test
  void answersWorkersThatWaitInTheTurnOfTheMessage() {
    f.start();
    f.status();
    f.waitForAny(1, 10);
    f.waitForAny(2, 2);
    f.publish(free("a"));
    assertThat(f.awaitPulled(1)).extracting(Fixture::text).containsExactly("a");
    f.publish(free("b"), free("c"), free("d"));
    assertThat(f.awaitPulled(2)).extracting(Fixture::text).containsExactly("b", "c");
    f.status();
    assertThat(f.pull(10)).extracting(Fixture::text).containsExactly("d");
    synchronized (f.rows) {
      assertThat(f.rows.stream().mapToLong(Subscription.Board.Row::dispatchable).max()).hasValue(1);
    }
  }

  @Test
  void leavesWorkersWaitingWhileItIsPaused() {
    f.settings(s -> Settings.paused(s, true)).start();
    f.waitForAny(1, 10);
    f.publish(free("a"));
    f.status();
    assertThat(f.waiting.isAny(Fixture.UID)).isTrue();
  }

  @Test
  void redeliversWhenTheLeaseExpires() {
    f.start();
    f.publish(free("a"));
    Delivery first = f.pullOne();
    f.advance(LEASE.minusSeconds(1));
    assertThat(f.pull(1)).isEmpty();
    f.advancePast(Duration.ofSeconds(1));
    Delivery second = f.pullOne();
    assertThat(second.attempt()).isEqualTo(2);
    assertThat(f.ack(first)).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.ack(second)).isEqualTo(SettleStatus.ACKED);
  }

  @Test
  void acksAgainWhatIsAcked() {
    f.start();
    f.publish(free("a"));
    Delivery delivery = f.pullOne();
    assertThat(f.ack(delivery)).isEqualTo(SettleStatus.ACKED);
    assertThat(f.ack(delivery)).isEqualTo(SettleStatus.ACKED);
    assertThat(f.nack(delivery, null)).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.status().ackedCount()).isEqualTo(1);
  }

  @Test
  void countsAnAckAfterTheLeaseEndedIfNotDeliveredAgain() {
    f.start();
    f.publish(free("a"));
    Delivery delivery = f.pullOne();
    f.advancePast(LEASE);
    f.await(status -> status.dispatchable() == 1);
    assertThat(f.ack(delivery)).isEqualTo(SettleStatus.ACKED);
    assertThat(f.pull(1)).isEmpty();
    assertThat(f.status().floor()).isEqualTo(1);
  }

  @Test
  void countsAnAckAfterARestartIfNotDeliveredAgain() {
    f.start();
    f.publish(free("a"), free("b"));
    List<Delivery> before = f.pull(2);
    f.restart();
    assertThat(f.ack(before.get(0))).isEqualTo(SettleStatus.ACKED);
    Delivery again = f.pullOne();
    assertThat(text(again)).isEqualTo("b");
    assertThat(f.ack(before.get(1))).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.ack(again)).isEqualTo(SettleStatus.ACKED);
  }

  @Test
  void refusesForeignAndImpossibleReceipts() {
    f.start();
    f.publish(free("a"));
    Receipt good = f.pullOne().receipt();
    int incarnation = good.incarnation();
    List<Receipt> bad =
        List.of(
            new Receipt(71, 1, Fixture.QUEUE, 0, incarnation, 1),
            new Receipt(Fixture.UID, 1, 3, 0, incarnation, 1),
            new Receipt(Fixture.UID, 1, Fixture.QUEUE, 1, incarnation, 1),
            new Receipt(Fixture.UID, 1, Fixture.QUEUE, -1, incarnation, 1),
            new Receipt(Fixture.UID, 1, Fixture.QUEUE, 0, incarnation, 0));
    assertThat(f.settle(new SettleAction.Ack(), bad)).containsOnly(SettleStatus.INVALID);
    Receipt old = new Receipt(Fixture.UID, 2, Fixture.QUEUE, 0, incarnation, 1);
    assertThat(f.settle(new SettleAction.Ack(), List.of(old))).containsOnly(SettleStatus.EXPIRED);
    assertThat(f.settle(new SettleAction.Ack(), List.of(good))).containsOnly(SettleStatus.ACKED);
  }

  @Test
  void releaseCostsNoAttemptAndEndsTheReceipt() {
    f.start();
    f.publish(free("a"));
    Delivery first = f.pullOne();
    assertThat(f.settle(new SettleAction.Release(), first)).containsOnly(SettleStatus.RELEASED);
    Delivery second = f.pullOne();
    assertThat(second.attempt()).isEqualTo(1);
    assertThat(second.receipt().delivery()).isEqualTo(2);
    assertThat(f.ack(first)).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.ack(second)).isEqualTo(SettleStatus.ACKED);
  }

  @Test
  void nackWaitsForItsDelayAlsoOverARestart() {
    f.start();
    f.publish(free("a"));
    assertThat(f.nack(f.pullOne(), Duration.ofSeconds(60))).isEqualTo(SettleStatus.NACKED);
    assertThat(f.pull(1)).isEmpty();
    assertThat(f.status().waiting()).isEqualTo(1);
    f.advance(Duration.ofSeconds(50));
    f.restart();
    f.await(status -> status.waiting() == 1);
    assertThat(f.pull(1)).isEmpty();
    f.advancePast(Duration.ofSeconds(10));
    assertThat(f.pullOne().attempt()).isEqualTo(2);
  }

  @Test
  void extendKeepsTheLease() {
    f.start();
    f.publish(free("a"));
    Delivery delivery = f.pullOne();
    f.advance(LEASE.minusSeconds(1));
    assertThat(f.settle(new SettleAction.Extend(Duration.ofMinutes(2)), delivery))
        .containsOnly(SettleStatus.EXTENDED);
    f.advance(Duration.ofMinutes(1));
    assertThat(f.pull(1)).isEmpty();
    f.advancePast(Duration.ofMinutes(1));
    assertThat(f.pullOne().attempt()).isEqualTo(2);
    assertThat(f.settle(new SettleAction.Extend(null), delivery))
        .containsOnly(SettleStatus.EXPIRED);
  }

  @Test
  void aFailingMessageHoldsOnlyItsOwnKey() {
    f.start();
    f.publish(keyed("x", "x1"), keyed("y", "y1"), keyed("x", "x2"), keyed("y", "y2"));
    Delivery x1 = f.pull(1).get(0);
    assertThat(text(x1)).isEqualTo("x1");
    assertThat(f.nack(x1, Duration.ofSeconds(5))).isEqualTo(SettleStatus.NACKED);
    List<Delivery> others = f.pull(10);
    assertThat(others).extracting(Fixture::text).containsExactly("y1", "y2");
    f.advancePast(Duration.ofSeconds(5));
    assertThat(f.awaitPull(10)).extracting(Fixture::text).containsExactly("x1", "x2");
  }

  @Test
  void aKeyIsWithOneWorkerAtATime() {
    f.start();
    f.publish(keyed("x", "x1"), keyed("x", "x2"), keyed("x", "x3"));
    List<Delivery> first = f.pull(2);
    assertThat(first).extracting(Fixture::text).containsExactly("x1", "x2");
    assertThat(f.pull(2)).isEmpty();
    assertThat(f.ack(first.get(0))).isEqualTo(SettleStatus.ACKED);
    assertThat(f.pull(2)).isEmpty();
    assertThat(f.ack(first.get(1))).isEqualTo(SettleStatus.ACKED);
    assertThat(f.pull(2)).extracting(Fixture::text).containsExactly("x3");
  }

  @Test
  void takesTheRestOfARunBackWithoutAnAttempt() {
    f.start();
    f.publish(keyed("x", "x1"), keyed("x", "x2"), keyed("x", "x3"));
    List<Delivery> run = f.pull(3);
    assertThat(f.nack(run.get(1), Duration.ZERO)).isEqualTo(SettleStatus.NACKED);
    assertThat(f.ack(run.get(2))).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.pull(3)).isEmpty();
    assertThat(f.ack(run.get(0))).isEqualTo(SettleStatus.ACKED);
    List<Delivery> again = f.awaitPull(3);
    assertThat(again).extracting(Fixture::text).containsExactly("x2", "x3");
    assertThat(again).extracting(Delivery::attempt).containsExactly(2, 1);
  }

  @Test
  void endsTheLeasesOfAWorkerThatEnds() {
    f.start();
    f.publish(keyed("x", "x1"), keyed("x", "x2"), free("y"));
    TestProbe<Object> worker = f.kit.createTestProbe();
    assertThat(f.pull(3, worker.getRef())).hasSize(3);
    worker.stop();
    f.await(status -> status.leased() == 0 && status.dispatchable() == 2);
    List<Delivery> again = f.awaitPull(1);
    assertThat(again).extracting(Fixture::text).containsExactly("x1");
    assertThat(again).extracting(Delivery::isSuspect).containsExactly(true);
  }

  @Test
  void answersRetryWhenAWriteFailsAndStillKnowsWhoHoldsWhat() {
    f.start();
    f.publish(free("a"), free("b"));
    List<Delivery> given = f.pull(2);
    f.journal.failNextPersisted(f.persistenceId());
    assertThat(f.ack(given.get(0))).isEqualTo(SettleStatus.RETRY);
    assertThat(f.settle(new SettleAction.Ack(), given.get(0))).containsOnly(SettleStatus.RETRY);
    f.advance(Duration.ofMillis(200));
    f.await(status -> status.leased() == 2);
    assertThat(f.pull(2)).isEmpty();
    TestProbe<Object> probe = f.kit.createTestProbe();
    probe.awaitAssert(() -> assertThat(f.ack(given.get(0))).isEqualTo(SettleStatus.ACKED));
    assertThat(f.ack(given.get(1))).isEqualTo(SettleStatus.ACKED);
    assertThat(f.status().backlog()).isZero();
  }

  @Test
  void givesOutNothingAndConfirmsNothingWithoutTheFence() {
    f.start();
    f.publish(free("a"), free("b"));
    Delivery delivery = f.pullOne();
    f.isFenceHeld.set(false);
    assertThat(f.pull(1)).isEmpty();
    assertThat(f.ack(delivery)).isEqualTo(SettleStatus.RETRY);
    f.isFenceHeld.set(true);
    assertThat(f.ack(delivery)).isEqualTo(SettleStatus.ACKED);
    assertThat(text(f.pullOne())).isEqualTo("b");
  }

  @Test
  void takesABatchByReferenceOnlyAtItsCursor() {
    f.start();
    f.publish(free("a"));
    assertThat(f.log.readCount()).isZero();
    f.log.append(f.millis(), List.of(free("b")));
    MessageBatch third = f.log.append(f.millis(), List.of(free("c")));
    f.ref().tell(new Reader.Appended(third));
    f.await(status -> status.dispatchable() == 3);
    assertThat(f.log.readCount()).isEqualTo(1);
    assertThat(f.pull(3)).extracting(Fixture::text).containsExactly("a", "b", "c");
  }

  @Test
  void readsTheLogWhenToldThatItIsLonger() {
    f.start();
    f.log.append(f.millis(), List.of(free("a"), free("b")));
    f.ref().tell(new Reader.Extended(2));
    f.await(status -> status.dispatchable() == 2);
    assertThat(f.pull(3)).extracting(Fixture::text).containsExactly("a", "b");
  }

  @Test
  void aBlockedKeyLeavesOthersUndisturbedAndGoesOnInOrder() {
    f.windowBytes = 300;
    f.start();
    f.publish(keyed("x", "x1"), keyed("x", "x2"), keyed("x", "x3"), keyed("x", "x4"), free("y"));
    Delivery x1 = f.pullOne();
    Delivery y = f.pullOne();
    assertThat(text(y)).isEqualTo("y");
    assertThat(f.ack(y)).isEqualTo(SettleStatus.ACKED);
    assertThat(f.status().backlog()).isEqualTo(3);
    assertThat(f.status().waiting()).isEqualTo(3);
    assertThat(f.ack(x1)).isEqualTo(SettleStatus.ACKED);
    for (String expected : List.of("x2", "x3", "x4")) {
      Delivery next = f.pullOne();
      assertThat(text(next)).isEqualTo(expected);
      assertThat(f.ack(next)).isEqualTo(SettleStatus.ACKED);
    }
    assertThat(f.status().backlog()).isZero();
  }

  @Test
  void stopsReadingWhenNoMoreCanWaitForTheirKey() {
    f.windowBytes = 300;
    f.maxDeferred = 1;
    f.start();
    f.publish(
        keyed("x", "x1"),
        keyed("x", "x2"),
        keyed("x", "x3"),
        keyed("x", "x4"),
        keyed("x", "x5"),
        free("y"));
    Delivery x1 = f.pullOne();
    assertThat(f.pull(10)).isEmpty();
    f.await(status -> "blocked-by-key".equals(status.stopReason()));
    assertThat(f.ack(x1)).isEqualTo(SettleStatus.ACKED);
    f.await(status -> status.stopReason() == null);
    assertThat(f.drainTexts()).containsExactlyInAnyOrder("x2", "x3", "x4", "x5", "y");
  }

  /** Guards against passing over the rest of a batch that did not fit, in a read of several. */
  @Test
  void readsOnWhereAFullWindowMadeItStop() {
    f.windowBytes = 300;
    f.start();
    f.log.append(f.millis(), List.of(free("a"), free("b"), free("c"), free("d"), free("e")));
    f.log.append(f.millis(), List.of(free("f"), free("g")));
    f.ref().tell(new Reader.Extended(7));
    StringBuilder seen = new StringBuilder();
    while (seen.length() < 7) {
      Delivery next = f.pullOne();
      seen.append(text(next));
      assertThat(f.ack(next)).isEqualTo(SettleStatus.ACKED);
    }
    assertThat(seen.toString()).isEqualTo("abcdefg");
    assertThat(f.status().ackedCount()).isEqualTo(7);
  }

  @Test
  void settlesWhatIsMeantForOthersWithoutGivingItOut() {
    f.start();
    f.publish(
        io.tidewheel.message.Message.of(null, null, java.util.Map.of(), null, new byte[1], 71, 0),
        free("a"),
        io.tidewheel.message.Message.of(
            null, null, java.util.Map.of(), null, new byte[1], Fixture.UID, 0));
    List<Delivery> given = f.pull(3);
    assertThat(given).extracting(d -> d.receipt().offset()).containsExactly(1L, 2L);
    f.advancePast(Duration.ofNanos(Ledger.MAX_PASSED_NANOS));
    f.await(status -> status.floor() == 1);
  }

  @Test
  void pausesAndResumes() {
    f.start();
    f.publish(free("a"));
    f.settings(s -> Settings.paused(s, true));
    assertThat(f.pull(1)).isEmpty();
    assertThat(f.status().stopReason()).isEqualTo("paused");
    f.settings(s -> Settings.paused(s, false));
    f.advance(Duration.ofSeconds(1));
    f.await(status -> status.dispatchable() == 1);
    assertThat(f.pull(1)).hasSize(1);
  }

  @Test
  void storesAnAtMostOnceDeliveryBeforeItLeaves() {
    f.settings(Settings::atMostOnce);
    f.start();
    f.publish(free("a"), free("b"));
    assertThat(text(f.pull(1).get(0))).isEqualTo("a");
    f.restart();
    assertThat(f.awaitPull(2)).extracting(Fixture::text).containsExactly("b");
    f.log.append(f.millis(), List.of(free("c")));
    f.ref().tell(new Reader.Extended(3));
    f.await(status -> status.dispatchable() == 1);
    f.journal.failNextPersisted(f.persistenceId());
    assertThat(f.pull(1)).isEmpty();
    f.advance(Duration.ofMillis(200));
    assertThat(f.awaitPull(1)).extracting(Fixture::text).containsExactly("c");
  }

  @Test
  void handsLeasesOverWhenItStopsInOrder() {
    f.start();
    f.publish(keyed("x", "x1"), keyed("x", "x2"), free("y"));
    List<Delivery> held = f.pull(2);
    assertThat(held).extracting(Fixture::text).containsExactly("x1", "x2");
    TestProbe<Object> probe = f.kit.createTestProbe();
    f.advance(Duration.ofSeconds(10));
    f.ref().tell(new Reader.Stop());
    probe.expectTerminated(f.ref());
    f.start();
    f.await(status -> status.leased() == 2 && status.dispatchable() == 1);
    assertThat(f.pull(5)).extracting(Fixture::text).containsExactly("y");
    assertThat(f.ack(held.get(0))).isEqualTo(SettleStatus.ACKED);
    f.advancePast(Duration.ofSeconds(20));
    List<Delivery> again = f.awaitPull(5);
    assertThat(again).extracting(Fixture::text).containsExactly("x2");
    assertThat(again).extracting(Delivery::attempt).containsExactly(2);
  }

  /** Guards rolling restarts: who works on a message works on it alone, whatever clocks say. */
  @ParameterizedTest
  @ValueSource(longs = {-3_600_000, 0, 3_600_000})
  void aLiveLeaseIsNotDeliveredAgainByTheNodesItMovesTo(long skewMillis) {
    f.start();
    f.publish(free("a"), free("b"));
    List<Delivery> held = f.pull(2);
    f.advance(Duration.ofSeconds(5));
    f.move(Duration.ofSeconds(1), skewMillis);
    f.await(status -> status.leased() == 2);
    assertThat(f.pull(5)).isEmpty();
    assertThat(f.ack(held.get(0))).isEqualTo(SettleStatus.ACKED);
    f.advance(Duration.ofSeconds(10));
    f.move(Duration.ofSeconds(1), -skewMillis);
    f.await(status -> status.leased() == 1);
    f.advance(Duration.ofSeconds(14));
    assertThat(f.pull(5)).isEmpty();
    f.advancePast(Duration.ofSeconds(1));
    assertThat(f.awaitPull(5)).extracting(Fixture::text).containsExactly("b");
  }

  /** Guards workers that wait: each later owner would count the time that was left once more. */
  @Test
  void aCrashAfterAMoveEndsTheLeasesThatWereHandedOver() {
    f.start();
    f.publish(free("a"));
    Delivery held = f.pullOne();
    f.move(Duration.ofSeconds(1), 0);
    f.await(status -> status.leased() == 1);
    assertThat(f.pull(5)).isEmpty();
    f.restart();
    assertThat(f.awaitPull(5)).extracting(Fixture::text).containsExactly("a");
    assertThat(f.ack(held)).isEqualTo(SettleStatus.EXPIRED);
  }

  @Test
  void tellsTheBoardAtOnceWhenThereIsWorkAndWhenThereIsNone() {
    f.start();
    f.publish(free("a"));
    Delivery delivery = f.pullOne();
    f.ack(delivery);
    f.kill();
    synchronized (f.rows) {
      assertThat(f.rows)
          .extracting(Subscription.Board.Row::dispatchable)
          .containsExactly(0L, 1L, 0L, 0L, 0L);
      assertThat(f.rows.get(f.rows.size() - 1).isGone()).isTrue();
    }
  }
}
