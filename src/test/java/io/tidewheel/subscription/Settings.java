package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.SubscriptionSettings.DeliveryMode;
import java.util.List;
import java.util.Map;

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

  static SubscriptionSettings filter(
      SubscriptionSettings s, Map<String, List<SubscriptionSettings.Condition>> filter) {
    return copy(s, s.onDead(), s.rateLimit(), filter);
  }

  static SubscriptionSettings onDead(SubscriptionSettings s, SubscriptionSettings.OnDead onDead) {
    return copy(s, onDead, s.rateLimit(), s.filter());
  }

  static SubscriptionSettings rateLimit(SubscriptionSettings s, Double rateLimit) {
    return copy(s, s.onDead(), rateLimit, s.filter());
  }

  private static SubscriptionSettings copy(
      SubscriptionSettings s,
      SubscriptionSettings.OnDead onDead,
      Double rateLimit,
      Map<String, List<SubscriptionSettings.Condition>> filter) {
    return new SubscriptionSettings(
        s.expiresAfter(),
        s.lease(),
        s.maxAttempts(),
        onDead,
        s.backoff(),
        s.order(),
        s.delivery(),
        rateLimit,
        s.maxInFlight(),
        filter,
        s.maxLag(),
        s.success(),
        s.backends(),
        s.zone(),
        s.isPaused());
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
