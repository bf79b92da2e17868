package io.tidewheel.catalog;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.message.Limits;
import java.time.Duration;
import java.util.List;

/**
 * Settings of a topic as someone wants them: a JSON object laid over the current ones. An absent
 * field keeps its value, {@code null} resets it to the default.
 *
 * @param settings what the topic would have; usable only without errors
 * @param errors everything that is wrong
 */
record TopicSettingsPatch(TopicSettings settings, List<CatalogClient.FieldError> errors) {
  static final int MAX_QUEUES = 1_024;

  /** More ids would make the snapshot of a queue larger than 512 KiB. */
  static final int MAX_DEDUP_IDS = 15_000;

  /** An upper bound for bytes that no disk reaches, so sums of them fit a long. */
  private static final long MAX_BYTES = 1L << 50;

  private static final long MIN_BACKLOG_BYTES = 64 << 10;

  static TopicSettingsPatch of(TopicSettings current, TopicSettings defaults, ObjectNode patch) {
    FieldReader fields = FieldReader.of(patch);
    FieldReader retention = fields.object("retention");
    FieldReader dedup = fields.object("dedup");
    TopicSettings settings =
        new TopicSettings(
            fields.read(
                "queues", current.queues(), defaults.queues(), FieldParsers.whole(1, MAX_QUEUES)),
            retention.read(
                "time",
                current.retentionTime(),
                defaults.retentionTime(),
                FieldParsers.duration(Duration.ZERO, Duration.ofDays(3_650))),
            retention.read(
                "bytes",
                current.retentionBytes(),
                defaults.retentionBytes(),
                FieldParsers.wholeLong(0, MAX_BYTES)),
            fields.read(
                "maxMessageBytes",
                current.maxMessageBytes(),
                defaults.maxMessageBytes(),
                FieldParsers.whole(1, Limits.MAX_PAYLOAD_BYTES)),
            fields.read(
                "maxBacklogBytes",
                current.maxBacklogBytes(),
                defaults.maxBacklogBytes(),
                FieldParsers.wholeLong(MIN_BACKLOG_BYTES, MAX_BYTES)),
            dedup.read(
                "window",
                current.dedupWindow(),
                defaults.dedupWindow(),
                FieldParsers.duration(Duration.ZERO, Duration.ofHours(24))),
            dedup.read(
                "ids",
                current.dedupIds(),
                defaults.dedupIds(),
                FieldParsers.whole(0, MAX_DEDUP_IDS)),
            fields.readNullable(
                "ttl",
                current.ttl(),
                FieldParsers.duration(Duration.ofSeconds(1), Duration.ofDays(730))));
    return new TopicSettingsPatch(settings, fields.finish());
  }
}
