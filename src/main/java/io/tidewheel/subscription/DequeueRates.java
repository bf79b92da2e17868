package io.tidewheel.subscription;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The {@link DequeueRate} of every limited subscription of a node, shared by the fronts of its
 * queues. Safe for any thread. What a subscription leaves behind is a few dozen bytes.
 */
public final class DequeueRates {
  private final Map<Long, DequeueRate> bySubscription = new ConcurrentHashMap<>();

  private DequeueRate of(long subscriptionUid) {
    return bySubscription.computeIfAbsent(subscriptionUid, uid -> new DequeueRate());
  }

  /** The share of one queue. */
  Share share(long subscriptionUid, int queue, LongSupplier nanoTime) {
    return new Share(subscriptionUid, queue, nanoTime);
  }

  /** What one queue may give out of its subscription's limit. */
  final class Share {
    private final long subscriptionUid;
    private final int queue;
    private final LongSupplier nanoTime;

    private Share(long subscriptionUid, int queue, LongSupplier nanoTime) {
      this.subscriptionUid = subscriptionUid;
      this.queue = queue;
      this.nanoTime = nanoTime;
    }

    /** How many of {@code max} messages may be given out now; they count as given out. */
    int take(int max, Policy policy) {
      Double limit = policy.settings().rateLimit();
      return limit == null || max <= 0
          ? max
          : of(subscriptionUid).take(queue, max, limit, nanoTime.getAsLong());
    }

    void giveBack(int count, Policy policy) {
      if (count > 0 && policy.settings().rateLimit() != null) {
        of(subscriptionUid).giveBack(count);
      }
    }

    /** How many of {@code max} messages could be given out now. */
    long available(long max, Policy policy) {
      Double limit = policy.settings().rateLimit();
      return limit == null
          ? max
          : Math.min(max, of(subscriptionUid).available(queue, limit, nanoTime.getAsLong()));
    }

    /** How long until more may be given out, in nanoseconds; only with a limit. */
    long waitNanos(Policy policy) {
      Double limit = policy.settings().rateLimit();
      if (limit == null) {
        return Long.MAX_VALUE;
      }
      long now = nanoTime.getAsLong();
      return of(subscriptionUid).nextNanos(queue, limit, now) - now;
    }
  }
}
