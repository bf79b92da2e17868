package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a handler says of a delivery. */
public final class Outcome {
  private static final Outcome ACK = new Outcome(Frame.Action.ACK, -1, null);
  private static final Outcome RETRY = new Outcome(Frame.Action.NACK, -1, null);
  private static final Outcome RELEASE = new Outcome(Frame.Action.RELEASE, -1, null);

  private final Frame.Action action;
  private final long millis;
  private final @Nullable String reason;

  private Outcome(Frame.Action action, long millis, @Nullable String reason) {
    this.action = action;
    this.millis = millis;
    this.reason = reason;
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

  Settles.Kind kind(int ref) {
    return new Settles.Kind(ref, action, millis, reason);
  }

  /** Whether what the broker gave behind it, of the same key, is taken back with it. */
  boolean isGivingBack() {
    return action == Frame.Action.NACK || action == Frame.Action.RELEASE;
  }
}
