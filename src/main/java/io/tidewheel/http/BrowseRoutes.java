package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Inspector.QueueStatus;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.worker.Locator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Looking at stored messages; nothing changes by it. */
final class BrowseRoutes {
  private static final int DEFAULT_MAX = 10;

  /** Of a call that names none: each is read, so each takes memory. */
  private static final int MAX_QUEUES = 16;

  /** Read at once over all queues; one larger message still comes. */
  private static final long MAX_BYTES = Limits.MAX_PULL_BYTES;

  private final Inspector inspector;
  private final Browser browser;
  private final Locator locator;
  private final Lookup lookup;

  BrowseRoutes(Broker broker, Lookup lookup) {
    this.inspector = broker.inspector();
    this.browser = broker.browser();
    this.locator = broker.locator();
    this.lookup = lookup;
  }

  /** What is asked for; {@code from} and {@code sinceMillis} are -1 where they are not given. */
  private record Query(@Nullable Integer queue, long from, long sinceMillis, int max) {}

  CompletionStage<Answer> browse(Call call) {
    Query query = query(call);
    return lookup
        .topic(call)
        .thenCompose(
            topic -> {
              int queueCount = topic.settings().queues();
              if (query.queue() == null && queueCount > MAX_QUEUES) {
                throw Problem.of(
                        ProblemType.NOT_ACCEPTED,
                        "the topic has " + queueCount + " queues: name one, as in ?queue=0")
                    .toException();
              }
              if (query.queue() != null && query.queue() >= queueCount) {
                throw noQueue(topic, query.queue()).toException();
              }
              return TopicRoutes.inspect(inspector, topic, call)
                  .thenCompose(statuses -> browse(topic, query, statuses));
            });
  }

  private CompletionStage<Answer> browse(Topic topic, Query query, List<QueueStatus> all) {
    List<QueueStatus> statuses =
        all.stream()
            .filter(status -> query.queue() == null || status.queue() == query.queue())
            .toList();
    if (statuses.size() < (query.queue() == null ? topic.settings().queues() : 1)) {
      throw Problem.of(ProblemType.UNAVAILABLE, "not every queue answers now").toException();
    }
    List<CompletableFuture<List<Stored>>> reads = new ArrayList<>();
    Map<Integer, CompletableFuture<Long>> starts = new TreeMap<>();
    for (QueueStatus status : statuses) {
      CompletableFuture<Long> start = start(topic, query, status).toCompletableFuture();
      starts.put(status.queue(), start);
      reads.add(
          start
              .thenCompose(
                  from -> read(topic, status, from, query.max(), MAX_BYTES / statuses.size()))
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(reads.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              List<Stored> found =
                  reads.stream()
                      .flatMap(read -> read.join().stream())
                      .sorted(Comparator.comparingLong(Stored::atMillis))
                      .limit(query.max())
                      .toList();
              Map<Integer, Long> next = new TreeMap<>();
              starts.forEach((queue, start) -> next.put(queue, start.join()));
              found.forEach(each -> next.merge(each.queue(), each.offset() + 1, Math::max));
              return Answer.of(Responses.json(200, write(found, next, statuses)));
            });
  }

  private CompletionStage<Long> start(Topic topic, Query query, QueueStatus status) {
    CompletionStage<Long> wanted =
        query.sinceMillis() >= 0
            ? browser.firstOffsetSince(topic, status.queue(), query.sinceMillis())
            : CompletableFuture.completedFuture(query.from());
    return wanted.thenApply(
        from -> Math.min(Math.max(from, status.startOffset()), status.nextOffset()));
  }

  private CompletionStage<List<Stored>> read(
      Topic topic, QueueStatus status, long from, int max, long maxBytes) {
    long end = Math.min(status.nextOffset(), from + max);
    return browser
        .read(topic, status.queue(), from, end, maxBytes)
        .thenApply(batches -> stored(status.queue(), batches, from, end, maxBytes));
  }

  /** A batch may begin before what is wanted and end behind it. */
  private static List<Stored> stored(
      int queue, List<MessageBatch> batches, long from, long end, long maxBytes) {
    List<Stored> stored = new ArrayList<>();
    long bytes = 0;
    for (MessageBatch batch : batches) {
      long last = Math.min(end, batch.endOffset());
      for (long offset = Math.max(from, batch.firstOffset()); offset < last; offset++) {
        Message message = batch.message(offset);
        bytes += message.payload().length;
        if (bytes > maxBytes && !stored.isEmpty()) {
          return stored;
        }
        stored.add(new Stored(queue, offset, batch.atMillis(), message));
      }
    }
    return stored;
  }

  CompletionStage<Answer> message(Call call) {
    int queue = (int) Call.number("queue", call.tail().get(0), 0, Integer.MAX_VALUE);
    long offset = Call.number("offset", call.tail().get(1), 0, Long.MAX_VALUE);
    return lookup
        .topic(call)
        .thenCompose(
            topic -> {
              if (queue >= topic.settings().queues()) {
                throw noQueue(topic, queue).toException();
              }
              return TopicRoutes.inspect(inspector, topic, call)
                  .thenCompose(statuses -> message(call, topic, queue, offset, statuses));
            });
  }

  private CompletionStage<Answer> message(
      Call call, Topic topic, int queue, long offset, List<QueueStatus> statuses) {
    QueueStatus status =
        statuses.stream()
            .filter(each -> each.queue() == queue)
            .findFirst()
            .orElseThrow(
                () ->
                    Problem.of(ProblemType.UNAVAILABLE, "the queue does not answer now")
                        .toException());
    if (offset < status.startOffset() || offset >= status.nextOffset()) {
      throw Problem.of(
              ProblemType.NOT_FOUND,
              "the queue holds the offsets from %d to %d"
                  .formatted(status.startOffset(), status.nextOffset() - 1))
          .toException();
    }
    return browser
        .read(topic, queue, offset, offset + 1, 1)
        .thenCompose(
            batches -> {
              List<Stored> found = stored(queue, batches, offset, offset + 1, Long.MAX_VALUE);
              if (found.isEmpty()) {
                throw Problem.of(ProblemType.NOT_FOUND, "the message is no longer kept")
                    .toException();
              }
              return withSubscriptions(call, topic, found.get(0));
            });
  }

  /** Asks every subscription at once; one that does not answer is said not to be known. */
  private CompletionStage<Answer> withSubscriptions(Call call, Topic topic, Stored stored) {
    Duration timeLeft = LocateRoutes.lookTime(call);
    Map<String, CompletableFuture<Sighting>> looks = new TreeMap<>();
    for (Topic.Subscription subscription : topic.subscriptions().values()) {
      if (subscription.stage() == Topic.Stage.OPEN) {
        looks.put(
            subscription.name(),
            locator
                .where(
                    topic,
                    subscription,
                    stored.queue(),
                    stored.offset(),
                    stored.atMillis(),
                    timeLeft)
                .toCompletableFuture());
      }
    }
    return CompletableFuture.allOf(looks.values().toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              JsonBytes json = new JsonBytes(expected(List.of(stored)) + 200 * looks.size());
              json.literal("{");
              writeFields(json, stored);
              json.literal(",\"subscriptions\":[");
              String separator = "{\"name\":";
              for (Map.Entry<String, CompletableFuture<Sighting>> look : looks.entrySet()) {
                json.literal(separator).string(look.getKey()).literal(",");
                SightingWriter.write(json, look.getValue().join());
                json.literal("}");
                separator = ",{\"name\":";
              }
              return Answer.of(Responses.json(200, json.literal("]}")));
            });
  }

