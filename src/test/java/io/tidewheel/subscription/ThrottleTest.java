package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Message;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final long SECOND = 1_000_000_000L;

  private final DequeueRates rates = new DequeueRates();

  private static Allowance allowed(double rate, Allowance.Reason reason) {
    return new Allowance(rate, 0.5, 1, reason, "because");
  }

  /** Gives out as much as it may for ten seconds. */
  private static int tenSeconds(Dispatched subscription) {
    int given = 0;
    for (long now = SECOND; now < 11 * SECOND; now += SECOND / 100) {
      given += subscription.give(100, true, "w", now);
    }
    return given;
  }

  @Test
  void theLesserOfLimitAndAllowanceHolds() {
    SubscriptionSettings limited = Changed.in(SubscriptionSettings.DEFAULTS, "rateLimit", 100.0);
    Dispatched subscription = new Dispatched(rates, 1, 2, limited);
    Policy policy = new Policy(limited, true);
    subscription.throttle().allow(allowed(1_000, Allowance.Reason.BACKEND));
    assertThat(tenSeconds(subscription)).isBetween(490, 515);
    assertThat(subscription.throttle().allowance().gate(policy)).isEqualTo(Gate.RATE);
    subscription.throttle().allow(allowed(20, Allowance.Reason.SUCCESS));
    assertThat(subscription.throttle().allowance().gate(policy)).isEqualTo(Gate.SUCCESS);
    assertThat(tenSeconds(new Dispatched(rates, 1, 2, limited))).isBetween(195, 210);
  }

  @Test
  void aRateOfNothingGivesNothingAndIsLookedAtAgain() {
    Dispatched subscription = new Dispatched(rates, 1, 2, SubscriptionSettings.DEFAULTS);
    subscription.throttle().allow(allowed(0, Allowance.Reason.BACKEND));
    assertThat(tenSeconds(subscription)).isLessThanOrEqualTo(1);
    Policy policy = new Policy(SubscriptionSettings.DEFAULTS, true);
    assertThat(subscription.throttle().waitNanos(0, policy, 12 * SECOND)).isBetween(1L, SECOND / 2);
    subscription.throttle().allow(Allowance.OPEN);
    assertThat(subscription.give(100, true, "w", 13 * SECOND)).isEqualTo(100);
  }

  @Test
  void whatWasSavedAtAHighRateIsNotForALowOne() {
    Dispatched subscription = new Dispatched(rates, 1, 2, SubscriptionSettings.DEFAULTS);
    subscription.throttle().allow(allowed(10_000, Allowance.Reason.SUCCESS));
    subscription.give(1, true, "w", SECOND);
    subscription.give(1, true, "w", 2 * SECOND);
    subscription.throttle().allow(allowed(10, Allowance.Reason.SUCCESS));
    assertThat(subscription.give(1_000, true, "w", 2 * SECOND)).isLessThanOrEqualTo(3);
  }

  @Test
  void aSickWorkerGetsOneASecond() {
    Dispatched subscription = new Dispatched(rates, 1, 2, SubscriptionSettings.DEFAULTS);
    subscription.give(10, false, "sick", SECOND);
    subscription.throttle().workers().forEach(worker -> worker.setSick(true));
    int given = 0;
    for (long now = 2 * SECOND; now < 12 * SECOND; now += SECOND / 100) {
      given += subscription.give(10, false, "sick", now);
    }
    assertThat(given).isEqualTo(10);
    assertThat(subscription.give(10, true, "well", 12 * SECOND)).isEqualTo(10);
  }

  /** Of ten messages that failed before and ninety that did not. */
  @Test
  void retriesAreAFifthOfWhatIsGivenOutWhileThereIsSomethingElse() {
    Turns turns = new Turns();
    for (int i = 0; i < 100; i++) {
      Slot fresh = ready(1_000 + i, 0);
      turns.add(fresh, true);
      turns.add(ready(i, 1), false);
    }
    turns.limitRetries(0.2);
    List<Slot> taken = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Slot next = turns.peek(stale -> {});
      assertThat(next).isNotNull();
      turns.take(next);
      taken.add(next);
    }
    long retries = taken.stream().filter(slot -> slot.attempts > 0).count();
    assertThat(retries).isBetween(20L, 30L);
    while (turns.peek(stale -> {}) != null) {
      turns.take(turns.peek(stale -> {}));
    }
  }

  private static Slot ready(long offset, int attempts) {
    Slot slot = new Slot(offset, 0, Message.of(new byte[1]), null);
    slot.place = Slot.Place.READY;
    slot.attempts = attempts;
    return slot;
  }
}
