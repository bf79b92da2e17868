package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.SubscriptionSettings.Condition;
import io.tidewheel.catalog.SubscriptionSettings.OnDead;
import io.tidewheel.journal.Decoder;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.Slot.Place;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Any sequence of reads, pulls, settlements, expiries, failed writes and restarts: no message is
 * lost, none comes back after a confirmed ack, and keys keep their order.
 */
class DeliveriesPropertyTest {
  private static final SubscriptionSettings FOUR_ATTEMPTS =
      Settings.maxAttempts(SubscriptionSettings.DEFAULTS, 4);

  @Property(tries = 300)
  void keepsOrderAndLosesNothing(@ForAll long seed) {
    new Run(new Random(seed), new Policy(FOUR_ATTEMPTS, true)).go(300);
  }

  @Property(tries = 1_500)
  void keepsOrderAndLosesNothingWithFiltersAndTimesToLive(@ForAll long seed) {
    SubscriptionSettings filtering =
        Settings.filter(
            FOUR_ATTEMPTS,
            Map.of("f", List.of(new Condition(Condition.Kind.EXISTS, List.of("false")))));
    new Run(new Random(seed), new Policy(filtering, true, 120_000)).go(100);
  }

  @Property(tries = 1_500)
  void keepsOrderAndLosesNothingWithParkedKeys(@ForAll long seed) {
    Random random = new Random(seed);
    long ttlMillis = random.nextBoolean() ? 0 : 120_000;
    SubscriptionSettings parking = Settings.onDead(FOUR_ATTEMPTS, OnDead.PARK_KEY);
    new Run(random, new Policy(parking, true, ttlMillis)).go(100);
  }

  @Property(tries = 3_000)
  void keepsOrderAndLosesNothingInShortSequences(@ForAll long seed) {
    new Run(new Random(seed), new Policy(FOUR_ATTEMPTS, true)).go(70);
  }

  @Property(tries = 2_000)
  void losesNothingAndHoldsNothingBackWithoutOrder(@ForAll long seed) {
    new Run(new Random(seed), new Policy(Settings.unordered(FOUR_ATTEMPTS), true)).go(70);
  }

  @Property(tries = 2_000)
  void countsEveryMessageOnceWithSeeksAndSkippedLag(@ForAll long seed) {
    Random random = new Random(seed);
    SubscriptionSettings filtering =
        Settings.filter(
            FOUR_ATTEMPTS,
            Map.of("f", List.of(new Condition(Condition.Kind.EXISTS, List.of("false")))));
    SubscriptionSettings settings =
        Settings.onDead(
            random.nextBoolean() ? filtering : FOUR_ATTEMPTS,
            random.nextBoolean() ? OnDead.PARK_KEY : OnDead.PASS);
    Run run = new Run(random, new Policy(settings, true, random.nextBoolean() ? 0 : 120_000));
    run.isMoving = true;
    run.go(100);
  }

  /** One sequence, and what an onlooker knows. */
  private static final class Run {
    private final Random random;
    private final Policy policy;
    private final List<MessageBatch> log = new ArrayList<>();
    private final List<SubscriptionEvent> stored = new ArrayList<>();
    private final List<Delivery> held = new ArrayList<>();
    private final Set<Long> confirmed = new HashSet<>();
    private SubscriptionState core = SubscriptionState.opened(0);
    private Deliveries deliveries;
    private Settled inFlight;
    private long millis = 1_000_000;
    private long end;
    private final WindowBudget budget;

    /** Whether its position is changed, and lag skipped, up to {@code skippedTo}. */
    private boolean isMoving;

    private long skippedTo;

    Run(Random random, Policy policy) {
      this.random = random;
      this.policy = policy;
      int windowBytes = 300 << random.nextInt(5);
      this.budget = new WindowBudget(windowBytes * 2L, windowBytes, 1 << random.nextInt(7));
      start();
    }

    void go(int steps) {
      for (int i = 0; i < steps; i++) {
        step();
        check();
      }
      drain();
      assertThat(core.floor()).isEqualTo(end);
      assertThat(core.ackedCount() + core.deadCount() + core.skippedCount() + core.filteredCount())
          .isEqualTo(end - core.startOffset());
      if (!isMoving) {
        assertThat(core.filteredCount())
            .isEqualTo(LongStream.range(0, end).filter(offset -> isFiltered(offset)).count());
      }
      replay();
    }

    private void start() {
      if (deliveries != null) {
        deliveries.window().restart(0);
        assertThat(budget.used()).isZero();
      }
      deliveries = new Deliveries(70, 0, core.copy(), end, budget, random);
      inFlight = null;
    }

    private void step() {
      switch (random.nextInt(12)) {
        case 0, 1 -> publish();
        case 2, 3 -> read();
        case 4, 5 -> pull();
        case 6, 7 -> settle();
        case 8 -> millis += random.nextInt(20_000);
        case 9 -> deliveries.expire(policy, now());
        case 10 -> store();
        default -> rare();
      }
    }

