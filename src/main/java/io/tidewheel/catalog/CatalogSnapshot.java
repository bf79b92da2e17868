package io.tidewheel.catalog;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashPMap;
import org.pcollections.HashTreePMap;
import org.pcollections.TreePMap;

/**
 * All topics at one version of the catalog. Immutable; shared by every thread of a node.
 *
 * @param version counts the changes of the whole catalog
 */
public record CatalogSnapshot(
    long version, NavigableMap<String, Topic> topics, Map<Long, Topic> byUid) {
  public static final CatalogSnapshot EMPTY = of(0, new TreeMap<>());

  public static CatalogSnapshot of(long version, NavigableMap<String, Topic> topics) {
    HashPMap<Long, Topic> byUid = HashTreePMap.empty();
    for (Topic topic : topics.values()) {
      byUid = byUid.plus(topic.uid(), topic);
    }
    return new CatalogSnapshot(version, TreePMap.fromSortedMap(topics), byUid);
  }

  /** The live topic of that name; null if there is none or it is being deleted. */
  public @Nullable Topic topic(String name) {
    Topic topic = topics.get(name);
    return topic == null || topic.isDeleting() ? null : topic;
  }

  /** The topic of that uid, also while it is being deleted; null if there is none. */
  public @Nullable Topic topic(long uid) {
    return byUid.get(uid);
  }

  /** Null if there is no such topic, or no such subscription of it. */
  public Topic.@Nullable Subscription subscription(long topicUid, long subscriptionUid) {
    Topic topic = topic(topicUid);
    return topic == null ? null : topic.subscription(subscriptionUid);
  }

  /** With a topic added or replaced. What did not change is shared: the cost is logarithmic. */
  CatalogSnapshot with(Topic topic) {
    Topic sameName = topics.get(topic.name());
    HashPMap<Long, Topic> uids = persistentByUid();
    if (sameName != null && sameName.uid() != topic.uid()) {
      uids = uids.minus(sameName.uid());
    }
    return new CatalogSnapshot(
        version, persistentTopics().plus(topic.name(), topic), uids.plus(topic.uid(), topic));
  }

  /** Without a topic; the same if there is none of that uid. */
  CatalogSnapshot without(long uid) {
    Topic topic = byUid.get(uid);
    return topic == null
        ? this
        : new CatalogSnapshot(
            version, persistentTopics().minus(topic.name()), persistentByUid().minus(uid));
  }

  /** The same topics at another version. */
  CatalogSnapshot at(long newVersion) {
    return new CatalogSnapshot(newVersion, topics, byUid);
  }

  private TreePMap<String, Topic> persistentTopics() {
    return topics instanceof TreePMap<String, Topic> persistent
        ? persistent
        : TreePMap.fromSortedMap(topics);
  }

  private HashPMap<Long, Topic> persistentByUid() {
    return byUid instanceof HashPMap<Long, Topic> persistent
        ? persistent
        : HashTreePMap.from(byUid);
  }
}
