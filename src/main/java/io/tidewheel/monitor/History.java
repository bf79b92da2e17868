package io.tidewheel.monitor;

import java.util.List;

/**
 * Lines of a topic, or of all topics, with the oldest point first. All lists are of one length.
 *
 * @param endMillis when the last point was taken, wall clock
 * @param stepMillis between two points
 * @param backlog messages that wait, over all subscriptions
 * @param in messages stored per second
 * @param out messages settled per second, over all subscriptions
 * @param failed deliveries per second that ended without an ack
 */
public record History(
    long endMillis,
    long stepMillis,
    List<Long> backlog,
    List<Double> in,
    List<Double> out,
    List<Double> failed) {
  public int size() {
    return backlog.size();
  }
}