    private void rare() {
      switch (random.nextInt(isMoving ? 12 : 9)) {
        case 9 -> seek();
        case 10, 11 -> skipLag();
        case 8 -> reopen();
        case 0 -> {
          held.clear();
          start();
        }
        case 1, 2 -> {
          boolean wasStored = random.nextBoolean();
          if (inFlight != null && wasStored) {
            persist();
          }
          inFlight = null;
          deliveries.onUnknown();
          deliveries.load(core.copy(), policy, now());
        }
        default -> deadLetter();
      }
    }

    private void seek() {
      if (inFlight == null) {
        SubscriptionEvent.Sought sought =
            new SubscriptionEvent.Sought(
                millis, core.generation() + 1, random.nextInt((int) end + 1));
        core.apply(sought);
        stored.add(sought);
        confirmed.clear();
        skippedTo = 0;
        deliveries.onSought(sought);
      }
    }

    private void skipLag() {
      long offset = random.nextInt((int) end + 1);
      boolean hasGrown = offset > skippedTo;
      skippedTo = Math.max(skippedTo, offset);
      deliveries.skipTo(offset, now());
      if (!hasGrown) {
        return;
      }
      for (Slot slot : deliveries.window().all()) {
        assertThat(slot.offset < offset && slot.isOpen())
            .as("%s is skipped", slot.offset)
            .isFalse();
      }
      deliveries
          .window()
          .forEachDeferred(
              offset, deferred -> assertThat(core.isDying(deferred)).as("is skipped").isTrue());
    }

    private void publish() {
      List<Message> messages = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(5); i++) {
        int key = random.nextInt(4);
        Message message = Message.of(new byte[random.nextInt(100)]);
        long onlyFor = random.nextInt(10) == 0 ? 71 : Message.FOR_ALL;
        Map<String, String> headers = random.nextInt(4) == 0 ? Map.of("f", "v") : Map.of();
        long expiresAt = random.nextInt(6) == 0 ? millis + random.nextInt(100_000) : 0;
        messages.add(
            Message.of(
                null,
                key == 0 ? null : "k" + key,
                headers,
                null,
                message.payload(),
                onlyFor,
                expiresAt));
      }
      MessageBatch batch = new MessageBatch(log.size() + 1, end, millis, messages);
      log.add(batch);
      end = batch.endOffset();
      deliveries.extendTo(end);
    }

    private void read() {
      Intake.Reading reading = deliveries.nextReading();
      if (reading == null) {
        return;
      }
      List<MessageBatch> batches =
          log.stream().filter(batch -> batch.endOffset() > reading.from()).limit(2).toList();
      if (reading.isAgain()) {
        deliveries.readAgain(reading, batches, policy, now());
      } else {
        deliveries.read(reading.from(), batches, policy, now());
      }
    }

    private void pull() {
      List<Delivery> given =
          deliveries.pull(
              new Deliveries.Request(
                  1 + random.nextInt(6), 500, 0, WorkerName.NONE, null, Settings.TALLY, 1),
              policy,
              now());
      Map<String, Long> newest = new HashMap<>();
      for (Delivery delivery : given) {
        long offset = delivery.receipt().offset();
        assertThat(confirmed).doesNotContain(offset);
        String key = delivery.message().key();
        if (key != null && policy.isOrdered()) {
          long after = newest.getOrDefault(key, -1L);
          assertThat(offset).isGreaterThan(after);
          for (long earlier = after + 1; earlier < offset; earlier++) {
            Message other = message(earlier);
            boolean isMine =
                key.equals(other.key()) && other.onlyFor() != 71 && !isFiltered(earlier);
            boolean isSkipped =
                earlier < skippedTo
                    && deliveries.window().find(earlier) == null
                    && !deliveries.window().isDeferred(earlier);
            boolean isPassed =
                isSkipped
                    || core.isSettled(earlier)
                    || (core.isDying(earlier) && !core.isHoldingKey(earlier));
            assertThat(isMine && !isPassed)
                .as("%s of %s goes before %s", offset, key, earlier)
                .isFalse();
          }
          newest.put(key, offset);
        }
        held.removeIf(old -> old.receipt().offset() == offset && random.nextBoolean());
        held.add(delivery);
      }
    }

