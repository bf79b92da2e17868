package io.tidewheel.queue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * When sleeping queues are to be woken. One time for each queue, the last one given, so it holds at
 * most one entry for each queue of the node. Not thread-safe.
 */
final class WakeList {
  private static final long NEVER = Long.MAX_VALUE;

  private final Map<Place, Long> dueByPlace = new HashMap<>();
  private final TreeMap<Long, TreeSet<Place>> placesByDue = new TreeMap<>();

  /** A queue. */
  record Place(long topicUid, int queue) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byTopic = Long.compare(topicUid, other.topicUid);
      return byTopic != 0 ? byTopic : Integer.compare(queue, other.queue);
    }
  }

  /** Replaces the time of a queue; {@link Long#MAX_VALUE} for never. */
  void put(Place place, long dueMillis) {
    remove(place);
    if (dueMillis != NEVER) {
      dueByPlace.put(place, dueMillis);
      placesByDue.computeIfAbsent(dueMillis, due -> new TreeSet<>()).add(place);
    }
  }

  private void remove(Place place) {
    Long before = dueByPlace.remove(place);
    if (before != null) {
      TreeSet<Place> places = placesByDue.get(before);
      if (places != null && places.remove(place) && places.isEmpty()) {
        placesByDue.remove(before);
      }
    }
  }

  /** Takes the queues whose time has come, the longest due first. */
  List<Place> takeDue(long nowMillis, int max) {
    List<Place> due = new ArrayList<>();
    while (due.size() < max && !placesByDue.isEmpty() && placesByDue.firstKey() <= nowMillis) {
      Place first = placesByDue.firstEntry().getValue().first();
      remove(first);
      due.add(first);
    }
    return due;
  }

  /**
   * The time of the queue that is due first, in the past if it waits, or {@link Long#MAX_VALUE}.
   */
  long nextDueMillis() {
    return placesByDue.isEmpty() ? NEVER : placesByDue.firstKey();
  }

  boolean isEmpty() {
    return dueByPlace.isEmpty();
  }
}
