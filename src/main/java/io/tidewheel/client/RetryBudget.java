package io.tidewheel.client;

/**
 * How much may be sent again: as much as a share of what succeeds, beside a small stock. What there
 * is nothing left for waits longer, so that a cluster in trouble is not buried in repeats. Safe for
 * any thread.
 */
final class RetryBudget {
  static final int STOCK = 100;
  private static final double SHARE = 0.2;

  private double tokens = STOCK;

  /** Something was decided at once. */
  synchronized void succeeded() {
    tokens = Math.min(STOCK, tokens + SHARE);
  }

  /** Whether something may be sent again without a longer wait. */
  synchronized boolean take() {
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }
}