    private void settle() {
      if (held.isEmpty()) {
        return;
      }
      Delivery delivery = held.get(random.nextInt(held.size()));
      SettleAction action =
          switch (random.nextInt(8)) {
            case 0 -> new SettleAction.Nack(Duration.ofSeconds(random.nextInt(10)), "r");
            case 1 -> new SettleAction.Release();
            case 2 -> new SettleAction.Reject(null);
            case 3 -> new SettleAction.Extend(Duration.ofSeconds(random.nextInt(40)));
            default -> new SettleAction.Ack();
          };
      boolean[] isPending = new boolean[1];
      SettleStatus status =
          deliveries.settle(action, List.of(delivery.receipt()), isPending, policy, now())[0];
      if (status == SettleStatus.ACKED && isPending[0]) {
        deliveries.await(() -> confirmed.add(delivery.receipt().offset()), () -> {});
      }
    }

    private void store() {
      if (inFlight == null) {
        inFlight = deliveries.nextWrite(now(), random.nextInt(4) == 0);
      } else {
        Settled admitted = persist();
        inFlight = null;
        deliveries.onStored(admitted, policy, now());
      }
    }

    private Settled persist() {
      Settled admitted = SubscriptionLog.admit(core, inFlight);
      if (admitted != null) {
        core.apply(admitted);
        stored.add(admitted);
      }
      return admitted;
    }

    /** The first parked one, or any: a redrive goes as it likes. */
    private void reopen() {
      Offsets parked = deliveries.state().casualties().parkedOffsets();
      if (!parked.isEmpty()) {
        deliveries.reopen(parked.start(random.nextInt(parked.rangeCount())));
      }
    }

    private boolean isFiltered(long offset) {
      Message message = message(offset);
      return message.onlyFor() != 71 && !policy.asksFor(message);
    }

    private void deadLetter() {
      Pending pending = deliveries.state().casualties().after(0);
      if (pending != null) {
        deliveries.deadLettered(pending.number());
      }
    }

    private void drain() {
      held.clear();
      for (int i = 0; i < 20_000 && core.floor() < end; i++) {
        millis += 1_000;
        read();
        pull();
        boolean[] isPending = new boolean[held.size()];
        deliveries.settle(
            new SettleAction.Ack(),
            held.stream().map(Delivery::receipt).toList(),
            isPending,
            policy,
            now());
        held.clear();
        deliveries.expire(policy, now());
        deadLetter();
        reopen();
        store();
        check();
      }
    }

    /** Everything between floor and cursor is settled, dying, or in the window, once. */
    private void check() {
      Window window = deliveries.window();
      SubscriptionState state = deliveries.state();
      long open = 0;
      int[] counts = new int[Place.COUNT];
      for (Slot slot : window.all()) {
        counts[slot.place.index]++;
        assertThat(state.isSettled(slot.offset)).isFalse();
      }
      for (Place place : Place.values()) {
        assertThat(window.count(place)).as(place.name()).isEqualTo(counts[place.index]);
      }
      assertThat(deliveries.whereabouts().reconciliation().difference()).isZero();
      SightingsCheck.agree(deliveries, now());
      if (isMoving) {
        return;
      }
      long passed =
          LongStream.range(state.floor(), window.cursor())
              .filter(offset -> message(offset).onlyFor() == 71 || isFiltered(offset))
              .filter(offset -> !state.isSettled(offset))
              .count();
      assertThat(deliveries.whereabouts().backlog())
          .isEqualTo(
              LongStream.range(state.floor(), end).filter(o -> !state.isSettled(o)).count()
                  - passed
                  - window.outCount());
      if (!policy.isOrdered()) {
        assertThat(window.count(Place.BLOCKED)).isZero();
      }
      for (long offset = state.floor(); offset < window.cursor(); offset++) {
        boolean isElsewhere =
            state.isSettled(offset)
                || (state.isDying(offset) && !state.isHoldingKey(offset))
                || message(offset).onlyFor() == 71
                || isFiltered(offset);
        open += isElsewhere ? 0 : 1;
        assertThat(window.find(offset) != null ^ window.isDeferred(offset) ^ isElsewhere)
            .as("offset %s", offset)
            .isTrue();
      }
      assertThat(open).isEqualTo(window.size() + window.deferredCount());
      long bytes = window.all().stream().filter(Slot::isLoaded).mapToLong(s -> s.weight).sum();
      assertThat(window.bytes()).isEqualTo(bytes);
    }

    private void replay() {
      SubscriptionState again = SubscriptionState.opened(0);
      SubscriptionCodec codec = new SubscriptionCodec();
      int half = stored.size() / 2;
      for (int i = 0; i < stored.size(); i++) {
        if (i == half) {
          again = codec.decodeState("state-1", new Decoder(SubscriptionStateTest.bytes(again)));
        }
        again.apply(stored.get(i));
      }
      assertThat(again.image()).isEqualTo(core.image());
    }

    private Message message(long offset) {
      for (MessageBatch batch : log) {
        if (offset < batch.endOffset()) {
          return batch.message(offset);
        }
      }
      throw new AssertionError("offset " + offset);
    }

    private Now now() {
      return new Now(millis, millis * 1_000_000);
    }
  }
}
