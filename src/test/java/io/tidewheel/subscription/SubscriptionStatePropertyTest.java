package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.Decoder;
import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Closing;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import io.tidewheel.subscription.SubscriptionEvent.Sought;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Any sequence of what the core admits: the state says what a plain list of every offset's fate
 * says, and a state that went through its stored form goes on the same.
 */
class SubscriptionStatePropertyTest {
  @Property(tries = 300)
  void saysWhatBecameOfEveryOffset(@ForAll long seed) {
    new Run(new Random(seed), 60).go(120);
  }

  /** Far apart, so that the set above the floor is moved and its parts change their kind. */
  @Property(tries = 30)
  void keepsCountOverMillionsOfOffsets(@ForAll long seed) {
    new Run(new Random(seed), 3_000_000).go(60);
  }

  private static final class Run {
    private final Random random;
    private final int spread;
    private final SubscriptionState live = SubscriptionState.opened(5);
    private final SubscriptionCodec codec = new SubscriptionCodec();
    private SubscriptionState replayed = SubscriptionState.opened(5);

    /** Settled ranges by start, merged; the first begins where the generation does. */
    private final TreeMap<Long, Long> settled = new TreeMap<>();

    private final Map<Long, Integer> attempts = new HashMap<>();
    private final TreeMap<Long, Long> dying = new TreeMap<>();
    private long start = 5;
    private long generation = 1;
    private long nextNumber = 1;
    private long acked;
    private long dead;
    private long skipped;
    private long millis = 1_000;

    Run(Random random, int spread) {
      this.random = random;
      this.spread = spread;
      settle(0, start);
    }

    void go(int steps) {
      for (int i = 0; i < steps; i++) {
        millis += random.nextInt(1_000);
        SubscriptionEvent event = event();
        live.apply(event);
        replayed.apply(event);
        if (random.nextInt(5) == 0) {
          byte[] stored = SubscriptionStateTest.bytes(replayed);
          assertThat(stored.length).isLessThanOrEqualTo(replayed.snapshotWeight());
          replayed = codec.decodeState("state-1", new Decoder(stored));
        }
        check();
      }
    }

    private SubscriptionEvent event() {
      return switch (random.nextInt(20)) {
        case 0 -> seek();
        case 1, 2 -> closing();
        default -> settled();
      };
    }

    /** What is dying stays: a seek does not take back what is on its way. */
    private Sought seek() {
      generation++;
      start = random.nextInt(3) == 0 ? start : live.floor() + random.nextInt(spread);
      settled.clear();
      settle(0, start);
      attempts.clear();
      acked = 0;
      dead = 0;
      skipped = 0;
      return new Sought(millis, generation, start);
    }

    private Closing closing() {
      WorkerName worker = new WorkerName("w", "1");
      List<LeaseLeft> left =
          Stream.generate(this::open)
              .limit(random.nextInt(4))
              .distinct()
              .sorted()
              .map(offset -> new LeaseLeft(offset, 1, 7, 10, worker))
              .toList();
      return new Closing(millis, left);
    }

    /** Proposes anything, as a front may that is behind, and takes what the core would admit. */
    private SubscriptionEvent settled() {
      List<Retried> retried = new ArrayList<>();
      List<Dying> deaths = new ArrayList<>();
      Offsets.Builder acks = new Offsets.Builder();
      Offsets.Builder skips = new Offsets.Builder();
      List<Long> deadLettered = new ArrayList<>();
      long offset = open();
      long first = random.nextInt(9) == 0 && !dying.containsValue(start) ? start : offset;
      long end = openEnd(first, offset + 1 + random.nextInt(Math.max(1, spread / 20)));
      switch (random.nextInt(6)) {
        case 0 -> retried.add(retried(offset));
        case 1 -> deaths.add(new Dying(offset, 4, 4, Cause.REJECTED, text()));
        case 2 -> deadLettered.add(dying.isEmpty() ? nextNumber + 3 : dying.firstKey());
        case 3 -> skips.addRange(first, end);
        default -> acks.addRange(first, end);
      }
      if (random.nextBoolean()) {
        long anywhere = start + random.nextInt(spread);
        retried.add(retried(anywhere));
      }
      Settled proposed =
          new Settled(
              millis,
              List.of(new Acks(WorkerName.NONE, acks.build())),
              skips.build(),
              retried,
              deaths,
              0,
              deadLettered);
      Settled admitted = SubscriptionLog.admit(live, proposed);
      assertThat(admitted).isNotNull();
      note(admitted);
      return admitted;
    }

