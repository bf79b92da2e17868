package io.tidewheel.journal.embedded;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What waits for the writer of a store, first in first out, and when the writer is woken for it.
 *
 * <p>Each flush takes the disk a good part of a millisecond, and waking a thread some 50
 * microseconds of processors. Operations that may wait are therefore taken along by the next one
 * that may not:
 *
 * <ol>
 *   <li>Nothing is kept back for longer than {@link #PATIENCE_NANOS}.
 *   <li>Nothing is kept back unless something that may not wait came within {@link #RECENT_NANOS},
 *       so that acks of a topic nobody publishes to are as quick as can be.
 *   <li>The order of arrival stays.
 * </ol>
 */
final class WriteQueue {
  /** How long an operation that may wait does so at most, from when it came. */
  static final long PATIENCE_NANOS = 1_000_000;

  /** How long after an operation that may not wait another one is expected. */
  static final long RECENT_NANOS = 2_000_000;

  private enum Rest {
    /** Takes what there is, and looks again. */
    AWAKE,
    /** Until something comes that may not wait, or the time is up. */
    DOZING,
    /** Until anything comes. */
    ASLEEP
  }

  private final int max;
  private final LongSupplier nanoTime;
  private final ArrayDeque<StoreOperation<?>> waiting = new ArrayDeque<>();

  /** Of those that wait, how many are to be written at once. */
  private int urgent;

  /** When the last one of those was taken. */
  private long urgentNanos;

  private Rest rest = Rest.AWAKE;
  private @Nullable Thread writer;

  /**
   * An empty queue.
   *
   * @param max how many operations may wait
   * @param nanoTime a monotonic clock
   */
  WriteQueue(int max, LongSupplier nanoTime) {
    this.max = max;
    this.nanoTime = nanoTime;
    this.urgentNanos = nanoTime.getAsLong() - RECENT_NANOS;
  }

  /** Adds an operation, unless too many wait already; false if so. */
  boolean offer(StoreOperation<?> operation) {
    Thread woken;
    synchronized (this) {
      if (waiting.size() >= max) {
        return false;
      }
      woken = add(operation);
    }
    LockSupport.unpark(woken);
    return true;
  }

  /** Adds an operation, whatever waits. */
  void put(StoreOperation<?> operation) {
    Thread woken;
    synchronized (this) {
      woken = add(operation);
    }
    LockSupport.unpark(woken);
  }

  /** Answers the writer if it is to be woken. */
  private @Nullable Thread add(StoreOperation<?> operation) {
    waiting.add(operation);
    boolean isUrgent = !operation.mayWait();
    if (isUrgent) {
      urgent++;
    }
    if (rest == Rest.ASLEEP || (rest == Rest.DOZING && isUrgent)) {
      rest = Rest.AWAKE;
      return writer;
    }
    return null;
  }

  synchronized int size() {
    return waiting.size();
  }

  /** Takes all that waits, whether or not it may go on waiting. */
  synchronized void drainTo(List<StoreOperation<?>> drained) {
    drained.addAll(waiting);
    waiting.clear();
    urgent = 0;
  }

  /**
   * Waits for something to write and takes it, up to a size. For one thread, the writer.
   *
   * @param maxBytes what is taken has at least one operation, and no second one beyond this
   * @param maxNanos how long to wait at most; nothing is taken then
   */
  void take(List<StoreOperation<?>> drained, long maxBytes, long maxNanos)
      throws InterruptedException {
    long start = nanoTime.getAsLong();
    while (true) {
      long left;
      synchronized (this) {
        long now = nanoTime.getAsLong();
        long patience = now - urgentNanos < RECENT_NANOS ? start + PATIENCE_NANOS - now : 0;
        if (urgent > 0 || (!waiting.isEmpty() && patience <= 0)) {
          rest = Rest.AWAKE;
          remove(drained, maxBytes, now);
          return;
        }
        left = maxNanos - (now - start);
        if (left <= 0) {
          rest = Rest.AWAKE;
          return;
        }
        writer = Thread.currentThread();
        rest = patience > 0 ? Rest.DOZING : Rest.ASLEEP;
        left = patience > 0 ? Math.min(left, patience) : left;
      }
      LockSupport.parkNanos(this, left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private void remove(List<StoreOperation<?>> drained, long maxBytes, long now) {
    long bytes = 0;
    while (bytes < maxBytes && !waiting.isEmpty()) {
      StoreOperation<?> next = waiting.remove();
      drained.add(next);
      bytes += next.bytes;
      if (!next.mayWait()) {
        urgent--;
        urgentNanos = now;
      }
    }
  }
}
