package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Queues that ask at random times for what they may give out, over simulated minutes. */
class DequeueRateTest {
  private static final long MILLI = 1_000_000;

  private final DequeueRate rate = new DequeueRate();

  @Test
  void theSumOfAllQueuesIsTheRate() {
    for (double perSecond : new double[] {0.5, 3, 100, 25_000}) {
      long[] given = run(new DequeueRate(), perSecond, 8, 60_000, 42);
      long sum = 0;
      for (long each : given) {
        sum += each;
      }
      double expected = perSecond * 60;
      assertThat((double) sum)
          .as("at %s a second", perSecond)
          .isBetween(expected * 0.95 - 1, expected + perSecond * DequeueRate.BURST_SECONDS + 2);
    }
  }

  @Test
  void aSingleQueueGetsWhatOthersDoNotUse() {
    long[] given = run(new DequeueRate(), 100, 1, 10_000, 1);
    assertThat(given[0]).isBetween(950L, 1_022L);
  }

  /** The first queue asks a hundred times as often as the others. */
  @Test
  void noQueueStarvesBesideOneThatAsksMoreOften() {
    long[] given = new long[4];
    for (long now = 0; now < 60_000 * MILLI; now += MILLI) {
      given[0] += rate.take(0, 1_000, 20, now);
      if (now % (100 * MILLI) == 0) {
        for (int queue = 1; queue < given.length; queue++) {
          given[queue] += rate.take(queue, 1_000, 20, now);
        }
      }
    }
    for (long each : given) {
      assertThat(each).isGreaterThan(100);
    }
    assertThat(given[0] + given[1] + given[2] + given[3]).isBetween(1_150L, 1_206L);
  }

  /** Guards a queue that no worker comes to while another one takes all there is at once. */
  @Test
  void noQueueStarvesThatWaitsToBeAsked() {
    long[] given = new long[2];
    long again = 0;
    for (long now = 0; now < 10_000 * MILLI; now += MILLI) {
      given[0] += rate.take(0, 1_000, 20, now);
      if (rate.available(1, 20, now) > 0) {
        given[1] += rate.take(1, 1_000, 20, now);
      } else if (now >= again) {
        again = rate.nextNanos(1, 20, now);
      }
    }
    assertThat(given[1]).isGreaterThan(40);
    assertThat(given[0] + given[1]).isBetween(190L, 206L);
  }

  @Test
  void whatIsNotGivenOutIsNotLost() {
    assertThat(rate.take(0, 10, 10, 0)).isEqualTo(1);
    rate.giveBack(1);
    assertThat(rate.take(0, 10, 10, 0)).isEqualTo(1);
    assertThat(rate.take(0, 10, 10, 0)).isZero();
    long next = rate.nextNanos(0, 10, 0);
    assertThat(next).isEqualTo(100 * MILLI);
    assertThat(rate.available(0, 10, next)).isEqualTo(1);
  }

  @Test
  void doesNotCollectForLong() {
    rate.take(0, 1, 10, 0);
    assertThat(rate.take(0, 1_000, 10, 3_600_000 * MILLI)).isEqualTo(2);
  }

  /** Guards seconds far above the rate behind a moment without processors. */
  @Test
  void noSecondHasATenthMore() {
    long end = 30_000;
    int[] given = new int[(int) end];
    for (int milli = 0; milli < end; milli++) {
      boolean isStill = milli % 5_000 > 4_750;
      given[milli] = isStill ? 0 : rate.take(0, 1_000, 1_000, milli * MILLI);
    }
    int most = 0;
    for (int from = 2_000; from + 1_000 <= end; from++) {
      most = Math.max(most, IntStream.range(from, from + 1_000).map(at -> given[at]).sum());
    }
    assertThat(most).isBetween(1_050, 1_100);
    assertThat(IntStream.of(given).sum()).isBetween(29_500, 30_300);
  }

  /** Guards few workers that take many at a time: they ask seldom. */
  @Test
  void whoAsksSeldomGetsTheRateToo() {
    Random random = new Random(5);
    for (int pause : new int[] {50, 100, 200}) {
      DequeueRate own = new DequeueRate();
      int given = 0;
      for (int milli = 0; milli < 20_000; milli += pause - 10 + random.nextInt(20)) {
        given += own.take(0, 1_000, 1_000, milli * MILLI);
      }
      assertThat(given).as("each %d ms", pause).isBetween(18_500, 20_300);
    }
  }

  private static long[] run(DequeueRate rate, double perSecond, int queues, int millis, long seed) {
    Random random = new Random(seed);
    long[] given = new long[queues];
    for (int milli = 0; milli < millis; milli++) {
      int queue = random.nextInt(queues);
      int taken = rate.take(queue, 1 + random.nextInt(500), perSecond, milli * MILLI);
      int unused = taken == 0 || random.nextInt(10) > 0 ? 0 : random.nextInt(taken + 1);
      rate.giveBack(unused);
      given[queue] += taken - unused;
    }
    return given;
  }
}
