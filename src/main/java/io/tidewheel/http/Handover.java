package io.tidewheel.http;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Deliveries on their way to a client: either the client gets them or they are given back, once.
 * Safe for any thread.
 */
final class Handover {
  private final AtomicBoolean isDecided = new AtomicBoolean();
  private final Runnable giveBack;

  Handover(Runnable giveBack) {
    this.giveBack = giveBack;
  }

  /** The answer is with the connection; false if the deliveries were given back before. */
  boolean handedOver() {
    return isDecided.compareAndSet(false, true);
  }

  /** The client can't get them: give them back, unless it did get them. */
  void failed() {
    if (isDecided.compareAndSet(false, true)) {
      giveBack.run();
    }
  }
}
