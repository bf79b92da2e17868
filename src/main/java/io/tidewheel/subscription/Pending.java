package io.tidewheel.subscription;

/** A message on its way to the dead-letter topic, with how often it was tried and why it died. */
record Pending(
    long number, long offset, int attempts, Attempt last, int deliveries, boolean isParking) {
  /** The same, but its key does not wait. */
  Pending passing() {
    return new Pending(number, offset, attempts, last, deliveries, false);
  }
}
