package io.tidewheel.http;

import io.tidewheel.message.EnumNames;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.subscription.Sighting.State;
import java.time.Instant;

/** Where a message is, as fields: only those that say something. */
final class SightingWriter {
  private SightingWriter() {}

  /** From the state on, without brackets. */
  static void write(JsonBytes json, Sighting sighting) {
    json.literal("\"state\":\"").literal(EnumNames.dashed(sighting.state())).literal("\"");
    if (sighting.state() != State.UNKNOWN) {
      json.literal(",\"attempts\":").number(sighting.attempts());
    }
    facts(json, sighting);
  }

  /** What a state adds: who, when, until when and why. */
  static void facts(JsonBytes json, Sighting sighting) {
    text(json, "worker", sighting.worker());
    text(json, "version", sighting.version());
    time(json, "at", sighting.atMillis());
    time(json, "until", sighting.untilMillis());
    if (sighting.blockedBy() >= 0) {
      json.literal(",\"blockedBy\":").number(sighting.blockedBy());
    }
    if (sighting.isHoldingKey()) {
      json.literal(",\"holdsKey\":true");
    }
    String detail = sighting.detail();
    text(json, "reason", detail == null ? "" : detail);
  }

  static void time(JsonBytes json, String name, long millis) {
    if (millis > 0) {
      json.literal(",\"").literal(name).literal("\":\"");
      json.literal(Instant.ofEpochMilli(millis).toString()).literal("\"");
    }
  }

  private static void text(JsonBytes json, String name, String text) {
    if (!text.isEmpty()) {
      json.literal(",\"").literal(name).literal("\":").string(text);
    }
  }
}
