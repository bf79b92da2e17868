package io.tidewheel.cli.load;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What the threads of a run share. */
final class RunState {
  private final AtomicLong openMessages;
  private final AtomicLong publishedCount = new AtomicLong();
  private final AtomicLong ackedCount = new AtomicLong();
  private final AtomicLong nextId = new AtomicLong();
  private final ConcurrentLinkedQueue<byte[]> ackBodies;
  private volatile boolean isPublishingOver;
  private volatile boolean isStopping;
  private volatile @Nullable String fatal;

  /**
   * A run that begins.
   *
   * @param maxMessages to publish, or to ack in a run that does not publish
   * @param ackBodies bodies of acks, as {@link LoadPlan.Mode#COLLECT} leaves and {@link
   *     LoadPlan.Mode#ACK} takes them
   */
  RunState(long maxMessages, ConcurrentLinkedQueue<byte[]> ackBodies) {
    this.openMessages = new AtomicLong(maxMessages);
    this.ackBodies = ackBodies;
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

  void acked(int count) {
    ackedCount.addAndGet(count);
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
