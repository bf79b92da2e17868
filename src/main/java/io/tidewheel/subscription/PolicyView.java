package io.tidewheel.subscription;

import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Names;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * How one subscription is set, by the node's view of the catalog; looked up again only when the
 * view has changed. A subscription that the view does not know (any more) keeps what was known
 * last.
 */
final class PolicyView {
  private final CatalogClient catalog;
  private final long topicUid;
  private final long subscriptionUid;
  private long seenVersion = -1;
  private Policy policy = new Policy(SubscriptionSettings.DEFAULTS, true);
  private @Nullable String topic;
  private @Nullable String subscription;

  PolicyView(CatalogClient catalog, long topicUid, long subscriptionUid) {
    this.catalog = catalog;
    this.topicUid = topicUid;
    this.subscriptionUid = subscriptionUid;
  }

  Policy current() {
    CatalogSnapshot snapshot = catalog.current();
    if (snapshot.version() != seenVersion) {
      seenVersion = snapshot.version();
      Topic found = snapshot.topic(topicUid);
      if (found != null) {
        found.subscriptions().values().stream()
            .filter(each -> each.uid() == subscriptionUid)
            .findFirst()
            .ifPresent(each -> know(found, each));
      }
    }
    return policy;
  }

  /** Until when settled messages are too old to be remembered; safe for any thread. */
  long pullLogCutoff(InstantSource clock) {
    Topic found = catalog.current().topic(topicUid);
    return found == null
        ? Long.MIN_VALUE
        : clock.millis() - found.settings().retentionTime().toMillis();
  }

  /** Names for dead letters; null as long as the view has not shown them. */
  DeadLetter.@Nullable Origin origin(int queue) {
    String topicName = topic;
    String subscriptionName = subscription;
    return topicName == null || subscriptionName == null
        ? null
        : new DeadLetter.Origin(topicName, subscriptionName, queue);
  }

  /** Dead letters don't die again: the subscription of a dead-letter topic tries for ever. */
  private void know(Topic found, Topic.Subscription each) {
    topic = found.name();
    subscription = each.name();
    Duration ttl = found.settings().ttl();
    policy =
        new Policy(
            each.settings(),
            !Names.isDeadLetterTopic(found.name()),
            ttl == null ? 0 : ttl.toMillis());
  }
}
