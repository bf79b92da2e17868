package io.tidewheel.cli.load;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the threads of a run share: what may still be sent, and the window of the measurement. What
 * starts before the window is warm-up: it is sent without a bound and counts nowhere.
 */
final class RunState {
  private final AtomicLong openMessages;

  /** Taken and neither settled nor given back. */
  private final AtomicLong outstanding = new AtomicLong();

  private final AtomicLong publishedCount = new AtomicLong();
  private final AtomicLong ackedCount = new AtomicLong();
  private final AtomicInteger emptyPulls = new AtomicInteger();
  private final AtomicLong nextId = new AtomicLong();
  private final AtomicLong nextTopic = new AtomicLong();
  private final AtomicLong lastSettledNanos = new AtomicLong();
  private final AtomicLong lastAckNanos = new AtomicLong();

  /** Bodies of acks between those who pull and those who ack. */
  private final ConcurrentLinkedQueue<byte[]> ackBodies = new ConcurrentLinkedQueue<>();

  private volatile @Nullable Long fromNanos;
  private volatile @Nullable Long endNanos;
  private volatile boolean isStopping;
  private volatile @Nullable String fatal;

  /**
   * A run that begins.
   *
   * @param maxMessages to publish, or to ack in a run that does not publish, in the window
   */
  RunState(long maxMessages) {
    this.openMessages = new AtomicLong(maxMessages);
  }

  /**
   * The topics in turn, whoever publishes: each gets as many publishes as any other, or one less.
   */
  int nextTopic(int count) {
    return (int) (nextTopic.getAndIncrement() % count);
  }

  /** The window begins. */
  void measureFrom(long nanos) {
    lastSettledNanos.set(nanos);
    lastAckNanos.set(nanos);
    fromNanos = nanos;
  }

  /** Whether what starts at a time belongs to the window, as far as its beginning goes. */
  boolean isMeasured(long startNanos) {
    Long from = fromNanos;
    return from != null && startNanos - from >= 0;
  }

  /** When the window began; 0 if it has not. */
  long fromNanos() {
    Long from = fromNanos;
    return from == null ? 0 : from;
  }

  /** The window ends, unless it has ended before: nothing is due any more from then on. */
  synchronized void endWindow(long nanos) {
    if (endNanos == null) {
      endNanos = nanos;
    }
  }

  boolean isWindowOver() {
    return endNanos != null;
  }

  /** When the window ended; 0 if it has not. */
  long endNanos() {
    Long end = endNanos;
    return end == null ? 0 : end;
  }

  private boolean isTooLate(long startNanos) {
    Long end = endNanos;
    return isStopping || (end != null && startNanos - end >= 0);
  }

  /** Whether {@code count} more messages may be sent; they count as sent from now on. */
  boolean take(long startNanos, int count) {
    return !isTooLate(startNanos) && takeUpTo(startNanos, count) > 0;
  }

  /**
   * How many of {@code count} messages may be sent or pulled; {@link #settled} is owed for them.
   */
  int takeUpTo(long startNanos, int count) {
    if (!isMeasured(startNanos)) {
      return count;
    }
    outstanding.addAndGet(count);
    long before = openMessages.getAndUpdate(open -> open - Math.min(count, Math.max(0, open)));
    int taken = (int) Math.min(count, Math.max(0, before));
    settled(startNanos, lastSettledNanos.get(), count - taken);
    return taken;
  }

  /** Whether messages that were due could still have been sent; they count as done. */
  boolean takeUnsent(int count) {
    return openMessages.getAndAdd(-count) > 0;
  }

  boolean isTaken() {
    return openMessages.get() <= 0;
  }

  /** Messages taken at {@code startNanos} have their outcome. The last of all ends the window. */
  void settled(long startNanos, long nowNanos, int count) {
    if (!isMeasured(startNanos)) {
      return;
    }
    lastSettledNanos.accumulateAndGet(nowNanos, RunState::later);
    if (outstanding.addAndGet(-count) == 0 && isTaken()) {
      endWindow(lastSettledNanos.get());
    }
  }

  /** Messages taken at {@code startNanos} are to be taken again. */
  void giveBack(long startNanos, int count) {
    if (isMeasured(startNanos)) {
      openMessages.addAndGet(count);
      outstanding.addAndGet(-count);
    }
  }

  private static long later(long one, long other) {
    return one - other >= 0 ? one : other;
  }

  long nextId() {
    return nextId.getAndIncrement();
  }

  void published(int count) {
    publishedCount.addAndGet(count);
  }

  void acked(int count, long nowNanos) {
    ackedCount.addAndGet(count);
    lastAckNanos.accumulateAndGet(nowNanos, RunState::later);
  }

  /** When the last ack in the window was answered; its beginning if none was. */
  long lastAckNanos() {
    return lastAckNanos.get();
  }

  /** A pull brought messages. */
  void fullPull() {
    emptyPulls.set(0);
  }

  /** A pull brought nothing; gives how many did so in a row. */
  int emptyPull() {
    return emptyPulls.incrementAndGet();
  }

  /** Stored, of those that belong to the window. */
  long publishedCount() {
    return publishedCount.get();
  }

  /** Acked, of those that belong to the window. */
  long ackedCount() {
    return ackedCount.get();
  }

  ConcurrentLinkedQueue<byte[]> ackBodies() {
    return ackBodies;
  }

  void stop() {
    isStopping = true;
  }

  boolean isStopping() {
    return isStopping;
  }

  void abort(String reason) {
    fatal = reason;
    isStopping = true;
  }

  @Nullable String fatal() {
    return fatal;
  }
}
