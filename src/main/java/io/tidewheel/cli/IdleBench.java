package io.tidewheel.cli;

import io.tidewheel.cli.load.TopicNames;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Measures what waiting workers of other topics cost a busy one: after a run that does not count
 * without them, twice with them, and without them again, so that what gets better or worse with
 * time counts for neither. Between that the broker is left alone, to see what they cost when
 * nothing happens.
 */
final class IdleBench {
  private static final Duration MAX_REST = Duration.ofSeconds(5);
  private static final long MAX_OPEN_SECONDS = 300;

  /** What is compared; the rest is the sum or the highest. */
  private static final List<String> COMPARED =
      List.of("rate", "publish.p50", "publish.p99", "p50", "p99", "cpu", "rss");

  private final Terminal terminal;
  private final BenchOptions bench;
  private final IdleOptions options;
  private final BrokerConnection connection;
  private final String topic;
  private final ServerProbe probe;
  private final Map<String, Double> figures = new LinkedHashMap<>();

  IdleBench(
      Terminal terminal,
      BenchOptions bench,
      IdleOptions options,
      BrokerConnection connection,
      String topic,
      ServerProbe probe) {
    this.terminal = terminal;
    this.bench = bench;
    this.options = options;
    this.connection = connection;
    this.topic = topic;
    this.probe = probe;
  }

  /** Figures by name, in the order in which they are shown. */
  Map<String, Double> measure() throws InterruptedException {
    List<String> idle = TopicNames.of(topic + "-idle", options.topicCount());
    BenchTopics topics = new BenchTopics(connection, bench, idle, terminal.nanoTime());
    List<Map<String, Double>> without = new ArrayList<>();
    List<Map<String, Double>> with = new ArrayList<>();
    // What is compiled meanwhile would make the first slower than all others.
    Map<String, Double> unused = load("0 to warm up");
    without.add(load("1 without"));
    rest("alone.");
    try {
      figures.put("create.seconds", topics.create());
      terminal.say("made " + idle.size() + " idle topics");
      try (IdleSessions sessions =
          new IdleSessions(connection.broker(), bench.subscriptions().get(0), terminal.random())) {
        open(sessions, idle);
        rest("beside.");
        with.add(load("2 with"));
        with.add(load("3 with"));
        String problem = sessions.problem();
        if (problem != null) {
          throw new CommandFailure(ExitCodes.FAILED, problem);
        }
      }
      without.add(load("4 without"));
    } catch (IOException e) {
      throw new CommandFailure(ExitCodes.UNREACHABLE, "idle sessions: " + e.getMessage(), e);
    } finally {
      if (bench.topic == null) {
        topics.delete();
      }
    }
    return figures(without, with);
  }

  private Map<String, Double> load(String what) throws InterruptedException {
    Map<String, Double> load =
        new ClientBench(terminal, bench, connection.broker(), topic, probe).measure();
    terminal.say(
        String.format(
            Locale.ROOT,
            "%s: %,.0f/s, publish p99 %.1f ms",
            what,
            load.get("rate"),
            load.get("publish.p99")));
    return load;
  }

  private void open(IdleSessions sessions, List<String> topics)
      throws IOException, InterruptedException {
    long beganNanos = terminal.nanoTime().getAsLong();
    int each = options.subscriptions;
    List<List<String>> bySession = new ArrayList<>();
    for (int i = 0; i < options.sessions; i++) {
      List<String> some = new ArrayList<>();
      for (int j = 0; j < each; j++) {
        some.add(topics.get((i * each + j) % topics.size()));
      }
      bySession.add(some);
    }
    sessions.open(bySession);
    long untilNanos = beganNanos + TimeUnit.SECONDS.toNanos(MAX_OPEN_SECONDS);
    while (sessions.subscribed() < options.sessions * each) {
      String problem = sessions.problem();
      if (problem != null || terminal.nanoTime().getAsLong() - untilNanos > 0) {
        throw new IOException(problem == null ? "not open in time" : problem);
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    figures.put("open.seconds", (terminal.nanoTime().getAsLong() - beganNanos) / 1e9);
    terminal.say("opened " + options.sessions + " idle sessions");
  }

  /** What the broker takes while nothing is published. */
  private void rest(String when) throws InterruptedException {
    long millis = Math.min(bench.measured().toMillis(), MAX_REST.toMillis());
    TimeUnit.MILLISECONDS.sleep(millis);
    double before = probe.read().cpuSeconds();
    TimeUnit.MILLISECONDS.sleep(millis);
    ServerProbe.Usage after = probe.read();
    figures.put(when + "rest.cores", (after.cpuSeconds() - before) * 1e3 / millis);
    figures.put(when + "rest.rss", after.residentBytes() / (1 << 20));
  }

  private Map<String, Double> figures(
      List<Map<String, Double>> without, List<Map<String, Double>> with) {
    for (String name : COMPARED) {
      figures.put("alone." + name, mean(without, name));
      figures.put("beside." + name, mean(with, name));
    }
    figures.put("ratio", mean(with, "rate") / mean(without, "rate"));
    for (String name : List.of("errors", "missing")) {
      figures.put(name, 2 * (mean(without, name) + mean(with, name)));
    }
    return figures;
  }

  private static double mean(List<Map<String, Double>> loads, String name) {
    return loads.stream()
        .mapToDouble(load -> load.getOrDefault(name, Double.NaN))
        .average()
        .orElse(Double.NaN);
  }
}
