package io.tidewheel.cli;

import com.typesafe.config.Config;
import io.tidewheel.config.ConfigurationException;
import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.config.TidewheelSettings;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "start",
    description = "Starts a broker and serves until Ctrl-C or SIGTERM.",
    footer = {
      "",
      "Examples:",
      "  tidewheel start",
      "  tidewheel start --data /var/lib/tidewheel --port 9000",
      "  tidewheel start --config my.conf"
    })
final class StartCommand implements Callable<Integer> {
  /** For what waits for the node to say in order that it did not stop, before the process ends. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Terminal terminal;
  private final NodeStarter starter;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Settings; conf/tidewheel.conf of this installation if none is given.")
  private @Nullable Path file;

  @Option(
      names = "--data",
      paramLabel = "DIRECTORY",
      description = "Where the data lives (tidewheel.node.data-directory).")
  private @Nullable Path data;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Where to listen (tidewheel.http.port); 0 takes any free port.")
  private @Nullable Integer port;

  StartCommand(Terminal terminal, NodeStarter starter) {
    this.terminal = terminal;
    this.starter = starter;
  }

  @Override
  public Integer call() throws InterruptedException {
    Config config = ConfigurationFile.load(orInstalled(file), overrides());
    TidewheelSettings settings = TidewheelSettings.from(config);
    NodeStarter.RunningNode node = start(config, settings);
    Duration stopTimeout = settings.node().stopTimeout();
    try (Watchdog watchdog = new Watchdog(stopTimeout.plus(GRACE), this::halt);
        Interruption interruption =
            Interruption.watch(() -> stop(node, stopTimeout), stopTimeout)) {
      node.whenStopping().thenRun(watchdog::start);
      announce(node.httpAddress(), settings);
      node.whenTerminated().toCompletableFuture().get();
      return interruption.isRequested() ? ExitCodes.OK : ExitCodes.FAILED;
    } catch (ExecutionException e) {
      throw new CommandFailure(ExitCodes.FAILED, "the broker has stopped: " + e.getCause(), e);
    }
  }

  private void halt() {
    terminal.say("did not stop in time; nothing that was acknowledged is lost");
    Runtime.getRuntime().halt(ExitCodes.FAILED);
  }

  private NodeStarter.RunningNode start(Config config, TidewheelSettings settings) {
    try {
      return starter.start(config);
    } catch (RuntimeException e) {
      throw explain(e, settings);
    }
  }

  /** The one line a user can act on; whatever else is known is in the log. */
  private static RuntimeException explain(RuntimeException failure, TidewheelSettings settings) {
    Throwable cause = failure;
    while (cause.getCause() != null
        && (cause instanceof CompletionException || cause instanceof IllegalStateException)) {
      cause = cause.getCause();
    }
    for (Throwable link = failure; link != null; link = link.getCause()) {
      if (link instanceof ConfigurationException configuration) {
        return configuration;
      }
      if (link instanceof BindException) {
        return new CommandFailure(
            ExitCodes.FAILED,
            "cannot listen on %s port %d: %s. Is a broker running already? --port takes another."
                .formatted(settings.http().host(), settings.http().port(), link.getMessage()),
            failure);
      }
    }
    String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new CommandFailure(ExitCodes.FAILED, "cannot start: " + text, failure);
  }

  private void announce(InetSocketAddress address, TidewheelSettings settings) {
    String host = address.getAddress().getHostAddress();
    String url =
        "http://" + (host.indexOf(':') >= 0 ? '[' + host + ']' : host) + ':' + address.getPort();
    terminal.print(
        "Tidewheel is ready at %s, data in %s; publish: curl -d hello %s/v1/topics/first/messages"
            .formatted(url, settings.node().dataDirectory().toAbsolutePath().normalize(), url));
  }

  private void stop(NodeStarter.RunningNode node, Duration timeout) {
    terminal.say("stopping …");
    try {
      node.terminate().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      terminal.say("stopped");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      terminal.say("did not stop in order; nothing that was acknowledged is lost: " + e);
    }
  }

  /** The file given, else that of the installation; null if there is none. */
  static @Nullable Path orInstalled(@Nullable Path file) {
    String home = System.getProperty("tidewheel.home");
    if (file != null || home == null) {
      return file;
    }
    Path installed = Path.of(home, "conf", "tidewheel.conf");
    return Files.exists(installed) ? installed : null;
  }

  private Map<String, Object> overrides() {
    Map<String, Object> overrides = new HashMap<>();
    if (data != null) {
      overrides.put("tidewheel.node.data-directory", data.toString());
    }
    if (port != null) {
      overrides.put("tidewheel.http.port", port);
    }
    return overrides;
  }
}
