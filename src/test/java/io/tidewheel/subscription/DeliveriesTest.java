package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Closing;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is hard to bring about through the actor. */
class DeliveriesTest {
  private static final Policy POLICY = new Policy(SubscriptionSettings.DEFAULTS, true);
  private static final Now NOW = new Now(1_000_000, 1_000_000);

  private final SubscriptionState core = SubscriptionState.opened(0);
  private final Deliveries deliveries =
      new Deliveries(70, 0, core.copy(), 0, new WindowBudget(1 << 20, 1 << 20), new Random(1));

  /** Guards against giving a message out again between its ack and the ack being stored. */
  @Test
  void waitsWithReadingWhereAnAckFromBeforeARestartIsBeingStored() {
    MessageBatch batch = batch(free("a"), free("b"), free("c"));
    assertThat(settle(new SettleAction.Ack(), new Receipt(70, 1, 0, 1, 99, 1)))
        .isEqualTo(SettleStatus.ACKED);
    deliveries.read(0, List.of(batch), POLICY, NOW);
    assertThat(pull(10)).extracting(Fixture::text).containsExactly("a");
    assertThat(deliveries.nextReading()).isNull();
    store();
    assertThat(deliveries.nextReading()).extracting(Intake.Reading::from).isEqualTo(2L);
    deliveries.read(2, List.of(batch), POLICY, NOW);
    assertThat(pull(10)).extracting(Fixture::text).containsExactly("c");
  }

  @Test
  void readsOnWhenAnAckFromBeforeARestartWasLost() {
    MessageBatch batch = batch(free("a"));
    settle(new SettleAction.Ack(), new Receipt(70, 1, 0, 0, 99, 1));
    assertThat(deliveries.nextWrite(NOW, true)).isNotNull();
    deliveries.onUnknown();
    deliveries.load(core.copy(), POLICY, NOW);
    assertThat(deliveries.nextReading()).extracting(Intake.Reading::from).isEqualTo(0L);
    deliveries.read(0, List.of(batch), POLICY, NOW);
    assertThat(pull(10)).extracting(Fixture::text).containsExactly("a");
  }

  /** Guards against giving a message out again while the ack of its ended lease is being stored. */
  @Test
  void isNotGivenOutWhileAnAckAfterItsLeaseIsBeingStored() {
    deliveries.read(0, List.of(batch(free("a"))), POLICY, NOW);
    Receipt receipt = pull(1).get(0).receipt();
    Now later = new Now(2_000_000, Duration.ofHours(1).toNanos());
    deliveries.expire(POLICY, later);
    store(later);
    assertThat(deliveries.dispatchable(POLICY)).isEqualTo(1);
    assertThat(settle(new SettleAction.Ack(), receipt)).isEqualTo(SettleStatus.ACKED);
    assertThat(pull(1)).isEmpty();
    store();
    assertThat(pull(1)).isEmpty();
    assertThat(deliveries.state().floor()).isEqualTo(1);
  }

  @Test
  void refusesABatchBeyondItsCursor() {
    MessageBatch beyond = new MessageBatch(2, 5, 1, List.of(free("f")));
    deliveries.extendTo(6);
    assertThatThrownBy(() -> deliveries.read(beyond, POLICY, NOW))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("beyond cursor 0");
  }

  @Test
  void aNackedMessageOfARunKeepsItsDelayWhenItsKeyIsFreeBefore() {
    deliveries.read(0, List.of(batch(keyed("x", "x1"), keyed("x", "x2"))), POLICY, NOW);
    List<Delivery> run = pull(10);
    settle(new SettleAction.Nack(Duration.ofMinutes(1), null), run.get(1).receipt());
    store();
    settle(new SettleAction.Release(), run.get(0).receipt());
    assertThat(pull(10)).extracting(Fixture::text).containsExactly("x1");
  }

  @Test
  void anOlderReceiptIsWorthlessAfterARestart() {
    core.apply(
        new Settled(
            1,
            List.of(),
            Offsets.NONE,
            List.of(new Retried(0, 1, 3, 2, Cause.NACKED, null)),
            List.of(),
            1,
            List.of()));
    Deliveries next =
        new Deliveries(70, 0, core, 1, new WindowBudget(1 << 20, 1 << 20), new Random(2));
    Receipt third = new Receipt(70, 1, 0, 0, 99, 3);
    assertThat(next.settle(new SettleAction.Ack(), List.of(third), new boolean[1], POLICY, NOW))
        .containsExactly(SettleStatus.EXPIRED);
    Receipt fourth = new Receipt(70, 1, 0, 0, 99, 4);
    assertThat(next.settle(new SettleAction.Ack(), List.of(fourth), new boolean[1], POLICY, NOW))
        .containsExactly(SettleStatus.ACKED);
  }

