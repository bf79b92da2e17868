package io.tidewheel.subscription;

import io.tidewheel.message.Message;

/**
 * A message in the hands of a worker.
 *
 * @param attempt ordinal of this attempt, from 1: failed and expired deliveries count, released
 *     ones do not
 * @param publishedAtMillis when it was stored
 * @param deadlineMillis wall-clock milliseconds at which the lease ends unless extended, for
 *     display
 * @param isSuspect whether a worker ended that held it: if this one ends too, it must be the only
 *     suspect that this one holds
 */
public record Delivery(
    Receipt receipt,
    Message message,
    int attempt,
    long publishedAtMillis,
    long deadlineMillis,
    boolean isSuspect) {
  /** One that is not suspect. */
  public Delivery(
      Receipt receipt, Message message, int attempt, long publishedAtMillis, long deadlineMillis) {
    this(receipt, message, attempt, publishedAtMillis, deadlineMillis, false);
  }
}
