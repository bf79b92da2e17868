package io.tidewheel.worker;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

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
   * @param removal that is going on; null if there is none
   * @param lastNanos when it was last used; of no meaning unless it is watched
   */
  private record Use(int openPulls, boolean isWatched, @Nullable Removal removal, long lastNanos) {}

  /**
   * A removal, while which the subscription takes no pulls.
   *
   * @param remover the node that is at it
   * @param untilNanos when it is over even if nobody says so
   */
  private record Removal(String remover, long untilNanos) {}

  /** Longer than a removal takes: then whoever began it, or heard of it, has failed meanwhile. */
  public static final Duration MAX_REMOVAL = Duration.ofSeconds(20);

  private static final String THIS_NODE = "";

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
            new Use(1, false, null, 0),
            (known, one) ->
                isLeaving(known)
                    ? known
                    : new Use(known.openPulls + 1, known.isWatched, null, known.lastNanos));
    // Without asking the clock again: only a pull that was counted may end.
    return use.removal == null;
  }

  private boolean isLeaving(Use use) {
    Removal removal = use.removal;
    return removal != null && nanoTime.getAsLong() - removal.untilNanos < 0;
  }

  void onPullEnded(long subscriptionUid) {
    uses.computeIfPresent(
        subscriptionUid,
        (uid, use) ->
            use.openPulls == 1 && !use.isWatched
                ? null
                : new Use(use.openPulls - 1, use.isWatched, use.removal, nanoTime.getAsLong()));
  }

  void onUse(long subscriptionUid) {
    uses.computeIfPresent(
        subscriptionUid,
        (uid, use) -> new Use(use.openPulls, use.isWatched, use.removal, nanoTime.getAsLong()));
  }

  /** From now on keeps the last use of these, and of no others; one that is new counts as used. */
  void watch(Set<Long> subscriptionUids) {
    for (Long known : uses.keySet()) {
      if (!subscriptionUids.contains(known)) {
        uses.computeIfPresent(
            known,
            (uid, use) -> use.openPulls == 0 ? null : new Use(use.openPulls, false, null, 0));
      }
    }
    long now = nanoTime.getAsLong();
    Use fresh = new Use(0, true, null, now);
    for (Long watched : subscriptionUids) {
      uses.merge(
          watched,
          fresh,
          (use, ignored) -> use.isWatched ? use : new Use(use.openPulls, true, null, now));
    }
  }

  /**
   * Counts every watched subscription as used now: a node has left, and what was used through it is
   * not known any more.
   */
  public void forgetIdleTime() {
    long now = nanoTime.getAsLong();
    uses.replaceAll(
        (uid, use) -> use.isWatched ? new Use(use.openPulls, true, use.removal, now) : use);
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

  /** As {@link #beginRemoval(long, Duration, String)}, by this node. */
  boolean beginRemoval(long subscriptionUid, Duration limit) {
    return beginRemoval(subscriptionUid, limit, THIS_NODE);
  }

  /**
   * From now on, until {@link #endRemoval} or for {@link #MAX_REMOVAL}, refuses pulls on this node.
   *
   * @param remover the node that removes it
   * @return false if it is not idle, or is being removed already
   */
  public boolean beginRemoval(long subscriptionUid, Duration limit, String remover) {
    Use use = uses.get(subscriptionUid);
    return use != null
        && !isLeaving(use)
        && isIdle(use, limit)
        && uses.replace(
            subscriptionUid,
            use,
            new Use(
                0,
                true,
                new Removal(remover, nanoTime.getAsLong() + MAX_REMOVAL.toNanos()),
                use.lastNanos));
  }

  /** As {@link #endRemoval(long, String)}, by this node. */
  void endRemoval(long subscriptionUid) {
    endRemoval(subscriptionUid, THIS_NODE);
  }

  /** It is gone, or it stays; ends nothing that another node has begun. */
  public void endRemoval(long subscriptionUid, String remover) {
    uses.computeIfPresent(
        subscriptionUid,
        (uid, use) ->
            use.removal != null && use.removal.remover.equals(remover)
                ? new Use(use.openPulls, use.isWatched, null, use.lastNanos)
                : use);
  }
}
