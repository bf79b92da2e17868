package io.tidewheel.subscription;

import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.SubscriptionSettings.DeliveryMode;
import java.util.List;
import java.util.Map;

/** Settings that differ from others in one thing. */
final class Settings {
  /** Of a worker that nobody asks about. */
  static final WorkerTally TALLY = new WorkerTally(WorkerName.NONE, false);

  private Settings() {}

  static SubscriptionSettings paused(SubscriptionSettings s, boolean isPaused) {
    return Changed.in(s, "isPaused", isPaused);
  }

  static SubscriptionSettings atMostOnce(SubscriptionSettings s) {
    return Changed.in(s, "delivery", DeliveryMode.AT_MOST_ONCE);
  }

  static SubscriptionSettings maxAttempts(SubscriptionSettings s, int maxAttempts) {
    return Changed.in(s, "maxAttempts", maxAttempts);
  }

  static SubscriptionSettings unordered(SubscriptionSettings s) {
    return Changed.in(s, "order", SubscriptionSettings.Order.NONE);
  }

  static SubscriptionSettings maxInFlight(SubscriptionSettings s, int maxInFlight) {
    return Changed.in(s, "maxInFlight", maxInFlight);
  }

  static SubscriptionSettings filter(
      SubscriptionSettings s, Map<String, List<SubscriptionSettings.Condition>> filter) {
    return Changed.in(s, "filter", filter);
  }

  static SubscriptionSettings onDead(SubscriptionSettings s, SubscriptionSettings.OnDead onDead) {
    return Changed.in(s, "onDead", onDead);
  }

  static SubscriptionSettings rateLimit(SubscriptionSettings s, Double rateLimit) {
    return Changed.in(s, "rateLimit", rateLimit);
  }
}
