package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.cli.load.LoadPlan;
import io.tidewheel.cli.load.TopicNames;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "bench",
    description = {
      "Measures a broker over HTTP: rates, latencies and what the broker's process uses.",
      "publish: stored and flushed publishes. consume: pulls and acks what a topic holds.",
      "both: publishes and consumes, and measures from end to end. ack: acks, while other",
      "connections pull. empty: a route that does nothing (tidewheel.http.bench-route = on), to"
          + " tell",
      "what HTTP costs. Exit code 4 if a condition of --fail-if holds, or if messages were due by",
      "--rate and not sent when the time ended.",
      "Figures for --fail-if: rate, errors, mean, p50, p90, p99, p99.9, p99.99, max (of publish,"
          + " ack",
      "or end-to-end), the same of one operation as in pull.p99, cpu (broker's microseconds per",
      "message), rss (broker's highest memory in MiB), written (bytes stored per byte of payload),",
      "with --monitors: monitorsCost (percent of the rate; the median of the parts",
      "with monitors, each beside the parts before and after it), monitorsCostLow",
      "and monitorsCostHigh (the middle half), monitorsCompared (how many parts)."
    },
    footer = {
      "",
      "Examples:",
      "  tidewheel bench publish -c 64 --duration 30s",
      "  tidewheel bench both --rate 2000 --pull 50 --fail-if 'p99>25ms' --fail-if 'errors>0'",
      "  tidewheel bench publish --batch 100 -c 16 --messages 1000000 --report result.json",
      "  tidewheel bench publish --ndjson --messages 1000000",
      "  tidewheel bench publish --monitors 50 --duration 5m --fail-if 'monitorsCost>5'",
      "  tidewheel bench consume --topic orders -s billing --drain",
      "  tidewheel bench both --client --rate 2000 -c 16",
      "  tidewheel bench both --client --idle-sessions 1000 --fail-if 'ratio<0.8'",
      "  tidewheel bench both --in-process --messages 1000000 -c 64",
      "  tidewheel bench ack --rate 10000 --pull 100 --fail-if 'p50>3ms'"
    })
final class BenchCommand implements Callable<Integer> {
  private static final long NEVER = Long.MAX_VALUE / 4;

  private final Terminal terminal;

