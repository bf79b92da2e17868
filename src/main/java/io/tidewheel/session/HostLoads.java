package io.tidewheel.session;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * How busy the hosts of the workers of each subscription are, as their clients say. Safe for any
 * thread; one a node, which each client has a session with.
 */
public final class HostLoads {
  private static final long BELIEVED_NANOS = 3_000_000_000L;

  private final LongSupplier nanoTime;
  private final Map<Long, Map<Object, Load>> bySubscription = new ConcurrentHashMap<>();

  private record Load(double busy, long atNanos) {}

  /** None yet; by a monotonic clock. */
  public HostLoads(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  void tell(long subscriptionUid, Object worker, double busy) {
    bySubscription
        .computeIfAbsent(subscriptionUid, uid -> new ConcurrentHashMap<>())
        .put(worker, new Load(busy, nanoTime.getAsLong()));
  }

  void forget(long subscriptionUid, Object worker) {
    bySubscription.computeIfPresent(
        subscriptionUid,
        (uid, loads) -> {
          loads.remove(worker);
          return loads.isEmpty() ? null : loads;
        });
  }

  /** Whether another worker of the subscription has processors that are less busy than this. */
  boolean isAnotherBelow(long subscriptionUid, Object worker, double busy) {
    long now = nanoTime.getAsLong();
    for (Map.Entry<Object, Load> each :
        bySubscription.getOrDefault(subscriptionUid, Map.of()).entrySet()) {
      Load load = each.getValue();
      if (!each.getKey().equals(worker)
          && load.busy < busy
          && now - load.atNanos < BELIEVED_NANOS) {
        return true;
      }
    }
    return false;
  }
}
