package io.tidewheel.backlog;

import io.tidewheel.backlog.Standing.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** All that a board knows, by subscription. */
final class BoardRows {
  private final RandomGenerator random;
  private final Map<Long, SubscriptionBoard> subscriptions = new HashMap<>();

  BoardRows(RandomGenerator random) {
    this.random = random;
  }

  @Nullable SubscriptionBoard find(long subscriptionUid) {
    return subscriptions.get(subscriptionUid);
  }

  SubscriptionBoard findOrAdd(long subscriptionUid) {
    return subscriptions.computeIfAbsent(
        subscriptionUid, uid -> new SubscriptionBoard(uid, random));
  }

  void removeIfUnused(SubscriptionBoard board) {
    if (board.isUnused()) {
      subscriptions.remove(board.subscriptionUid());
    }
  }

  /** Those there are now; what is removed meanwhile is in it. */
  List<SubscriptionBoard> all() {
    return List.copyOf(subscriptions.values());
  }

  @Nullable Standing standing(Place place) {
    SubscriptionBoard board = subscriptions.get(place.subscriptionUid());
    return board == null ? null : board.standing(place.queue());
  }

  List<Standing> standings() {
    List<Standing> all = new ArrayList<>();
    for (SubscriptionBoard board : subscriptions.values()) {
      board.entries().forEach(entry -> all.add(entry.standing()));
    }
    return all;
  }
}
