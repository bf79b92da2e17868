package io.tidewheel.subscription;

import io.tidewheel.queue.Reader;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The {@link Throttle} of every subscription of a node, shared by the fronts of its queues. Safe
 * for any thread. What a subscription leaves behind is a few hundred bytes.
 */
public final class DequeueRates {
  private final Map<Long, Throttle> bySubscription = new ConcurrentHashMap<>();
  private volatile Allowance initial = Allowance.OPEN;

  /** What a subscription may give out that nobody has decided about yet. */
  public void setInitial(Allowance allowance) {
    initial = allowance;
  }

  /** Of all subscriptions that were here since the node started. */
  public Collection<Throttle> throttles() {
    return bySubscription.values();
  }

  /** Of one subscription; null if it was never here. */
  public @Nullable Throttle throttle(long subscriptionUid) {
    return bySubscription.get(subscriptionUid);
  }

  /** The share of one queue. */
  Share share(Reader.Context reader, LongSupplier nanoTime) {
    return share(reader.topicUid(), reader.subscriptionUid(), reader.queue(), nanoTime);
  }

  /** The share of one queue. */
  Share share(long topicUid, long subscriptionUid, int queue, LongSupplier nanoTime) {
    Throttle throttle =
        bySubscription.computeIfAbsent(
            subscriptionUid, uid -> new Throttle(topicUid, uid, initial, nanoTime.getAsLong()));
    return new Share(throttle, queue, nanoTime);
  }

  /** What one queue may give out of its subscription's allowance. */
  static final class Share {
    private final Throttle throttle;
    private final int queue;
    private final LongSupplier nanoTime;

    private Share(Throttle throttle, int queue, LongSupplier nanoTime) {
      this.throttle = throttle;
      this.queue = queue;
      this.nanoTime = nanoTime;
    }

    Allowance allowance() {
      return throttle.allowance();
    }

    Throttle throttle() {
      return throttle;
    }

    long nowNanos() {
      return nanoTime.getAsLong();
    }

    void tellBacklog(long backlog) {
      throttle.tellBacklog(queue, backlog, nanoTime.getAsLong());
    }

    /** How many of {@code max} messages may be given out now; they count as given out. */
    int take(int max, Policy policy) {
      return throttle.take(queue, max, policy, nanoTime.getAsLong());
    }

    void giveBack(int count, Policy policy) {
      if (count > 0) {
        throttle.giveBack(count, policy);
      }
    }

    /** How many of {@code max} messages could be given out now. */
    long available(long max, Policy policy) {
      return throttle.available(queue, max, policy, nanoTime.getAsLong());
    }

    boolean isLimited(Policy policy) {
      return throttle.allowance().rateWith(policy) < Double.POSITIVE_INFINITY;
    }

    /** How long until more may be given out, in nanoseconds; only with a limit. */
    long waitNanos(Policy policy) {
      return throttle.waitNanos(queue, policy, nanoTime.getAsLong());
    }
  }
}
