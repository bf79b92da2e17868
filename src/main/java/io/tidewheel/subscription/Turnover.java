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
  private long firstOffset = -1;
  private Since counted = Since.NONE;
  private long generation;
  private long acked;
  private long dead;
  private long passed;

  /** Nobody goes before. */
  private long dueNanos = Long.MAX_VALUE;

  /** Until when each is taken to be here. The one that pulled longest ago first. */
  private final Map<Object, Long> workers = new LinkedHashMap<>(16, 0.75f, true);

  /** A worker has asked. */
  void pulled(Deliveries.Request request, Policy policy, Now now) {
    Object worker = request.holder() == null ? request.worker() : request.holder();
    pulled(worker, policy.leaseMillis(request.leaseMillis()), now.nanos());
  }

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

  /**
   * What has happened since the first time this was asked. The state counts by generation: when
   * another one begins, it begins anew.
   */
  Since since(SubscriptionState state, long nextOffset) {
    long passedNow = state.filteredCount() + state.skippedCount();
    if (firstOffset < 0) {
      firstOffset = nextOffset;
    } else {
      boolean isSame = state.generation() == generation;
      counted =
          new Since(
              nextOffset - firstOffset,
              counted.acked() + state.ackedCount() - (isSame ? acked : 0),
              counted.dead() + state.deadCount() - (isSame ? dead : 0),
              counted.passed() + passedNow - (isSame ? passed : 0),
              delivered,
              redelivered,
              failed);
    }
    generation = state.generation();
    acked = state.ackedCount();
    dead = state.deadCount();
    passed = passedNow;
    return counted;
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
