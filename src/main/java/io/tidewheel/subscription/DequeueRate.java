package io.tidewheel.subscription;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The messages per second that one subscription may give out on a node: tokens for all of its
 * queues there together, so that the limit is kept however the backlog is spread. Safe for any
 * thread; times are nanoseconds of the node's monotonic clock.
 *
 * <p>Two buckets, of which the lower one counts. One keeps the rate, and saves what nobody took for
 * a while, so that a moment without processors costs nothing. The other keeps what is saved from
 * being given out at once: no second may have a tenth more than the rate.
 *
 * <p>A queue that finds nothing is next, also if no worker has asked it: a token is kept for each
 * of those that wait longer, so that none starves beside one that asks more often. One that does
 * not ask again is forgotten.
 */
final class DequeueRate {
  /** How long tokens collect that nobody takes; ten seconds have so much more than ten at most. */
  static final double SAVED_SECONDS = 0.28;

  /** How much of what is saved may be given out at once. */
  static final double BURST_SECONDS = 0.03;

  /** How much faster than the rate what is saved is given out beyond that. */
  private static final double PEAK = 1.07;

  /** For how much it is worth to come back. */
  private static final double STEP_SECONDS = 0.02;

  /** A rate may change while a queue waits for it. */
  private static final long MAX_WAIT_NANOS = 250_000_000L;

  private static final double NANOS_PER_SECOND = 1e9;
  private static final long FORGET_NANOS = 1_000_000_000L;

  private final Map<Integer, Long> waiting = new LinkedHashMap<>();
  private double tokens = 1;
  private double peakTokens = 1;
  private long filledAtNanos;
  private boolean isFilled;
  private double lastPerSecond;

  /**
   * Takes what may be given out now.
   *
   * @param max messages
   * @return 0 to {@code max}
   */
  synchronized int take(int queue, int max, double perSecond, long nowNanos) {
    int free = Math.min(max, free(queue, perSecond, nowNanos));
    if (free <= 0) {
      waiting.put(queue, nowNanos);
      return 0;
    }
    waiting.remove(queue);
    tokens -= free;
    peakTokens -= free;
    return free;
  }

  /** What was taken and not given out. */
  synchronized void giveBack(int count) {
    tokens += count;
    peakTokens += count;
  }

  /** What {@link #take} would give at most. */
  synchronized int available(int queue, double perSecond, long nowNanos) {
    return Math.max(0, free(queue, perSecond, nowNanos));
  }

  /** When it is worth for a queue that has nothing to ask again; until then it waits in line. */
  synchronized long nextNanos(int queue, double perSecond, long nowNanos) {
    fill(perSecond, nowNanos);
    waiting.put(queue, nowNanos);
    double wanted = Math.max(1, perSecond * STEP_SECONDS) + ahead(queue, nowNanos);
    wanted = Math.min(wanted, most(perSecond, BURST_SECONDS) + waiting.size());
    double missing = Math.max(wanted - tokens, (wanted - peakTokens) / PEAK);
    double wait = Math.ceil(Math.max(0, missing) / perSecond * NANOS_PER_SECOND);
    return nowNanos + (long) Math.min(MAX_WAIT_NANOS, Double.isNaN(wait) ? MAX_WAIT_NANOS : wait);
  }

  private int free(int queue, double perSecond, long nowNanos) {
    fill(perSecond, nowNanos);
    return (int) Math.floor(Math.min(tokens, peakTokens)) - ahead(queue, nowNanos);
  }

  private void fill(double perSecond, long nowNanos) {
    if (isFilled) {
      double seconds = Math.max(0, nowNanos - filledAtNanos) / NANOS_PER_SECOND;
      double arrived = seconds * perSecond;
      tokens = filled(tokens, arrived, most(perSecond, SAVED_SECONDS));
      peakTokens = filled(peakTokens, arrived * PEAK, most(perSecond, BURST_SECONDS));
    }
    if (perSecond < lastPerSecond) {
      // What was saved at a higher rate is not for now.
      tokens = Math.min(tokens, most(perSecond, SAVED_SECONDS));
      peakTokens = Math.min(peakTokens, most(perSecond, BURST_SECONDS));
    }
    lastPerSecond = perSecond;
    isFilled = true;
    filledAtNanos = nowNanos;
  }

  /** Queues that have waited longer than this one. */
  private int ahead(int queue, long nowNanos) {
    int ahead = 0;
    Iterator<Map.Entry<Integer, Long>> all = waiting.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Integer, Long> each = all.next();
      if (nowNanos - each.getValue() > FORGET_NANOS) {
        all.remove();
      } else if (each.getKey() == queue) {
        return ahead;
      } else {
        ahead++;
      }
    }
    return ahead;
  }

  private double filled(double before, double arrived, double most) {
    return Math.min(Math.max(before, most + waiting.size()), before + arrived);
  }

  private static double most(double perSecond, double seconds) {
    return perSecond <= 0 ? 0 : Math.max(1, perSecond * seconds);
  }
}
