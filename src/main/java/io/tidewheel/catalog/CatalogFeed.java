package io.tidewheel.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The front's copy of the catalog, and what changed in it since any version, in pages that fit a
 * frame between nodes. Topics appear with their last change only. Of removed topics a bounded
 * number is remembered; a view from before that starts from nothing.
 */
final class CatalogFeed {
  private final CatalogState state;
  private final int maxRemovals;
  private final TreeMap<Long, Long> removedUidByVersion = new TreeMap<>();
  private long removalsKnownSince;

  CatalogFeed(CatalogState state, int maxRemovals) {
    this.state = state;
    this.maxRemovals = maxRemovals;
    this.removalsKnownSince = state.version();
  }

  CatalogState state() {
    return state;
  }

  void onStored(CatalogEvent event) {
    state.apply(event);
    if (event instanceof CatalogEvent.TopicRemoved removed) {
      removedUidByVersion.put(state.version(), removed.topicUid());
      if (removedUidByVersion.size() > maxRemovals) {
        removalsKnownSince = removedUidByVersion.firstKey();
        removedUidByVersion.remove(removalsKnownSince);
      }
    }
  }

  /**
   * What a view gets next.
   *
   * @param since the version up to which it has every change
   * @param base the version since which it must be told of removals: for a view that is complete
   *     the same as {@code since}, for one that is still loading the version at which that began
   */
  CatalogPage page(long since, long base, int maxWeight) {
    boolean isReset = base < removalsKnownSince && since < state.version();
    long from = isReset ? 0 : since;
    TreeMap<Long, Long> removals = new TreeMap<>(removedUidByVersion.tailMap(from, false));
    Page page = new Page(maxWeight);
    for (Map.Entry<Long, Long> change : state.uidsChangedAfter(from).entrySet()) {
      while (!removals.isEmpty() && removals.firstKey() < change.getKey()) {
        page.addRemoval(removals.pollFirstEntry());
      }
      page.addTopic(change.getKey(), state.snapshot().topic((long) change.getValue()));
      if (page.isFull()) {
        break;
      }
    }
    while (!removals.isEmpty() && !page.isFull()) {
      page.addRemoval(removals.pollFirstEntry());
    }
    return new CatalogPage(
        from,
        page.isFull() ? page.upTo : state.version(),
        state.version(),
        isReset,
        page.topics,
        page.removedUids);
  }

  private static final class Page {
    private final int maxWeight;
    private final List<Topic> topics = new ArrayList<>();
    private final List<Long> removedUids = new ArrayList<>();
    private int weight;
    private long upTo;

    Page(int maxWeight) {
      this.maxWeight = maxWeight;
    }

    void addTopic(long version, @Nullable Topic topic) {
      if (topic != null) {
        topics.add(topic);
        weight += CatalogEvent.SETTINGS_WEIGHT * (1 + 2 * topic.subscriptions().size());
      }
      upTo = version;
    }

    void addRemoval(Map.Entry<Long, Long> removal) {
      removedUids.add(removal.getValue());
      weight += 16;
      upTo = removal.getKey();
    }

    boolean isFull() {
      return weight >= maxWeight;
    }
  }
}