  @Mixin private final BrokerOptions options = new BrokerOptions();
  @Mixin private final BenchOptions bench = new BenchOptions();
  @Mixin private final IdleOptions idle = new IdleOptions();

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "The broker's process on this machine; else its /metrics are asked.")
  private @Nullable Long pid;

  @Option(names = "--report", paramLabel = "FILE", description = "Write the result as JSON.")
  private @Nullable Path report;

  @Option(
      names = "--fail-if",
      paramLabel = "CONDITION",
      description = "Such as 'p99>50ms', 'rate<12000/s', 'errors>0'; may be repeated.")
  private List<String> conditions = new ArrayList<>();

  BenchCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    bench.check();
    idle.check(bench);
    List<Threshold> thresholds = thresholds();
    if (bench.isInProcess) {
      return reportInProcess(new InProcessBench(terminal, bench).measure(), thresholds);
    }
    BrokerConnection connection = options.connect();
    byte[] name = new byte[4];
    terminal.random().nextBytes(name);
    String runName = HexFormat.of().formatHex(name);
    String topic = bench.topic == null ? "bench-" + runName : bench.topic;
    List<String> topics = TopicNames.of(topic, bench.topicCount);
    BenchTopics made = new BenchTopics(connection, bench, topics, terminal.nanoTime());
    double createSeconds = made.create();
    if (topics.size() > 1) {
      terminal.say(
          String.format(Locale.ROOT, "%,d topics made in %.2f s", topics.size(), createSeconds));
    }
    try {
      ServerProbe probe = new ServerProbe(connection, pid);
      if (idle.isGiven()) {
        return reportInProcess(
            new IdleBench(terminal, bench, idle, connection, topics.get(0), probe).measure(),
            thresholds);
      }
      if (bench.isThroughClient) {
        return reportInProcess(
            new ClientBench(terminal, bench, connection.broker(), topics.get(0), probe).measure(),
            thresholds);
      }
      LoadPlan plan = plan(connection.broker(), topics, runName);
      try (BenchMonitors monitors =
          new BenchMonitors(connection.broker(), topics.get(0), bench.monitors)) {
        BenchRun run = new BenchRun(terminal, plan, bench, probe, monitors);
        return report(plan, run.measure(), thresholds);
      }
    } finally {
      if (bench.topic == null) {
        made.delete();
      }
    }
  }

  private int report(LoadPlan plan, BenchFigures figures, List<Threshold> thresholds) {
    List<Threshold> missed =
        thresholds.stream().filter(each -> each.isMissed(figures.byName())).toList();
    ObjectNode json = figures.toJson();
    json.set("plan", describe(plan));
    json.put("processors", Runtime.getRuntime().availableProcessors());
    json.put("java", Runtime.version().toString());
    missed.forEach(each -> json.withArray("missed").add(each.text()));
    write(json);
    if (options.isJson()) {
      terminal.print(Json.pretty(json));
    } else {
      figures.toLines().forEach(terminal::print);
      terminal.print(usage(figures));
    }
    for (Threshold each : missed) {
      terminal.say("failed: " + each.text() + " (" + figures.byName().get(each.figure()) + ")");
    }
    boolean isBehind = figures.unsent() > 0 && !bench.isUnsentAllowed;
    if (isBehind) {
      terminal.say(
          "failed: "
              + figures.unsent()
              + " messages were due and not sent: the broker does not keep up with --rate, or"
              + " --connections are too few");
    }
    return missed.isEmpty() && !isBehind ? ExitCodes.OK : ExitCodes.THRESHOLD;
  }

  private int reportInProcess(Map<String, Double> figures, List<Threshold> thresholds) {
    List<Threshold> missed = thresholds.stream().filter(each -> each.isMissed(figures)).toList();
    ObjectNode json = Json.MAPPER.createObjectNode();
    Table table = new Table("FIGURE", "VALUE");
    figures.forEach(
        (name, value) -> {
          json.put(name, Math.round(value * 1_000) / 1_000.0);
          table.add(name, String.format(Locale.ROOT, "%,.3f", value));
        });
    json.put("processors", Runtime.getRuntime().availableProcessors());
    json.put("maxHeapMiB", Runtime.getRuntime().maxMemory() >> 20);
    missed.forEach(each -> json.withArray("missed").add(each.text()));
    write(json);
    terminal.print(options.isJson() ? Json.pretty(json) : table.render());
    missed.forEach(
        each -> terminal.say("failed: " + each.text() + " (" + figures.get(each.figure()) + ")"));
    double wrong = figures.getOrDefault("missing", 0.0) + figures.getOrDefault("ackedTwice", 0.0);
    if (wrong > 0) {
      terminal.say("failed: not every message was delivered and acked once");
      return ExitCodes.FAILED;
    }
    return missed.isEmpty() ? ExitCodes.OK : ExitCodes.THRESHOLD;
  }

  private static String usage(BenchFigures figures) {
    StringBuilder line = new StringBuilder();
    String[] shown = {
      "cpu", "broker %.1f us CPU per message",
      "cores", "%.2f cores",
      "rss", "%.0f MiB at most",
      "written", "%.2f bytes stored per payload byte",
      "generatorCpu", "generator %.1f us CPU per message",
      "missing", "%.0f messages did not come",
      "rateWithoutMonitors", "%.0f/s without monitors",
      "rateWithMonitors", "%.0f/s with them",
      "monitorsCost", "which is %.1f %% less in the median",
      "monitorsCostLow", "in the middle half %.1f",
      "monitorsCostHigh", "to %.1f %%",
      "monitorsCompared", "of %.0f parts",
      "monitorBytes", "%.0f bytes a second to them",
      "monitorsFailed", "%.0f of their streams failed",
      "loadBefore", "load average %.1f before",
      "loadAfter", "%.1f after"
    };
    for (int i = 0; i < shown.length; i += 2) {
      Double value = figures.byName().get(shown[i]);
      if (value != null) {
        line.append(line.length() == 0 ? "" : ", ");
        line.append(String.format(Locale.ROOT, shown[i + 1], value));
      }
    }
    return line.toString();
  }

  private static ObjectNode describe(LoadPlan plan) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("broker", plan.host()).put("mode", plan.mode().name().toLowerCase(Locale.ROOT));
    json.put("topics", plan.topics().size()).put("subscriptions", plan.subscriptions().size());
    json.put("producers", plan.producers()).put("consumers", plan.consumers());
    json.put("rate", plan.rate()).put("payloadBytes", plan.payloadBytes());
    json.put("lineWindow", plan.lineWindow());
    json.put("batch", plan.batch()).put("pull", plan.pullMax()).put("keys", plan.keyCount());
    json.put("ids", plan.hasIds()).put("nackShare", plan.nackShare());
    json.put("threads", plan.threads()).put("seed", plan.seed());
    return json;
  }

  private void write(ObjectNode json) {
    if (report == null) {
      return;
    }
    try {
      Files.writeString(report, Json.pretty(json) + '\n');
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.FAILED, "cannot write " + report + ": " + e.getMessage(), e);
    }
  }

  private LoadPlan plan(URI broker, List<String> topics, String runName) {
    if (!"http".equals(broker.getScheme())) {
      throw new CommandFailure(ExitCodes.USAGE, "--url " + broker + ": bench takes http only");
    }
    int port = broker.getPort() < 0 ? 80 : broker.getPort();
    long max = bench.mode == BenchOptions.Mode.ack ? bench.receipts() : NEVER;
    return new LoadPlan(
        new InetSocketAddress(broker.getHost().replaceAll("[\\[\\]]", ""), port),
        broker.getRawAuthority(),
        switch (bench.mode) {
          case publish -> LoadPlan.Mode.PUBLISH;
          case consume -> LoadPlan.Mode.CONSUME;
          case both -> LoadPlan.Mode.BOTH;
          case ack -> LoadPlan.Mode.ACK;
          case empty -> LoadPlan.Mode.EMPTY;
        },
        runName,
        topics,
        bench.subscriptions(),
        bench.threads,
        bench.producerCount(),
        bench.consumerCount(),
        bench.rate == null ? 0 : bench.rate,
        bench.payloadBytes(),
        bench.mode == BenchOptions.Mode.ack ? bench.pullMax : bench.batch,
        bench.isStreaming ? bench.lineWindow : 0,
        bench.pullMax,
        OptionValues.duration("--wait", bench.wait),
        bench.keyCount == null ? 0 : bench.keyCount,
        bench.hasIds,
        bench.nackShare,
        OptionValues.duration("--nack-delay", bench.nackDelay),
        bench.messages == null ? max : bench.messages,
        bench.isDraining,
        bench.seed);
  }

  private List<Threshold> thresholds() {
    try {
      return conditions.stream().map(Threshold::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCodes.USAGE, "--fail-if: " + e.getMessage(), e);
    }
  }
}
