package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.backlog.Standing;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.message.Names;
import io.tidewheel.monitor.BacklogFilter;
import io.tidewheel.monitor.History;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.monitor.Seen;
import io.tidewheel.monitor.Survey;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Inspector.QueueStatus;
import io.tidewheel.queue.Reader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What waits, by queue and subscription, and how that has changed. */
final class BacklogRoutes {
  private static final int DEFAULT_SIZE = 100;
  private static final int MAX_SIZE = 1_000;

  /** Of so many topics every queue is asked; of more, the board has what they said last. */
  private static final int MAX_ASKED_TOPICS = 100;

  private static final int TOPICS_AT_ONCE = 50;
  private static final List<String> GROUPS = List.of("queue", "subscription", "topic");

  private final CatalogClient catalog;
  private final Inspector inspector;
  private final Monitor monitor;
  private final Lookup lookup;
  private final Overviews overviews;

  BacklogRoutes(Broker broker, Lookup lookup, Overviews overviews) {
    this.catalog = broker.catalog();
    this.inspector = broker.inspector();
    this.monitor = broker.monitor();
    this.lookup = lookup;
    this.overviews = overviews;
  }

  CompletionStage<Answer> list(Call call) {
    Comparator<BacklogRow> order = BacklogOrder.of(call.query("sort"));
    BacklogFilter filter = BacklogFilters.of(call);
    String by = call.query("by") == null ? "queue" : String.valueOf(call.query("by"));
    if (!GROUPS.contains(by)) {
      throw Problem.of(ProblemType.MALFORMED, "by must be one of " + String.join(", ", GROUPS))
          .toException();
    }
    String question = String.join("\n", by, String.valueOf(call.query("sort")), filter.toString());
    long from = PageToken.parse("pageToken", call.query("pageToken"), question, 1).offset();
    int size = call.size("pageSize", DEFAULT_SIZE, MAX_SIZE);
    List<Topic> topics = topics(filter, by.equals("queue"));
    return monitor
        .survey()
        .thenCompose(
            survey ->
                by.equals("queue") && topics.size() <= MAX_ASKED_TOPICS
                    ? asked(topics, 0, new ArrayList<>(), survey, call)
                    : CompletableFuture.completedFuture(known(topics, by, filter, survey)))
        .thenCombine(
            monitor.allowances(),
            (rows, allowed) -> page(rows, allowed, filter, order, question, from, size));
  }

  private static Answer page(
      List<BacklogRow> rows,
      Allowances allowed,
      BacklogFilter filter,
      Comparator<BacklogRow> order,
      String question,
      long from,
      int size) {
    List<BacklogRow> found =
        rows.stream()
            .filter(row -> row.known().backlog() >= filter.min())
            .filter(row -> filter.node() == null || row.nodes().contains(filter.node()))
            .filter(
                row ->
                    row.subscription() == null
                        || filter.subscription().matches(row.subscription().name()))
            .sorted(order)
            .toList();
    ObjectNode body = Json.newObject();
    ArrayNode array = body.putArray("rows");
    found.stream().skip(from).limit(size).forEach(row -> row.write(array.addObject(), allowed));
    if (from + size < found.size()) {
      body.put("nextPageToken", new PageToken(question, 0, from + size).text());
    }
    body.put("total", found.size());
    return Answer.of(Responses.json(200, body));
  }

  /** Dead-letter topics are no topics to most; those who ask for them get them. */
  private List<Topic> topics(BacklogFilter filter, boolean isByQueue) {
    String asked = filter.topic().text();
    boolean withDead = isByQueue || (asked != null && asked.contains("~"));
    return catalog.current().topics().values().stream()
        .filter(topic -> !topic.isDeleting() && filter.topic().matches(topic.name()))
        .filter(topic -> withDead || !Names.isDeadLetterTopic(topic.name()))
        .filter(
            topic ->
                filter.subscription().text() == null
                    || topic.subscriptions().keySet().stream()
                        .anyMatch(filter.subscription()::matches))
        .toList();
  }

