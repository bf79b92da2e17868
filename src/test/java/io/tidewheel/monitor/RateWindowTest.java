package io.tidewheel.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidewheel.subscription.Since;
import org.junit.jupiter.api.Test;

class RateWindowTest {
  private static final long SECOND = 1_000_000_000L;

  private final RateWindow window = new RateWindow();

  @Test
  void knowsNoRateFromOneSample() {
    window.sample(0, counts(1_000_000, 7, 3));
    assertThat(window.rates()).isEqualTo(Rates.NONE);
  }

  @Test
  void dividesByTheTimeThatPassed() {
    window.sample(0, counts(100, 0, 0));
    window.sample(2 * SECOND, counts(140, 10, 4));
    assertThat(window.rates()).isEqualTo(new Rates(20, 5, 2));
  }

  @Test
  void forgetsWhatIsOlderThanTheWindow() {
    long in = 0;
    for (int second = 0; second <= 60; second++) {
      in += second <= 30 ? 1_000 : 10;
      window.sample(second * SECOND, counts(in, 0, 0));
    }
    assertThat(window.rates().in()).isEqualTo(10, within(0.001));
  }

  @Test
  void comesToZeroWhenNothingHappensAnyMore() {
    window.sample(0, counts(0, 0, 0));
    window.sample(SECOND, counts(500, 500, 0));
    for (int second = 2; second <= 12; second++) {
      window.sample(second * SECOND, counts(500, 500, 0));
    }
    assertThat(window.rates()).isEqualTo(Rates.NONE);
  }

  @Test
  void takesSamplesThatComeTooOftenAsOne() {
    long in = 0;
    for (int tick = 0; tick <= 1_000; tick++) {
      in += 3;
      window.sample(tick * SECOND / 20, counts(in, 0, 0));
    }
    assertThat(window.rates().in()).isEqualTo(60, within(0.7));
  }

  @Test
  void saysWhenABacklogIsGone() {
    assertThat(new Rates(10, 30, 0).drainSeconds(101)).isEqualTo(6);
    assertThat(new Rates(10, 30, 0).drainSeconds(0)).isZero();
    assertThat(new Rates(30, 30, 0).drainSeconds(1)).isEqualTo(Rates.NEVER);
    assertThat(new Rates(30, 10, 0).drainSeconds(1)).isEqualTo(Rates.NEVER);
    assertThat(Rates.NONE.drainSeconds(1)).isEqualTo(Rates.NEVER);
    assertThat(new Rates(0, 0.000_001, 0).drainSeconds(Long.MAX_VALUE)).isEqualTo(Rates.NEVER);
  }

  @Test
  void saysHowManyWorkersWouldKeepUp() {
    assertThat(new Rates(100, 30, 0).workersNeeded(3)).isEqualTo(10);
    assertThat(new Rates(10, 30, 0).workersNeeded(3)).isEqualTo(1);
    assertThat(new Rates(10, 0, 0).workersNeeded(3)).isZero();
    assertThat(new Rates(10, 30, 0).workersNeeded(0)).isZero();
  }

  private static Since counts(long in, long out, long failed) {
    return new Since(in, out, 0, 0, 0, 0, failed);
  }
}
