package io.tidewheel.subscription;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a subscription has given out since its owner started, and who came for it. Counts only grow;
 * times are nanoseconds of a monotonic clock. Pure.
 */
final class Turnover {
  /** Beyond these, workers are not told apart any more. */
  static final int MAX_WORKERS = 1_000;

  /** A worker that holds nothing is here as long as this after its last pull. */
  static final long PRESENT_NANOS = 10_000_000_000L;

  private long delivered;
  private long redelivered;
  private long failed;

  /** Nobody goes before. */
  private long dueNanos = Long.MAX_VALUE;

  /** Until when each is taken to be here. The one that pulled longest ago first. */
  private final Map<Object, Long> workers = new LinkedHashMap<>(16, 0.75f, true);

  /** A worker has asked; what it gets it may hold as long as its lease. */
  void pulled(Object worker, long leaseMillis, long nowNanos) {
    long until = nowNanos + Math.max(PRESENT_NANOS, leaseMillis * 1_000_000);
    workers.merge(worker, until, Math::max);
    dueNanos = Math.min(dueNanos, until);
    if (workers.size() > MAX_WORKERS) {
      Iterator<Object> oldest = workers.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  /** A worker is gone. */
  void left(Object worker) {
    workers.remove(worker);
  }

  void given(boolean isAgain) {
    delivered++;
    if (isAgain) {
      redelivered++;
    }
  }

  /** Deliveries that ended without an ack, once that is stored. */
  void failed(int count) {
    failed += count;
  }

  long delivered() {
    return delivered;
  }

  /** Of these, the ones that were not the first of their message. */
  long redelivered() {
    return redelivered;
  }

  long failed() {
    return failed;
  }

  /** When the next worker may be taken to be gone; {@link Long#MAX_VALUE} if none is here. */
  long dueNanos() {
    return dueNanos;
  }

  /** Workers that are here. */
  int workers(long nowNanos) {
    if (nowNanos >= dueNanos) {
      workers.values().removeIf(until -> until <= nowNanos);
      dueNanos = workers.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
    }
    return workers.size();
  }
}