  /** Some topics at a time, so that one call does not take all that may be open on the node. */
  private CompletionStage<List<BacklogRow>> asked(
      List<Topic> topics, int from, List<BacklogRow> collected, Survey survey, Call call) {
    if (from >= topics.size()) {
      return CompletableFuture.completedFuture(collected);
    }
    List<Topic> some = topics.subList(from, Math.min(topics.size(), from + TOPICS_AT_ONCE));
    List<CompletableFuture<List<BacklogRow>>> looks =
        some.stream()
            .filter(topic -> !topic.subscriptions().isEmpty())
            .map(
                topic ->
                    TopicRoutes.inspect(inspector, topic, call)
                        .thenApply(statuses -> rows(topic, statuses, survey))
                        .toCompletableFuture())
            .toList();
    return CompletableFuture.allOf(looks.toArray(CompletableFuture<?>[]::new))
        .thenCompose(
            done -> {
              looks.forEach(look -> collected.addAll(look.join()));
              return asked(topics, from + TOPICS_AT_ONCE, collected, survey, call);
            });
  }

  private static List<BacklogRow> rows(Topic topic, List<QueueStatus> statuses, Survey survey) {
    List<BacklogRow> rows = new ArrayList<>();
    for (QueueStatus queue : statuses) {
      for (Reader.Status reader : queue.readers()) {
        topic.subscriptions().values().stream()
            .filter(subscription -> subscription.uid() == reader.subscriptionUid())
            .forEach(
                subscription ->
                    rows.add(
                        BacklogRow.of(
                            topic,
                            subscription,
                            queue,
                            reader,
                            seen(survey.rows(subscription.uid()), queue.queue()))));
      }
    }
    return rows;
  }

  private static @Nullable Seen seen(List<Seen> rows, int queue) {
    for (Seen seen : rows) {
      if (seen.standing().queue() == queue) {
        return seen;
      }
    }
    return null;
  }

  /** What the board knows. */
  private static List<BacklogRow> known(
      List<Topic> topics, String by, BacklogFilter filter, Survey survey) {
    List<BacklogRow> rows = new ArrayList<>();
    for (Topic topic : topics) {
      List<BacklogRow> ofTopic = new ArrayList<>();
      for (Topic.Subscription subscription : topic.subscriptions().values()) {
        if (filter.subscription().matches(subscription.name())) {
          List<Seen> seen = survey.rows(subscription.uid());
          if (by.equals("queue")) {
            for (int queue = 0; queue < topic.settings().queues(); queue++) {
              ofTopic.add(BacklogRow.of(topic, subscription, queue, seen(seen, queue)));
            }
          } else {
            ofTopic.add(BacklogRow.of(topic, subscription, seen));
          }
        }
      }
      if (by.equals("topic")) {
        rows.add(BacklogRow.of(topic, ofTopic));
      } else {
        rows.addAll(ofTopic);
      }
    }
    return rows;
  }

  /** The hour behind of one topic, or of everything. */
  CompletionStage<Answer> history(Call call) {
    String name = call.query("topic");
    if (name == null) {
      return monitor.history().thenApply(BacklogRoutes::answer);
    }
    return lookup
        .find(name, call.timeLeft())
        .thenCompose(
            topic -> {
              if (topic == null) {
                throw Lookup.noTopic(name).toException();
              }
              return monitor.history(topic.uid()).thenApply(BacklogRoutes::answer);
            });
  }

  private static Answer answer(History history) {
    ObjectNode node = Json.newObject();
    if (history.size() > 0) {
      node.put("until", Instant.ofEpochMilli(history.endMillis()).toString());
    }
    node.put("step", history.stepMillis() / 1_000 + "s");
    ArrayNode backlog = node.putArray("backlog");
    history.backlog().forEach(backlog::add);
    ArrayNode in = node.putArray("inRate");
    history.in().forEach(in::add);
    ArrayNode out = node.putArray("outRate");
    history.out().forEach(out::add);
    ArrayNode failed = node.putArray("failRate");
    history.failed().forEach(failed::add);
    return Answer.of(Responses.json(200, node));
  }

  /** Sums and the worst of everything. */
  CompletionStage<Answer> overview() {
    return overviews.now().thenApply(text -> Answer.of(Responses.json(200, text)));
  }

  /** The place of a row on the stream. */
  static String id(Standing.Place place) {
    return Long.toHexString(place.subscriptionUid()) + '/' + place.queue();
  }
}
