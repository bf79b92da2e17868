package io.tidewheel.monitor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All rows that a node knows at one moment, those of other nodes with them.
 *
 * @param number grows from one to the next on a node
 * @param atMillis when that was
 * @param bySubscription the rows by subscription uid, each by no order
 */
public record Survey(long number, long atMillis, Map<Long, List<Seen>> bySubscription) {
  public static final Survey NOTHING = new Survey(0, 0, Map.of());

  static Survey of(long number, long atMillis, Iterable<Seen> rows) {
    Map<Long, List<Seen>> bySubscription = new HashMap<>();
    for (Seen row : rows) {
      bySubscription
          .computeIfAbsent(row.standing().row().subscriptionUid(), uid -> new ArrayList<>(2))
          .add(row);
    }
    return new Survey(number, atMillis, bySubscription);
  }

  /** The rows of a subscription; empty if none of its queues was awake since the node started. */
  public List<Seen> rows(long subscriptionUid) {
    return bySubscription.getOrDefault(subscriptionUid, List.of());
  }
}
