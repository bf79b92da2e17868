package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** How even a {@code rateLimit} over three nodes is, by the longest time for which they stop. */
class RateOverNodesTest {
  private static final int SECONDS = 44;
  private static final int SETTLED_MILLIS = 2_000;
  private static final int SEEDS = 5;

  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void noSecondIsFarAboveTheRate() {
    for (int stallMillis : new int[] {1, 100, 200, 500}) {
      for (int seed = 0; seed < SEEDS; seed++) {
        RateOverNodes run = new RateOverNodes(KIT, SECONDS, stallMillis, seed);
        assertThat(run.most(SETTLED_MILLIS, 1_000))
            .as("stalls up to %d ms, seed %d", stallMillis, seed)
            .isLessThan(RateOverNodes.RATE * 110 / 100 + 1);
        assertThat(run.most(SETTLED_MILLIS, 10_000)).isLessThan(RateOverNodes.RATE * 103 / 10);
        assertThat(run.leastOfQueues()).isGreaterThan(100);
      }
    }
  }

  @Test
  void onAQuietMachineTheRateIsKept() {
    for (int stallMillis : new int[] {1, 50}) {
      for (int seed = 0; seed < SEEDS; seed++) {
        RateOverNodes run = new RateOverNodes(KIT, SECONDS, stallMillis, seed);
        assertThat(run.least(SETTLED_MILLIS, 10_000))
            .as("stalls up to %d ms, seed %d", stallMillis, seed)
            .isGreaterThan(RateOverNodes.RATE * 97 / 10);
      }
    }
  }
}
