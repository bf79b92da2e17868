package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The share against a simulated node: what it gives out takes processor time, others do too. */
class CpuLawTest {
  private final CpuLaw law = new CpuLaw(0.8, 0.1);
  private final Random random = new Random(5);

  /** Samples for some seconds; {@code own} is what a full share takes, {@code others} the rest. */
  private double run(int seconds, double own, double others) {
    double sum = 0;
    for (int i = 0; i < seconds * 4; i++) {
      double noise = 0.04 * random.nextGaussian();
      law.sample(Math.max(0, Math.min(1, own * law.share() + others + noise)));
      sum += law.share();
    }
    return sum / (seconds * 4);
  }

  @Test
  void fallsWithinTwoSecondsAndIsBackWithinFive() {
    run(10, 0.5, 0.1);
    assertThat(law.share()).isEqualTo(1);
    run(2, 0.5, 1);
    assertThat(law.share()).isLessThan(0.5);
    run(5, 0.5, 1);
    assertThat(law.share()).isEqualTo(0.1);
    run(5, 0.5, 0.1);
    assertThat(law.share()).isEqualTo(1);
  }

  @Test
  void settlesWhereTheNodeIsAsBusyAsItMayBe() {
    run(20, 1.2, 0.1);
    assertThat(run(20, 1.2, 0.1)).isBetween(0.48, 0.68);
  }

  @Test
  void aMomentIsNoReason() {
    run(5, 0.3, 0.1);
    law.sample(1);
    law.sample(0.4);
    assertThat(law.share()).isEqualTo(1);
  }

  @Test
  void whatCannotBeReadChangesNothing() {
    run(5, 0.3, 0.1);
    law.sample(Double.NaN);
    law.sample(-1);
    assertThat(law.share()).isEqualTo(1);
  }
}
