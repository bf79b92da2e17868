package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Inspector.QueueStatus;
import io.tidewheel.queue.Reader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What waits, by queue and subscription. */
final class BacklogRoutes {
  private static final int DEFAULT_SIZE = 100;
  private static final int MAX_SIZE = 1_000;

  /** Topics one call looks at: each look asks every queue of the topic. */
  private static final int MAX_TOPICS = 1_000;

  private static final int TOPICS_AT_ONCE = 50;

  /** One queue as one subscription sees it. */
  private record Row(
      Topic topic, Topic.Subscription subscription, QueueStatus queue, Reader.Status reader) {
    long lag() {
      return Math.max(0, queue.nextOffset() - reader.floor());
    }

    /** Rows without anything unsettled come last. */
    long oldest() {
      return reader.oldestAtMillis() == 0 ? Long.MAX_VALUE : reader.oldestAtMillis();
    }
  }

  private static final Comparator<Row> BY_NAME =
      Comparator.<Row, String>comparing(row -> row.topic().name())
          .thenComparing(row -> row.subscription().name())
          .thenComparingInt(row -> row.queue().queue());
  private static final Map<String, Comparator<Row>> ORDERS =
      Map.of(
          "name", BY_NAME,
          "-backlog",
              Comparator.<Row>comparingLong(row -> -row.reader().backlog()).thenComparing(BY_NAME),
          "-lag", Comparator.<Row>comparingLong(row -> -row.lag()).thenComparing(BY_NAME),
          "oldestAt", Comparator.comparingLong(Row::oldest).thenComparing(BY_NAME));

  private final CatalogClient catalog;
  private final Inspector inspector;
  private final Feedback feedback;

  BacklogRoutes(Broker broker) {
    this.catalog = broker.catalog();
    this.inspector = broker.inspector();
    this.feedback = broker.feedback();
  }

  CompletionStage<Answer> list(Call call) {
    String sort = call.query("sort") == null ? "-backlog" : String.valueOf(call.query("sort"));
    Comparator<Row> order = ORDERS.get(sort);
    if (order == null) {
      throw Problem.of(
              ProblemType.MALFORMED,
              "sort must be one of "
                  + String.join(", ", ORDERS.keySet().stream().sorted().toList()))
          .toException();
    }
    BacklogFilter filter = BacklogFilter.of(call);
    String question = String.join("\n", sort, String.valueOf(filter));
    long from = PageToken.parse("pageToken", call.query("pageToken"), question, 1).offset();
    int size = call.size("pageSize", DEFAULT_SIZE, MAX_SIZE);
    List<Topic> topics = topics(filter);
    return rows(topics, 0, new ArrayList<>(), call)
        .thenCombine(
            feedback.nodes(),
            (rows, nodes) -> {
              List<Row> found =
                  rows.stream()
                      .filter(row -> row.reader().backlog() >= filter.min())
                      .filter(row -> filter.takesNode(row.queue().node()))
                      .filter(row -> filter.subscription().matches(row.subscription().name()))
                      .sorted(order)
                      .toList();
              ObjectNode body = Json.newObject();
              ArrayNode array = body.putArray("rows");
              found.stream()
                  .skip(from)
                  .limit(size)
                  .forEach(row -> write(row, nodes, array.addObject()));
              if (from + size < found.size()) {
                body.put("nextPageToken", new PageToken(question, 0, from + size).text());
              }
              body.put("total", found.size());
              return Answer.of(Responses.json(200, body));
            });
  }

  private List<Topic> topics(BacklogFilter filter) {
    List<Topic> topics =
        catalog.current().topics().values().stream()
            .filter(topic -> !topic.isDeleting() && filter.topic().matches(topic.name()))
            .filter(
                topic ->
                    topic.subscriptions().keySet().stream()
                        .anyMatch(filter.subscription()::matches))
            .limit(MAX_TOPICS + 1L)
            .toList();
    if (topics.size() > MAX_TOPICS) {
      throw Problem.of(
              ProblemType.NOT_ACCEPTED,
              "more than %d topics: name one, as in ?topic=orders".formatted(MAX_TOPICS))
          .toException();
    }
    return topics;
  }

  /** Some topics at a time, so that one call does not take all that may be open on the node. */
  private CompletionStage<List<Row>> rows(
      List<Topic> topics, int from, List<Row> collected, Call call) {
    if (from >= topics.size()) {
      return CompletableFuture.completedFuture(collected);
    }
    List<Topic> some = topics.subList(from, Math.min(topics.size(), from + TOPICS_AT_ONCE));
    List<CompletableFuture<List<Row>>> looks =
        some.stream()
            .map(
                topic ->
                    TopicRoutes.inspect(inspector, topic, call)
                        .thenApply(statuses -> rows(topic, statuses))
                        .toCompletableFuture())
            .toList();
    return CompletableFuture.allOf(looks.toArray(CompletableFuture<?>[]::new))
        .thenCompose(
            done -> {
              looks.forEach(look -> collected.addAll(look.join()));
              return rows(topics, from + TOPICS_AT_ONCE, collected, call);
            });
  }

  private static List<Row> rows(Topic topic, List<QueueStatus> statuses) {
    List<Row> rows = new ArrayList<>();
    for (QueueStatus queue : statuses) {
      for (Reader.Status reader : queue.readers()) {
        topic.subscriptions().values().stream()
            .filter(subscription -> subscription.uid() == reader.subscriptionUid())
            .forEach(subscription -> rows.add(new Row(topic, subscription, queue, reader)));
      }
    }
    return rows;
  }

  private static void write(Row row, List<NodeFeedback.Node> nodes, ObjectNode node) {
    Reader.Status reader = row.reader();
    node.put("topic", row.topic().name());
    node.put("subscription", row.subscription().name());
    node.put("queue", row.queue().queue());
    node.put("node", row.queue().node());
    node.put("backlog", reader.backlog());
    node.put("waiting", reader.waiting());
    node.put("leased", reader.leased());
    node.put("dispatchable", reader.dispatchable());
    if (reader.oldestAtMillis() > 0) {
      node.put("oldestAt", Instant.ofEpochMilli(reader.oldestAtMillis()).toString());
    }
    node.put("lag", row.lag());
    node.put("deadLetters", reader.deadCount());
    AllowanceWriter.write(
        row.subscription().settings(),
        AllowanceWriter.rows(nodes, row.subscription().uid(), row.queue().node()),
        node);
    node.put("paused", row.subscription().settings().isPaused());
    if (reader.stopReason() != null) {
      node.put("stopReason", reader.stopReason());
    }
  }
}
