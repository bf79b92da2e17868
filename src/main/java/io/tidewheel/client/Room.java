package io.tidewheel.client;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The memory of a publisher for what is not decided, in bytes. Safe for any thread. */
final class Room {
  private final int maxBytes;
  private final Semaphore bytes;

  Room(int maxBytes) {
    this.maxBytes = maxBytes;
    this.bytes = new Semaphore(maxBytes);
  }

  /**
   * Takes room, waiting for it at most so long; a message that is larger than all of it takes all.
   */
  boolean take(int weight, long waitNanos) {
    int permits = Math.min(weight, maxBytes);
    if (bytes.tryAcquire(permits)) {
      return true;
    }
    if (waitNanos <= 0) {
      return false;
    }
    try {
      return bytes.tryAcquire(permits, waitNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  void giveBack(int weight) {
    bytes.release(Math.min(weight, maxBytes));
  }

  /** Whether everything is decided. */
  boolean isWhole() {
    return bytes.availablePermits() == maxBytes;
  }
}
