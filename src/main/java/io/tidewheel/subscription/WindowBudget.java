package io.tidewheel.subscription;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that all windows of a node may fill together. Safe for any thread.
 *
 * <p>When it is used up, a window still gets {@link #ASSURED_BYTES}, so that no subscription stands
 * still because of others; that much per subscription is the only way beyond the budget.
 */
public final class WindowBudget {
  /** Largest share of one subscription on one queue. */
  public static final long DEFAULT_WINDOW_BYTES = 8L << 20;

  static final long ASSURED_BYTES = 64L << 10;

  private final long maxBytes;
  private final long maxWindowBytes;
  private final AtomicLong used = new AtomicLong();

  /**
   * A budget.
   *
   * @param maxBytes of all windows together
   * @param maxWindowBytes of one window
   */
  public WindowBudget(long maxBytes, long maxWindowBytes) {
    this.maxBytes = maxBytes;
    this.maxWindowBytes = maxWindowBytes;
  }

  /** What a window that holds so much may still take in. */
  long roomFor(long windowBytes) {
    long assured = Math.min(ASSURED_BYTES, maxWindowBytes) - windowBytes;
    long free = Math.min(maxWindowBytes - windowBytes, maxBytes - used.get());
    return Math.max(0, Math.max(assured, free));
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  /** Bytes in use. */
  public long used() {
    return used.get();
  }
}
