package io.tidewheel.catalog;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All topics at one version of the catalog. Immutable; shared by every thread of a node.
 *
 * @param version counts the changes of the whole catalog
 */
public record CatalogSnapshot(
    long version, NavigableMap<String, Topic> topics, Map<Long, Topic> byUid) {
  public static final CatalogSnapshot EMPTY = of(0, new TreeMap<>());

  public static CatalogSnapshot of(long version, NavigableMap<String, Topic> topics) {
    Map<Long, Topic> byUid = new HashMap<>();
    topics.values().forEach(topic -> byUid.put(topic.uid(), topic));
    return new CatalogSnapshot(version, topics, byUid);
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
}
