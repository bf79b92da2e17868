package io.tidewheel.catalog;

import io.tidewheel.journal.LogState;
import java.util.Map;
import java.util.NavigableMap;
import org.pcollections.HashPMap;
import org.pcollections.HashTreePMap;
import org.pcollections.TreePMap;

/**
 * All topics, the version and the next uid. The maps are persistent, so that a copy and a snapshot
 * cost nothing and a change costs the logarithm of the number of topics.
 *
 * <ol>
 *   <li>A uid is given once, to a topic or to a subscription, and counts up from 1.
 *   <li>Each event changes one topic and counts the version up by one.
 *   <li>A name belongs to one topic at most, also while that is being deleted; likewise the name of
 *       a subscription within its topic.
 *   <li>A subscription goes from OPENING to OPEN to CLOSING, or from OPENING to CLOSING.
 * </ol>
 */
final class CatalogState implements LogState<CatalogEvent> {
  private CatalogSnapshot snapshot;
  private long nextUid;
  private TreePMap<Long, Long> uidByChange;
  private HashPMap<Long, Long> changeByUid;

  private CatalogState(
      CatalogSnapshot snapshot,
      long nextUid,
      TreePMap<Long, Long> uidByChange,
      HashPMap<Long, Long> changeByUid) {
    this.snapshot = snapshot;
    this.nextUid = nextUid;
    this.uidByChange = uidByChange;
    this.changeByUid = changeByUid;
  }

  static CatalogState empty() {
    return ofSnapshot(0, 1);
  }

  /** A state to which a snapshot's topics are added. */
  static CatalogState ofSnapshot(long version, long nextUid) {
    return new CatalogState(
        CatalogSnapshot.EMPTY.at(version), nextUid, TreePMap.empty(), HashTreePMap.empty());
  }

  CatalogState copy() {
    return new CatalogState(snapshot, nextUid, uidByChange, changeByUid);
  }

  @Override
  public void apply(CatalogEvent event) {
    event.applyTo(this);
  }

  @Override
  public long position() {
    return snapshot.version();
  }

  CatalogSnapshot snapshot() {
    return snapshot;
  }

  long version() {
    return snapshot.version();
  }

  /** The uid that the next topic or subscription gets. */
  long nextUid() {
    return nextUid;
  }

  /** Whether a subscription of a live topic is at a stage. */
  boolean isAt(long topicUid, long subscriptionUid, Topic.Stage stage) {
    Topic topic = snapshot.topic(topicUid);
    Topic.Subscription subscription =
        topic == null || topic.isDeleting() ? null : topic.subscription(subscriptionUid);
    return subscription != null && subscription.stage() == stage;
  }

  /** The topics by the version of their last change, beyond a version, oldest change first. */
  NavigableMap<Long, Long> uidsChangedAfter(long version) {
    return uidByChange.tailMap(version, false);
  }

  /** The version of the last change of a topic. */
  long changedAt(long topicUid) {
    Long version = changeByUid.get(topicUid);
    if (version == null) {
      throw new IllegalStateException("catalog: no topic " + topicUid);
    }
    return version;
  }

  /** Puts a topic of a snapshot back. */
  void restore(Topic topic, long changedAtVersion) {
    boolean isFree =
        !snapshot.topics().containsKey(topic.name())
            && !snapshot.byUid().containsKey(topic.uid())
            && !uidByChange.containsKey(changedAtVersion);
    require(isFree && topic.uid() < nextUid && changedAtVersion <= version(), "damaged snapshot");
    snapshot = snapshot.with(topic);
    uidByChange = uidByChange.plus(changedAtVersion, topic.uid());
    changeByUid = changeByUid.plus(topic.uid(), changedAtVersion);
  }

  void createTopic(CatalogEvent.TopicCreated event) {
    takeUid(event.topicUid());
    require(
        !snapshot.topics().containsKey(event.name()), "topic " + event.name() + " exists already");
    put(
        new Topic(
            event.topicUid(),
            event.name(),
            1,
            event.atMillis(),
            event.settings(),
            false,
            Map.of()));
  }

