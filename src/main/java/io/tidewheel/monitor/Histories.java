package io.tidewheel.monitor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rings that are kept: of the busiest topics, of those that somebody has looked at lately, and
 * of everything together. Pure.
 *
 * <p>A ring costs 7 KiB; at most {@link #MAX_BUSY} and {@link #MAX_VIEWED}. A busier topic takes
 * the ring of the one that does least, if it does twice as much, so that lines are not cut by every
 * change of ranks.
 */
final class Histories {
  static final int MAX_BUSY = 200;
  static final int MAX_VIEWED = 50;

  /** As long as this after the last look a topic keeps its ring. */
  static final int VIEWED_STEPS = 60;

  private final Map<Long, Kept> rings = new HashMap<>();
  private final Ring total = new Ring();
  private long step;
  private long endMillis;

  private static final class Kept {
    private final Ring ring = new Ring();
    private double weight;
    private long viewedUntil;
  }

  /** Ten seconds have passed. */
  void add(long nowMillis, Map<Long, Ring.Point> points) {
    step++;
    endMillis = nowMillis;
    Ring.Point sum = Ring.Point.NOTHING;
    List<Map.Entry<Long, Ring.Point>> others = new ArrayList<>();
    for (Map.Entry<Long, Ring.Point> each : points.entrySet()) {
      sum = sum.plus(each.getValue());
      if (!rings.containsKey(each.getKey()) && each.getValue().weight() > 0) {
        others.add(each);
      }
    }
    total.add(sum);
    others.sort(
        Comparator.comparingDouble((Map.Entry<Long, Ring.Point> each) -> -each.getValue().weight())
            .thenComparing(Map.Entry::getKey));
    rings.values().forEach(kept -> kept.weight = 0);
    points.forEach(
        (topic, point) -> {
          Kept kept = rings.get(topic);
          if (kept != null) {
            kept.weight = point.weight();
          }
        });
    admit(others);
    rings.forEach((topic, kept) -> kept.ring.add(points.getOrDefault(topic, Ring.Point.NOTHING)));
  }

  private void admit(List<Map.Entry<Long, Ring.Point>> busiestFirst) {
    long busy = rings.values().stream().filter(kept -> !isViewed(kept)).count();
    for (Map.Entry<Long, Ring.Point> each : busiestFirst) {
      double weight = each.getValue().weight();
      if (busy >= MAX_BUSY) {
        Long idlest = idlest();
        Kept least = idlest == null ? null : rings.get(idlest);
        if (idlest == null || least == null || weight < 2 * least.weight) {
          return;
        }
        rings.remove(idlest);
        busy--;
      }
      Kept kept = new Kept();
      kept.weight = weight;
      rings.put(each.getKey(), kept);
      busy++;
    }
  }

  private boolean isViewed(Kept kept) {
    return kept.viewedUntil > step;
  }

  private @Nullable Long idlest() {
    return rings.entrySet().stream()
        .filter(each -> !isViewed(each.getValue()))
        .min(Comparator.comparingDouble(each -> each.getValue().weight))
        .map(Map.Entry::getKey)
        .orElse(null);
  }

  /** Somebody looks at a topic; it has points from now on, if it had none. */
  History view(long topicUid) {
    Kept known = rings.get(topicUid);
    if (known == null) {
      dropOldestView();
      known = new Kept();
      rings.put(topicUid, known);
    }
    known.viewedUntil = step + VIEWED_STEPS;
    return known.ring.history(endMillis);
  }

  private void dropOldestView() {
    List<Map.Entry<Long, Kept>> viewed =
        rings.entrySet().stream().filter(each -> isViewed(each.getValue())).toList();
    if (viewed.size() >= MAX_VIEWED) {
      viewed.stream()
          .min(Comparator.comparingLong(each -> each.getValue().viewedUntil))
          .ifPresent(each -> rings.remove(each.getKey()));
    }
  }

  /** Of everything together. */
  History total() {
    return total.history(endMillis);
  }

  int size() {
    return rings.size();
  }
}
