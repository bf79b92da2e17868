package io.tidewheel.http;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that may be held at the same time, over all threads. */
final class ByteBudget {
  private final long maxBytes;
  private final AtomicLong heldBytes = new AtomicLong();

  ByteBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Takes bytes out of the budget if they are there. */
  boolean tryReserve(long bytes) {
    if (heldBytes.addAndGet(bytes) <= maxBytes) {
      return true;
    }
    heldBytes.addAndGet(-bytes);
    return false;
  }

  void release(long bytes) {
    heldBytes.addAndGet(-bytes);
  }

  long heldBytes() {
    return heldBytes.get();
  }
}