    private Retried retried(long offset) {
      int attempt = attempts.getOrDefault(offset, 0) + 1;
      return new Retried(offset, attempt, attempt + 1, millis + 500, Cause.NACKED, text());
    }

    private String text() {
      return random.nextBoolean() ? null : "r".repeat(random.nextInt(30));
    }

    private void note(Settled event) {
      event.retried().forEach(retry -> attempts.put(retry.offset(), retry.attempts()));
      for (Dying message : event.dying()) {
        attempts.remove(message.offset());
        dying.put(nextNumber, message.offset());
        nextNumber++;
      }
      for (Acks group : event.acks()) {
        acked += settle(group.offsets());
      }
      skipped += settle(event.skipped());
      for (long number : event.deadLettered()) {
        Long offset = dying.remove(number);
        dead += offset == null ? 0 : settle(offset, offset + 1);
      }
    }

    private long settle(Offsets offsets) {
      long count = 0;
      for (int i = 0; i < offsets.rangeCount(); i++) {
        count += settle(offsets.start(i), offsets.end(i));
      }
      return count;
    }

    /** How many of a range were not settled before. */
    private long settle(long from, long to) {
      attempts.keySet().removeIf(offset -> offset >= from && offset < to);
      long begin = from;
      long end = to;
      long before = 0;
      Map.Entry<Long, Long> touching = settled.floorEntry(to);
      while (touching != null && touching.getValue() >= from) {
        before +=
            Math.max(0, Math.min(to, touching.getValue()) - Math.max(from, touching.getKey()));
        begin = Math.min(begin, touching.getKey());
        end = Math.max(end, touching.getValue());
        settled.remove(touching.getKey());
        touching = settled.floorEntry(to);
      }
      settled.put(begin, end);
      return to - from - before;
    }

    private boolean isSettled(long offset) {
      Map.Entry<Long, Long> range = settled.floorEntry(offset);
      return range != null && offset < range.getValue();
    }

    /** An offset that is neither settled nor dying. */
    private long open() {
      long offset = start + random.nextInt(spread);
      while (isSettled(offset) || dying.containsValue(offset)) {
        offset = isSettled(offset) ? settled.floorEntry(offset).getValue() : offset + 1;
      }
      return offset;
    }

    /** A range ends before what is dying: the ack of that is refused before it is stored. */
    private long openEnd(long from, long to) {
      return dying.values().stream()
          .filter(offset -> offset >= from && offset < to)
          .min(Long::compare)
          .orElse(to);
    }

    private void check() {
      long floor = settled.firstEntry().getValue();
      assertThat(live.floor()).isEqualTo(floor);
      assertThat(live.generation()).isEqualTo(generation);
      assertThat(live.nextNumber()).isEqualTo(nextNumber);
      assertThat(live.ackedCount()).isEqualTo(acked);
      assertThat(live.skippedCount()).isEqualTo(skipped);
      assertThat(live.deadCount()).isEqualTo(dead);
      assertThat(live.settledBeyondCount()).isEqualTo(acked + skipped + dead - (floor - start));
      assertThat(live.dyingCount()).isEqualTo(dying.size());
      assertThat(live.retryCount()).isEqualTo(attempts.size());
      for (int i = 0; i < 20; i++) {
        long offset = start + random.nextInt(2 * spread);
        assertThat(live.isSettled(offset)).as("offset %s", offset).isEqualTo(isSettled(offset));
        assertThat(live.isDying(offset)).isEqualTo(dying.containsValue(offset));
        long open = isSettled(offset) ? settled.floorEntry(offset).getValue() : offset;
        assertThat(live.nextOpen(offset)).isEqualTo(open);
      }
      attempts.forEach(
          (offset, count) -> assertThat(live.retryOf(offset).attempts()).isEqualTo(count));
      assertThat(replayed.image()).isEqualTo(live.image());
    }
  }
}
