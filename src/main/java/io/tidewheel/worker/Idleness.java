package io.tidewheel.worker;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * When subscriptions were last used on this node: by a pull, by a settling, or by a worker that
 * waits. In memory alone: after a start nothing has been idle yet. Safe for any thread.
 *
 * <p>Holds one entry for each subscription that has an open pull, and one for each that is watched.
 */
public final class Idleness {
  private final LongSupplier nanoTime;
  private final Map<Long, Integer> openPullCounts = new ConcurrentHashMap<>();
  private final Map<Long, Long> lastUseNanos = new ConcurrentHashMap<>();

  /**
   * Knows of no use.
   *
   * @param nanoTime a monotonic clock
   */
  public Idleness(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A pull is open, and a worker waits, until {@link #onPullEnded}. */
  void onPullBegan(long subscriptionUid) {
    openPullCounts.merge(subscriptionUid, 1, Integer::sum);
  }

  void onPullEnded(long subscriptionUid) {
    // The use first: whoever finds no open pull finds this use.
    onUse(subscriptionUid);
    openPullCounts.computeIfPresent(
        subscriptionUid, (uid, count) -> count == 1 ? null : Integer.valueOf(count - 1));
  }

  void onUse(long subscriptionUid) {
    lastUseNanos.computeIfPresent(subscriptionUid, (uid, before) -> nanoTime.getAsLong());
  }

  /** From now on keeps the last use of these, and of no others; one that is new counts as used. */
  void watch(Set<Long> subscriptionUids) {
    lastUseNanos.keySet().retainAll(subscriptionUids);
    long now = nanoTime.getAsLong();
    subscriptionUids.forEach(uid -> lastUseNanos.putIfAbsent(uid, now));
  }

  /** Whether a watched subscription has no open pull and was not used for that long. */
  boolean isIdle(long subscriptionUid, Duration limit) {
    if (openPullCounts.containsKey(subscriptionUid)) {
      return false;
    }
    Long lastUse = lastUseNanos.get(subscriptionUid);
    return lastUse != null && nanoTime.getAsLong() - lastUse >= limit.toNanos();
  }
}
