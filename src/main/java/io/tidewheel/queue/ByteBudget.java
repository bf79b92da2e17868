package io.tidewheel.queue;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Bytes that may be in use at once, over all threads of a node. */
public final class ByteBudget {
  private final long maxBytes;
  private final AtomicLong used = new AtomicLong();
  private final LongAdder taken = new LongAdder();

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
    taken.add(bytes);
    return true;
  }

  /**
   * Whether {@link #tryTake} would get so many once others have taken theirs.
   *
   * @param othersBytes that somebody is about to take
   */
  public boolean hasRoom(long bytes, long othersBytes) {
    long before = used.get() + othersBytes;
    return before <= 0 || before + bytes <= maxBytes;
  }

  /** Gives back what was taken. */
  public void giveBack(long bytes) {
    used.addAndGet(-bytes);
  }

  /** Bytes that were taken since the start, also those that were given back. */
  public long taken() {
    return taken.sum();
  }

  /** Bytes in use. */
  public long used() {
    return used.get();
  }
}
