package io.tidewheel.subscription;

import io.tidewheel.subscription.Slot.Place;
import org.jspecify.annotations.Nullable;

/** Why nothing more is read or given out although there is something, in one or two words. */
final class StopReason {
  private StopReason() {}

  /** Null if it flows. */
  static @Nullable String of(Window window, SubscriptionState state, Policy policy) {
    if (policy.settings().isPaused()) {
      return "paused";
    }
    if (policy.settings().maxInFlight() <= window.outCount()) {
      return "max-in-flight";
    }
    if (!state.canDispatch(window.outCount())) {
      return state.retryCount() + state.dyingCount() + state.parkedCount()
              > SubscriptionState.MAX_RETRYING / 4
          ? "retries"
          : "acked-beyond-floor";
    }
    if (window.cursor() >= state.floor() + SubscriptionState.MAX_BEYOND_FLOOR) {
      return "acked-beyond-floor";
    }
    if (window.hasRoom() || window.count(Place.READY) > 0) {
      return null;
    }
    if (window.isDeferringStopped()) {
      return "blocked-by-key";
    }
    int blocked = window.count(Place.BLOCKED);
    int failed = window.count(Place.WAITING);
    if (window.outCount() >= Math.max(blocked, failed)) {
      return "leased";
    }
    return blocked >= failed ? "blocked-by-key" : "retries";
  }
}
