package io.tidewheel.monitor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pairs of lines over the last hour: a bound, and what happens under it. A pair begins when it is
 * bounded for the first time, and goes an hour after it was for the last time, or when there are
 * too many for another one. Pure.
 *
 * @param <K> whose lines
 */
final class Traces<K> {
  private final int max;
  private final Map<K, Kept> kept = new HashMap<>();
  private long step;

  /**
   * One moment.
   *
   * @param bound infinite for none
   */
  record Point(double bound, double actual) {
    private static final Point UNKNOWN = new Point(Double.NaN, Double.NaN);

    private boolean isBounded() {
      return bound < Double.POSITIVE_INFINITY;
    }

    Point plus(Point other) {
      return new Point(bound + other.bound, actual + other.actual);
    }
  }

  private static final class Kept {
    private final float[] bound = new float[Ring.POINTS];
    private final float[] actual = new float[Ring.POINTS];
    private int count;
    private int next;
    private long boundedStep;

    private void add(Point point) {
      bound[next] = (float) point.bound;
      actual[next] = (float) point.actual;
      next = (next + 1) % Ring.POINTS;
      count = Math.min(Ring.POINTS, count + 1);
    }
  }

  Traces(int max) {
    this.max = max;
  }

  /** A step has passed; a line without a point has a gap there. */
  void add(Map<K, Point> points) {
    step++;
    points.forEach(
        (key, point) -> {
          if (point.isBounded()) {
            Kept known = kept.get(key);
            if (known == null && hasRoom()) {
              known = new Kept();
              kept.put(key, known);
            }
            if (known != null) {
              known.boundedStep = step;
            }
          }
        });
    kept.values().removeIf(each -> step - each.boundedStep >= Ring.POINTS);
    kept.forEach((key, each) -> each.add(points.getOrDefault(key, Point.UNKNOWN)));
  }

  /** Makes some, if one can go. */
  private boolean hasRoom() {
    if (kept.size() < max) {
      return true;
    }
    K idlest = null;
    long least = step - 1;
    for (Map.Entry<K, Kept> each : kept.entrySet()) {
      if (each.getValue().boundedStep < least) {
        least = each.getValue().boundedStep;
        idlest = each.getKey();
      }
    }
    return idlest != null && kept.remove(idlest) != null;
  }

  /** Those that were bounded last come first. */
  List<Trace<K>> all(Comparator<K> order) {
    return kept.entrySet().stream()
        .sorted(
            Comparator.<Map.Entry<K, Kept>>comparingLong(each -> -each.getValue().boundedStep)
                .thenComparing(Map.Entry::getKey, order))
        .map(
            each ->
                new Trace<>(
                    each.getKey(),
                    values(each.getValue(), each.getValue().bound),
                    values(each.getValue(), each.getValue().actual)))
        .toList();
  }

  private static List<Double> values(Kept kept, float[] line) {
    List<Double> values = new ArrayList<>(kept.count);
    for (int i = 0; i < kept.count; i++) {
      double value = line[(kept.next - kept.count + i + Ring.POINTS) % Ring.POINTS];
      values.add(Double.isFinite(value) ? Math.round(value * 1_000) / 1_000.0 : Double.NaN);
    }
    return values;
  }
}
