package io.tidewheel.fault;

import java.util.Set;

/**
 * One fault, from the moment on from which it had surely begun to that in which its cause was taken
 * away.
 *
 * @param broker whom it hit; 0 if that was the store
 * @param queues that lived there
 */
record Fault(int broker, Set<Integer> queues, long startNanos, long healNanos) {
  boolean isDuring(long nanos) {
    return nanos - startNanos >= 0 && nanos - healNanos < 0;
  }
}
