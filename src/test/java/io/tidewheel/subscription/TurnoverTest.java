package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TurnoverTest {
  private static final long SECOND = 1_000_000_000L;

  private final Turnover turnover = new Turnover();

  @Test
  void countsAWorkerWhileItMayHoldSomething() {
    turnover.pulled("a", 30_000, 0);
    turnover.pulled("b", 1_000, 0);
    assertThat(turnover.workers(SECOND)).isEqualTo(2);
    assertThat(turnover.dueNanos()).isEqualTo(10 * SECOND);
    assertThat(turnover.workers(10 * SECOND)).as("b has gone").isEqualTo(1);
    assertThat(turnover.dueNanos()).isEqualTo(30 * SECOND);
    assertThat(turnover.workers(30 * SECOND)).isZero();
    assertThat(turnover.dueNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void countsAWorkerOnceHoweverOftenItPulls() {
    for (int i = 0; i < 100; i++) {
      turnover.pulled("a", 1_000, i * SECOND);
    }
    assertThat(turnover.workers(100 * SECOND)).isEqualTo(1);
    turnover.left("a");
    assertThat(turnover.workers(100 * SECOND)).isZero();
  }

  @Test
  void tellsNoMoreThanAThousandApart() {
    for (int i = 0; i < 5_000; i++) {
      turnover.pulled("w" + i, 1_000, 0);
    }
    assertThat(turnover.workers(1)).isEqualTo(Turnover.MAX_WORKERS);
  }

  @Test
  void countsWhatHappenedSinceItWasFirstAsked() {
    SubscriptionState state = SubscriptionState.opened(10);
    assertThat(turnover.since(state, 15)).isEqualTo(Since.NONE);
    turnover.given(false);
    turnover.given(true);
    turnover.failed(3);
    assertThat(turnover.since(state, 22)).isEqualTo(new Since(7, 0, 0, 0, 2, 1, 3));
  }
}
