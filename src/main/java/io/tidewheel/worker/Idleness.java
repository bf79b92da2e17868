package io.tidewheel.worker;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * When subscriptions were last used on this node: by a pull, by a settling, or by a worker that
 * waits. In memory alone: after a start nothing has been idle yet. Safe for any thread.
 *
 * <p>Holds one entry for each subscription that has an open pull or is watched.
 */
public final class Idleness {
  /**
   * One subscription.
   *
   * @param isLeaving whether it is being removed, and takes no pulls
   * @param lastNanos when it was last used; of no meaning unless it is watched
   */
  private record Use(int openPulls, boolean isWatched, boolean isLeaving, long lastNanos) {}

  private final ConcurrentHashMap<Long, Use> uses = new ConcurrentHashMap<>();
  private final LongSupplier nanoTime;

  /**
   * Knows of no use.
   *
   * @param nanoTime a monotonic clock
   */
  public Idleness(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * A pull is open, and a worker waits, until {@link #onPullEnded}.
   *
   * @return false if it may not begin, because the subscription is being removed
   */
  boolean onPullBegan(long subscriptionUid) {
    Use use =
        uses.merge(
            subscriptionUid,
            new Use(1, false, false, 0),
            (known, one) ->
                known.isLeaving
                    ? known
                    : new Use(known.openPulls + 1, known.isWatched, false, known.lastNanos));
    return !use.isLeaving;
  }

  void onPullEnded(long subscriptionUid) {
    uses.computeIfPresent(
        subscriptionUid,
        (uid, use) ->
            use.openPulls == 1 && !use.isWatched
                ? null
                : new Use(use.openPulls - 1, use.isWatched, use.isLeaving, nanoTime.getAsLong()));
  }

  void onUse(long subscriptionUid) {
    uses.computeIfPresent(
        subscriptionUid,
        (uid, use) -> new Use(use.openPulls, use.isWatched, use.isLeaving, nanoTime.getAsLong()));
  }

  /** From now on keeps the last use of these, and of no others; one that is new counts as used. */
  void watch(Set<Long> subscriptionUids) {
    for (Long known : uses.keySet()) {
      if (!subscriptionUids.contains(known)) {
        uses.computeIfPresent(
            known,
            (uid, use) -> use.openPulls == 0 ? null : new Use(use.openPulls, false, false, 0));
      }
    }
    long now = nanoTime.getAsLong();
    Use fresh = new Use(0, true, false, now);
    for (Long watched : subscriptionUids) {
      uses.merge(
          watched,
          fresh,
          (use, ignored) -> use.isWatched ? use : new Use(use.openPulls, true, false, now));
    }
  }

  /**
   * Counts every watched subscription as used now: a node has left, and what was used through it is
   * not known any more.
   */
  public void forgetIdleTime() {
    long now = nanoTime.getAsLong();
    uses.replaceAll(
        (uid, use) -> use.isWatched ? new Use(use.openPulls, true, use.isLeaving, now) : use);
  }

  /** Whether a watched subscription has no open pull and was not used for that long. */
  boolean isIdle(long subscriptionUid, Duration limit) {
    Use use = uses.get(subscriptionUid);
    return use != null && isIdle(use, limit);
  }

  private boolean isIdle(Use use, Duration limit) {
    return use.isWatched
        && use.openPulls == 0
        && nanoTime.getAsLong() - use.lastNanos >= limit.toNanos();
  }

  /**
   * From now on, until {@link #endRemoval}, refuses pulls on this node.
   *
   * @return false if it is not idle, or is being removed already
   */
  public boolean beginRemoval(long subscriptionUid, Duration limit) {
    Use use = uses.get(subscriptionUid);
    return use != null
        && !use.isLeaving
        && isIdle(use, limit)
        && uses.replace(subscriptionUid, use, new Use(0, true, true, use.lastNanos));
  }

  /** It is gone, or it stays. */
  public void endRemoval(long subscriptionUid) {
    uses.computeIfPresent(
        subscriptionUid, (uid, use) -> new Use(use.openPulls, use.isWatched, false, use.lastNanos));
  }
}
