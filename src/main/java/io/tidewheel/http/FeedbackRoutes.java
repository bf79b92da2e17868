package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.BackendFeedback;
import io.tidewheel.feedback.BackendFeedback.Change;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.NodeFeedback;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What is allowed and why; signals and budgets of backends. */
final class FeedbackRoutes {
  private static final int MAX_BODY_BYTES = 16 << 10;
  private static final int MAX_REASON_BYTES = 1_024;
  private static final double MAX_CALLS = 10_000_000;
  private static final Duration MIN_TTL = Duration.ofMillis(100);
  private static final Duration MAX_TTL = Duration.ofMinutes(10);
  private static final Duration DEFAULT_TTL = Duration.ofSeconds(30);

  /** Backends that are asked for one answer. */
  private static final int MAX_BACKENDS = 100;

  private static final Set<String> SIGNALS = new TreeSet<>(Set.of("slow", "stop", "recovered"));

  private final CatalogClient catalog;
  private final Feedback feedback;

  FeedbackRoutes(Broker broker) {
    this.catalog = broker.catalog();
    this.feedback = broker.feedback();
  }

  CompletionStage<Answer> get() {
    CatalogSnapshot snapshot = catalog.current();
    return feedback
        .nodes()
        .thenCompose(
            nodes ->
                backends(snapshot)
                    .thenApply(
                        backends ->
                            Answer.of(Responses.json(200, write(snapshot, nodes, backends)))));
  }

