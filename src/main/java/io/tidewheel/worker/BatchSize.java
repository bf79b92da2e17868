package io.tidewheel.worker;

/**
 * How many deliveries a worker takes at once, by what became of those before: half as many after a
 * batch of which half or more failed, twice as many after any other. A worker that fails at once
 * would else take the most. It bounds what comes in one pull, not what is in hand: one that fails
 * now and then has as much to do as before. For one thread at a time.
 */
public final class BatchSize {
  /** One that failed says little. */
  static final int MIN_RESULTS = 8;

  private final int max;
  private int size;
  private int taken;
  private int results;
  private int failures;

  /** One that has not failed yet, and takes as much as it can. */
  public BatchSize(int max) {
    this.max = max;
    this.size = max;
  }

  /** How many to take at most, 1 at least. */
  public int size() {
    return size;
  }

  /** A pull has brought so many. */
  public void onTaken(int count) {
    taken = count > 0 ? count : taken;
  }

  /** Deliveries were handled, of which some failed; the rest succeeded. */
  public void onHandled(int succeeded, int failed) {
    results += succeeded + failed;
    failures += failed;
    if (results < Math.max(MIN_RESULTS, Math.min(taken, size))) {
      return;
    }
    if (2 * failures >= results) {
      // Often less was taken than might have been.
      size = Math.max(1, Math.min(size, taken) / 2);
    } else {
      size = Math.min(max, 2 * size);
    }
    results = 0;
    failures = 0;
  }
}
