package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.backlog.Standing;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of the board somebody wants to see.
 *
 * @param node null for any
 * @param min least backlog
 */
record BacklogFilter(NamePattern topic, NamePattern subscription, @Nullable String node, long min) {
  private static final Set<String> FIELDS = Set.of("topic", "subscription", "node", "min");

  static final BacklogFilter EVERYTHING =
      new BacklogFilter(
          NamePattern.of("topic", null), NamePattern.of("subscription", null), null, 0);

  static BacklogFilter of(Call call) {
    return new BacklogFilter(
        NamePattern.of("topic", call.query("topic")),
        NamePattern.of("subscription", call.query("subscription")),
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
        NamePattern.of("topic", text(json, "topic")),
        NamePattern.of("subscription", text(json, "subscription")),
        text(json, "node"),
        min.asLong(0));
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

  /** Whose row it is; null once the subscription is gone. */
  record Owner(Topic topic, Topic.Subscription subscription) {
    static @Nullable Owner of(CatalogClient catalog, Standing row) {
      Topic topic = catalog.current().topic(row.row().topicUid());
      if (topic == null) {
        return null;
      }
      for (Topic.Subscription one : topic.subscriptions().values()) {
        if (one.uid() == row.row().subscriptionUid()) {
          return new Owner(topic, one);
        }
      }
      return null;
    }
  }

  boolean takesNode(@Nullable String name) {
    return node == null || node.equals(name);
  }

  boolean matches(Standing row, CatalogClient catalog) {
    if (row.row().backlog() < min || !takesNode(row.home().node())) {
      return false;
    }
    Owner owner = Owner.of(catalog, row);
    return owner != null
        && topic.matches(owner.topic().name())
        && subscription.matches(owner.subscription().name());
  }
}
