package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import com.typesafe.config.Config;
import io.tidewheel.TidewheelNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.config.ConfigurationFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** Measures a broker in this process, without HTTP: what the store and the queues can do. */
final class InProcessBench {
  static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Terminal terminal;
  private final BenchOptions bench;
  private final Map<String, Double> figures = new LinkedHashMap<>();

  InProcessBench(Terminal terminal, BenchOptions bench) {
    this.terminal = terminal;
    this.bench = bench;
  }

  /** Figures by name, in the order in which they are shown. */
  Map<String, Double> measure() throws InterruptedException {
    try {
      Path kept = bench.data;
      Path directory = kept == null ? Files.createTempDirectory("tidewheel-bench-") : kept;
      try {
        measure(directory);
      } finally {
        if (kept == null) {
          delete(directory);
        }
      }
      return figures;
    } catch (IOException | UncheckedIOException e) {
      throw new CommandFailure(
          ExitCodes.FAILED, "the data directory cannot be used: " + e.getMessage(), e);
    }
  }

  private void measure(Path directory) throws InterruptedException {
    Map<String, Object> overrides = new HashMap<>();
    overrides.put("tidewheel.node.data-directory", directory.toString());
    overrides.put("tidewheel.http.port", 0);
    Config config = ConfigurationFile.load(StartCommand.orInstalled(null), overrides);
    long startNanos = terminal.nanoTime().getAsLong();
    try (TidewheelNode node = TidewheelNode.start(config)) {
      TidewheelNode.Local local = node.local();
      figures.put("startSeconds", (terminal.nanoTime().getAsLong() - startNanos) / 1e9);
      Topic topic = topic(local.topics());
      long expected = -1;
      if (bench.isProducing()) {
        expected = new InProcessPublish(terminal, bench, local.publisher(), topic).run(figures);
      }
      if (bench.isConsuming()) {
        Topic.Subscription subscription = topic.subscription(bench.subscriptions().get(0));
        if (subscription == null) {
          throw new CommandFailure(
              ExitCodes.FAILED,
              "topic " + topic.name() + " has no subscription " + bench.subscriptions().get(0));
        }
        new InProcessDrain(terminal, bench, local.consumer(), topic, subscription, expected)
            .run(figures, startNanos);
      }
    }
  }

  /** The topic, made with its subscriptions unless it is only consumed. */
  private Topic topic(CatalogClient topics) throws InterruptedException {
    String name = bench.topic == null ? "bench" : bench.topic;
    if (bench.isProducing()) {
      ObjectNode settings = Json.MAPPER.createObjectNode();
      if (bench.queueCount != null) {
        settings.put("queues", bench.queueCount);
      }
      orFail(topics.putTopic(name, settings, null, TIMEOUT));
      for (String subscription :
          bench.subscriptionsOpen() == 0 ? List.<String>of() : bench.subscriptions()) {
        orFail(
            topics.putSubscription(
                name, subscription, Json.MAPPER.createObjectNode(), null, TIMEOUT));
      }
    }
    Topic topic = await(topics.refresh(TIMEOUT)).topic(name);
    if (topic == null) {
      throw new CommandFailure(ExitCodes.FAILED, "there is no topic " + name);
    }
    return topic;
  }

  private static void orFail(CompletionStage<CatalogClient.Reply> stage)
      throws InterruptedException {
    CatalogClient.Reply reply = await(stage);
    if (!(reply instanceof CatalogClient.Created) && !(reply instanceof CatalogClient.Existing)) {
      throw new CommandFailure(ExitCodes.FAILED, "the topic cannot be made: " + reply);
    }
  }

  private static <T> T await(CompletionStage<T> stage) throws InterruptedException {
    try {
      return stage.toCompletableFuture().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new CommandFailure(ExitCodes.FAILED, "the broker does not answer: " + e, e);
    }
  }

  /** CPU time of this process, with all that it does. */
  static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
