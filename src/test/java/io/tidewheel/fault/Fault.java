package io.tidewheel.fault;

import java.util.Set;

/**
 * One fault, from its beginning to the moment its cause was taken away.
 *
 * @param broker whom it hit; 0 if that was the store
 * @param queues that lived there
 */
record Fault(int broker, Set<Integer> queues, long startNanos, long healNanos) {
  boolean isDuring(long nanos) {
    return nanos - startNanos >= 0 && nanos - healNanos < 0;
  }
}
