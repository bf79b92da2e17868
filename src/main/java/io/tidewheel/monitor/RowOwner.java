package io.tidewheel.monitor;

import io.tidewheel.backlog.Standing;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import org.jspecify.annotations.Nullable;

/** Whose row of the board it is. */
record RowOwner(Topic topic, Topic.Subscription subscription) {
  /** Null once the subscription is gone. */
  static @Nullable RowOwner of(CatalogSnapshot catalog, Standing row) {
    Topic topic = catalog.topic(row.row().topicUid());
    Topic.Subscription one = topic == null ? null : topic.subscription(row.row().subscriptionUid());
    return topic == null || one == null ? null : new RowOwner(topic, one);
  }
}
