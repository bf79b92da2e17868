package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.cli.load.LoadRun;
import io.tidewheel.cli.load.Operation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * What a run has shown: figures by name, for thresholds and people, and the whole as JSON.
 * Latencies are in milliseconds, memory in MiB, CPU in microseconds per message.
 */
final class BenchFigures {
  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};
  private static final String[] NAMES = {"p50", "p90", "p99", "p99.9", "p99.99"};

  /** Figures of the run as a whole. */
  private final Map<String, Double> totals = new LinkedHashMap<>();

  /** Figures of each operation that took place. */
  private final Map<Operation, Map<String, Double>> operations = new TreeMap<>();

  private final Map<String, Long> failures;
  private final List<Long> perSecond;
  private final Operation primary;

  /**
   * Takes the figures of a run that is over.
   *
   * @param primary the operation whose latencies count where none is named
   * @param messages that went all the way
   * @param perSecond messages of each second of the measurement
   */
  BenchFigures(LoadRun run, Operation primary, long messages, List<Long> perSecond) {
    this.primary = primary;
    this.perSecond = List.copyOf(perSecond);
    this.failures = run.failures();
    for (Operation operation : Operation.values()) {
      if (run.requests(operation) + run.unsent(operation) > 0) {
        operations.put(operation, figures(run, operation, run.seconds(operation)));
      }
    }
    totals.put("messages", (double) messages);
    totals.put("seconds", run.seconds());
    totals.put("rate", messages / run.seconds());
    totals.put(
        "unsent",
        operations.values().stream().mapToDouble(f -> f.getOrDefault("unsent", 0.0)).sum());
    totals.put("errors", (double) failures.values().stream().mapToLong(n -> n).sum());
  }

  private static Map<String, Double> figures(LoadRun run, Operation operation, double seconds) {
    Map<String, Double> figures = new LinkedHashMap<>();
    Histogram latencies = run.latencies(operation);
    figures.put("messages", (double) run.messages(operation));
    figures.put("requests", (double) run.requests(operation));
    figures.put("seconds", seconds);
    figures.put("rate", run.messages(operation) / seconds);
    figures.put("requestRate", run.requests(operation) / seconds);
    figures.put("mean", latencies.getMean() / 1e6);
    for (int i = 0; i < PERCENTILES.length; i++) {
      figures.put(NAMES[i], latencies.getValueAtPercentile(PERCENTILES[i]) / 1e6);
    }
    figures.put("max", latencies.getMaxValue() / 1e6);
    if (run.unsent(operation) > 0) {
      figures.put("unsent", (double) run.unsent(operation));
    }
    if (operation == Operation.NACK) {
      figures.put("notTaken", (double) run.notTaken(operation));
    }
    return figures;
  }

  /** Adds or replaces a figure of the whole; one that is not a number is left out. */
  BenchFigures with(String name, double value) {
    if (!Double.isNaN(value)) {
      totals.put(name, value);
    }
    return this;
  }

  /** Messages that were due and not sent. */
  long unsent() {
    return totals.getOrDefault("unsent", 0.0).longValue();
  }

  /** Every figure by the name a threshold uses: {@code p99}, {@code ack.p99}, {@code errors}. */
  Map<String, Double> byName() {
    Map<String, Double> all = new LinkedHashMap<>(operations.getOrDefault(primary, Map.of()));
    operations.forEach(
        (operation, figures) ->
            figures.forEach((name, value) -> all.put(operation.label() + '.' + name, value)));
    all.putAll(totals);
    return all;
  }

  ObjectNode toJson() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    totals.forEach((name, value) -> json.put(name, rounded(value)));
    ObjectNode latencies = json.putObject("operations");
    operations.forEach(
        (operation, figures) -> {
          ObjectNode each = latencies.putObject(operation.label());
          figures.forEach((name, value) -> each.put(name, rounded(value)));
        });
    ObjectNode failed = json.putObject("failures");
    failures.forEach(failed::put);
    ArrayNode series = json.putArray("messagesPerSecond");
    perSecond.forEach(series::add);
    return json;
  }

  /** For people: a row for each operation, and a line for the rest. */
  List<String> toLines() {
    Table table =
        new Table(
            "",
            "MESSAGES",
            "REQUESTS",
            "MSG/S",
            "REQ/S",
            "MEAN",
            "P50",
            "P90",
            "P99",
            "P99.9",
            "MAX");
    operations.forEach(
        (operation, f) ->
            table.add(
                operation.label(),
                whole(f, "messages"),
                whole(f, "requests"),
                whole(f, "rate"),
                whole(f, "requestRate"),
                millis(f, "mean"),
                millis(f, "p50"),
                millis(f, "p90"),
                millis(f, "p99"),
                millis(f, "p99.9"),
                millis(f, "max")));
    List<String> lines = new ArrayList<>();
    lines.add(table.render());
    operations.forEach(
        (operation, f) -> {
          if (f.containsKey("unsent")) {
            lines.add(whole(f, "unsent") + " messages were due and not sent: " + operation.label());
          }
          if (f.getOrDefault("notTaken", 0.0) > 0) {
            lines.add(whole(f, "notTaken") + " nacks came too late and were not taken");
          }
        });
    failures.forEach((kind, count) -> lines.add(count + " messages failed: " + kind));
    return lines;
  }

  private static String whole(Map<String, Double> figures, String name) {
    return String.format(Locale.ROOT, "%,.0f", figures.getOrDefault(name, 0.0));
  }

  private static String millis(Map<String, Double> figures, String name) {
    double value = figures.getOrDefault(name, 0.0);
    return String.format(Locale.ROOT, value < 10 ? "%.2f ms" : "%.0f ms", value);
  }

  private static double rounded(double value) {
    return Math.round(value * 1_000) / 1_000.0;
  }
}
