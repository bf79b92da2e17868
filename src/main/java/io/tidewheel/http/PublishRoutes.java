package io.tidewheel.http;

import akka.NotUsed;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.stream.Materializer;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.tidewheel.catalog.Topic;
import io.tidewheel.dispatch.SameThread;
import io.tidewheel.message.Message;
import io.tidewheel.queue.NodePublisher;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Publisher;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Publishing, one message or many. */
final class PublishRoutes {
  private static final ContentType LINES =
      MediaTypes.customWithFixedCharset(
              "application", "x-ndjson", HttpCharsets.UTF_8, Map.of(), false)
          .toContentType();

  /** What a message takes beside its payload, or less. */
  private static final int MESSAGE_BYTES = 512;

  private final Publisher publisher;
  private final Lookup lookup;
  private final AtomicLong arrivingBytes = new AtomicLong();

  private final StreamSupport streams;

  PublishRoutes(Broker broker, Lookup lookup, StreamSupport streams) {
    this.publisher = broker.publisher();
    this.lookup = lookup;
    this.streams = streams;
  }

  /**
   * What streams need of the server.
   *
   * @param budget of request bodies, over all connections
   * @param lineTimeout within which a line that has begun must end
   */
  record StreamSupport(
      Materializer materializer,
      ByteBudget budget,
      Duration lineTimeout,
      LongSupplier nanoTime,
      Incidents incidents) {}

  CompletionStage<Answer> publish(Call call) {
    // Everything is checked before the topic is looked up: a bad request must not create one.
    PublishHeaders headers = new PublishHeaders(call);
    return arriving(
        call,
        () -> call.body(lookup.maxMessageBytes(call)),
        (payload, given) -> {
          Message message = headers.message(payload);
          return lookup
              .topicToPublish(call)
              .thenCompose(topic -> publish(call, topic, List.of(message), given))
              .thenApply(results -> answer(message, results.get(0)));
        });
  }

  CompletionStage<Answer> publishBatch(Call call, Connection connection) {
    if (call.isLines()) {
      return publishLines(call, connection);
    }
    return arriving(
        call,
        () -> call.jsonBody(BatchReader.MAX_BODY_BYTES),
        (body, given) -> {
          BatchReader.Batch batch = BatchReader.read(body);
          List<Message> messages = batch.messages();
          call.limitTime(batch.timeLimit());
          if (messages.isEmpty()) {
            return CompletableFuture.completedFuture(answer(List.of(), List.of()));
          }
          return lookup
              .topicToPublish(call)
              .thenCompose(topic -> publish(call, topic, messages, given))
              .thenApply(results -> answer(messages, results));
        });
  }

  /** What is done with a body; {@code given} is run when the publisher has taken it. */
  private interface Arrived {
    CompletionStage<Answer> publish(byte[] body, Runnable given);
  }

  /**
   * Refuses before the body is read: what has no room costs no memory, and least time. Bodies that
   * are on their way, up to the publisher, need room too, or they would be refused when they have
   * come.
   */
  private CompletionStage<Answer> arriving(
      Call call, Supplier<CompletionStage<byte[]>> read, Arrived arrived) {
    long bytes = call.declaredBodyBytes() + MESSAGE_BYTES;
    AtomicLong left = new AtomicLong(bytes);
    Runnable given = () -> arrivingBytes.addAndGet(-left.getAndSet(0));
    boolean hasRoom = publisher.hasRoom(bytes, arrivingBytes.getAndAdd(bytes));
    try {
      if (!hasRoom) {
        throw Problem.of(ProblemType.OVER_LIMIT, NodePublisher.TOO_MUCH).toException();
      }
      return read.get()
          .thenCompose(body -> arrived.publish(body, given))
          .whenComplete((answer, failure) -> given.run());
    } catch (RuntimeException e) {
      given.run();
      throw e;
    }
  }

  private CompletionStage<Answer> publishLines(Call call, Connection connection) {
    CompletionStage<?> checked =
        lookup.mayPublish(call) ? CompletableFuture.completedFuture(null) : lookup.topic(call);
    return checked
        .thenCompose(found -> call.bodyStream(streams.materializer()))
        .thenApply(
            bytes -> {
              connection.streamBegun();
              Source<ByteString, NotUsed> answers =
                  bytes
                      .via(
                          new PublishStream(
                              target(call),
                              streams.budget(),
                              streams.lineTimeout(),
                              streams.nanoTime()))
                      .watchTermination(
                          (notUsed, done) -> {
                            SameThread.of(done)
                                .whenComplete((end, failure) -> connection.streamEnded());
                            return notUsed;
                          });
              return Answer.of(
                  Responses.status(200).withEntity(HttpEntities.create(LINES, answers)));
            });
  }

  private PublishStream.Target target(Call call) {
    return new PublishStream.Target() {
      @Override
      public CompletionStage<List<PublishResult>> publish(List<Message> messages) {
        // Looked up each time: the topic may be deleted and made again meanwhile.
        return lookup
            .topicToPublish(call.topic(), call.timeLimit())
            .thenCompose(topic -> publisher.publish(topic, messages, call.timeLimit()));
      }

      @Override
      public int maxMessageBytes() {
        return lookup.maxMessageBytes(call);
      }

      @Override
      public Problem problem(Throwable failure) {
        return streams.incidents().problem(failure, call.route());
      }
    };
  }

  private CompletionStage<List<PublishResult>> publish(
      Call call, Topic topic, List<Message> messages, Runnable given) {
    CompletionStage<List<PublishResult>> results =
        publisher.publish(topic, messages, call.timeLeft());
    given.run();
    return results;
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

  static void writeStored(JsonBytes json, Message message, PublishResult.Stored stored) {
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

  static Problem tooLarge(Message message, int maxBytes) {
    return Problem.of(
        ProblemType.TOO_LARGE,
        "a payload of " + message.payload().length + " bytes; the topic takes at most " + maxBytes);
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
