package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.SubscriptionSettings.DeliveryMode;

/** Settings that differ from others in one thing. */
final class Settings {
  private Settings() {}

  static SubscriptionSettings paused(SubscriptionSettings s, boolean isPaused) {
    return with(s, s.maxAttempts(), s.delivery(), s.order(), s.maxInFlight(), isPaused);
  }

  static SubscriptionSettings atMostOnce(SubscriptionSettings s) {
    return with(
        s, s.maxAttempts(), DeliveryMode.AT_MOST_ONCE, s.order(), s.maxInFlight(), s.isPaused());
  }

  static SubscriptionSettings maxAttempts(SubscriptionSettings s, int maxAttempts) {
    return with(s, maxAttempts, s.delivery(), s.order(), s.maxInFlight(), s.isPaused());
  }

  static SubscriptionSettings unordered(SubscriptionSettings s) {
    return with(
        s,
        s.maxAttempts(),
        s.delivery(),
        SubscriptionSettings.Order.NONE,
        s.maxInFlight(),
        s.isPaused());
  }

  static SubscriptionSettings maxInFlight(SubscriptionSettings s, int maxInFlight) {
    return with(s, s.maxAttempts(), s.delivery(), s.order(), maxInFlight, s.isPaused());
  }

  private static SubscriptionSettings with(
      SubscriptionSettings s,
      int maxAttempts,
      DeliveryMode delivery,
      SubscriptionSettings.Order order,
      int maxInFlight,
      boolean isPaused) {
    return new SubscriptionSettings(
        s.expiresAfter(),
        s.lease(),
        maxAttempts,
        s.onDead(),
        s.backoff(),
        order,
        delivery,
        s.rateLimit(),
        maxInFlight,
        s.filter(),
        s.maxLag(),
        s.success(),
        s.backends(),
        s.zone(),
        isPaused);
  }
}