  void changeTopic(CatalogEvent.TopicChanged event) {
    Topic topic = live(event);
    require(
        topic.settings().queues() == event.settings().queues(), "queues changed after creation");
    put(topic.with(event.settings()));
  }

  void beginDeletion(CatalogEvent.TopicDeleting event) {
    put(live(event).deleting());
  }

  void removeTopic(CatalogEvent.TopicRemoved event) {
    Topic topic = topic(event);
    require(topic.isDeleting(), "topic " + topic.uid() + " was not being deleted");
    uidByChange = uidByChange.minus(changedAt(topic.uid()));
    changeByUid = changeByUid.minus(topic.uid());
    snapshot = snapshot.without(topic.uid()).at(version() + 1);
  }

  void createSubscription(CatalogEvent.SubscriptionCreated event) {
    Topic topic = live(event);
    takeUid(event.subscriptionUid());
    require(topic.subscription(event.name()) == null, "subscription exists already");
    put(
        topic.with(
            new Topic.Subscription(
                event.subscriptionUid(),
                event.name(),
                1,
                event.atMillis(),
                event.settings(),
                event.start(),
                event.startsAtMillis(),
                Topic.Stage.OPENING,
                event.isBuiltIn())));
  }

  void changeSubscription(CatalogEvent.SubscriptionChanged event) {
    Topic.Subscription subscription = subscription(event);
    require(subscription.stage() != Topic.Stage.CLOSING, "subscription is being deleted");
    put(live(event).with(subscription.with(event.settings())));
  }

  void openSubscription(CatalogEvent.SubscriptionOpened event) {
    Topic.Subscription subscription = subscription(event);
    require(subscription.stage() == Topic.Stage.OPENING, "subscription was not being opened");
    put(live(event).with(subscription.at(Topic.Stage.OPEN)));
  }

  void beginClosing(CatalogEvent.SubscriptionClosing event) {
    Topic.Subscription subscription = subscription(event);
    require(subscription.stage() != Topic.Stage.CLOSING, "subscription is being deleted already");
    put(live(event).with(subscription.at(Topic.Stage.CLOSING)));
  }

  void removeSubscription(CatalogEvent.SubscriptionRemoved event) {
    Topic.Subscription subscription = subscription(event);
    require(subscription.stage() == Topic.Stage.CLOSING, "subscription was not being deleted");
    put(live(event).without(subscription));
  }

  private void put(Topic topic) {
    long version = version() + 1;
    Long changedBefore = changeByUid.get(topic.uid());
    if (changedBefore != null) {
      uidByChange = uidByChange.minus(changedBefore);
    }
    uidByChange = uidByChange.plus(version, topic.uid());
    changeByUid = changeByUid.plus(topic.uid(), version);
    snapshot = snapshot.with(topic).at(version);
  }

  private void takeUid(long uid) {
    require(uid == nextUid, "uid " + uid + " instead of " + nextUid);
    nextUid++;
  }

  private Topic live(CatalogEvent event) {
    Topic topic = topic(event);
    require(!topic.isDeleting(), "topic " + topic.uid() + " is being deleted");
    return topic;
  }

  private Topic topic(CatalogEvent event) {
    Topic topic = snapshot.topic(event.topicUid());
    if (topic == null) {
      throw new IllegalStateException("catalog: no topic " + event.topicUid());
    }
    return topic;
  }

  private Topic.Subscription subscription(CatalogEvent event) {
    Topic.Subscription subscription = topic(event).subscription(event.subscriptionUid());
    if (subscription == null) {
      throw new IllegalStateException("catalog: no subscription " + event.subscriptionUid());
    }
    return subscription;
  }

  private static void require(boolean isTrue, String problem) {
    if (!isTrue) {
      throw new IllegalStateException("catalog: " + problem);
    }
  }
}