  /** A key is with one worker at a time, also when only a later message's lease was handed over. */
  @Test
  void aLeaseThatWasHandedOverHoldsTheMessagesOfItsKeyBeforeIt() {
    core.apply(new Closing(1, List.of(new LeaseLeft(1, 1, 99, 1_000_000, WorkerName.NONE))));
    deliveries.onUnknown();
    deliveries.load(core.copy(), POLICY, NOW);
    deliveries.read(0, List.of(batch(keyed("x", "x1"), keyed("x", "x2"))), POLICY, NOW);
    assertThat(pull(10)).isEmpty();
    assertThat(settle(new SettleAction.Ack(), new Receipt(70, 1, 0, 1, 99, 1)))
        .isEqualTo(SettleStatus.ACKED);
    assertThat(pull(10)).isEmpty();
    store();
    assertThat(pull(10)).extracting(Fixture::text).containsExactly("x1");
  }

  /** Guards the work of a worker whose lease outlived a restart: lag is not skipped over it. */
  @Test
  void aLeaseThatWasHandedOverIsNotSkippedWithTheLag() {
    core.apply(new Closing(1, List.of(new LeaseLeft(2, 1, 99, 1_000_000, WorkerName.NONE))));
    deliveries.onUnknown();
    deliveries.load(core.copy(), POLICY, NOW);
    MessageBatch batch = batch(free("a"), free("b"), free("c"), free("d"), free("e"));
    deliveries.skipTo(4, NOW);
    assertThat(deliveries.nextReading()).extracting(Intake.Reading::from).isEqualTo(2L);
    deliveries.read(2, List.of(batch), POLICY, NOW);
    deliveries.skipTo(4, NOW);
    store();
    assertThat(core.skippedCount()).isEqualTo(3);
    assertThat(settle(new SettleAction.Nack(null, "r"), new Receipt(70, 1, 0, 2, 99, 1)))
        .isEqualTo(SettleStatus.NACKED);
    assertThat(pull(10)).extracting(Fixture::text).containsExactly("e");
  }

  /** Guards leases against brokers whose wall clocks are far apart, and against set clocks. */
  @ParameterizedTest
  @ValueSource(longs = {-3_600_000, 0, 3_600_000})
  void aLeaseThatWasHandedOverLastsAsLongByAnyWallClock(long skewMillis) {
    deliveries.read(0, List.of(batch(free("a"), free("b"))), POLICY, NOW);
    assertThat(pull(1)).hasSize(1);
    List<LeaseLeft> left = deliveries.leasesLeft(NOW);
    assertThat(left)
        .extracting(LeaseLeft::millisLeft)
        .containsExactly(POLICY.settings().lease().toMillis());
    core.apply(new Closing(NOW.millis(), left));
    Deliveries next =
        new Deliveries(70, 0, core.copy(), 2, new WindowBudget(1 << 20, 1 << 20), new Random(2));
    long millis = NOW.millis() + skewMillis;
    MessageBatch batch = new MessageBatch(1, 0, 1, List.of(free("a"), free("b")));
    Now begin = new Now(millis, 0);
    next.read(0, List.of(batch), POLICY, begin);
    Deliveries.Request all =
        new Deliveries.Request(10, 1 << 20, 0, WorkerName.NONE, null, Settings.TALLY, 1);
    assertThat(next.pull(all, POLICY, begin)).extracting(Fixture::text).containsExactly("b");
    long leaseNanos = POLICY.settings().lease().toNanos();
    Now before = new Now(millis + skewMillis, leaseNanos - 1);
    next.expire(POLICY, before);
    assertThat(next.leasesLeft(before)).extracting(LeaseLeft::offset).contains(0L);
    Now after = new Now(millis, leaseNanos + Duration.ofMillis(100).toNanos());
    next.expire(POLICY, after);
    assertThat(next.leasesLeft(after)).isEmpty();
  }

