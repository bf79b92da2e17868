package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.EnumNames;
import io.tidewheel.message.KeyHash;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.Subscription.Replayed;
import io.tidewheel.worker.Locator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What holds a subscription, a key or a message, and giving a message out once more. */
final class LocateRoutes {
  /** How long a queue may take to say where its messages are. */
  static final Duration MAX_LOOK = Duration.ofSeconds(3);

  private final Locator locator;
  private final Lookup lookup;

  LocateRoutes(Broker broker, Lookup lookup) {
    this.locator = broker.locator();
    this.lookup = lookup;
  }

  /** Half of what is left: what is known by then is still answered in time. */
  static Duration lookTime(Call call) {
    Duration half = call.timeLeft().dividedBy(2).plusMillis(1);
    return half.compareTo(MAX_LOOK) < 0 ? half : MAX_LOOK;
  }

  CompletionStage<Answer> explain(Call call) {
    return call.jsonBody(TopicRoutes.MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              ObjectNode asked = Json.object(body);
              FieldParser.refuseOthers(asked, List.of("key", "queue", "offset"));
              return lookup.subscription(call).thenCompose(found -> explain(call, found, asked));
            });
  }

  /** What is asked of one queue, or of all of them. */
  private record Asked(int firstQueue, int endQueue, Looks.Question question) {}

  private static Asked asked(Topic topic, ObjectNode asked) {
    int queues = topic.settings().queues();
    if (asked.has("key")) {
      if (asked.size() > 1) {
        throw Problem.ofField(
                ProblemType.MALFORMED, "", "key and queue or offset can't be given together")
            .toException();
      }
      JsonNode key = asked.get("key");
      if (!key.isTextual()) {
        throw FieldParser.wrongType("/key", "a string");
      }
      MessageFields.checkKey("/key", key.textValue());
      int queue = KeyHash.queueOf(KeyHash.of(key.textValue()), queues);
      return new Asked(queue, queue + 1, new Looks.WhyKey(key.textValue()));
    }
    if (asked.has("offset") && !asked.has("queue")) {
      throw Problem.ofField(ProblemType.MALFORMED, "/queue", "must be given with offset")
          .toException();
    }
    int queue = asked.has("queue") ? queue(topic, asked.get("queue")) : -1;
    if (asked.has("offset")) {
      return new Asked(queue, queue + 1, new Looks.WhyOffset(offset(asked.get("offset"))));
    }
    return queue < 0
        ? new Asked(0, queues, new Looks.Why())
        : new Asked(queue, queue + 1, new Looks.Why());
  }

  private CompletionStage<Answer> explain(Call call, Lookup.Found found, ObjectNode body) {
    Asked asked = asked(found.topic(), body);
    Duration timeLeft = lookTime(call);
    List<CompletableFuture<Looks.Answer>> looks = new ArrayList<>();
    for (int queue = asked.firstQueue(); queue < asked.endQueue(); queue++) {
      looks.add(
          locator
              .look(found.topic(), found.subscription(), queue, asked.question(), timeLeft)
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(looks.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              JsonBytes json = new JsonBytes(64 + 400 * looks.size());
              json.literal("{\"queues\":[");
              for (int i = 0; i < looks.size(); i++) {
                json.literal(i == 0 ? "{\"queue\":" : ",{\"queue\":")
                    .number(asked.firstQueue() + i);
                write(json, looks.get(i).join());
                json.literal("}");
              }
              return Answer.of(Responses.json(200, json.literal("]}")));
            });
  }

  private static void write(JsonBytes json, Looks.Answer answer) {
    if (answer instanceof Looks.Held held) {
      json.literal(",\"gate\":\"").literal(EnumNames.dashed(held.gate()));
      json.literal("\",\"detail\":").string(held.detail());
      if (held.offset() >= 0) {
        json.literal(",\"offset\":").number(held.offset());
      }
      SightingWriter.time(json, "until", held.untilMillis());
      json.literal(",\"lift\":").string(held.lift());
      json.literal(",\"dispatchable\":").number(held.dispatchable());
      json.literal(",\"backlog\":").number(held.backlog());
    } else {
      String detail = answer instanceof Looks.NotNow refused ? refused.detail() : "";
      json.literal(",\"gate\":\"unknown\",\"detail\":").string(detail);
      json.literal(",\"lift\":\"ask again\"");
    }
  }

  CompletionStage<Answer> replay(Call call) {
    return call.jsonBody(TopicRoutes.MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              ObjectNode asked = Json.object(body);
              FieldParser.refuseOthers(asked, List.of("queue", "offset"));
              return lookup
                  .subscription(call)
                  .thenCompose(
                      found -> {
                        int queue = queue(found.topic(), asked.get("queue"));
                        return locator
                            .replay(
                                found.topic(),
                                found.subscription(),
                                queue,
                                offset(asked.get("offset")),
                                call.timeLeft())
                            .thenApply(replayed -> answer(queue, replayed));
                      });
            });
  }

  private static Answer answer(int queue, Replayed replayed) {
    return switch (replayed.outcome()) {
      case REOPENED, STORED_AGAIN -> {
        JsonBytes json = new JsonBytes(128);
        json.literal("{\"queue\":").number(queue);
        json.literal(",\"offset\":").number(replayed.offset());
        json.literal(",\"result\":\"").literal(EnumNames.dashed(replayed.outcome())).literal("\"");
        if (replayed.copyOffset() >= 0) {
          json.literal(",\"copyOffset\":").number(replayed.copyOffset());
        }
        yield Answer.of(Responses.json(200, json.literal("}")));
      }
      case STILL_OPEN ->
          throw Problem.of(
                  ProblemType.CONFLICT,
                  "the message is not settled: it is given out anyway; explain says what holds it")
              .toException();
      case NOT_FOUND ->
          throw Problem.of(
                  ProblemType.NOT_FOUND,
                  "queue %d does not have offset %d (any more)".formatted(queue, replayed.offset()))
              .toException();
      case NOT_NOW ->
          throw Problem.of(ProblemType.UNAVAILABLE, "the queue can't replay now; nothing is stored")
              .toException();
      case UNKNOWN ->
          throw Problem.of(
                  ProblemType.UNAVAILABLE,
                  "whether a copy was stored is not known; a repeat may give it out twice")
              .withOutcome(Problem.Outcome.UNKNOWN)
              .toException();
    };
  }

  private static int queue(Topic topic, @Nullable JsonNode value) {
    if (value == null || !value.isIntegralNumber()) {
      throw FieldParser.wrongType("/queue", "the number of a queue");
    }
    int queues = topic.settings().queues();
    if (!value.canConvertToInt() || value.intValue() < 0 || value.intValue() >= queues) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, "/queue", "the topic has the queues 0 to " + (queues - 1))
          .toException();
    }
    return value.intValue();
  }

  private static long offset(@Nullable JsonNode value) {
    if (value == null
        || !value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 0) {
      throw FieldParser.wrongType("/offset", "an offset, a whole number from 0");
    }
    return value.longValue();
  }
}
