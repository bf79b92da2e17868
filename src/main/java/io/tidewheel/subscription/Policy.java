package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Message;

/**
 * How a subscription is set now.
 *
 * @param hasDeadLetters whether what fails for the last time leaves for a dead-letter topic; if
 *     not, it is tried for ever
 * @param ttlMillis after which an unsettled message of the topic is a dead letter; 0 for never
 */
record Policy(SubscriptionSettings settings, boolean hasDeadLetters, long ttlMillis) {
  Policy(SubscriptionSettings settings, boolean hasDeadLetters) {
    this(settings, hasDeadLetters, 0);
  }

  boolean isAtMostOnce() {
    return settings.delivery() == SubscriptionSettings.DeliveryMode.AT_MOST_ONCE;
  }

  /** Whether messages of one key wait for each other. */
  boolean isOrdered() {
    return settings.order() == SubscriptionSettings.Order.KEY;
  }

  /** Whether the rest of a key waits behind its dead letter. */
  boolean isParkingKeys() {
    return settings.onDead() == SubscriptionSettings.OnDead.PARK_KEY;
  }

  boolean asksFor(Message message) {
    return settings.filter().isEmpty()
        || HeaderFilter.matches(settings.filter(), message.headers());
  }

  /**
   * When a message becomes a dead letter, in wall-clock milliseconds: at the end of its topic's
   * time to live or its own, whichever comes first; {@link Long#MAX_VALUE} for never.
   */
  long expiresAtMillis(Message message, long publishedAtMillis) {
    if (!hasDeadLetters) {
      return Long.MAX_VALUE;
    }
    long own =
        message.expiresAtMillis() == Message.NEVER ? Long.MAX_VALUE : message.expiresAtMillis();
    return ttlMillis == 0 ? own : Math.min(own, publishedAtMillis + ttlMillis);
  }

  /**
   * How long a lease is, in milliseconds.
   *
   * @param chosen by the worker; 0 for none
   */
  long leaseMillis(long chosen) {
    return chosen > 0 ? chosen : settings().lease().toMillis();
  }
}
