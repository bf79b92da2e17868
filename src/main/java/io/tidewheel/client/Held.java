package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import org.jspecify.annotations.Nullable;

/** A delivery that a worker holds. Guarded by its worker. */
final class Held {
  private final Frame.Delivered delivered;
  private final Session session;
  private long leaseEndNanos;
  private boolean isExtending;

  Held(Frame.Delivered delivered, Session session, long leaseEndNanos) {
    this.delivered = delivered;
    this.session = session;
    this.leaseEndNanos = leaseEndNanos;
  }

  Frame.Delivered delivered() {
    return delivered;
  }

  Frame.Handle handle() {
    return delivered.handle();
  }

  @Nullable String key() {
    return delivered.message().key();
  }

  /** Through which it came. */
  Session session() {
    return session;
  }

  /** Whether its lease is to be made longer now; once, until that is answered. */
  boolean beginExtending(long marginNanos, long now) {
    if (isExtending || leaseEndNanos - now > marginNanos) {
      return false;
    }
    isExtending = true;
    return true;
  }

  void extended(long newLeaseEndNanos) {
    leaseEndNanos = newLeaseEndNanos;
    isExtending = false;
  }

  /** Whether its lease is over as far as this side knows. */
  boolean isOver(long now) {
    return leaseEndNanos - now <= 0;
  }
}
