package io.tidewheel.queue;

import io.tidewheel.catalog.SubscriptionSettings.MaxLag;
import io.tidewheel.catalog.Topic;
import org.jspecify.annotations.Nullable;

/** Whether a queue may grow: what its subscriptions have not settled is bounded. */
final class BacklogBound {
  private BacklogBound() {}

  /**
   * Why nothing may be appended now, and who holds the log; null if the queue may grow.
   *
   * @param topic as the node's view has it; null if it does not
   */
  static @Nullable String refusal(@Nullable Topic topic, int queue, LogExtent extent) {
    if (topic == null || extent.floor() == extent.end().offset()) {
      return null;
    }
    long pinned = extent.bytesFrom(extent.floor());
    if (pinned >= topic.settings().maxBacklogBytes()) {
      return "queue "
          + queue
          + " of topic "
          + topic.name()
          + " holds "
          + pinned
          + " bytes for subscription "
          + nameOf(topic, extent.pinnedBy())
          + ", and maxBacklogBytes is "
          + topic.settings().maxBacklogBytes();
    }
    for (Topic.Subscription subscription : topic.subscriptions().values()) {
      MaxLag bound = subscription.settings().maxLag();
      if (bound != null && !bound.isSkipping() && isBeyond(bound, subscription.uid(), extent)) {
        return "subscription "
            + subscription.name()
            + " is as far behind on queue "
            + queue
            + " of topic "
            + topic.name()
            + " as its maxLag allows";
      }
    }
    return null;
  }

  private static boolean isBeyond(MaxLag bound, long subscriptionUid, LogExtent extent) {
    long floor = extent.floorOf(subscriptionUid);
    Long messages = bound.messages();
    Long bytes = bound.bytes();
    return (messages != null && extent.end().offset() - floor >= messages)
        || (bytes != null && floor < extent.end().offset() && extent.bytesFrom(floor) >= bytes);
  }

  static String nameOf(Topic topic, @Nullable Long subscriptionUid) {
    if (subscriptionUid != null) {
      Topic.Subscription found = topic.subscription(subscriptionUid);
      if (found != null) {
        return found.name();
      }
    }
    return "that is being closed";
  }
}
