package io.tidewheel.catalog;

import io.tidewheel.journal.FencedLog;
import java.time.Duration;

/**
 * How the catalog works.
 *
 * @param topicDefaults settings of a topic whose creator says nothing
 * @param maxRequests requests that are open at once; more are refused
 * @param maxParallelCalls calls to queues that are out at once
 * @param callTimeout after which a call to a queue counts as failed
 * @param minBackoff before the first repeat of a failed call or start; doubles with each
 * @param maxBackoff at most
 * @param maxViews nodes that may watch
 * @param maxSilentSeconds after which a view that does not repeat its watch is forgotten
 * @param maxRemovals removed topics that are remembered for views that are behind
 * @param maxPageWeight about how many bytes a page of changes takes between nodes
 */
public record CatalogSettings(
    FencedLog.Ownership ownership,
    TopicSettings topicDefaults,
    int maxRequests,
    int maxParallelCalls,
    Duration callTimeout,
    Duration minBackoff,
    Duration maxBackoff,
    int maxViews,
    int maxSilentSeconds,
    int maxRemovals,
    int maxPageWeight) {

  /** The settings that suit every node. */
  public static CatalogSettings of(FencedLog.Ownership ownership, int queuesPerTopic) {
    return new CatalogSettings(
        ownership,
        TopicSettings.defaults(queuesPerTopic),
        1_000,
        64,
        Duration.ofSeconds(15),
        Duration.ofMillis(200),
        Duration.ofSeconds(30),
        1_000,
        10,
        10_000,
        512 << 10);
  }

  /** The pause after a number of failures in a row. */
  Duration backoff(int failureCount) {
    Duration delay = minBackoff.multipliedBy(1L << Math.min(20, failureCount - 1));
    return delay.compareTo(maxBackoff) < 0 ? delay : maxBackoff;
  }
}
