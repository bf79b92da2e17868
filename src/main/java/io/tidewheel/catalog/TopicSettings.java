package io.tidewheel.catalog;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a topic, valid by construction of {@code SettingsPatch}.
 *
 * @param queues fixed at creation
 * @param retentionTime how long acked messages are kept for replay
 * @param retentionBytes how many bytes of them per queue are kept
 * @param maxBacklogBytes per queue; beyond it a publish is refused
 * @param dedupWindow how long an id is remembered
 * @param dedupIds how many ids a queue remembers
 * @param ttl after which an unsettled message becomes a dead letter; null for never
 */
public record TopicSettings(
    int queues,
    Duration retentionTime,
    long retentionBytes,
    int maxMessageBytes,
    long maxBacklogBytes,
    Duration dedupWindow,
    int dedupIds,
    @Nullable Duration ttl) {

  /** The settings of a topic whose creator says nothing. */
  public static TopicSettings defaults(int queues) {
    return new TopicSettings(
        queues,
        Duration.ofHours(24),
        1L << 30,
        1 << 20,
        10L << 30,
        Duration.ofMinutes(10),
        10_000,
        null);
  }
}
