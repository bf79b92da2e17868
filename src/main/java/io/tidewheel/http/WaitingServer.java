package io.tidewheel.http;

import akka.Done;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Connection;
import io.tidewheel.config.TidewheelSettings;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Listens in place of the {@link HttpServer} while a node waits for its store: the process is
 * alive, not ready, and everything else is answered 503, nothing stored.
 */
public final class WaitingServer {
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(1);

  private final ServerBinding binding;

  private WaitingServer(ServerBinding binding) {
    this.binding = binding;
  }

  /**
   * Binds and answers.
   *
   * @param detail what is waited for, for people
   */
  public static CompletionStage<WaitingServer> bind(
      ActorSystem<?> system, TidewheelSettings.Http settings, Supplier<String> detail) {
    return Http.get(system)
        .newServerAt(settings.host(), settings.port())
        .withSettings(HttpServer.engineSettings(system.settings().config(), settings))
        .bind(
            (HttpRequest request) -> {
              request.discardEntityBytes(system);
              return CompletableFuture.completedFuture(answer(request, detail.get()));
            })
        .thenApply(WaitingServer::new);
  }

  /** The port it listens on. */
  public int port() {
    return binding.localAddress().getPort();
  }

  /** Gives the address free. */
  public CompletionStage<Done> stop() {
    return binding
        .unbind()
        .thenCompose(done -> binding.terminate(DRAIN_TIMEOUT))
        .thenApply(terminated -> Done.done());
  }

  private static HttpResponse answer(HttpRequest request, String detail) {
    HttpResponse response =
        switch (request.getUri().getPathString()) {
          case "/health/live" ->
              Responses.json(200, new JsonBytes(32).literal("{\"status\":\"up\"}"));
          case "/health/ready" ->
              Responses.json(
                  503,
                  new JsonBytes(64)
                      .literal("{\"status\":\"not-ready\",\"detail\":")
                      .string(detail)
                      .literal("}"));
          default -> Responses.problem(Problem.of(ProblemType.UNAVAILABLE, detail));
        };
    // The next request may find the real server.
    return response.addHeader(Connection.create("close"));
  }
}
