package io.tidewheel.cli;

import com.typesafe.config.Config;
import io.tidewheel.config.ConfigurationException;
import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.config.TidewheelSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description = "Shows a broker at work for a minute, on data that is deleted afterwards.",
    footer = {"", "Examples:", "  tidewheel demo", "  tidewheel demo --for 10m --port 8080"})
final class DemoCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final NodeStarter starter;

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      defaultValue = "60s",
      description = "How long, from 10s on; ${DEFAULT-VALUE}. Ctrl-C ends it at once.")
  private String time = "";

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "0",
      description = "Where to listen; any free port if none is given.")
  private int port;

  DemoCommand(Terminal terminal, NodeStarter starter) {
    this.terminal = terminal;
    this.starter = starter;
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    Duration length = OptionValues.duration("--for", time, Duration.ofSeconds(10));
    Path directory = Files.createTempDirectory("tidewheel-demo-");
    Config config;
    Duration stopTimeout;
    try {
      config = config(directory);
      stopTimeout = TidewheelSettings.from(config).node().stopTimeout();
    } catch (ConfigurationException e) {
      delete(directory);
      throw e;
    }
    CountDownLatch end = new CountDownLatch(1);
    // All of it is within: when this ends, the process may.
    try (Interruption interruption =
        Interruption.watch(end::countDown, stopTimeout.plusSeconds(10))) {
      try {
        run(starter.start(config), end, length, stopTimeout);
      } finally {
        delete(directory);
      }
      terminal.print(
          interruption.isRequested() ? "Stopped." : "That was it; nothing is left of it.");
    }
    return ExitCodes.OK;
  }

  private Config config(Path directory) {
    return ConfigurationFile.load(
        null,
        Map.of("tidewheel.node.data-directory", directory.toString(), "tidewheel.http.port", port));
  }

  private void run(
      NodeStarter.RunningNode node, CountDownLatch end, Duration length, Duration stopTimeout)
      throws InterruptedException {
    try {
      URI broker = URI.create("http://127.0.0.1:" + node.httpAddress().getPort());
      terminal.print("Open " + broker + "/ and watch; it ends by itself, or with Ctrl-C.");
      new DemoRun(new BrokerConnection(broker), terminal, end).run(length);
    } finally {
      stop(node, stopTimeout);
    }
  }

  private void stop(NodeStarter.RunningNode node, Duration timeout) throws InterruptedException {
    try {
      node.terminate().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      terminal.say("the broker did not stop in order: " + e);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> found = Files.walk(directory)) {
      List<Path> deepestFirst = found.sorted(Comparator.reverseOrder()).toList();
      for (Path each : deepestFirst) {
        Files.deleteIfExists(each);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
