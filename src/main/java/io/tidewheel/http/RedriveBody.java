package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.message.Limits;
import io.tidewheel.subscription.DeadMessage;
import io.tidewheel.worker.RedriveRequest;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a redrive is to do; null of a field is as if it were not there. */
final class RedriveBody {
  static final int MAX_BYTES = 256 << 10;

  private static final Set<String> FIELDS =
      Set.of("ids", "reason", "key", "from", "to", "max", "rate", "dryRun");

  private final ObjectNode body;

  private RedriveBody(ObjectNode body) {
    this.body = body;
  }

  /**
   * Reads a body.
   *
   * @throws ProblemException for what is unknown, of the wrong type or out of range
   */
  static RedriveRequest read(byte[] json) {
    return new RedriveBody(Json.object(json)).read();
  }

  private RedriveRequest read() {
    body.fieldNames()
        .forEachRemaining(
            name -> {
              if (!FIELDS.contains(name)) {
                throw FieldParser.unknown("/" + name.replace("~", "~0").replace("/", "~1"));
              }
            });
    long from = time("from", Long.MIN_VALUE);
    long to = time("to", Long.MAX_VALUE);
    if (from >= to) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, "/to", "must be later than from")
          .toException();
    }
    return new RedriveRequest(
        ids(),
        cause(),
        key(),
        from,
        to,
        number("max", Integer.MAX_VALUE, Integer.MAX_VALUE),
        number("rate", RedriveRequest.DEFAULT_RATE, RedriveRequest.MAX_RATE),
        isDryRun());
  }

  private Set<String> ids() {
    JsonNode value = value("ids");
    if (value == null) {
      return Set.of();
    }
    if (!value.isArray()) {
      throw FieldParser.wrongType("/ids", "an array of strings");
    }
    if (value.isEmpty() || value.size() > RedriveRequest.MAX_IDS) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED,
              "/ids",
              "must hold 1 to " + RedriveRequest.MAX_IDS + " ids; left out it selects all")
          .toException();
    }
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < value.size(); i++) {
      ids.add(text(value.get(i), "/ids/" + i, Limits.MAX_ID_BYTES));
    }
    return ids;
  }

  private @Nullable String cause() {
    JsonNode value = value("reason");
    if (value == null) {
      return null;
    }
    List<String> causes = DeadMessage.CAUSES;
    if (!value.isTextual()) {
      throw FieldParser.wrongType("/reason", "a string");
    }
    if (!causes.contains(value.textValue())) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, "/reason", "must be one of " + String.join(", ", causes))
          .toException();
    }
    return value.textValue();
  }

  private @Nullable String key() {
    JsonNode value = value("key");
    return value == null ? null : text(value, "/key", Limits.MAX_KEY_BYTES);
  }

  private static String text(JsonNode value, String pointer, int maxBytes) {
    if (!value.isTextual()) {
      throw FieldParser.wrongType(pointer, "a string");
    }
    int bytes = value.textValue().getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > maxBytes) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, pointer, "must have 1 to " + maxBytes + " bytes")
          .toException();
    }
    return value.textValue();
  }

  private long time(String name, long absent) {
    JsonNode value = value(name);
    if (value == null) {
      return absent;
    }
    try {
      if (value.isTextual()) {
        return Instant.parse(value.textValue()).toEpochMilli();
      }
    } catch (DateTimeException | ArithmeticException e) {
      throw FieldParser.wrongType("/" + name, "a time in UTC, such as \"2025-01-31T12:00:00Z\"");
    }
    throw FieldParser.wrongType("/" + name, "a time in UTC, such as \"2025-01-31T12:00:00Z\"");
  }

  private int number(String name, int absent, int max) {
    JsonNode value = value(name);
    if (value == null) {
      return absent;
    }
    if (!value.isIntegralNumber()) {
      throw FieldParser.wrongType("/" + name, "a whole number");
    }
    if (!value.canConvertToInt() || value.intValue() < 1 || value.intValue() > max) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, "/" + name, "must be from 1 to " + max)
          .toException();
    }
    return value.intValue();
  }

  private boolean isDryRun() {
    JsonNode value = value("dryRun");
    if (value != null && !value.isBoolean()) {
      throw FieldParser.wrongType("/dryRun", "true or false");
    }
    return value != null && value.booleanValue();
  }

  private @Nullable JsonNode value(String name) {
    JsonNode value = body.get(name);
    return value == null || value.isNull() ? null : value;
  }
}
