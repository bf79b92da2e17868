package io.tidewheel.catalog;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a subscription, changeable at run time.
 *
 * @param expiresAfter idle time after which it is removed; null for never
 * @param lease how long a worker may keep a delivery without extending it
 * @param maxAttempts deliveries after which a failing message becomes a dead letter
 * @param rateLimit messages per second over all queues; null for none
 * @param maxInFlight leased messages per queue
 * @param filter conditions by header name, all of which must hold
 * @param backends whose budget counts
 * @param isPaused whether nothing is dispatched
 */
public record SubscriptionSettings(
    @Nullable Duration expiresAfter,
    Duration lease,
    int maxAttempts,
    OnDead onDead,
    Backoff backoff,
    Order order,
    DeliveryMode delivery,
    @Nullable Double rateLimit,
    int maxInFlight,
    Map<String, List<Condition>> filter,
    @Nullable MaxLag maxLag,
    Success success,
    List<String> backends,
    @Nullable String zone,
    boolean isPaused) {

  public static final SubscriptionSettings DEFAULTS =
      new SubscriptionSettings(
          null,
          Duration.ofSeconds(30),
          16,
          OnDead.PASS,
          new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5), 2, 0.2),
          Order.KEY,
          DeliveryMode.AT_LEAST_ONCE,
          null,
          10_000,
          Map.of(),
          null,
          new Success(0.9, Duration.ofSeconds(10), 1),
          List.of(),
          null,
          false);

  /** What happens to the rest of a key when one of its messages becomes a dead letter. */
  public enum OnDead {
    PASS,
    PARK_KEY
  }

  public enum Order {
    KEY,
    NONE
  }

  public enum DeliveryMode {
    AT_LEAST_ONCE,
    AT_MOST_ONCE
  }

  /**
   * Delay before a failed message is given out again: {@code min} times {@code factor} per attempt,
   * at most {@code max}, spread by plus or minus {@code jitter} of itself.
   */
  public record Backoff(Duration min, Duration max, double factor, double jitter) {}

  /**
   * Below {@code target} over {@code window} the dispatch slows down to {@code minRate} a second.
   */
  public record Success(double target, Duration window, double minRate) {}

  /** How far a subscription may fall behind; null means that this measure has no bound. */
  public record MaxLag(@Nullable Long bytes, @Nullable Long messages, boolean isSkipping) {}

  /** One condition on a header's value. */
  public record Condition(Kind kind, List<String> values) {
    /** EQUALS: one of the values; PREFIX: begins with one; EXISTS: values are "true" or "false". */
    public enum Kind {
      EQUALS,
      PREFIX,
      EXISTS,
      ANYTHING_BUT
    }
  }
}
