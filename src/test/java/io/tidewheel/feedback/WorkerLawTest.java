package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Ten workers; one of them fails in 1 ms where the others succeed in 20 ms. */
class WorkerLawTest {
  private static final long TICK = 250_000_000L;

  private final WorkerLaw<String> law = new WorkerLaw<>();
  private long now;

  private Map<String, Outcomes> wellAnd(Outcomes broken) {
    Map<String, Outcomes> all = new HashMap<>();
    for (int i = 0; i < 9; i++) {
      all.put("well-" + i, new Outcomes(12, 0, 12 * 20_000_000L));
    }
    all.put("broken", broken);
    return all;
  }

  @Test
  void findsTheOutlierAtOnceAndKeepsItToAFew() {
    long given = 0;
    long all = 0;
    for (int step = 0; step < 80; step++) {
      now += TICK;
      int broken = law.isSick("broken") ? (step % 4 == 0 ? 1 : 0) : 250;
      law.step(now, wellAnd(new Outcomes(0, broken, 0)));
      if (step >= 12) {
        given += broken;
        all += broken + 9 * 12;
      }
    }
    assertThat(law.isSick("broken")).isTrue();
    assertThat(law.isSick("well-0")).isFalse();
    assertThat(given / (double) all).isLessThanOrEqualTo(0.01);
  }

  @Test
  void takesItBackWhenWhatItTriesSucceeds() {
    law.step(now += TICK, wellAnd(new Outcomes(0, 250, 0)));
    assertThat(law.isSick("broken")).isTrue();
    for (int step = 0; step < 24; step++) {
      law.step(now += TICK, wellAnd(new Outcomes(step % 4 == 0 ? 1 : 0, 0, 0)));
    }
    assertThat(law.isSick("broken")).isFalse();
  }

  @Test
  void nobodyIsSickWhenAllFail() {
    for (int step = 0; step < 20; step++) {
      law.step(
          now += TICK,
          Map.of("a", new Outcomes(0, 50, 0), "b", new Outcomes(0, 50, 0), "c", Outcomes.NONE));
      assertThat(law.isSick("a") || law.isSick("b")).isFalse();
    }
  }

  @Test
  void aWorkerAloneIsNoOutlier() {
    law.step(now += TICK, Map.of("a", new Outcomes(0, 500, 0)));
    assertThat(law.isSick("a")).isFalse();
  }

  @Test
  void aFewFailuresMakeNobodySick() {
    law.step(now += TICK, wellAnd(new Outcomes(0, 9, 0)));
    assertThat(law.isSick("broken")).isFalse();
  }
}
