package io.tidewheel.http;

import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Creating, showing, listing and deleting topics. */
final class TopicRoutes {
  static final int MAX_BODY_BYTES = 1 << 20;

  /** How often, and how long each time, a deletion that goes on is asked for: an hour. */
  private static final int MAX_REPEATS = 60;

  private static final Duration REPEAT_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration MAX_INSPECTION = Duration.ofSeconds(2);

  private final CatalogClient catalog;
  private final Inspector inspector;
  private final Lookup lookup;
  private final Operations operations;

  TopicRoutes(Broker broker, Lookup lookup, Operations operations) {
    this.operations = operations;
    this.catalog = broker.catalog();
    this.inspector = broker.inspector();
    this.lookup = lookup;
  }

  CompletionStage<Answer> put(Call call) {
    return call.jsonBody(MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              ObjectNode patch = Json.object(body);
              Topic known = catalog.current().topic(call.topic());
              Long revision = Revisions.condition(call, known == null ? null : known.revision());
              return catalog
                  .putTopic(call.topic(), patch, revision, call.timeLeft())
                  .thenCompose(
                      reply -> {
                        Topic topic = Lookup.topicOf(reply);
                        boolean isCreated = reply instanceof CatalogClient.Created;
                        return isCreated
                            ? CompletableFuture.completedFuture(answer(topic, fresh(topic), true))
                            : inspect(inspector, topic, call)
                                .thenApply(statuses -> answer(topic, statuses, false));
                      });
            });
  }

  CompletionStage<Answer> get(Call call) {
    return lookup
        .topic(call)
        .thenCompose(
            topic ->
                inspect(inspector, topic, call)
                    .thenApply(statuses -> answer(topic, statuses, false)));
  }

  CompletionStage<Answer> delete(Call call) {
    boolean isForced = isForced(call.query("force"));
    return lookup
        .topic(call)
        .thenCompose(
            topic -> {
              Long revision = Revisions.condition(call, topic.revision());
              return (isForced
                      ? CompletableFuture.<Void>completedFuture(null)
                      : refuseIfInUse(topic, call))
                  .thenCompose(checked -> delete(topic, revision, call));
            });
  }

  private CompletionStage<Answer> delete(Topic topic, @Nullable Long revision, Call call) {
    CompletionStage<CatalogClient.Reply> begun =
        catalog.deleteTopic(topic.name(), revision, call.timeLeft());
    return operations.answerSoon(
        "delete",
        "/v1/topics/" + topic.name(),
        begun,
        reply -> deleted(reply, topic),
        () -> begun.thenCompose(reply -> deleteRest(topic, reply, MAX_REPEATS)));
  }

  private static Answer deleted(CatalogClient.Reply reply, Topic topic) {
    if (reply instanceof CatalogClient.Deleted) {
      return Answer.of(Responses.noContent());
    }
    throw Lookup.refusal(reply, () -> Lookup.noTopic(topic.name())).toException();
  }

  /**
   * A deletion that is recorded goes on by itself; this only waits until every queue has done it.
   */
  private CompletionStage<?> deleteRest(Topic topic, CatalogClient.Reply reply, int repeats) {
    boolean isRecorded =
        reply instanceof CatalogClient.Unavailable unavailable && unavailable.isRecorded();
    if (!isRecorded || repeats == 0) {
      return CompletableFuture.completedFuture(deleted(reply, topic));
    }
    return catalog
        .refresh(REPEAT_TIMEOUT)
        .thenCompose(
            snapshot -> {
              Topic left = snapshot.topic(topic.name());
              return left == null || left.uid() != topic.uid()
                  ? CompletableFuture.completedFuture(null)
                  : catalog
                      .deleteTopic(topic.name(), null, REPEAT_TIMEOUT)
                      .thenCompose(again -> deleteRest(topic, again, repeats - 1));
            });
  }

  CompletionStage<Answer> list(Call call) {
    TopicPages.Page page =
        TopicPages.of(
            catalog.current().topics().values(),
            call.query("prefix"),
            call.query("sort"),
            call.size("pageSize", TopicPages.DEFAULT_SIZE, TopicPages.MAX_SIZE),
            call.query("pageToken"));
    List<CompletableFuture<ObjectNode>> rows = new ArrayList<>();
    for (Topic topic : page.topics()) {
      rows.add(
          inspect(inspector, topic, call)
              .thenApply(statuses -> ResourceWriter.topicRow(topic, statuses))
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(rows.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              ObjectNode body = Json.newObject();
              ArrayNode topics = body.putArray("topics");
              rows.forEach(row -> topics.add(row.join()));
              body.put("nextPageToken", page.nextToken());
              return Answer.of(Responses.json(200, body));
            });
  }

  /** Figures of the queues that answer soon. */
  static CompletionStage<List<Inspector.QueueStatus>> inspect(
      Inspector inspector, Topic topic, Call call) {
    Duration left = call.timeLeft();
    return inspector.describe(topic, left.compareTo(MAX_INSPECTION) < 0 ? left : MAX_INSPECTION);
  }

  /** Queues that nobody has used yet: they live nowhere, and asking would only wake them. */
  private static List<Inspector.QueueStatus> fresh(Topic topic) {
    List<Inspector.QueueStatus> statuses = new ArrayList<>();
    for (int queue = 0; queue < topic.settings().queues(); queue++) {
      statuses.add(new Inspector.QueueStatus(queue, null, 0, 0, 0, 0, 0, 0, List.of()));
    }
    return statuses;
  }

  private CompletionStage<Void> refuseIfInUse(Topic topic, Call call) {
    return inspect(inspector, topic, call)
        .thenAccept(
            statuses -> {
              if (statuses.size() < topic.settings().queues()) {
                throw Problem.of(
                        ProblemType.UNAVAILABLE,
                        "not every queue says whether it still has messages; ?force=true deletes"
                            + " the topic anyway")
                    .toException();
              }
              if (statuses.stream().anyMatch(TopicRoutes::hasMessages)) {
                throw Problem.of(
                        ProblemType.CONFLICT,
                        "the topic still has messages; ?force=true deletes it with them")
                    .toException();
              }
            });
  }

  /** Whether a message is not settled by every subscription, or nobody was there to read it. */
  private static boolean hasMessages(Inspector.QueueStatus status) {
    if (status.readers().isEmpty()) {
      return status.nextOffset() > status.startOffset();
    }
    for (Reader.Status reader : status.readers()) {
      if (reader.backlog() + reader.leased() + reader.deadPending() > 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean isForced(@Nullable String force) {
    if (force == null || force.equals("false")) {
      return false;
    }
    if (force.equals("true")) {
      return true;
    }
    throw Problem.of(ProblemType.MALFORMED, "force must be true or false").toException();
  }

  private static Answer answer(
      Topic topic, List<Inspector.QueueStatus> statuses, boolean isCreated) {
    HttpResponse response =
        Responses.json(isCreated ? 201 : 200, ResourceWriter.topic(topic, statuses));
    response = Responses.withRevision(response, topic.revision());
    return Answer.of(
        isCreated ? Responses.with(response, "Location", "/v1/topics/" + topic.name()) : response);
  }
}
