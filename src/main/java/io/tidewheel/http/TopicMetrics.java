package io.tidewheel.http;

import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.message.NamePattern;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.monitor.Sum;
import io.tidewheel.monitor.Survey;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Series of some topics in the text form of Prometheus, from all nodes' rows as this one knows
 * them. Not part of what is scraped by default: each subscription has a series of its own.
 */
final class TopicMetrics {
  /** Subscriptions in one answer; of more, those with the first names. */
  static final int MAX_SUBSCRIPTIONS = 500;

  private final CatalogClient catalog;
  private final Monitor monitor;
  private final InstantSource clock;

  TopicMetrics(Broker broker) {
    this.catalog = broker.catalog();
    this.monitor = broker.monitor();
    this.clock = broker.clock();
  }

  private record Line(Topic topic, Topic.Subscription subscription, Sum sum, double allowedRate) {}

  /** Of the topics that a name or pattern lets through. */
  CompletionStage<String> of(@Nullable String pattern) {
    NamePattern topics = BacklogFilters.pattern("topic", pattern);
    return monitor
        .survey()
        .thenCombine(
            monitor.allowances(), (survey, allowed) -> write(lines(topics, survey, allowed)));
  }

  private List<Line> lines(NamePattern topics, Survey survey, Allowances allowed) {
    List<Line> lines = new ArrayList<>();
    for (Topic topic : catalog.current().topics().values()) {
      if (!topic.isDeleting() && topics.matches(topic.name())) {
        topic
            .subscriptions()
            .values()
            .forEach(
                each ->
                    lines.add(
                        new Line(
                            topic,
                            each,
                            Sum.of(survey.rows(each.uid())),
                            allowed.of(each, null).rate())));
      }
      if (lines.size() > MAX_SUBSCRIPTIONS) {
        break;
      }
    }
    return lines;
  }

  private String write(List<Line> found) {
    List<Line> lines = found.stream().limit(MAX_SUBSCRIPTIONS).toList();
    long nowMillis = clock.millis();
    StringBuilder text = new StringBuilder(256 + lines.size() * 700);
    gauge(text, "backlog_messages", "Messages neither settled nor leased", lines, Sum::backlog);
    gauge(text, "leased_messages", "Messages that workers hold", lines, Sum::leased);
    gauge(text, "waiting_messages", "Messages to be retried, or behind one", lines, Sum::waiting);
    gauge(text, "lag_messages", "Newest offset minus ack floor", lines, Sum::lag);
    gauge(
        text,
        "oldest_message_age_seconds",
        "Age of the oldest message that is not settled",
        lines,
        sum ->
            sum.oldestAtMillis() == 0
                ? 0
                : Math.max(0, nowMillis - sum.oldestAtMillis()) / 1_000.0);
    gauge(text, "dead_messages", "Messages that became dead letters", lines, Sum::dead);
    gauge(text, "workers", "Workers that pull", lines, Sum::workers);
    head(text, "allowed_rate", "Messages a second that may be given out; absent without a bound");
    lines.stream()
        .filter(line -> line.allowedRate() < Double.POSITIVE_INFINITY)
        .forEach(line -> value(text, "allowed_rate", line, line.allowedRate()));
    head(text, "paused", "1 if it is paused");
    lines.forEach(
        line -> value(text, "paused", line, line.subscription().settings().isPaused() ? 1 : 0));
    text.append("# HELP tidewheel_series_cut 1 if there are more subscriptions than are told\n")
        .append("# TYPE tidewheel_series_cut gauge\ntidewheel_series_cut ")
        .append(found.size() > lines.size() ? 1 : 0)
        .append('\n');
    return text.toString();
  }

  private static void gauge(
      StringBuilder text,
      String name,
      String help,
      List<Line> lines,
      ToDoubleFunction<Sum> measure) {
    head(text, name, help);
    lines.forEach(line -> value(text, name, line, measure.applyAsDouble(line.sum())));
  }

  private static void head(StringBuilder text, String name, String help) {
    text.append("# HELP tidewheel_subscription_").append(name).append(' ').append(help);
    text.append("\n# TYPE tidewheel_subscription_").append(name).append(" gauge\n");
  }

  /** Names have no character that would need to be escaped. */
  private static void value(StringBuilder text, String name, Line line, double value) {
    text.append("tidewheel_subscription_").append(name).append("{topic=\"");
    text.append(line.topic().name()).append("\",subscription=\"");
    text.append(line.subscription().name()).append("\"} ");
    text.append(
        value == Math.rint(value)
            ? Long.toString((long) value)
            : String.format(Locale.ROOT, "%.3f", value));
    text.append('\n');
  }
}
