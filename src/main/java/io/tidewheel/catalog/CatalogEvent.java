package io.tidewheel.catalog;

import io.tidewheel.journal.LogEvent;
import java.util.List;

/** What the catalog stores: one change of one topic each, or several of them. */
sealed interface CatalogEvent extends LogEvent {
  /** About the size of the settings' text. */
  int SETTINGS_WEIGHT = 500;

  long topicUid();

  /** The subscription that changed; 0 if the topic itself did. */
  default long subscriptionUid() {
    return 0;
  }

  void applyTo(CatalogState state);

  @Override
  default int weight() {
    return 16;
  }

  /**
   * Changes that waited for the same write, in order. Each counts the version up.
   *
   * @param events at least two, none of them of this kind
   */
  record Several(List<CatalogEvent> events) implements CatalogEvent {
    @Override
    public long topicUid() {
      return events.get(0).topicUid();
    }

    @Override
    public void applyTo(CatalogState state) {
      events.forEach(event -> event.applyTo(state));
    }

    @Override
    public int weight() {
      return events.stream().mapToInt(CatalogEvent::weight).sum();
    }
  }

  /** A new topic, which takes messages at once. */
  record TopicCreated(long topicUid, String name, long atMillis, TopicSettings settings)
      implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.createTopic(this);
    }

    @Override
    public int weight() {
      return SETTINGS_WEIGHT;
    }
  }

  /** A topic has other settings; {@code queues} never changes. */
  record TopicChanged(long topicUid, TopicSettings settings) implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.changeTopic(this);
    }

    @Override
    public int weight() {
      return SETTINGS_WEIGHT;
    }
  }

  /** A topic shall be deleted: from now on it takes nothing. */
  record TopicDeleting(long topicUid) implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.beginDeletion(this);
    }
  }

  /** Every queue of the topic has stored its deletion; the name is free again, the uid is not. */
  record TopicRemoved(long topicUid) implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.removeTopic(this);
    }
  }

  /** A new subscription, not usable before every queue has opened it. */
  record SubscriptionCreated(
      long topicUid,
      long subscriptionUid,
      String name,
      long atMillis,
      SubscriptionSettings settings,
      Topic.StartPosition start,
      long startsAtMillis,
      boolean isBuiltIn)
      implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.createSubscription(this);
    }

    @Override
    public int weight() {
      return SETTINGS_WEIGHT;
    }
  }

  /** A subscription has other settings; its start never changes. */
  record SubscriptionChanged(long topicUid, long subscriptionUid, SubscriptionSettings settings)
      implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.changeSubscription(this);
    }

    @Override
    public int weight() {
      return SETTINGS_WEIGHT;
    }
  }

  /** Every queue of the topic has opened the subscription. */
  record SubscriptionOpened(long topicUid, long subscriptionUid) implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.openSubscription(this);
    }
  }

  /** A subscription shall be deleted: from now on it is not usable. */
  record SubscriptionClosing(long topicUid, long subscriptionUid) implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.beginClosing(this);
    }
  }

  /** Every queue of the topic has closed the subscription; its name is free again. */
  record SubscriptionRemoved(long topicUid, long subscriptionUid) implements CatalogEvent {
    @Override
    public void applyTo(CatalogState state) {
      state.removeSubscription(this);
    }
  }
}
