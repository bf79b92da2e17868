package io.tidewheel.monitor;

import java.util.List;

/**
 * The hour behind, as far as anything was bounded; those that were last come first. A line may be
 * shorter than another one: all end at the same time.
 *
 * @param endMillis when the last points were taken, wall clock; 0 if there are none yet
 * @param stepMillis between two points
 * @param nodes by name, from 0 to 1: how busy the processors were, and by the broker itself
 * @param subscriptions messages per second that were allowed, and given out
 * @param backends calls per second that were allowed, and made
 */
public record AllowanceHistory(
    long endMillis,
    long stepMillis,
    List<Trace<String>> nodes,
    List<Trace<Owner>> subscriptions,
    List<Trace<String>> backends) {

  /** A subscription of a topic. */
  public record Owner(long topicUid, long subscriptionUid) {}
}
