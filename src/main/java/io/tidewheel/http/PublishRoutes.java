package io.tidewheel.http;

import akka.http.javadsl.model.HttpResponse;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Publisher;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Publishing, one message or many. */
final class PublishRoutes {
  private final Publisher publisher;
  private final Lookup lookup;

  PublishRoutes(Broker broker, Lookup lookup) {
    this.publisher = broker.publisher();
    this.lookup = lookup;
  }

  CompletionStage<Answer> publish(Call call) {
    // Everything is checked before the topic is looked up: a bad request must not create one.
    PublishHeaders.message(call, new byte[0]);
    return call.body(lookup.maxMessageBytes(call))
        .thenCompose(
            payload -> {
              Message message = PublishHeaders.message(call, payload);
              return lookup
                  .topicToPublish(call)
                  .thenCompose(topic -> publisher.publish(topic, List.of(message), call.timeLeft()))
                  .thenApply(results -> answer(message, results.get(0)));
            });
  }

  CompletionStage<Answer> publishBatch(Call call) {
    return call.jsonBody(BatchReader.MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              BatchReader.Batch batch = BatchReader.read(body);
              call.limitTime(batch.timeLimit());
              if (batch.messages().isEmpty()) {
                return CompletableFuture.completedFuture(answer(List.of(), List.of()));
              }
              return lookup
                  .topicToPublish(call)
                  .thenCompose(topic -> publish(call, topic, batch.messages()));
            });
  }

  private CompletionStage<Answer> publish(Call call, Topic topic, List<Message> messages) {
    return publisher
        .publish(topic, messages, call.timeLeft())
        .thenApply(results -> answer(messages, results));
  }

  private static Answer answer(Message message, PublishResult result) {
    if (result instanceof PublishResult.Stored stored) {
      JsonBytes json = new JsonBytes(96);
      writeStored(json, message, stored);
      return Answer.of(Responses.json(stored.isDuplicate() ? 200 : 201, json));
    }
    return Answer.of(Responses.problem(problem(result)));
  }

  private static Answer answer(List<Message> messages, List<PublishResult> results) {
    JsonBytes json = new JsonBytes(64 + 64 * results.size());
    json.literal("{\"results\":[");
    boolean isWhole = true;
    int retryAfterSeconds = 0;
    for (int i = 0; i < results.size(); i++) {
      if (i > 0) {
        json.literal(",");
      }
      Message message = messages.get(i);
      if (results.get(i) instanceof PublishResult.Stored stored) {
        writeStored(json, message, stored);
        continue;
      }
      isWhole = false;
      Problem problem = problem(results.get(i));
      retryAfterSeconds = Math.max(retryAfterSeconds, problem.retryAfterSeconds());
      json.literal("{");
      if (message.id() != null) {
        json.literal("\"id\":").string(message.id()).literal(",");
      }
      json.literal("\"error\":");
      problem.writeTo(json);
      json.literal("}");
    }
    json.literal("]}");
    HttpResponse response = Responses.json(isWhole ? 200 : 207, json);
    return Answer.of(Responses.withRetryAfter(response, retryAfterSeconds));
  }

  private static void writeStored(JsonBytes json, Message message, PublishResult.Stored stored) {
    json.literal("{\"id\":");
    String id = message.id();
    if (id != null) {
      json.string(id);
    } else {
      json.literal("\"").number(stored.queue()).literal("-").number(stored.offset()).literal("\"");
    }
    json.literal(",\"queue\":").number(stored.queue());
    json.literal(",\"offset\":").number(stored.offset());
    json.literal(stored.isDuplicate() ? ",\"duplicate\":true}" : "}");
  }

  /** The problem of a message that is not, or perhaps not, stored. */
  static Problem problem(PublishResult result) {
    if (result instanceof PublishResult.Refused refused) {
      ProblemType type =
          switch (refused.reason()) {
            case OVER_LIMIT -> ProblemType.OVER_LIMIT;
            case ID_CONFLICT -> ProblemType.ID_CONFLICT;
            case EXPIRED -> ProblemType.TIMED_OUT;
            case UNAVAILABLE -> ProblemType.UNAVAILABLE;
            case TOPIC_GONE -> ProblemType.TOPIC_NOT_FOUND;
            case TOO_LARGE -> ProblemType.TOO_LARGE;
            case DISK_FULL -> ProblemType.DISK_FULL;
          };
      return Problem.of(type, refused.detail());
    }
    if (result instanceof PublishResult.Unknown unknown) {
      return Problem.of(ProblemType.TIMED_OUT, unknown.detail())
          .withOutcome(Problem.Outcome.UNKNOWN);
    }
    throw new IllegalArgumentException("a stored message has no problem");
  }
}
