package io.tidewheel.queue;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that may be in use at once, over all threads of a node. */
public final class ByteBudget {
  private final long maxBytes;
  private final AtomicLong used = new AtomicLong();

  /** A budget of {@code maxBytes}, all free. */
  public ByteBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Takes bytes if they are free; a single taker of an unused budget always gets them. */
  public boolean tryTake(long bytes) {
    long before = used.getAndAdd(bytes);
    if (before > 0 && before + bytes > maxBytes) {
      used.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  /** Gives back what was taken. */
  public void giveBack(long bytes) {
    used.addAndGet(-bytes);
  }

  /** Bytes in use. */
  public long used() {
    return used.get();
  }
}
