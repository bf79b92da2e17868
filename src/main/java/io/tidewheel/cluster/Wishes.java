package io.tidewheel.cluster;

import java.util.HashSet;
import java.util.Set;

/** Of which subscriptions a node wants to be told: those it has workers for, or all. */
final class Wishes {
  private Set<Long> subscriptionUids = new HashSet<>();
  private boolean isEverything;

  /**
   * Takes what a node wants.
   *
   * @param isNew whether beside what it wanted before
   * @return what it did not want before
   */
  Set<Long> take(Set<Long> wanted, boolean everything, boolean isNew) {
    Set<Long> come = new HashSet<>(wanted);
    come.removeAll(subscriptionUids);
    if (isNew) {
      subscriptionUids.addAll(come);
      isEverything |= everything;
    } else {
      subscriptionUids = new HashSet<>(wanted);
      isEverything = everything;
    }
    if (subscriptionUids.size() > BacklogLink.MAX_WISHES) {
      subscriptionUids.clear();
      isEverything = true;
    }
    return come;
  }

  boolean contain(long subscriptionUid) {
    return isEverything || subscriptionUids.contains(subscriptionUid);
  }

  boolean isEverything() {
    return isEverything;
  }

  Set<Long> subscriptionUids() {
    return Set.copyOf(subscriptionUids);
  }
}
