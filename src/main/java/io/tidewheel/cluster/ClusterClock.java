package io.tidewheel.cluster;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What time it is by most brokers: a node whose clock is wrong, or jumps, lets nothing expire early
 * and holds nothing back.
 *
 * <p>It runs on the monotonic clock. Brokers say the time of their own clocks with each answer to
 * the question of the {@link QuorumLease}; when as many have answered as that needs, and the median
 * is more than {@link #TOLERANCE} off, this clock is set to it. Before the first answers, without
 * which a node writes nothing, it is the node's own time.
 *
 * <p>{@link #instant} and {@link #correctionSeconds} are safe for any thread, all else is for one.
 */
final class ClusterClock implements InstantSource {
  /** Clocks this far apart are left alone. */
  static final Duration TOLERANCE = Duration.ofMillis(500);

  /** An answer that took longer says too little of the time. */
  static final Duration MAX_TRIP = Duration.ofMillis(200);

  private static final Logger LOG = LoggerFactory.getLogger(ClusterClock.class);

  private final InstantSource wall;
  private final LongSupplier nanoTime;
  private final Map<NodeId, Long> differences = new HashMap<>();
  private long round;
  private int needed;
  private long askedNanos;

  /** Milliseconds of the epoch less those of the monotonic clock. */
  private volatile long baseMillis;

  /**
   * The node's own time.
   *
   * @param wall the node's clock
   * @param nanoTime monotonic clock in nanoseconds
   */
  ClusterClock(InstantSource wall, LongSupplier nanoTime) {
    this.wall = wall;
    this.nanoTime = nanoTime;
    this.baseMillis = wall.millis() - monotonicMillis();
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }

  @Override
  public long millis() {
    return baseMillis + monotonicMillis();
  }

  private long monotonicMillis() {
    return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong());
  }

  /** What this node's own clock says, for the others. */
  long ownMillis() {
    return wall.millis();
  }

  /** How far this clock is ahead of the node's own. */
  double correctionSeconds() {
    return (millis() - wall.millis()) / 1e3;
  }

  /**
   * All brokers are asked now.
   *
   * @param number of the round
   * @param answersNeeded for the median to count
   */
  void asked(long number, int answersNeeded) {
    round = number;
    needed = answersNeeded;
    askedNanos = nanoTime.getAsLong();
    differences.clear();
  }

  /** Takes what a broker's own clock said when it answered. */
  void heard(long number, NodeId broker, long ownMillis) {
    long tripNanos = nanoTime.getAsLong() - askedNanos;
    if (number != round || tripNanos > MAX_TRIP.toNanos()) {
      return;
    }
    differences.put(broker, ownMillis - millis() + TimeUnit.NANOSECONDS.toMillis(tripNanos / 2));
    long median = median();
    if (differences.size() >= needed && Math.abs(median) > TOLERANCE.toMillis()) {
      LOG.warn(
          "The time is set by {} s, as most brokers have it; this node's own clock is {} s from"
              + " that. Clocks should be kept together by NTP",
          median / 1e3,
          (wall.millis() - millis() - median) / 1e3);
      // Only this thread sets it.
      long base = baseMillis;
      baseMillis = base + median;
      differences.replaceAll((node, difference) -> difference - median);
    }
  }

  /** Of an even number the one of both that changes less. */
  private long median() {
    long[] sorted = differences.values().stream().mapToLong(Long::longValue).sorted().toArray();
    long low = sorted[(sorted.length - 1) / 2];
    long high = sorted[sorted.length / 2];
    return Math.abs(low) <= Math.abs(high) ? low : high;
  }
}
