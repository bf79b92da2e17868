package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How far a reader is, for its queue: the newest report replaces the one before, and the queue is
 * told once however many there are, so a reader may report every change. Safe for any thread.
 */
public final class ReaderProgress {
  private final long subscriptionUid;
  private final ActorRef<Queue.Command> queue;
  private final AtomicBoolean isTold = new AtomicBoolean();
  private volatile State newest = new State(-1, false);

  /**
   * A report.
   *
   * @param floor everything before it is settled, and stored as settled; -1 if it is not known yet
   * @param isAtRest whether nothing is left to be done for what the log holds
   */
  record State(long floor, boolean isAtRest) {}

  /** The progress of the reader of a subscription, told to its queue. */
  public ReaderProgress(long subscriptionUid, ActorRef<Queue.Command> queue) {
    this.subscriptionUid = subscriptionUid;
    this.queue = queue;
  }

  /**
   * Says how far the reader is.
   *
   * @param floor everything before it is settled, and stored as settled
   * @param isAtRest whether every message is settled and nothing is in flight
   */
  public void report(long floor, boolean isAtRest) {
    State before = newest;
    if (before.floor != floor || before.isAtRest != isAtRest) {
      newest = new State(floor, isAtRest);
      if (isTold.compareAndSet(false, true)) {
        queue.tell(new Queue.Progressed(this));
      }
    }
  }

  long subscriptionUid() {
    return subscriptionUid;
  }

  /** The newest report; a later one is told again. */
  State take() {
    // First, so that a report made while this runs is either taken here or told.
    isTold.set(false);
    return newest;
  }
}
