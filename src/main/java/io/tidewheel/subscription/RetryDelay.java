package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings.Backoff;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long a failed message waits. Pure. */
final class RetryDelay {
  /** A nack can't choose more. */
  static final Duration MAX = Duration.ofHours(12);

  private RetryDelay() {}

  /**
   * The delay before the next attempt, in milliseconds.
   *
   * @param attempts failed so far, from 1
   * @param chosen by the nack; null if it leaves it to the subscription
   * @param random from 0 to 1
   */
  static long millis(Backoff backoff, int attempts, @Nullable Duration chosen, double random) {
    if (chosen != null) {
      return Math.max(0, Math.min(chosen.toMillis(), MAX.toMillis()));
    }
    double longest = (double) backoff.max().toMillis();
    double first = (double) backoff.min().toMillis();
    double delay = Math.min(first * Math.pow(backoff.factor(), attempts - 1.0), longest);
    double spread = delay * (1 + backoff.jitter() * (2 * random - 1));
    return Math.min(Math.round(Math.max(0, spread)), MAX.toMillis());
  }
}
