package io.tidewheel.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaceTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 10, 500, 10_000})
  void keepsItsRateAndReachesIt(int rate) {
    long start = -5 * SECOND;
    Pace pace = new Pace(rate, start);
    long now = start;
    long taken = 0;
    while (now - start < 20 * SECOND) {
      taken += pace.take(100, now);
      assertThat(taken).isLessThanOrEqualTo(most(rate, now - start));
      now += Math.max(1_000_000, pace.waitNanos(now));
    }
    assertThat(taken).isBetween(20L * rate - rate / 10 - 1, 20L * rate + rate / 10 + 1);
  }

  @Test
  void whatWasNotUsedIsNotSaved() {
    Pace pace = new Pace(100, 0);
    assertThat(pace.take(100, 0)).isEqualTo(1);
    assertThat(pace.take(100, 60 * SECOND)).isEqualTo(11);
    assertThat(pace.take(100, 60 * SECOND)).isZero();
    assertThat(pace.waitNanos(60 * SECOND)).isEqualTo(SECOND / 100);
  }

  private static long most(int rate, long nanos) {
    return (long) (rate * (nanos + SECOND / 10.0) / SECOND) + 1;
  }
}
