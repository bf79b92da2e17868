package io.tidewheel.catalog;

import org.jspecify.annotations.Nullable;

/** What a change that is recorded is answered with, once its topic is as far. */
final class CatalogReplies {
  private CatalogReplies() {}

  /**
   * The answer to a change.
   *
   * @param topic as it is now; null if it is gone
   * @param subscriptionUid 0 if the change is one of the topic itself
   * @return null while queues have not done their part
   */
  static CatalogClient.@Nullable Reply of(
      CatalogLog.Command change, boolean isCreated, @Nullable Topic topic, long subscriptionUid) {
    Topic.Subscription subscription = topic == null ? null : topic.subscription(subscriptionUid);
    if (change instanceof CatalogChange.DeleteTopic) {
      return topic == null ? new CatalogClient.Deleted() : null;
    }
    if (change instanceof CatalogChange.DeleteSubscription
        || change instanceof CatalogChange.ExpireSubscription) {
      return subscription == null ? new CatalogClient.Deleted() : null;
    }
    if (topic == null || topic.isDeleting()) {
      return new CatalogClient.NotFound("the topic, which was deleted meanwhile");
    }
    if (subscriptionUid == 0) {
      return made(isCreated, topic, null);
    }
    if (subscription == null || subscription.stage() == Topic.Stage.CLOSING) {
      return new CatalogClient.NotFound("the subscription, which was deleted meanwhile");
    }
    return subscription.stage() == Topic.Stage.OPENING
        ? null
        : made(isCreated, topic, subscription);
  }

  private static CatalogClient.Reply made(
      boolean isCreated, Topic topic, Topic.@Nullable Subscription subscription) {
    return isCreated
        ? new CatalogClient.Created(topic, subscription)
        : new CatalogClient.Existing(topic, subscription);
  }
}