  @Test
  void aLeaseThatEndedMeanwhileIsSkippedWithTheLag() {
    core.apply(new Closing(1, List.of(new LeaseLeft(0, 1, 99, 1, WorkerName.NONE))));
    deliveries.onUnknown();
    deliveries.load(core.copy(), POLICY, NOW);
    batch(free("a"), free("b"));
    deliveries.skipTo(1, NOW);
    store();
    assertThat(core.floor()).isEqualTo(1);
  }

  /** Guards giving out beside a skip that is being stored: what is skipped is with nobody. */
  @Test
  void skippedLagTakesNoRoomInFlight() {
    Message[] messages = new Message[3_000];
    Arrays.fill(messages, free("m"));
    MessageBatch batch = batch(messages);
    deliveries.read(0, List.of(batch), POLICY, NOW);
    deliveries.skipTo(2_000, NOW);
    assertThat(deliveries.window().outCount()).isZero();
    assertThat(pull(1)).extracting(given -> given.receipt().offset()).containsExactly(2_000L);
    store();
    assertThat(core.skippedCount()).isEqualTo(2_000);
    assertThat(core.floor()).isEqualTo(2_000);
  }

  /** Guards giving out the last that can be recorded to a worker that asks for many. */
  @Test
  void aPullGetsAsManyAsCanBeRecorded() {
    for (int offset = 10; core.canDispatch(3); offset++) {
      Retried failed = new Retried(offset, 1, 1, Long.MAX_VALUE / 2, Cause.NACKED, null);
      core.apply(
          new Settled(
              1,
              List.of(),
              Offsets.NONE,
              List.of(failed),
              List.of(),
              core.nextNumber(),
              List.of()));
    }
    assertThat(core.canDispatch(0)).isTrue();
    deliveries.onUnknown();
    deliveries.load(core.copy(), POLICY, NOW);
    MessageBatch batch = batch(free("a"), free("b"), free("c"), free("d"), free("e"));
    deliveries.read(0, List.of(batch), POLICY, NOW);
    long dispatchable = deliveries.dispatchable(POLICY);
    assertThat(dispatchable).isBetween(1L, 3L);
    assertThat(pull(1_000)).hasSize((int) dispatchable);
    assertThat(deliveries.dispatchable(POLICY)).isZero();
  }

  @Test
  void theCoreStoresNothingAgainstWhatIsSettledOrDying() {
    core.apply(
        new Settled(
            1,
            List.of(new Acks(WorkerName.NONE, Offsets.of(1))),
            Offsets.NONE,
            List.of(),
            List.of(new Dying(2, 1, 1, Cause.REJECTED, null)),
            1,
            List.of()));
    Retried open = new Retried(3, 1, 1, 2, Cause.NACKED, null);
    Settled admitted =
        SubscriptionLog.admit(
            core,
            new Settled(
                2,
                List.of(),
                Offsets.NONE,
                List.of(
                    new Retried(1, 1, 1, 2, Cause.NACKED, null),
                    new Retried(2, 1, 1, 2, Cause.NACKED, null),
                    open),
                List.of(
                    new Dying(1, 1, 1, Cause.REJECTED, null),
                    new Dying(2, 1, 1, Cause.REJECTED, null)),
                0,
                List.of()));
    assertThat(admitted).isNotNull();
    assertThat(admitted.retried()).containsExactly(open);
    assertThat(admitted.dying()).isEmpty();
    assertThat(admitted.firstNumber()).isEqualTo(2);
  }

  private MessageBatch batch(Message... messages) {
    MessageBatch batch = new MessageBatch(1, 0, 1, List.of(messages));
    deliveries.extendTo(batch.endOffset());
    return batch;
  }

  private List<Delivery> pull(int max) {
    return deliveries.pull(
        new Deliveries.Request(max, 1 << 20, 0, WorkerName.NONE, null, Settings.TALLY, 1),
        POLICY,
        NOW);
  }

  private SettleStatus settle(SettleAction action, Receipt receipt) {
    return deliveries.settle(action, List.of(receipt), new boolean[1], POLICY, NOW)[0];
  }

  private void store() {
    store(NOW);
  }

  private void store(Now now) {
    Settled admitted = SubscriptionLog.admit(core, deliveries.nextWrite(now, true));
    core.apply(admitted);
    deliveries.onStored(admitted, POLICY, now);
  }
}
