package io.tidewheel.client;

import io.tidewheel.message.Names;
import io.tidewheel.session.frame.Frame;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a handler says of a delivery. */
public final class Outcome {
  private static final double MAX_CALLS = 1_000_000;
  private static final Outcome ACK = new Outcome(Frame.Action.ACK, -1, null);
  private static final Outcome RETRY = new Outcome(Frame.Action.NACK, -1, null);
  private static final Outcome RELEASE = new Outcome(Frame.Action.RELEASE, -1, null);

  private final Frame.Action action;
  private final long millis;
  private final @Nullable String reason;
  private final Map<String, Double> cost;
  private final Map<String, Pushback> pushbacks;

  private Outcome(Frame.Action action, long millis, @Nullable String reason) {
    this(action, millis, reason, Map.of(), Map.of());
  }

  private Outcome(
      Frame.Action action,
      long millis,
      @Nullable String reason,
      Map<String, Double> cost,
      Map<String, Pushback> pushbacks) {
    this.action = action;
    this.millis = millis;
    this.reason = reason;
    this.cost = cost;
    this.pushbacks = pushbacks;
  }

  /** Done; it never comes again. */
  public static Outcome ack() {
    return ACK;
  }

  /** Failed; it comes again after the backoff of the subscription. */
  public static Outcome retry() {
    return RETRY;
  }

  /** As {@link #retry()}, with a reason for people. */
  public static Outcome retry(String reason) {
    return new Outcome(Frame.Action.NACK, -1, reason);
  }

  /** Failed; it comes again after this delay, of 12 hours at most. */
  public static Outcome retryIn(Duration delay) {
    return new Outcome(Frame.Action.NACK, delay.toMillis(), null);
  }

  /** Failed for good: it goes to the dead letters. */
  public static Outcome reject(String reason) {
    return new Outcome(Frame.Action.REJECT, -1, reason);
  }

  /** Not handled, which costs no attempt: it goes to another worker. */
  public static Outcome release() {
    return RELEASE;
  }

  /**
   * The same, and the delivery took so many calls of a backend of the subscription; up to 16
   * backends. What messages cost is learnt from that, and the backend's budget is kept by it.
   */
  public Outcome withCost(String backend, double calls) {
    if (!(calls >= 0 && calls <= MAX_CALLS)) {
      throw new IllegalArgumentException(calls + " calls: expected 0 to 1000000");
    }
    return new Outcome(action, millis, reason, with(cost, backend, calls), pushbacks);
  }

  /** The same, and a backend of the subscription wants less, or is well again. */
  public Outcome withPushback(String backend, Pushback pushback) {
    return new Outcome(action, millis, reason, cost, with(pushbacks, backend, pushback));
  }

  private static <T> Map<String, T> with(Map<String, T> map, String name, T value) {
    if (!Names.isValid(name)) {
      throw new IllegalArgumentException("a backend's name must be " + Names.rule());
    }
    Map<String, T> changed = new HashMap<>(map);
    changed.put(name, value);
    return Map.copyOf(changed);
  }

  Map<String, Double> cost() {
    return cost;
  }

  Map<String, Pushback> pushbacks() {
    return pushbacks;
  }

  Settles.Kind kind(int ref) {
    return new Settles.Kind(ref, action, millis, reason);
  }

  /** Whether what the broker gave behind it, of the same key, is taken back with it. */
  boolean isGivingBack() {
    return action == Frame.Action.NACK || action == Frame.Action.RELEASE;
  }
}
