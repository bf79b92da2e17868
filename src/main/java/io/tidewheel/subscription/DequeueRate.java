package io.tidewheel.subscription;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The messages per second that one subscription may give out on a node: tokens for all of its
 * queues there together, so that the limit is kept however the backlog is spread. Safe for any
 * thread; times are nanoseconds of the node's monotonic clock.
 *
 * <p>What nobody took is saved for a while, so that a moment without workers or processors costs
 * nothing; but no second may have a tenth more than the rate.
 *
 * <p>A queue that finds nothing is next, also if no worker has asked it: a token is kept for each
 * of those that wait longer, so that none starves beside one that asks more often. One that does
 * not ask again is forgotten.
 */
final class DequeueRate {
  /** How long tokens collect that nobody takes; ten seconds have so much more than ten at most. */
  static final double BURST_SECONDS = 0.25;

  /** How much more than what arrived in a second may be taken in it. */
  private static final double PEAK = 1.08;

  /** For how much it is worth to come back. */
  private static final double STEP_SECONDS = 0.02;

  /** A rate may change while a queue waits for it. */
  private static final long MAX_WAIT_NANOS = 250_000_000L;

  /** When it is worth to look again at a second that is full. */
  private static final double FULL_NANOS = 10_000_000;

  private static final double NANOS_PER_SECOND = 1e9;
  private static final long FORGET_NANOS = 1_000_000_000L;

  private final Map<Integer, Long> waiting = new LinkedHashMap<>();
  private double tokens = 1;
  private final LastSecond lastSecond = new LastSecond();
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
    lastSecond.take(free);
    return free;
  }

  /** What was taken and not given out. */
  synchronized void giveBack(int count) {
    tokens += count;
    lastSecond.take(-count);
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
    double missing = Math.min(wanted, burst(perSecond) + waiting.size()) - tokens;
    double wait = Math.ceil(Math.max(0, missing) / perSecond * NANOS_PER_SECOND);
    wait = wanted > room() ? Math.max(wait, FULL_NANOS) : wait;
    return nowNanos + (long) Math.min(MAX_WAIT_NANOS, Double.isNaN(wait) ? MAX_WAIT_NANOS : wait);
  }

  private int free(int queue, double perSecond, long nowNanos) {
    fill(perSecond, nowNanos);
    int ahead = ahead(queue, nowNanos);
    return (int) Math.floor(Math.min(tokens, room())) - ahead;
  }

  private void fill(double perSecond, long nowNanos) {
    if (isFilled) {
      double seconds = Math.max(0, nowNanos - filledAtNanos) / NANOS_PER_SECOND;
      double most = Math.max(tokens, burst(perSecond) + waiting.size());
      tokens = Math.min(most, tokens + seconds * perSecond);
    }
    lastSecond.pass(perSecond, filledAtNanos, nowNanos);
    if (perSecond < lastPerSecond) {
      // What was saved at a higher rate is not for now.
      tokens = Math.min(tokens, burst(perSecond));
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

  /** What this second has left, with one for each queue that waits, so that none is kept out. */
  private double room() {
    return PEAK * lastSecond.arrived() - lastSecond.taken() + 1 + waiting.size();
  }

  private static double burst(double perSecond) {
    return perSecond <= 0 ? 0 : Math.max(1, perSecond * BURST_SECONDS);
  }
}
