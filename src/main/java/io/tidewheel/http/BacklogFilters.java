package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.message.NamePattern;
import io.tidewheel.monitor.BacklogFilter;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads which rows of the board a client wants to see. */
final class BacklogFilters {
  private static final Set<String> FIELDS = Set.of("topic", "subscription", "node", "min");

  private BacklogFilters() {}

  static BacklogFilter of(Call call) {
    return new BacklogFilter(
        pattern("topic", call.query("topic")),
        pattern("subscription", call.query("subscription")),
        call.query("node"),
        call.number("min", 0, 0, Long.MAX_VALUE));
  }

  /** From a JSON object with the fields of the query. */
  static BacklogFilter of(ObjectNode json) {
    for (Iterator<String> names = json.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!FIELDS.contains(name)) {
        throw malformed("a filter has no field " + Problem.quote(name));
      }
    }
    JsonNode min = json.path("min");
    if (!min.isMissingNode()
        && (!min.isIntegralNumber() || !min.canConvertToLong() || min.asLong() < 0)) {
      throw malformed("min must be a whole number from 0 on");
    }
    return new BacklogFilter(
        pattern("topic", text(json, "topic")),
        pattern("subscription", text(json, "subscription")),
        text(json, "node"),
        min.asLong(0));
  }

  static NamePattern pattern(String parameter, @Nullable String text) {
    try {
      return NamePattern.of(parameter, text);
    } catch (IllegalArgumentException e) {
      throw malformed(String.valueOf(e.getMessage()));
    }
  }

  private static @Nullable String text(ObjectNode json, String name) {
    JsonNode value = json.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw malformed(name + " must be a string");
    }
    return value.asText();
  }

  private static ProblemException malformed(String detail) {
    return Problem.of(ProblemType.MALFORMED, detail).toException();
  }
}
