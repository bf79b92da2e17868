package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.subscription.DeadMessage;
import io.tidewheel.worker.RedriveRequest;
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
    FieldParser.refuseOthers(body, FIELDS);
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
      String id = text(value.get(i), "/ids/" + i);
      MessageFields.checkId("/ids/" + i, id);
      ids.add(id);
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
    String key = value == null ? null : text(value, "/key");
    MessageFields.checkKey("/key", key);
    return key;
  }

  private static String text(JsonNode value, String pointer) {
    if (!value.isTextual()) {
      throw FieldParser.wrongType(pointer, "a string");
    }
    return value.textValue();
  }

  private long time(String name, long absent) {
    JsonNode value = value(name);
    return value == null ? absent : FieldParser.timeMillis(value, "/" + name);
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
