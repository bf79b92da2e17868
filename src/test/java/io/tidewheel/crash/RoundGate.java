package io.tidewheel.crash;

/**
 * Lets callers and workers run while a round lasts. Between rounds all of them stand still, so that
 * no answer of a dead broker is noted after its successor has started.
 */
final class RoundGate {
  private final int threads;
  private int waiting;
  private boolean isOpen;
  private boolean isOver;

  RoundGate(int threads) {
    this.threads = threads;
  }

  synchronized void open() {
    isOpen = true;
    notifyAll();
  }

  /** From now on threads stop; returns when all have. */
  synchronized void closeAndAwait() throws InterruptedException {
    isOpen = false;
    while (waiting < threads) {
      wait();
    }
  }

  /** Threads end instead of waiting for a further round. */
  synchronized void end() {
    isOver = true;
    notifyAll();
  }

  synchronized boolean isOpen() {
    return isOpen;
  }

  /** Waits while closed; false when there is no further round. */
  synchronized boolean pass() throws InterruptedException {
    if (isOpen) {
      return !isOver;
    }
    waiting++;
    notifyAll();
    while (!isOpen && !isOver) {
      wait();
    }
    waiting--;
    return !isOver;
  }
}
