package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/** Much behind one message: over a log that is made up as it is read. */
class DeepWindowTest {
  private static final Policy POLICY = new Policy(SubscriptionSettings.DEFAULTS, true);
  private static final int BATCH = 100;

  private final WindowBudget budget = new WindowBudget(32 << 20, 8 << 20);
  private final SubscriptionState core = SubscriptionState.opened(0);
  private Now now = new Now(1_000_000, 1_000_000);
  private int readCount;

  @Test
  void oneBlockedKeyWithAMillionBehindItLeavesTheOthersUndisturbed() {
    int blocked = 1_000_000;
    long end = blocked + 100_000L;
    LongFunction<String> keys =
        offset -> offset == 0 || offset % 11 != 5 ? "x" : "k" + offset % 1_000;
    Deliveries deliveries = new Deliveries(70, 0, core.copy(), end, budget, new Random(1));
    read(deliveries, keys);
    Delivery first = pull(deliveries, 1).get(0);
    assertThat(first.receipt().offset()).isZero();
    Map<String, Long> newest = new HashMap<>();
    long others = drain(deliveries, keys, newest);
    assertThat(others).isEqualTo(100_000);
    assertThat(deliveries.stopReason(POLICY)).isNull();
    assertThat(deliveries.whereabouts().waiting()).isEqualTo(blocked - 1);
    assertThat(budget.used()).isLessThan(40 << 20);
    assertThat(snapshotBytes()).isLessThan(SubscriptionState.MAX_SNAPSHOT_BYTES);
    ack(deliveries, List.of(first));
    newest.put("x", 0L);
    int readsBefore = readCount;
    assertThat(drain(deliveries, keys, newest)).isEqualTo(blocked - 1);
    assertThat(core.floor()).isEqualTo(end);
    assertThat(readCount - readsBefore).isLessThan(2 * blocked / Window.MAX_KEY_RUN);
    assertThat(deliveries.window().deferredCount()).isZero();
    assertThat(budget.used()).isZero();
  }

  @Test
  void tenMillionAckedBehindOneMessageAreJumpedAfterARestart() {
    core.apply(acked(Offsets.range(1, 10_000_001)));
    assertThat(snapshotBytes()).isLessThan(4 << 10);
    Deliveries deliveries = new Deliveries(70, 0, core.copy(), 10_000_002, budget, new Random(1));
    read(deliveries, offset -> null);
    assertThat(readCount).isLessThanOrEqualTo(4);
    assertThat(pull(deliveries, 10))
        .extracting(delivery -> delivery.receipt().offset())
        .containsExactly(0L, 10_000_001L);
  }

  /**
   * What is acked at random above the floor makes no runs; then dispatch stops, with the reason.
   */
  @Test
  void dispatchStopsBeforeTheSnapshotGetsTooLarge() {
    Offsets.Builder odd = new Offsets.Builder();
    for (long offset = 1; offset < 8_000_000; offset += 2) {
      odd.add(offset);
      if (offset % 2_000 == 1_999) {
        core.apply(acked(odd.build()));
        odd = new Offsets.Builder();
        if (!core.canDispatch(0)) {
          break;
        }
      }
    }
    assertThat(core.canDispatch(0)).isFalse();
    assertThat(snapshotBytes()).isLessThanOrEqualTo(SubscriptionState.MAX_SNAPSHOT_BYTES);
    Deliveries deliveries = new Deliveries(70, 0, core.copy(), 9_000_000, budget, new Random(1));
    assertThat(deliveries.stopReason(POLICY)).isEqualTo("acked-beyond-floor");
  }

  /** Payloads of what waits for its retry are not kept, however many wait. */
  @Test
  void fiftyThousandRetriesTakeNoMoreThanTheirWindow() {
    int count = 50_000;
    LongFunction<String> keys = offset -> null;
    Deliveries deliveries = new Deliveries(70, 0, core.copy(), count, budget, new Random(1));
    for (int failed = 0; failed < count; ) {
      read(deliveries, keys);
      List<Delivery> given = pull(deliveries, 1_000);
      assertThat(given).as("%s failed", failed).isNotEmpty();
      failed += given.size();
      settle(deliveries, new SettleAction.Nack(Duration.ofMinutes(1), null), given);
      assertThat(deliveries.window().bytes()).isLessThanOrEqualTo(9 << 20);
    }
    assertThat(pull(deliveries, 10)).isEmpty();
    now = new Now(1_000_000 + 61_000, 1_000_000 + Duration.ofSeconds(61).toNanos());
    int again = 0;
    while (core.floor() < count) {
      deliveries.expire(POLICY, now);
      read(deliveries, keys);
      List<Delivery> given = pull(deliveries, 1_000);
      assertThat(given).as("%s given again", again).isNotEmpty();
      again += given.size();
      ack(deliveries, given);
    }
    assertThat(again).isEqualTo(count);
    assertThat(readCount).isLessThan(1_500);
  }

