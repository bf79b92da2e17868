package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class WaitingPullsTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final long BILLING = 1;
  private static final long SHIPPING = 2;

  private final WaitingPulls waiting = new WaitingPulls();
  private final TestProbe<Subscription.Pulled> worker = KIT.createTestProbe();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private Subscription.Pull pull(int call) {
    return new Subscription.Pull(10, 1_000, 0, "w", "1", null, call, worker.getRef());
  }

  @Test
  void givesTheOldestOfTheSubscription() {
    for (int call = 1; call <= 3; call++) {
      waiting.add(BILLING, pull(call));
    }
    waiting.add(SHIPPING, pull(9));
    assertThat(List.of(waiting.take(BILLING), waiting.take(BILLING)))
        .containsExactly(pull(1), pull(2));
    assertThat(waiting.take(SHIPPING)).isEqualTo(pull(9));
    assertThat(waiting.isAny(SHIPPING)).isFalse();
    assertThat(waiting.take(SHIPPING)).isNull();
  }

  /** Guards two answers to one pull, and a worker that counts on one that never comes. */
  @Test
  void onlyOneOfQueueAndWorkerGetsAPull() {
    waiting.add(BILLING, pull(1));
    waiting.add(BILLING, pull(2));
    assertThat(waiting.remove(BILLING, pull(1))).isTrue();
    assertThat(waiting.take(BILLING)).isEqualTo(pull(2));
    assertThat(waiting.remove(BILLING, pull(2))).isFalse();
    assertThat(waiting.remove(SHIPPING, pull(2))).isFalse();
    assertThat(waiting.isAny(BILLING)).isFalse();
  }
}
