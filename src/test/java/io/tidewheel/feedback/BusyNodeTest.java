package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.subscription.Allowance;
import io.tidewheel.subscription.DequeueRates;
import io.tidewheel.subscription.Dispatched;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a busy node lets out, in virtual time, with workers that take all they may. */
class BusyNodeTest {
  private static final long TICK = 250_000_000L;
  private static final int TURNS = 25;
  private static final FeedbackRelay.Cpu BUSY = new FeedbackRelay.Cpu(0.95, 0.9, 0.2);

  private final BusyNode node = new BusyNode();
  private final DequeueRates rates = new DequeueRates();
  private final List<Dispatched> subscriptions = new ArrayList<>();
  private final List<LocalSubscription> locals = new ArrayList<>();
  private long nanos = 1;
  private long published;

  private Dispatched subscribe(int uid) {
    Dispatched subscription = new Dispatched(rates, 1, uid, SubscriptionSettings.DEFAULTS);
    subscriptions.add(subscription);
    locals.add(new LocalSubscription(subscription.throttle()));
    return subscription;
  }

  /** Lets messages be published for some seconds; the rate at which the first one gives out. */
  private double run(int seconds, int wantedASecond) {
    int given = 0;
    for (int i = 0; i < seconds * 4; i++) {
      for (int turn = 0; turn < TURNS; turn++) {
        int wanted = wantedASecond / 4 * (turn + 1) / TURNS - wantedASecond / 4 * turn / TURNS;
        for (Dispatched subscription : subscriptions) {
          int now = subscription.give(wanted, true, "w", nanos);
          given += subscription == subscriptions.get(0) ? now : 0;
        }
        nanos += TICK / TURNS;
      }
      node.look(++published, nanos);
      for (LocalSubscription local : locals) {
        local.step(SubscriptionSettings.DEFAULTS, nanos);
        node.bound(local, nanos);
        local.throttle().allow(local.grants().allowance(1, false, nanos));
      }
    }
    return given / (double) seconds;
  }

  private Allowance.Reason reason() {
    return subscriptions.get(0).throttle().allowance().reason();
  }

  @Test
  void aBacklogIsWorkedOffAtAShareOfWhatItWas() {
    subscribe(1);
    run(5, 20_000);
    node.onCpu(BUSY);
    run(1, 20_000);
    assertThat(run(2, 20_000)).isBetween(3_000.0, 5_000.0);
    assertThat(reason()).isEqualTo(Allowance.Reason.CPU);
  }

  /** Guards a node that was busy when it began, and so does not know what it could give out. */
  @Test
  void oneThatGaveOutNothingBeforeMayGiveOutTheLeast() {
    subscribe(1);
    run(1, 4);
    node.onCpu(BUSY);
    run(1, 4);
    assertThat(run(2, 20_000)).isBetween(0.75 * BusyNode.LEAST_RATE, 1.3 * BusyNode.LEAST_RATE);
  }

  @Test
  void theLeastIsOfAllTogether() {
    for (int i = 1; i <= 4; i++) {
      subscribe(i);
    }
    run(1, 4);
    node.onCpu(BUSY);
    run(1, 4);
    double quarter = BusyNode.LEAST_RATE / 4;
    assertThat(run(2, 20_000)).isBetween(0.75 * quarter, 1.3 * quarter);
  }

  @Test
  void whatComesInMayGoOut() {
    Dispatched subscription = subscribe(1);
    subscription.setBacklog(0);
    node.onCpu(BUSY);
    for (int i = 0; i < 40; i++) {
      subscription.setBacklog(2_500);
      run(1, 10_000);
    }
    assertThat(reason()).isEqualTo(Allowance.Reason.NONE);
  }
}
