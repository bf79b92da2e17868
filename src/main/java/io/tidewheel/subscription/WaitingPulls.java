package io.tidewheel.subscription;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Pulls of this node's workers that found nothing: the next queue of the node that has something
 * answers the oldest of them, in the turn in which it came, without anybody in between. Safe for
 * any thread.
 *
 * <p>A worker whose pull is here waits at the board as well, which knows of other nodes. Holds one
 * pull for each worker that waits.
 */
public final class WaitingPulls {
  private final ConcurrentHashMap<Long, Set<Subscription.Pull>> bySubscription =
      new ConcurrentHashMap<>();

  /** Waits behind those that are there. */
  public void add(long subscriptionUid, Subscription.Pull pull) {
    bySubscription.compute(
        subscriptionUid,
        (uid, known) -> {
          Set<Subscription.Pull> waiting = known == null ? new LinkedHashSet<>() : known;
          waiting.add(pull);
          return waiting;
        });
  }

  /** Waits no more; false if a queue has taken it, and answers or has answered. */
  public boolean remove(long subscriptionUid, Subscription.Pull pull) {
    boolean[] isRemoved = new boolean[1];
    bySubscription.computeIfPresent(
        subscriptionUid,
        (uid, waiting) -> {
          isRemoved[0] = waiting.remove(pull);
          return waiting.isEmpty() ? null : waiting;
        });
    return isRemoved[0];
  }

  /** Whether a worker waits. */
  public boolean isAny(long subscriptionUid) {
    return bySubscription.containsKey(subscriptionUid);
  }

  /** The one that waits longest, which is to be answered; null if none does. */
  public Subscription.@Nullable Pull take(long subscriptionUid) {
    Subscription.Pull[] first = new Subscription.Pull[1];
    bySubscription.computeIfPresent(
        subscriptionUid,
        (uid, waiting) -> {
          first[0] = waiting.iterator().next();
          waiting.remove(first[0]);
          return waiting.isEmpty() ? null : waiting;
        });
    return first[0];
  }
}
