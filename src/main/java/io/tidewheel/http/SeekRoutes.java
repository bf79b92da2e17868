package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.subscription.Subscription.SeekReply;
import io.tidewheel.worker.Consumer;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;

/** Changing the position of a subscription, on all queues or on some. */
final class SeekRoutes {
  private final Consumer consumer;
  private final Lookup lookup;

  SeekRoutes(Broker broker, Lookup lookup) {
    this.consumer = broker.consumer();
    this.lookup = lookup;
  }

  CompletionStage<Answer> seek(Call call) {
    return call.jsonBody(TopicRoutes.MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              ObjectNode asked = Json.object(body);
              check(asked);
              return lookup
                  .subscription(call)
                  .thenCompose(
                      found ->
                          consumer.seek(
                              found.topic(),
                              found.subscription(),
                              positions(found.topic(), asked),
                              call.timeLeft()));
            })
        .thenApply(SeekRoutes::answer);
  }

  private static void check(ObjectNode asked) {
    FieldParser.refuseOthers(asked, List.of("to", "time", "offsets"));
    if (asked.size() != 1) {
      throw Problem.ofField(
              ProblemType.MALFORMED, "", "must say where to go: one of to, time or offsets")
          .toException();
    }
  }

  private static Map<Integer, Position> positions(Topic topic, ObjectNode asked) {
    if (asked.has("offsets")) {
      return offsets(topic, asked.get("offsets"));
    }
    Position position =
        asked.has("to")
            ? edge(asked.get("to"))
            : new Position.Time(FieldParser.timeMillis(asked.get("time"), "/time"));
    Map<Integer, Position> positions = new TreeMap<>();
    for (int queue = 0; queue < topic.settings().queues(); queue++) {
      positions.put(queue, position);
    }
    return positions;
  }

  private static Position edge(JsonNode value) {
    return switch (value.isTextual() ? value.textValue() : "") {
      case "earliest" -> new Position.Earliest();
      case "latest" -> new Position.Latest();
      default -> throw FieldParser.wrongType("/to", "\"earliest\" or \"latest\"");
    };
  }

  private static Map<Integer, Position> offsets(Topic topic, JsonNode value) {
    if (!value.isObject() || value.isEmpty()) {
      throw FieldParser.wrongType("/offsets", "an object of offsets by queue");
    }
    Map<Integer, Position> positions = new TreeMap<>();
    value
        .properties()
        .forEach(
            entry -> {
              String pointer = "/offsets" + Json.segment(entry.getKey());
              positions.put(
                  queue(topic, entry.getKey(), pointer), offset(entry.getValue(), pointer));
            });
    return positions;
  }

  private static int queue(Topic topic, String name, String pointer) {
    int queues = topic.settings().queues();
    if (name.matches("0|[1-9][0-9]{0,8}") && Integer.parseInt(name) < queues) {
      return Integer.parseInt(name);
    }
    throw Problem.ofField(
            ProblemType.NOT_ACCEPTED, pointer, "the topic has the queues 0 to " + (queues - 1))
        .toException();
  }

  private static Position offset(JsonNode value, String pointer) {
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw FieldParser.wrongType(pointer, "an offset, a whole number from 0");
    }
    return new Position.Offset(value.longValue());
  }

  private static Answer answer(SortedMap<Integer, SeekReply> replies) {
    JsonBytes json = new JsonBytes(256);
    json.literal("{\"queues\":[");
    boolean isPartial = false;
    String separator = "";
    for (Map.Entry<Integer, SeekReply> entry : replies.entrySet()) {
      json.literal(separator).literal("{\"queue\":").number(entry.getKey());
      if (entry.getValue() instanceof Subscription.Sought sought) {
        json.literal(",\"offset\":").number(sought.offset());
        json.literal(",\"generation\":").number(sought.generation());
      } else if (entry.getValue() instanceof Subscription.NotSought refused) {
        isPartial = true;
        json.literal(",\"error\":");
        Problem.of(ProblemType.UNAVAILABLE, refused.detail()).writeTo(json);
      }
      json.literal("}");
      separator = ",";
    }
    json.literal("]}");
    return Answer.of(Responses.json(isPartial ? 207 : 200, json));
  }
}
