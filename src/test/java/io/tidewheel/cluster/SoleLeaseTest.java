package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.SharedRegister;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Brokers that know nothing of each other on one store, in virtual time. */
class SoleLeaseTest {
  private static final long MILLI = 1_000_000L;

  private final World world = new World();

  /** The store, and the time. */
  private static final class World implements SharedRegister {
    private record Due(long nanos, long order, Runnable action) {}

    private final PriorityQueue<Due> due =
        new PriorityQueue<>(
            Comparator.<Due>comparingLong(each -> each.nanos).thenComparingLong(Due::order));
    private final List<String> lost = new ArrayList<>();
    private byte @Nullable [] value;
    private long nowNanos;
    private long order;
    private boolean isAway;
    private @Nullable SplittableRandom random;

    void later(Duration time, Runnable action) {
      due.add(new Due(nowNanos + time.toNanos(), order++, action));
    }

    void pass(Duration time) {
      long end = nowNanos + time.toNanos();
      while (!due.isEmpty() && due.peek().nanos <= end) {
        Due next = due.remove();
        nowNanos = Math.max(nowNanos, next.nanos);
        next.action.run();
      }
      nowNanos = end;
    }

    SoleLease start(String holder) {
      return start(holder, this::later);
    }

    SoleLease start(String holder, BiConsumer<Duration, Runnable> later) {
      return SoleLease.start(
          new SoleLease.Parts(this, holder, () -> nowNanos, later, () -> lost.add(holder)));
    }

    @Override
    public CompletionStage<byte @Nullable []> read(String name) {
      return answered(() -> value);
    }

    @Override
    public CompletionStage<Boolean> replace(String name, byte @Nullable [] expected, byte[] next) {
      return answered(
          () -> {
            boolean isExpected = Arrays.equals(expected, value);
            if (isExpected) {
              value = next;
            }
            return isExpected;
          });
    }

    private <T> CompletionStage<T> answered(Supplier<T> work) {
      if (random == null) {
        return isAway
            ? CompletableFuture.failedFuture(new IllegalStateException("away"))
            : CompletableFuture.completedFuture(work.get());
      }
      // It is done at some time, and the answer comes later, or never.
      CompletableFuture<T> answer = new CompletableFuture<>();
      long there = random.nextLong(500) * (random.nextInt(20) == 0 ? 10 : 1);
      boolean isLost = random.nextInt(5) == 0;
      later(
          Duration.ofMillis(there),
          () -> {
            T result = work.get();
            later(
                Duration.ofMillis(random == null ? 0 : random.nextLong(500)),
                () -> {
                  if (isLost) {
                    answer.completeExceptionally(new IllegalStateException("timed out"));
                  } else {
                    answer.complete(result);
                  }
                });
          });
      return answer;
    }
  }

  @Test
  void theFirstOneHasItAtOnceAndKeepsIt() {
    SoleLease first = world.start("first");
    assertThat(first.isHeld()).isTrue();
    world.pass(Duration.ofMinutes(1));
    assertThat(first.isHeld()).isTrue();
    assertThat(first.taken().toCompletableFuture()).isDone();
  }

  @Test
  void anotherOneWaitsAsLongAsItIsUsedAndHasItAtOnceWhenItIsGivenBack() {
    SoleLease first = world.start("first");
    SoleLease second = world.start("second");
    world.pass(Duration.ofMinutes(1));
    assertThat(second.isHeld()).isFalse();
    assertThat(first.isHeld()).isTrue();
    assertThat(first.release().toCompletableFuture()).isDone();
    assertThat(first.isHeld()).isFalse();
    world.pass(SoleLease.INTERVAL);
    assertThat(second.isHeld()).isTrue();
    assertThat(world.lost).isEmpty();
  }

  @Test
  void whoEndedWithoutAWordIsWaitedForATerm() {
    List<Runnable> never = new ArrayList<>();
    SoleLease first = world.start("first", (pause, action) -> never.add(action));
    SoleLease second = world.start("second");
    world.pass(SoleLease.TERM.minusMillis(1));
    assertThat(second.isHeld()).isFalse();
    assertThat(first.isHeld()).isTrue();
    world.pass(SoleLease.INTERVAL);
    assertThat(first.isHeld()).isFalse();
    assertThat(second.isHeld()).isTrue();
    // It wakes from its pause.
    never.get(0).run();
    never.get(1).run();
    assertThat(world.lost).containsExactly("first");
    assertThat(first.isHeld()).isFalse();
  }

  @Test
  void aStoreThatIsAwayTakesItForThatLongOnly() {
    SoleLease first = world.start("first");
    world.isAway = true;
    world.pass(Duration.ofMinutes(5));
    assertThat(first.isHeld()).isFalse();
    world.isAway = false;
    world.pass(SoleLease.INTERVAL.multipliedBy(2));
    assertThat(first.isHeld()).isTrue();
    assertThat(world.lost).isEmpty();
  }

  /** In between somebody else may have written and given it back: what is known here is old. */
  @Test
  void whoFindsItGivenBackByAnotherOneIsOut() {
    SoleLease first = world.start("first");
    world.isAway = true;
    world.pass(Duration.ofMinutes(1));
    world.isAway = false;
    world.value = new byte[0];
    world.pass(SoleLease.INTERVAL.multipliedBy(2));
    assertThat(world.lost).containsExactly("first");
    assertThat(first.isHeld()).isFalse();
  }

  /** With answers that are late or lost, and brokers that stand still, never two have it. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void neverTwoAtATime(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    world.random = random;
    List<SoleLease> all = new ArrayList<>();
    int changes = 0;
    SoleLease last = null;
    for (int tenth = 0; tenth < 6_000; tenth++) {
      if (tenth % 100 == 0 && all.size() < 40) {
        all.add(
            world.start(
                "broker-" + all.size(),
                (pause, action) ->
                    world.later(
                        random.nextInt(30) == 0 ? pause.plusMillis(random.nextLong(14_000)) : pause,
                        action)));
      }
      if (random.nextInt(300) == 0) {
        all.get(random.nextInt(all.size())).release();
      }
      world.pass(Duration.ofNanos(100 * MILLI));
      List<SoleLease> holding = all.stream().filter(SoleLease::isHeld).toList();
      assertThat(holding).as("seed %d at %d", seed, world.nowNanos / MILLI).hasSizeLessThan(2);
      if (!holding.isEmpty() && holding.get(0) != last) {
        last = holding.get(0);
        changes++;
      }
    }
    assertThat(changes).isGreaterThan(2);
  }
}
