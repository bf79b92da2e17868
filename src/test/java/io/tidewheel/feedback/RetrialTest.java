package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RetrialTest {
  private static final long SECOND = 1_000_000_000L;

  private final Retrial retrial = new Retrial();

  @BeforeEach
  void await() {
    retrial.await(0);
  }

  @Test
  void comesLaterEachTime() {
    long now = 0;
    for (long wait : new long[] {5, 10, 20, 40, 60, 60}) {
      assertThat(retrial.isDue(now + wait * SECOND - 1)).isFalse();
      now += wait * SECOND;
      assertThat(retrial.isDue(now)).isTrue();
      retrial.begin(1_000, 0.3, Double.POSITIVE_INFINITY);
      verdict(210, 490, SECOND, now);
    }
  }

  @Test
  void blamesTheRateOfWhichMoreSucceedsWhenItIsLower() {
    assertThat(retrial.begin(1_000, 0.3, Double.POSITIVE_INFINITY)).isEqualTo(700);
    assertThat(verdict(300, 400, SECOND, SECOND)).isEqualTo(Retrial.Verdict.IT_IS_THE_RATE);
  }

  @Test
  void acquitsTheRateOfWhichAsMuchSucceeds() {
    retrial.begin(1_000, 0.3, 1_200);
    assertThat(verdict(210, 490, SECOND, SECOND)).isEqualTo(Retrial.Verdict.NOT_THE_RATE);
    assertThat(retrial.limitBefore()).isEqualTo(1_200);
  }

  @Test
  void waitsForEnoughAndNotForEver() {
    retrial.begin(1_000, 0.3, Double.POSITIVE_INFINITY);
    assertThat(verdict(50, 20, SECOND / 10, SECOND)).isEqualTo(Retrial.Verdict.OPEN);
    assertThat(verdict(50, 20, 2 * SECOND, SECOND)).isEqualTo(Retrial.Verdict.NOT_THE_RATE);
  }

  /** What was given out before comes back now. */
  @Test
  void saysNothingOfARateThatWasNotLower() {
    retrial.begin(1_000, 0.3, Double.POSITIVE_INFINITY);
    assertThat(verdict(500, 500, SECOND, SECOND)).isEqualTo(Retrial.Verdict.OPEN);
    assertThat(verdict(1_000, 1_000, 2 * SECOND, SECOND)).isEqualTo(Retrial.Verdict.NOT_THE_RATE);
  }

  private Retrial.Verdict verdict(long succeeded, long failed, long elapsed, long now) {
    Epoch epoch = new Epoch();
    epoch.restart(now - elapsed, 0);
    epoch.add(new Outcomes(succeeded, failed, 0), false, now - elapsed, now);
    return retrial.verdict(epoch, now);
  }
}
