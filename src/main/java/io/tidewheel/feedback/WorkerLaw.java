package io.tidewheel.feedback;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Tells the workers that fail where others succeed. Workers take what they can, so one that fails
 * at once takes the most: such an outlier gets a few deliveries to try, until they succeed. Pure;
 * times are nanoseconds of a monotonic clock.
 *
 * <p>When all fail, none is sick: then it is the work, or what is behind it.
 *
 * @param <W> what a worker is known by
 */
final class WorkerLaw<W> {
  private static final long WINDOW_NANOS = 3_000_000_000L;

  /** Longer, as there is one trial a second. */
  private static final long PROBE_NANOS = 10_000_000_000L;

  private static final int MIN_FAILURES = 10;
  private static final int MIN_OTHERS = 10;
  private static final int MIN_PROBES = 3;

  /** A worker is sick that succeeds less than half as often as the others. */
  private static final double OUTLIER = 0.5;

  private static final double WELL = 0.8;

  private final Map<W, OutcomeWindow> windows = new HashMap<>();
  private final Set<W> sick = new HashSet<>();

  /** Takes what came back of each worker since the step before. */
  void step(long nowNanos, Map<W, Outcomes> outcomes) {
    outcomes.forEach(
        (worker, of) ->
            windows
                .computeIfAbsent(worker, one -> new OutcomeWindow(WINDOW_NANOS))
                .add(nowNanos, of));
    Outcomes well = Outcomes.NONE;
    for (Map.Entry<W, OutcomeWindow> each : windows.entrySet()) {
      if (!sick.contains(each.getKey())) {
        well = well.plus(each.getValue().at(nowNanos));
      }
    }
    for (Map.Entry<W, OutcomeWindow> each : windows.entrySet()) {
      W worker = each.getKey();
      Outcomes own = each.getValue().at(nowNanos);
      if (sick.contains(worker)) {
        if (own.count() >= MIN_PROBES && own.success() >= WELL * well.success()) {
          sick.remove(worker);
          each.setValue(new OutcomeWindow(WINDOW_NANOS));
        }
        continue;
      }
      Outcomes others =
          new Outcomes(well.succeeded() - own.succeeded(), well.failed() - own.failed(), 0);
      boolean isOutlier =
          own.failed() >= MIN_FAILURES
              && others.count() >= MIN_OTHERS
              && own.success() < OUTLIER * others.success();
      if (isOutlier) {
        sick.add(worker);
        each.setValue(new OutcomeWindow(PROBE_NANOS));
        well = others;
      }
    }
  }

  boolean isSick(W worker) {
    return sick.contains(worker);
  }

  void forget(W worker) {
    windows.remove(worker);
    sick.remove(worker);
  }
}
