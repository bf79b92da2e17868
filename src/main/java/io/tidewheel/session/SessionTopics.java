package io.tidewheel.session;

import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Names;
import io.tidewheel.session.frame.Frame;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Finds topics and subscriptions by name, and makes those that their first use makes. */
final class SessionTopics {
  /** The subscription that its first use makes. */
  private static final String DEFAULT_SUBSCRIPTION = "default";

  private static final Duration MAX_REFRESH = Duration.ofSeconds(5);

  private final CatalogClient catalog;
  private final boolean isAutoCreate;

  SessionTopics(CatalogClient catalog, boolean isAutoCreate) {
    this.catalog = catalog;
    this.isAutoCreate = isAutoCreate;
  }

  /** What was found, or why not. */
  record Found(
      @Nullable Topic topic,
      Topic.@Nullable Subscription subscription,
      Frame.@Nullable Failure failure) {
    Frame.Failure failureOrNone() {
      return failure != null
          ? failure
          : new Frame.Failure("unavailable", "it could not be found now", true, false);
    }
  }

  /** What a question came to; a failed one may be asked again. */
  static Found found(@Nullable Found found, @Nullable Throwable failure) {
    return found != null && failure == null
        ? found
        : refused("unavailable", "the catalog did not answer in time", true);
  }

  CompletionStage<Found> toPublish(String name, Duration timeout) {
    if (!Names.isValid(name)) {
      return done(refused("invalid-name", "a topic's name has " + Names.rule(), false));
    }
    Topic known = catalog.current().topic(name);
    if (known != null) {
      return done(new Found(known, null, null));
    }
    return isAutoCreate
        ? catalog.ensureTopic(name, timeout).thenApply(SessionTopics::made)
        : catalog.refresh(MAX_REFRESH).thenApply(snapshot -> topic(snapshot, name));
  }

  CompletionStage<Found> subscription(String topic, String name, Duration timeout) {
    if (!(Names.isValid(topic) || Names.isDeadLetterTopic(topic)) || !Names.isValid(name)) {
      return done(refused("invalid-name", "a name has " + Names.rule(), false));
    }
    Found known = open(catalog.current(), topic, name);
    if (known.subscription() != null) {
      return done(known);
    }
    return catalog
        .refresh(MAX_REFRESH)
        .thenCompose(
            snapshot -> {
              Found found = open(snapshot, topic, name);
              return found.topic() != null
                      && found.subscription() == null
                      && name.equals(DEFAULT_SUBSCRIPTION)
                  ? catalog.ensureSubscription(topic, name, timeout).thenApply(SessionTopics::made)
                  : done(found);
            });
  }

  private static Found open(CatalogSnapshot snapshot, String topicName, String name) {
    Topic topic = snapshot.topic(topicName);
    if (topic == null) {
      return topic(snapshot, topicName);
    }
    Topic.Subscription subscription = topic.subscription(name);
    if (subscription == null || subscription.stage() == Topic.Stage.CLOSING) {
      return new Found(
          topic,
          null,
          new Frame.Failure(
              "subscription-not-found",
              "the topic "
                  + topicName
                  + " has no subscription "
                  + name
                  + "; this creates it: PUT /v1/topics/"
                  + topicName
                  + "/subscriptions/"
                  + name,
              false,
              false));
    }
    if (subscription.isBuiltIn()) {
      return refused("conflict", "this subscription belongs to the broker", false);
    }
    if (subscription.stage() == Topic.Stage.OPENING) {
      return refused("unavailable", "the subscription is being opened", true);
    }
    return new Found(topic, subscription, null);
  }

  private static Found topic(CatalogSnapshot snapshot, String name) {
    Topic topic = snapshot.topic(name);
    return topic != null
        ? new Found(topic, null, null)
        : refused(
            "topic-not-found",
            "no topic " + name + "; this creates it: PUT /v1/topics/" + name,
            false);
  }

  private static Found made(CatalogClient.Reply reply) {
    if (reply instanceof CatalogClient.Created created) {
      return new Found(created.topic(), created.subscription(), null);
    }
    if (reply instanceof CatalogClient.Existing existing) {
      return new Found(existing.topic(), existing.subscription(), null);
    }
    if (reply instanceof CatalogClient.Unavailable unavailable) {
      return refused("unavailable", unavailable.detail(), true);
    }
    return refused("conflict", "it can't be made: " + reply, false);
  }

  private static Found refused(String type, String detail, boolean isRetryable) {
    return new Found(null, null, new Frame.Failure(type, detail, isRetryable, false));
  }

  private static CompletionStage<Found> done(Found found) {
    return CompletableFuture.completedFuture(found);
  }
}