  /** A bound that grows message by message costs what it skips, not the whole window each time. */
  @Test
  void skippingLagLeavesTheRestOfADeepWindowAlone() {
    int count = 100_000;
    WindowBudget large = new WindowBudget(512 << 20, 512 << 20);
    Deliveries deliveries = new Deliveries(70, 0, core.copy(), count, large, new Random(1));
    read(deliveries, offset -> null);
    assertThat(deliveries.window().size()).isEqualTo(count);
    assertTimeout(
        Duration.ofSeconds(10),
        () -> {
          for (int offset = 1; offset <= count; offset++) {
            deliveries.skipTo(offset, now);
          }
        });
    assertThat(deliveries.window().size()).isZero();
    assertThat(deliveries.whereabouts().backlog()).isZero();
  }

  /** What was passed over and not stored yet, in many places, is neither copied nor walked. */
  @Test
  void listsWhatIsOpenBesideMuchThatIsPassedOver() {
    Deliveries deliveries = new Deliveries(70, 0, core.copy(), 10_000_000, budget, new Random(1));
    List<Long> even = new ArrayList<>();
    for (long offset = 0; offset < 20_000; offset += 2) {
      even.add(offset);
    }
    Collections.shuffle(even, new Random(1));
    even.forEach(offset -> deliveries.ledger().collecting().skip(offset, offset + 1, 1));
    deliveries.ledger().collecting().skip(20_000, 9_999_999, 9_979_999);
    Sightings sightings = new Sightings(deliveries, now);
    assertTimeout(
        Duration.ofSeconds(5),
        () -> {
          assertThat(sightings.list(Looks.Kind.OPEN, 0, 1_000)).hasSize(1_001);
          assertThat(sightings.list(Looks.Kind.OPEN, 20_000, 1_000))
              .extracting(Sighting::offset)
              .containsExactly(9_999_999L);
        });
  }

  private long drain(Deliveries deliveries, LongFunction<String> keys, Map<String, Long> newest) {
    long count = 0;
    while (true) {
      read(deliveries, keys);
      List<Delivery> given = pull(deliveries, 1_000);
      if (given.isEmpty()) {
        return count;
      }
      for (Delivery delivery : given) {
        long offset = delivery.receipt().offset();
        Long before = newest.put(String.valueOf(delivery.message().key()), offset);
        assertThat(before == null || before < offset).isTrue();
      }
      count += given.size();
      ack(deliveries, given);
    }
  }

  private void read(Deliveries deliveries, LongFunction<String> keys) {
    Intake.Reading reading = deliveries.nextReading();
    while (reading != null) {
      readCount++;
      List<MessageBatch> batches = batches(reading, keys);
      if (reading.isAgain()) {
        deliveries.readAgain(reading, batches, POLICY, now);
      } else {
        deliveries.read(reading.from(), batches, POLICY, now);
      }
      reading = deliveries.nextReading();
    }
  }

  /** Batches of a hundred messages of 1 KiB, up to 1 MiB of them. */
  private static List<MessageBatch> batches(Intake.Reading reading, LongFunction<String> keys) {
    List<MessageBatch> batches = new ArrayList<>();
    long bytes = 0;
    byte[] payload = new byte[1 << 10];
    long first = reading.from() - reading.from() % BATCH;
    while (first < reading.end() && bytes < Math.min(reading.maxBytes(), 1 << 20)) {
      List<Message> messages = new ArrayList<>();
      for (long offset = first; offset < first + BATCH; offset++) {
        messages.add(Message.of(payload).withKey(keys.apply(offset)));
      }
      batches.add(new MessageBatch(first / BATCH + 1, first, 1, messages));
      bytes += (long) BATCH << 10;
      first += BATCH;
    }
    return batches;
  }

  private List<Delivery> pull(Deliveries deliveries, int max) {
    return deliveries.pull(
        new Deliveries.Request(max, 4 << 20, 0, WorkerName.NONE, null, Settings.TALLY, 1),
        POLICY,
        now);
  }

  private void ack(Deliveries deliveries, List<Delivery> given) {
    settle(deliveries, new SettleAction.Ack(), given);
  }

  private void settle(Deliveries deliveries, SettleAction action, List<Delivery> given) {
    deliveries.settle(
        action,
        given.stream().map(Delivery::receipt).toList(),
        new boolean[given.size()],
        POLICY,
        now);
    Settled admitted = SubscriptionLog.admit(core, deliveries.nextWrite(now, true));
    core.apply(admitted);
    deliveries.onStored(admitted, POLICY, now);
  }

  private static Settled acked(Offsets offsets) {
    return new Settled(
        1,
        List.of(new Acks(WorkerName.NONE, offsets)),
        Offsets.NONE,
        List.of(),
        List.of(),
        1,
        List.of());
  }

  private int snapshotBytes() {
    return SubscriptionStateTest.bytes(core).length;
  }
}
