package io.tidewheel.subscription;

import io.tidewheel.journal.Fence;
import io.tidewheel.subscription.Subscription.Pull;
import io.tidewheel.subscription.Subscription.Pulled;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What must be open before a subscription gives anything out, whatever is ready. Giving out and
 * explaining why nothing is given out ask the same questions here.
 */
final class Gates {
  private final Fence fence;
  private final Pulling pulling;
  private final Supplier<@Nullable Gate> ending;

  /** The gates of a front; {@code ending} says whether it stops or closes. */
  Gates(Fence fence, Pulling pulling, Supplier<@Nullable Gate> ending) {
    this.fence = fence;
    this.pulling = pulling;
    this.ending = ending;
  }

  /**
   * How many more may be given out, as far as the front's own state goes: by what is in flight, and
   * by what can be recorded. Not positive for none.
   */
  static int room(Ledger ledger, Window window, Policy policy) {
    int inFlight = roomInFlight(window, policy);
    return inFlight <= 0 || !ledger.isKnown()
        ? 0
        : Math.min(inFlight, ledger.state().roomToDispatch(window.outCount()));
  }

  private static int roomInFlight(Window window, Policy policy) {
    return policy.settings().maxInFlight() - window.outCount();
  }

  /** Whether this node may say where messages are. */
  boolean isFenceHeld() {
    return fence.isHeld();
  }

  /** The gate that stops everything, whatever the messages are; null if none does. */
  @Nullable Gate outer(Policy policy) {
    Gate end = ending.get();
    if (end != null) {
      return end;
    }
    if (!fence.isHeld()) {
      return Gate.STORE;
    }
    return policy.settings().isPaused() ? Gate.PAUSED : null;
  }

  /** The gate that keeps back what is ready, in a known state; null if whoever asks gets it. */
  @Nullable Gate closed(Deliveries known, Policy policy) {
    Gate outer = outer(policy);
    if (outer != null) {
      return outer;
    }
    if (room(known.ledger(), known.window(), policy) <= 0) {
      return roomInFlight(known.window(), policy) <= 0 ? Gate.IN_FLIGHT : Gate.RECORDS;
    }
    return pulling.isHolding(known, policy) ? pulling.allowance().gate(policy) : null;
  }

  /** What could be given out now. */
  long dispatchable(Deliveries known, Policy policy) {
    return outer(policy) == null ? pulling.dispatchable(known, policy) : 0;
  }

  /** What the subscription may give out on this node. */
  Allowance allowance() {
    return pulling.allowance();
  }

  /** When the rate lets more out; {@link Long#MAX_VALUE} if that is not what holds. */
  long dueNanos(Deliveries known, Policy policy, Now now) {
    return outer(policy) == null ? pulling.dueNanos(known, policy, now) : Long.MAX_VALUE;
  }

  /** Tells who decides on the rate what waits here, unless nothing of it may go out anyway. */
  void tellBacklog(Deliveries known, Policy policy) {
    if (outer(policy) == null) {
      pulling.tellBacklog(known);
    }
  }

  /** Answers workers of this node that found nothing before, as long as there is something. */
  void giveToWaiting(
      WaitingPulls waiting, long subscriptionUid, Deliveries known, Policy policy, Now now) {
    while (waiting.isAny(subscriptionUid) && dispatchable(known, policy) > 0) {
      Pull pull = waiting.take(subscriptionUid);
      if (pull != null) {
        pull(pull, known, policy, now);
      }
    }
  }

  void pull(Pull pull, @Nullable Deliveries known, Policy policy, Now now) {
    if (known == null || outer(policy) != null || pull.max() <= 0) {
      pull.replyTo().tell(Pulled.nothing(pull.call()));
    } else {
      pulling.pull(pull, known, policy, now);
    }
  }
}
