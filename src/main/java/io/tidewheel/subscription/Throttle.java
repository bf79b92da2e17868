package io.tidewheel.subscription;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The gate that one subscription's queues on this node share: what they may give out, what they
 * gave out and what became of it. Whoever decides reads the one and sets the other, a few times a
 * second; giving out asks nobody else. Safe for any thread.
 */
public final class Throttle {
  /** Workers that are told apart; the others count together. */
  private static final int MAX_WORKERS = 1_000;

  /** What a queue said of its backlog counts so long. */
  private static final long BACKLOG_NANOS = 3_000_000_000L;

  private static final long HELD_NANOS = 1_000_000_000L;

  private final long topicUid;
  private final long subscriptionUid;
  private final DequeueRate bucket = new DequeueRate();
  private final LongAdder dispatched = new LongAdder();
  private final LongAdder grown = new LongAdder();
  private final LongAdder held = new LongAdder();
  private final Map<Integer, Told> backlogs = new ConcurrentHashMap<>();
  private final Map<Object, WorkerTally> workers = new ConcurrentHashMap<>();
  private final WorkerTally others = new WorkerTally(WorkerName.NONE, false);
  private volatile Allowance allowance;
  private volatile long usedNanos;
  private volatile long heldNanos;
  private volatile boolean wasHeld;

  private record Told(long backlog, long atNanos) {}

  Throttle(long topicUid, long subscriptionUid, Allowance allowance, long nowNanos) {
    this.usedNanos = nowNanos;
    this.topicUid = topicUid;
    this.subscriptionUid = subscriptionUid;
    this.allowance = allowance;
  }

  public long topicUid() {
    return topicUid;
  }

  public long subscriptionUid() {
    return subscriptionUid;
  }

  public Allowance allowance() {
    return allowance;
  }

  /** From now on this may be given out. */
  public void allow(Allowance now) {
    allowance = now;
  }

  /** When something was given out or came back last, or would have been given out. */
  public long usedNanos() {
    return usedNanos;
  }

  /** Messages given out since this was asked before. */
  public long takeDispatched() {
    return dispatched.sumThenReset();
  }

  /**
   * By how much the backlog of the queues here grew since this was asked before, less what it fell;
   * with what was given out in that time it makes what came in. What a queue finds when it starts
   * to tell, or after it was silent, is not growth.
   */
  public long takeGrown() {
    return grown.sumThenReset();
  }

  /** How often nothing, or less than was asked for, was given out because of the rate. */
  public long takeHeld() {
    return held.sumThenReset();
  }

  /** What waits in the queues here that said so lately. */
  public long backlog(long nowNanos) {
    long sum = 0;
    for (Told told : backlogs.values()) {
      sum += nowNanos - told.atNanos < BACKLOG_NANOS ? told.backlog : 0;
    }
    return sum;
  }

  /** All workers that had deliveries. */
  public Collection<WorkerTally> workers() {
    return workers.values();
  }

  /** Deliveries of workers that are not told apart. */
  public WorkerTally others() {
    return others;
  }

  /** The worker is not here any more. */
  public void forget(WorkerTally worker) {
    workers.values().remove(worker);
  }

  /** The tally of a worker; its name tells it from others, else what ends its leases does. */
  WorkerTally worker(WorkerName name, @Nullable Object holder) {
    Object key = name.name().isEmpty() && holder != null ? holder : name;
    boolean isKnown = key != name || !name.name().isEmpty();
    WorkerTally known = workers.get(key);
    if (known != null) {
      return known;
    }
    return isKnown && workers.size() < MAX_WORKERS
        ? workers.computeIfAbsent(key, one -> new WorkerTally(name, true))
        : others;
  }

  void tellBacklog(int queue, long backlog, long nowNanos) {
    Told before = backlogs.put(queue, new Told(backlog, nowNanos));
    if (before != null && nowNanos - before.atNanos < BACKLOG_NANOS) {
      grown.add(backlog - before.backlog);
    }
  }

  /** How many of {@code max} messages may be given out now; they count as given out. */
  int take(int queue, int max, Policy policy, long nowNanos) {
    double rate = allowance.rateWith(policy);
    usedNanos = nowNanos;
    if (rate == Double.POSITIVE_INFINITY || max <= 0) {
      dispatched.add(Math.max(0, max));
      return max;
    }
    int taken = bucket.take(queue, max, rate, nowNanos);
    dispatched.add(taken);
    return taken;
  }

  void giveBack(int count, Policy policy) {
    dispatched.add(-count);
    if (allowance.rateWith(policy) < Double.POSITIVE_INFINITY) {
      bucket.giveBack(count);
    }
  }

  /** There was more to give out, and somebody who asked for it. */
  void tellHeld(long nowNanos) {
    held.increment();
    heldNanos = nowNanos;
    wasHeld = true;
  }

  /** Whether the rate kept something back in the last second. */
  boolean isHolding(long nowNanos) {
    return wasHeld && nowNanos - heldNanos < HELD_NANOS;
  }

  long available(int queue, long max, Policy policy, long nowNanos) {
    double rate = allowance.rateWith(policy);
    return rate == Double.POSITIVE_INFINITY
        ? max
        : Math.min(max, bucket.available(queue, rate, nowNanos));
  }

  /** How long until more may be given out, in nanoseconds; only with a bound. */
  long waitNanos(int queue, Policy policy, long nowNanos) {
    double rate = allowance.rateWith(policy);
    return rate == Double.POSITIVE_INFINITY
        ? Long.MAX_VALUE
        : bucket.nextNanos(queue, rate, nowNanos) - nowNanos;
  }
}
