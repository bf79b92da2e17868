package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.message.Names;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.monitor.Rates;
import io.tidewheel.monitor.Sum;
import io.tidewheel.monitor.Survey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Everything on one page: sums, and the subscriptions that need a look first. Made once for all who
 * ask within a second.
 */
final class Overviews {
  private static final int MAX_LISTED = 10;

  private final CatalogClient catalog;
  private final Monitor monitor;
  private volatile @Nullable Made last;

  Overviews(Broker broker) {
    this.catalog = broker.catalog();
    this.monitor = broker.monitor();
  }

  private record Made(Survey survey, ObjectNode overview, String frame) {}

  /** The newest; nobody may change it. */
  CompletionStage<ObjectNode> now() {
    return made().thenApply(Made::overview);
  }

  /** The newest, for the stream. */
  CompletionStage<String> frame() {
    return made().thenApply(Made::frame);
  }

  private CompletionStage<Made> made() {
    return monitor
        .survey()
        .thenCompose(
            survey -> {
              Made known = last;
              return known != null && known.survey().number() == survey.number()
                  ? CompletableFuture.completedFuture(known)
                  : monitor.allowances().thenApply(allowed -> made(survey, allowed));
            });
  }

  private Made made(Survey survey, Allowances allowed) {
    ObjectNode overview = make(survey, allowed);
    ObjectNode frame = Json.newObject().put("type", "overview").setAll(overview);
    Made made = new Made(survey, overview, frame.toString());
    last = made;
    return made;
  }

  private ObjectNode make(Survey survey, Allowances allowed) {
    List<BacklogRow> subscriptions = new ArrayList<>();
    OverviewNodes nodes = new OverviewNodes();
    nodes.add(allowed.nodes());
    Sum sum = Sum.NOTHING;
    long topics = 0;
    long deadLetters = 0;
    double in = 0;
    for (Topic topic : catalog.current().topics().values()) {
      if (topic.isDeleting()) {
        continue;
      }
      if (Names.isDeadLetterTopic(topic.name())) {
        deadLetters += backlog(topic, survey);
        continue;
      }
      topics++;
      List<BacklogRow> rows = new ArrayList<>();
      for (Topic.Subscription subscription : topic.subscriptions().values()) {
        rows.add(BacklogRow.of(topic, subscription, survey.rows(subscription.uid())));
        survey.rows(subscription.uid()).forEach(seen -> nodes.add(seen.standing()));
      }
      BacklogRow whole = BacklogRow.of(topic, rows);
      in += whole.known().rates().in();
      sum = sum.plus(whole.known());
      subscriptions.addAll(rows);
    }
    ObjectNode node = Json.newObject();
    node.put("at", Instant.ofEpochMilli(survey.atMillis()).toString());
    node.put("topics", topics);
    node.put("subscriptions", subscriptions.size());
    node.put("backlog", sum.backlog());
    node.put("waiting", sum.waiting());
    node.put("leased", sum.leased());
    node.put("deadLetters", deadLetters);
    BacklogRow.rates(
        node, new Rates(in, sum.rates().out(), sum.rates().failed()), sum.drainSeconds(), 0);
    nodes.write(node.putObject("nodes"));
    list(node, allowed, "byBacklog", subscriptions, "-backlog", row -> row.known().backlog() > 0);
    list(
        node, allowed, "byAge", subscriptions, "oldestAt", row -> row.known().oldestAtMillis() > 0);
    list(node, allowed, "stopped", subscriptions, "-backlog", row -> isHeldBack(row, allowed));
    list(
        node,
        allowed,
        "failing",
        subscriptions,
        "-failRate",
        row -> row.known().rates().failed() > 0);
    return node;
  }

  private static long backlog(Topic topic, Survey survey) {
    long backlog = 0;
    for (Topic.Subscription subscription : topic.subscriptions().values()) {
      backlog += Sum.of(survey.rows(subscription.uid())).backlog();
    }
    return backlog;
  }

  private static boolean isHeldBack(BacklogRow row, Allowances allowed) {
    String stopReason = row.known().stopReason();
    boolean isStopped = stopReason != null && !stopReason.equals("leased");
    Topic.Subscription subscription = row.subscription();
    boolean isThrottled = subscription != null && allowed.of(subscription, null).isThrottled();
    return row.isPaused() || ((isStopped || isThrottled) && row.known().backlog() > 0);
  }

  private static void list(
      ObjectNode node,
      Allowances allowed,
      String name,
      List<BacklogRow> rows,
      String sort,
      Predicate<BacklogRow> filter) {
    Comparator<BacklogRow> order = BacklogOrder.of(sort);
    List<BacklogRow> found = rows.stream().filter(filter).sorted(order).toList();
    ArrayNode array = node.putArray(name);
    found.stream().limit(MAX_LISTED).forEach(row -> row.write(array.addObject(), allowed));
    node.put(name + "Total", found.size());
  }
}
