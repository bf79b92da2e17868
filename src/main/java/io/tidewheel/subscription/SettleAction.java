package io.tidewheel.subscription;

import io.tidewheel.message.Control;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a worker says about deliveries it holds. */
public sealed interface SettleAction extends Control {
  /** Done: never deliver it again. */
  record Ack() implements SettleAction {}

  /**
   * Failed: try again later; costs an attempt.
   *
   * @param delay until then, at most 12 h; null for the subscription's backoff
   */
  record Nack(@Nullable Duration delay, @Nullable String reason) implements SettleAction {}

  /** Give back at once, as if it had never been given out; costs no attempt. */
  record Release() implements SettleAction {}

  /** Give up: make it a dead letter. */
  record Reject(@Nullable String reason) implements SettleAction {}

  /** Keep it for another {@code lease} from now; null for the subscription's own. */
  record Extend(@Nullable Duration lease) implements SettleAction {}
}