  /** Of those that subscriptions name; one that does not answer in time is left out. */
  private CompletionStage<List<ObjectNode>> backends(CatalogSnapshot snapshot) {
    Set<String> names = new TreeSet<>();
    for (Topic topic : snapshot.topics().values()) {
      topic.subscriptions().values().forEach(each -> names.addAll(each.settings().backends()));
    }
    List<CompletableFuture<@Nullable ObjectNode>> asked = new ArrayList<>();
    names.stream()
        .limit(MAX_BACKENDS)
        .forEach(
            name ->
                asked.add(
                    feedback
                        .backend(name, null)
                        .<@Nullable ObjectNode>handle(
                            (answer, failure) ->
                                failure != null || answer.failure() != null
                                    ? null
                                    : write(name, answer))
                        .toCompletableFuture()));
    return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              List<ObjectNode> found = new ArrayList<>();
              for (CompletableFuture<@Nullable ObjectNode> each : asked) {
                ObjectNode node = each.join();
                if (node != null) {
                  found.add(node);
                }
              }
              return found;
            });
  }

  private static ObjectNode write(
      CatalogSnapshot snapshot, List<NodeFeedback.Node> nodes, List<ObjectNode> backends) {
    ObjectNode body = Json.newObject();
    ArrayNode nodeArray = body.putArray("nodes");
    ArrayNode allowances = body.putArray("allowances");
    ArrayNode workers = body.putArray("sickWorkers");
    for (NodeFeedback.Node node : nodes) {
      ObjectNode cpu = nodeArray.addObject().put("node", node.node()).putObject("cpu");
      cpu.put("busy", rounded(node.busy(), 1_000));
      cpu.put("process", rounded(node.process(), 1_000));
      cpu.put("share", rounded(node.share(), 1_000));
      for (NodeFeedback.Row row : node.rows()) {
        Topic topic = snapshot.topic(row.topicUid());
        if (topic != null) {
          topic.subscriptions().values().stream()
              .filter(each -> each.uid() == row.subscriptionUid())
              .forEach(each -> write(topic, each, node.node(), row, allowances, workers));
        }
      }
    }
    ArrayNode backendArray = body.putArray("backends");
    backends.forEach(backendArray::add);
    return body;
  }

  private static void write(
      Topic topic,
      Topic.Subscription subscription,
      String node,
      NodeFeedback.Row row,
      ArrayNode allowances,
      ArrayNode workers) {
    ObjectNode entry = allowances.addObject();
    entry.put("topic", topic.name());
    entry.put("subscription", subscription.name());
    entry.put("node", node);
    AllowanceWriter.write(subscription.settings(), List.of(row), entry);
    entry.put("detail", row.detail().isEmpty() ? null : row.detail());
    entry.put("outRate", rounded(row.dispatchRate(), 10));
    if (Double.isNaN(row.success())) {
      entry.putNull("success");
    } else {
      entry.put("success", rounded(row.success(), 10_000));
    }
    for (NodeFeedback.Sick sick : row.sickWorkers()) {
      workers
          .addObject()
          .put("topic", topic.name())
          .put("subscription", subscription.name())
          .put("node", node)
          .put("worker", sick.worker())
          .put("version", sick.version());
    }
  }

  private static double rounded(double value, double per) {
    return Math.round(value * per) / per;
  }

  CompletionStage<Answer> backend(Call call) {
    return ask(call.backend(), null);
  }

  CompletionStage<Answer> deleteBudget(Call call) {
    return feedback
        .backend(call.backend(), new Change.Budget(null))
        .thenApply(
            answer -> {
              refuse(answer);
              return Answer.of(Responses.noContent());
            });
  }

  CompletionStage<Answer> putBudget(Call call) {
    return call.jsonBody(MAX_BODY_BYTES)
        .thenCompose(
            json -> {
              ObjectNode body = Json.object(json);
              FieldParser.refuseOthers(body, Set.of("budget"));
              JsonNode budget = body.get("budget");
              if (budget == null) {
                throw Problem.ofField(
                        ProblemType.MALFORMED, "/budget", "is missing: calls a second, or null")
                    .toException();
              }
              return ask(
                  call.backend(),
                  new Change.Budget(budget.isNull() ? null : calls(budget, "/budget")));
            });
  }

  CompletionStage<Answer> signal(Call call) {
    return call.jsonBody(MAX_BODY_BYTES)
        .thenCompose(json -> ask(call.backend(), change(Json.object(json))));
  }

  private static Change change(ObjectNode body) {
    FieldParser.refuseOthers(body, Set.of("signal", "rate", "ttl", "reason"));
    JsonNode signal = body.get("signal");
    if (signal == null || !signal.isTextual()) {
      throw FieldParser.wrongType("/signal", "one of " + String.join(", ", SIGNALS));
    }
    JsonNode rate = value(body, "rate");
    JsonNode ttl = value(body, "ttl");
    long ttlMillis = ttl == null ? DEFAULT_TTL.toMillis() : ttl(ttl);
    String reason = reason(value(body, "reason"));
    if (rate != null && !signal.textValue().equals("slow")) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, "/rate", "goes with the signal slow only")
          .toException();
    }
    return switch (signal.textValue()) {
      case "slow" -> new Change.Slow(rate == null ? null : calls(rate, "/rate"), ttlMillis, reason);
      case "stop" -> new Change.Halt(ttlMillis, reason);
      case "recovered" -> new Change.Recovered();
      default ->
          throw Problem.ofField(
                  ProblemType.NOT_ACCEPTED,
                  "/signal",
                  "must be one of " + String.join(", ", SIGNALS))
              .toException();
    };
  }

  private static @Nullable JsonNode value(ObjectNode body, String name) {
    JsonNode value = body.get(name);
    return value == null || value.isNull() ? null : value;
  }

  private static double calls(JsonNode value, String pointer) {
    if (!value.isNumber()) {
      throw FieldParser.wrongType(pointer, "a number of calls a second");
    }
    if (!(value.doubleValue() >= 0 && value.doubleValue() <= MAX_CALLS)) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, pointer, "must be from 0 to " + (long) MAX_CALLS)
          .toException();
    }
    return value.doubleValue();
  }

  private static long ttl(JsonNode value) {
    if (!value.isTextual()) {
      throw FieldParser.wrongType(
          "/ttl", "a duration with its unit as a string, such as \"250ms\" or \"30s\"");
    }
    Duration ttl = Call.duration("/ttl", value.textValue());
    if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, "/ttl", "must be from 100ms to 10m")
          .toException();
    }
    return ttl.toMillis();
  }

  private static @Nullable String reason(@Nullable JsonNode value) {
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw FieldParser.wrongType("/reason", "a string");
    }
    int bytes = Utf8.encodedLength(value.textValue());
    if (bytes < 0 || bytes > MAX_REASON_BYTES) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, "/reason", "is longer than " + MAX_REASON_BYTES + " bytes")
          .toException();
    }
    return value.textValue();
  }

  private CompletionStage<Answer> ask(String name, @Nullable Change change) {
    return feedback
        .backend(name, change)
        .thenApply(
            answer -> {
              refuse(answer);
              return Answer.of(Responses.json(200, write(name, answer)));
            });
  }

  private static void refuse(BackendFeedback.Answer answer) {
    String failure = answer.failure();
    if (failure != null) {
      throw Problem.of(ProblemType.UNAVAILABLE, failure)
          .withOutcome(Problem.Outcome.UNKNOWN)
          .toException();
    }
  }

  private static ObjectNode write(String name, BackendFeedback.Answer answer) {
    ObjectNode node = Json.newObject();
    node.put("backend", name);
    node.put("budget", answer.budget());
    node.put("callRate", rounded(answer.callRate(), 10));
    if (answer.signal() == null) {
      node.putNull("signal");
      return node;
    }
    ObjectNode signal = node.putObject("signal");
    signal.put("signal", answer.signal());
    signal.put("rate", rounded(answer.rate(), 1_000));
    signal.put("until", Instant.ofEpochMilli(answer.untilMillis()).toString());
    signal.put("reason", answer.reason());
    return node;
  }
}
