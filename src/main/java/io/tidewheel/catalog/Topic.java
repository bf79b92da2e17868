package io.tidewheel.catalog;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A topic as the catalog knows it.
 *
 * @param uid never given to another topic, also not after deletion
 * @param revision counts the changes of its settings, from 1 (the {@code ETag})
 * @param createdAtMillis wall-clock milliseconds
 * @param isDeleting whether its deletion is recorded: it takes nothing any more
 * @param subscriptions by name
 */
public record Topic(
    long uid,
    String name,
    long revision,
    long createdAtMillis,
    TopicSettings settings,
    boolean isDeleting,
    Map<String, Subscription> subscriptions) {

  /** A subscription by its name; null if there is none. */
  public @Nullable Subscription subscription(String subscriptionName) {
    return subscriptions.get(subscriptionName);
  }

  /** A subscription by its uid; null if there is none. */
  public @Nullable Subscription subscription(long subscriptionUid) {
    for (Subscription subscription : subscriptions.values()) {
      if (subscription.uid() == subscriptionUid) {
        return subscription;
      }
    }
    return null;
  }

  Topic with(TopicSettings newSettings) {
    return new Topic(
        uid, name, revision + 1, createdAtMillis, newSettings, isDeleting, subscriptions);
  }

  Topic deleting() {
    return new Topic(uid, name, revision, createdAtMillis, settings, true, subscriptions);
  }

  Topic with(Subscription subscription) {
    Map<String, Subscription> changed = new TreeMap<>(subscriptions);
    changed.put(subscription.name(), subscription);
    return withSubscriptions(changed);
  }

  Topic without(Subscription subscription) {
    Map<String, Subscription> changed = new TreeMap<>(subscriptions);
    changed.remove(subscription.name());
    return withSubscriptions(changed);
  }

  private Topic withSubscriptions(Map<String, Subscription> changed) {
    return new Topic(
        uid,
        name,
        revision,
        createdAtMillis,
        settings,
        isDeleting,
        Collections.unmodifiableMap(changed));
  }

  /** The subscription that belongs to the broker; null but in a dead-letter topic. */
  public @Nullable Subscription builtIn() {
    return subscriptions.values().stream().filter(Subscription::isBuiltIn).findFirst().orElse(null);
  }

  /** How far the opening or closing of a subscription is. */
  public enum Stage {
    /** Recorded, but not yet stored by every queue: not usable. */
    OPENING,
    OPEN,
    /** Being removed from the queues: not usable. */
    CLOSING
  }

  /**
   * A subscription of a topic.
   *
   * @param uid never given to another subscription, also not after deletion
   * @param startsAtMillis where a subscription that starts at a time begins; else 0
   * @param isBuiltIn whether the broker made it: the {@code redrive} subscription that pins a
   *     dead-letter topic
   */
  public record Subscription(
      long uid,
      String name,
      long revision,
      long createdAtMillis,
      SubscriptionSettings settings,
      StartPosition start,
      long startsAtMillis,
      Stage stage,
      boolean isBuiltIn) {

    Subscription with(SubscriptionSettings newSettings) {
      return new Subscription(
          uid,
          name,
          revision + 1,
          createdAtMillis,
          newSettings,
          start,
          startsAtMillis,
          stage,
          isBuiltIn);
    }

    Subscription at(Stage newStage) {
      return new Subscription(
          uid,
          name,
          revision,
          createdAtMillis,
          settings,
          start,
          startsAtMillis,
          newStage,
          isBuiltIn);
    }
  }

  /** Where a subscription begins to read when it is opened. */
  public enum StartPosition {
    EARLIEST,
    LATEST,
    TIME
  }
}