  private static JsonBytes write(
      List<Stored> found, Map<Integer, Long> next, List<QueueStatus> statuses) {
    JsonBytes json = new JsonBytes(expected(found));
    json.literal("{\"messages\":[");
    for (int i = 0; i < found.size(); i++) {
      json.literal(i == 0 ? "" : ",");
      write(json, found.get(i));
    }
    json.literal("],\"queues\":[");
    for (int i = 0; i < statuses.size(); i++) {
      QueueStatus status = statuses.get(i);
      json.literal(i == 0 ? "{\"queue\":" : ",{\"queue\":").number(status.queue());
      json.literal(",\"next\":").number(next.getOrDefault(status.queue(), 0L));
      json.literal(",\"startOffset\":").number(status.startOffset());
      json.literal(",\"nextOffset\":").number(status.nextOffset()).literal("}");
    }
    return json.literal("]}");
  }

  private static void write(JsonBytes json, Stored stored) {
    json.literal("{");
    writeFields(json, stored);
    json.literal("}");
  }

  /** A message as it is stored, without brackets. */
  static void writeFields(JsonBytes json, Stored stored) {
    DeliveryWriter.writeMessage(json, stored.message(), stored.queue(), stored.offset());
    SightingWriter.time(json, "publishedAt", stored.atMillis());
  }

  private static int expected(List<Stored> found) {
    long bytes = 256;
    for (Stored each : found) {
      bytes += 320 + each.message().payload().length;
    }
    return (int) Math.min(bytes, 16 << 20);
  }

  private static Query query(Call call) {
    if (call.query("from") != null && call.query("time") != null) {
      throw Problem.of(ProblemType.MALFORMED, "from and time can't be given together")
          .toException();
    }
    return new Query(
        call.query("queue") == null ? null : (int) call.number("queue", 0, 0, Integer.MAX_VALUE),
        call.number("from", 0, 0, Long.MAX_VALUE),
        call.query("time") == null ? -1 : Math.max(0, call.time("time", 0)),
        call.size("max", DEFAULT_MAX, Limits.MAX_PULL_MESSAGES));
  }

  private static Problem noQueue(Topic topic, int queue) {
    return Problem.of(
        ProblemType.NOT_FOUND,
        "the topic has no queue %d: they are 0 to %d"
            .formatted(queue, topic.settings().queues() - 1));
  }
}
