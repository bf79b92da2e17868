package io.tidewheel.cli.load;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What the threads of a run share. */
final class RunState {
  private final AtomicLong openMessages;
  private final AtomicLong publishedCount = new AtomicLong();
  private final AtomicLong ackedCount = new AtomicLong();
  private final AtomicInteger emptyPulls = new AtomicInteger();
  private final AtomicLong nextId = new AtomicLong();

  /** Bodies of acks between those who pull and those who ack. */
  private final ConcurrentLinkedQueue<byte[]> ackBodies = new ConcurrentLinkedQueue<>();

  private volatile long lastAckNanos;
  private volatile boolean isPublishingOver;
  private volatile boolean isStopping;
  private volatile @Nullable String fatal;

  /**
   * A run that begins.
   *
   * @param maxMessages to publish, or to ack in a run that does not publish
   */
  RunState(long maxMessages) {
    this.openMessages = new AtomicLong(maxMessages);
  }

  /** Whether {@code count} more messages may be sent; they count as sent from now on. */
  boolean take(int count) {
    return !isPublishingOver && !isStopping && openMessages.getAndAdd(-count) > 0;
  }

  boolean isTaken() {
    return openMessages.get() <= 0;
  }

  long nextId() {
    return nextId.getAndIncrement();
  }

  void published(int count) {
    publishedCount.addAndGet(count);
  }

  void acked(int count, long nowNanos) {
    ackedCount.addAndGet(count);
    lastAckNanos = nowNanos;
  }

  /** When the last ack was answered; 0 if none was. */
  long lastAckNanos() {
    return lastAckNanos;
  }

  /** A pull brought messages. */
  void fullPull() {
    emptyPulls.set(0);
  }

  /** A pull brought nothing; gives how many did so in a row. */
  int emptyPull() {
    return emptyPulls.incrementAndGet();
  }

  long publishedCount() {
    return publishedCount.get();
  }

  long ackedCount() {
    return ackedCount.get();
  }

  ConcurrentLinkedQueue<byte[]> ackBodies() {
    return ackBodies;
  }

  void endPublishing() {
    isPublishingOver = true;
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
