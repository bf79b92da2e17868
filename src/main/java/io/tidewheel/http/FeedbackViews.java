package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.feedback.Allowances.Allowed;
import io.tidewheel.feedback.BackendFeedback;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.monitor.AllowanceHistory;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.monitor.Trace;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** What is allowed and why, as it is told: now, once a second for all who look, and over time. */
final class FeedbackViews {
  /** Backends that are asked for one answer. */
  private static final int MAX_BACKENDS = 100;

  /** Allowances in a frame, those that are throttled first; a call has them all. */
  private static final int MAX_TOLD = 100;

  /** Subscriptions, and backends, whose lines are told: those that were bounded last. */
  private static final int MAX_LINES = 24;

  private final CatalogClient catalog;
  private final Feedback feedback;
  private final Monitor monitor;
  private final InstantSource clock;
  private final AtomicBoolean isAskingBackends = new AtomicBoolean();
  private volatile List<ObjectNode> backends = List.of();
  private volatile @Nullable Made last;

  private record Made(Allowances allowances, String frame) {}

  FeedbackViews(Broker broker) {
    this.catalog = broker.catalog();
    this.feedback = broker.feedback();
    this.monitor = broker.monitor();
    this.clock = broker.clock();
  }

  /** Everything, by asking now. */
  CompletionStage<ObjectNode> now() {
    return feedback
        .nodes()
        .thenCombine(
            backends(), (nodes, asked) -> write(new Allowances(nodes), asked, Integer.MAX_VALUE));
  }

  /** For the stream: what nodes said within the last second, and backends a second before. */
  CompletionStage<String> frame() {
    return monitor
        .allowances()
        .thenApply(
            allowances -> {
              Made known = last;
              return known != null && known.allowances == allowances
                  ? known.frame
                  : frame(allowances);
            });
  }

  private String frame(Allowances allowances) {
    if (isAskingBackends.compareAndSet(false, true)) {
      backends()
          .whenComplete(
              (asked, failure) -> {
                backends = failure == null ? asked : backends;
                isAskingBackends.set(false);
              });
    }
    ObjectNode frame = Json.newObject().put("type", "feedback");
    frame.put("at", clock.instant().toString());
    frame.setAll(write(allowances, backends, MAX_TOLD));
    String text = frame.toString();
    last = new Made(allowances, text);
    return text;
  }

  /** Of those that subscriptions name; one that does not answer in time is left out. */
  private CompletionStage<List<ObjectNode>> backends() {
    Set<String> names = new TreeSet<>();
    for (Topic topic : catalog.current().topics().values()) {
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

  /** One subscription on one node. */
  private record Entry(
      Topic topic, Topic.Subscription subscription, String node, NodeFeedback.Row row) {
    Allowed allowed() {
      return Allowed.of(subscription, List.of(row));
    }
  }

  private ObjectNode write(Allowances allowances, List<ObjectNode> asked, int max) {
    ObjectNode body = Json.newObject();
    ArrayNode nodes = body.putArray("nodes");
    List<Entry> throttled = new ArrayList<>();
    List<Entry> others = new ArrayList<>();
    CatalogSnapshot snapshot = catalog.current();
    for (NodeFeedback.Node node : allowances.nodes()) {
      ObjectNode cpu = nodes.addObject().put("node", node.node()).putObject("cpu");
      cpu.put("busy", rounded(node.busy(), 1_000));
      cpu.put("process", rounded(node.process(), 1_000));
      cpu.put("share", rounded(node.share(), 1_000));
      for (NodeFeedback.Row row : node.rows()) {
        Topic topic = snapshot.topic(row.topicUid());
        Topic.Subscription subscription =
            topic == null ? null : topic.subscription(row.subscriptionUid());
        if (topic != null && subscription != null) {
          Entry entry = new Entry(topic, subscription, node.node(), row);
          (entry.allowed().isThrottled() ? throttled : others).add(entry);
        }
      }
    }
    body.put("throttledTotal", throttled.size());
    throttled.addAll(others);
    ArrayNode array = body.putArray("allowances");
    ArrayNode workers = body.putArray("sickWorkers");
    throttled.stream().limit(max).forEach(entry -> write(entry, array.addObject()));
    throttled.stream()
        .filter(entry -> !entry.row().sickWorkers().isEmpty())
        .limit(max)
        .forEach(entry -> writeSick(entry, workers));
    ArrayNode backendArray = body.putArray("backends");
    asked.forEach(backendArray::add);
    return body;
  }

  private static void write(Entry entry, ObjectNode node) {
    owner(node, entry.topic(), entry.subscription()).put("node", entry.node());
    AllowanceWriter.write(node, entry.allowed());
    NodeFeedback.Row row = entry.row();
    node.put("detail", row.detail().isEmpty() ? null : row.detail());
    node.put("outRate", rounded(row.dispatchRate(), 10));
    if (Double.isNaN(row.success())) {
      node.putNull("success");
    } else {
      node.put("success", rounded(row.success(), 10_000));
    }
  }

  private static void writeSick(Entry entry, ArrayNode workers) {
    for (NodeFeedback.Sick sick : entry.row().sickWorkers()) {
      owner(workers.addObject(), entry.topic(), entry.subscription())
          .put("node", entry.node())
          .put("worker", sick.worker())
          .put("version", sick.version());
    }
  }

  private static ObjectNode owner(ObjectNode node, Topic topic, Topic.Subscription subscription) {
    return node.put("topic", topic.name()).put("subscription", subscription.name());
  }

  static ObjectNode write(String name, BackendFeedback.Answer answer) {
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

  /** The lines of the hour behind. */
  CompletionStage<ObjectNode> history() {
    return monitor.allowanceHistory().thenApply(this::write);
  }

  private ObjectNode write(AllowanceHistory history) {
    ObjectNode body = Json.newObject();
    if (history.endMillis() > 0) {
      body.put("until", Instant.ofEpochMilli(history.endMillis()).toString());
    }
    body.put("step", history.stepMillis() / 1_000 + "s");
    ArrayNode nodes = body.putArray("nodes");
    for (Trace<String> trace : history.nodes()) {
      ObjectNode node = nodes.addObject().put("node", trace.of());
      line(node, "busy", trace.bound());
      line(node, "process", trace.actual());
    }
    ArrayNode subscriptions = body.putArray("subscriptions");
    CatalogSnapshot snapshot = catalog.current();
    for (Trace<AllowanceHistory.Owner> trace : history.subscriptions()) {
      Topic topic = snapshot.topic(trace.of().topicUid());
      Topic.Subscription subscription =
          topic == null ? null : topic.subscription(trace.of().subscriptionUid());
      if (topic != null && subscription != null && subscriptions.size() < MAX_LINES) {
        ObjectNode node = owner(subscriptions.addObject(), topic, subscription);
        line(node, "rate", trace.bound());
        line(node, "outRate", trace.actual());
      }
    }
    ArrayNode lines = body.putArray("backends");
    history.backends().stream()
        .limit(MAX_LINES)
        .forEach(
            trace -> {
              ObjectNode node = lines.addObject().put("backend", trace.of());
              line(node, "rate", trace.bound());
              line(node, "callRate", trace.actual());
            });
    return body;
  }

  /** Null where there is no value. */
  private static void line(ObjectNode node, String name, List<Double> values) {
    ArrayNode array = node.putArray(name);
    values.forEach(value -> array.add(value.isNaN() ? null : value));
  }

  private static double rounded(double value, double per) {
    return Math.round(value * per) / per;
  }
}
