package io.tidewheel.queue;

import io.tidewheel.queue.WakeList.Place;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The queues that a node has asked to be awake and that have not said that they are: a bounded
 * number, so that what somebody needs at once never stands behind thousands of them, wherever it is
 * that they wait for a home or for their logs. The number grows by one with each answer that comes
 * soon, and is halved by one that comes late. Who does not answer at all makes room for others; how
 * long that takes follows how long answers take. Not thread-safe.
 */
final class WakeWindow {
  static final int FIRST = 8;
  static final int LEAST = 4;
  static final int MOST = 64;

  private static final long SOON_MILLIS = 250;
  private static final long LATE_MILLIS = 1_000;

  /** A wake that is lost, say to a broker that has just died, is repeated no sooner. */
  static final Duration LEAST_PATIENCE = Duration.ofSeconds(1);

  static final Duration MOST_PATIENCE = Duration.ofSeconds(10);
  private static final Duration FIRST_PATIENCE = Duration.ofSeconds(4);

  private record Asked(long atMillis, long patienceMillis) {}

  private final Map<Place, Asked> asked = new HashMap<>();
  private int size = FIRST;
  private long patienceMillis = FIRST_PATIENCE.toMillis();

  /** How many more may be asked now. */
  int room() {
    return Math.max(0, size - asked.size());
  }

  boolean isAsked(Place place) {
    return asked.containsKey(place);
  }

  /** Returns how long its answer may take. */
  Duration ask(Place place, long nowMillis) {
    asked.put(place, new Asked(nowMillis, patienceMillis));
    return Duration.ofMillis(patienceMillis);
  }

  void onAnswer(Place place, long nowMillis) {
    Asked before = asked.remove(place);
    if (before != null) {
      long took = nowMillis - before.atMillis;
      patienceMillis = bounded(Math.max(2 * took, patienceMillis - patienceMillis / 8));
      if (took <= SOON_MILLIS) {
        size = Math.min(MOST, size + 1);
      } else if (took > LATE_MILLIS) {
        size = Math.max(LEAST, size / 2);
      }
    }
  }

  void onNoAnswer(Place place) {
    Asked before = asked.remove(place);
    if (before != null) {
      patienceMillis = bounded(Math.max(patienceMillis, 2 * before.patienceMillis));
      size = Math.max(LEAST, size / 2);
    }
  }

  /** A wall clock that is set while a queue wakes up does no harm. */
  private static long bounded(long millis) {
    return Math.max(LEAST_PATIENCE.toMillis(), Math.min(MOST_PATIENCE.toMillis(), millis));
  }
}
