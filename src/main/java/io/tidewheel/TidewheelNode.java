package io.tidewheel;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.Config;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.http.HttpServer;
import io.tidewheel.queue.Publisher;
import io.tidewheel.session.SessionLimits;
import io.tidewheel.worker.Consumer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A running node: store, queues, workers and HTTP server in this JVM.
 *
 * <p>{@link #close} stops it in order: no new requests, open ones are answered, what is being
 * stored is stored. A node that is killed instead loses nothing that was confirmed.
 */
public final class TidewheelNode implements AutoCloseable {
  /** How long open requests may take when the node stops. */
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);

  private final ActorSystem<Void> system;
  private final HttpServer server;
  private final TidewheelSettings settings;

  private final Local local;
  private final CompletableFuture<Void> stopping = new CompletableFuture<>();

  /** What code in this process uses in place of HTTP: the same parts, without requests. */
  public record Local(CatalogClient topics, Publisher publisher, Consumer consumer) {}

  TidewheelNode(
      ActorSystem<Void> system, HttpServer server, Local local, TidewheelSettings settings) {
    this.system = system;
    this.server = server;
    this.local = local;
    this.settings = settings;
    // With the first phase, or where one begins that cannot hand anything over.
    for (String phase :
        List.of(
            CoordinatedShutdown.PhaseBeforeServiceUnbind(),
            CoordinatedShutdown.PhaseClusterLeave())) {
      CoordinatedShutdown.get(system)
          .addTask(
              phase,
              "say-that-it-stops",
              () -> {
                stopping.complete(null);
                return CompletableFuture.completedFuture(Done.getInstance());
              });
    }
  }

  /**
   * Starts a node and returns when it serves.
   *
   * @param config complete and resolved, as {@code ConfigurationFile.load} gives it
   * @throws io.tidewheel.config.ConfigurationException for a wrong key or value
   * @throws io.tidewheel.journal.embedded.StoreException if the data directory cannot be opened
   * @throws NodeStartException if the node cannot start for another reason, such as a taken port
   */
  public static TidewheelNode start(Config config) {
    return start(config, SessionLimits.DEFAULT);
  }

  /** As {@link #start(Config)}, with other bounds of sessions. */
  static TidewheelNode start(Config config, SessionLimits sessionLimits) {
    TidewheelSettings settings = TidewheelSettings.from(config);
    ClusterWiring.check(settings);
    ActorSystem<Void> system =
        ActorSystem.create(Behaviors.empty(), "tidewheel", NodeConfig.of(config, settings));
    try {
      return NodeWiring.start(system, settings, sessionLimits);
    } catch (RuntimeException e) {
      waitFor(
          system,
          CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason()),
          settings.node().stopTimeout());
      throw e;
    }
  }

  /** Where the HTTP server listens. */
  public InetSocketAddress httpAddress() {
    return server.address();
  }

  /** For use within this process, while the node runs. */
  public Local local() {
    return local;
  }

  /** Completes when the node begins to stop, for whatever reason. */
  public CompletionStage<Void> whenStopping() {
    return stopping;
  }

  /** Completes when the node has stopped, for whatever reason. */
  public CompletionStage<Void> whenTerminated() {
    return system.getWhenTerminated().thenAccept(done -> {});
  }

  /** Stops the node in order; done when everything is written and closed. May be repeated. */
  public CompletionStage<Void> terminate() {
    stopping.complete(null);
    return server
        .stop(DRAIN_TIMEOUT)
        .handle(
            (stopped, failure) ->
                CoordinatedShutdown.get(system)
                    .runAll(CoordinatedShutdown.actorSystemTerminateReason()))
        .thenCompose(shutdown -> shutdown)
        .thenAccept(done -> {});
  }

  /** As {@link #terminate}, but waits for it, within {@code tidewheel.node.stop-timeout}. */
  @Override
  public void close() {
    waitFor(system, terminate(), settings.node().stopTimeout());
  }

  private static void waitFor(ActorSystem<?> system, CompletionStage<?> stop, Duration timeout) {
    try {
      stop.toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      system.log().warn("The node did not stop in order within {}", timeout, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
