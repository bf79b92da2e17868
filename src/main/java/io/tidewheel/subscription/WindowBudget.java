package io.tidewheel.subscription;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that all windows of a node may fill together. Safe for any thread.
 *
 * <p>When it is used up, a window still gets {@link #ASSURED_BYTES} for messages and as much for
 * deferred offsets, so that no subscription stands still because of others; that much per
 * subscription is the only way beyond the budget.
 */
public final class WindowBudget {
  /** Largest share of one subscription on one queue. */
  public static final long DEFAULT_WINDOW_BYTES = 8L << 20;

  static final long ASSURED_BYTES = 64L << 10;

  /** Offsets of one subscription on one queue that wait for their key without their payload. */
  static final int MAX_DEFERRED = 1_000_000;

  /** What one of them takes: offset, hash of the key, and where the next one of the key stands. */
  static final int DEFERRED_BYTES = 20;

  private final long maxBytes;
  private final long maxWindowBytes;
  private final int maxDeferred;
  private final AtomicLong used = new AtomicLong();

  /**
   * A budget.
   *
   * @param maxBytes of all windows together
   * @param maxWindowBytes of one window
   */
  public WindowBudget(long maxBytes, long maxWindowBytes) {
    this(maxBytes, maxWindowBytes, MAX_DEFERRED);
  }

  WindowBudget(long maxBytes, long maxWindowBytes, int maxDeferred) {
    this.maxBytes = maxBytes;
    this.maxWindowBytes = maxWindowBytes;
    this.maxDeferred = maxDeferred;
  }

  /** What a window that holds so much may still take in. */
  long roomFor(long windowBytes) {
    long assured = Math.min(ASSURED_BYTES, maxWindowBytes) - windowBytes;
    long free = Math.min(maxWindowBytes - windowBytes, maxBytes - used.get());
    return Math.max(0, Math.max(assured, free));
  }

  /**
   * Whether a window that holds so much should keep only payloads that can be given out now. Half
   * of it is theirs alone.
   */
  boolean isTight(long windowBytes) {
    return roomFor(windowBytes) <= maxWindowBytes / 2;
  }

  /** Whether a window that defers so many offsets may defer another. */
  boolean hasRoomToDefer(int deferredCount) {
    return deferredCount < maxDeferred
        && (used.get() < maxBytes || (long) deferredCount * DEFERRED_BYTES < ASSURED_BYTES);
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  /** Bytes in use. */
  public long used() {
    return used.get();
  }
}
