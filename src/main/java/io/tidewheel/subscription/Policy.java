package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;

/**
 * How a subscription is set now.
 *
 * @param hasDeadLetters whether what fails for the last time leaves for a dead-letter topic; if
 *     not, it is tried for ever
 */
record Policy(SubscriptionSettings settings, boolean hasDeadLetters) {
  boolean isAtMostOnce() {
    return settings.delivery() == SubscriptionSettings.DeliveryMode.AT_MOST_ONCE;
  }

  /** Whether messages of one key wait for each other. */
  boolean isOrdered() {
    return settings.order() == SubscriptionSettings.Order.KEY;
  }
}
