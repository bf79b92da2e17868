package io.tidewheel.http;

import akka.Done;
import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.settings.ServerSettings;
import akka.stream.Materializer;
import akka.stream.SystemMaterializer;
import akka.stream.javadsl.BidiFlow;
import akka.stream.javadsl.Flow;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.dispatch.SameThread;
import io.tidewheel.session.Sessions;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * The listening socket and what hangs on it. HTTP/1.1 only; all limits of the engine are set here
 * and not in a configuration file.
 */
public final class HttpServer {
  private final ServerBinding binding;
  private final Sessions sessions;

  private HttpServer(ServerBinding binding, Sessions sessions) {
    this.binding = binding;
    this.sessions = sessions;
  }

  /**
   * Binds and serves.
   *
   * @param isAutoCreate whether the first publish creates its topic
   * @return the server; fails if the address can't be bound
   */
  public static CompletionStage<HttpServer> bind(
      ActorSystem<?> system, TidewheelSettings.Http settings, boolean isAutoCreate, Broker broker) {
    Materializer materializer = SystemMaterializer.get(system).materializer();
    HttpService service = new HttpService(settings, isAutoCreate, broker, materializer);
    return Http.get(system)
        .newServerAt(settings.host(), settings.port())
        .withSettings(engineSettings(system.settings().config(), settings))
        .bindFlow(
            Flow.fromMaterializer((each, attributes) -> connection(service, settings))
                .mapMaterializedValue(ignored -> NotUsed.getInstance()))
        .thenApply(binding -> new HttpServer(binding, broker.sessions()));
  }

  /** Where it listens; the port is the real one if any free one was asked for. */
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  /** Takes no more connections; those that are open go on. */
  public CompletionStage<Done> unbind() {
    return binding.unbind();
  }

  /** Takes no more connections, lets open requests finish, and closes what is left after a time. */
  public CompletionStage<Done> stop(Duration deadline) {
    sessions.stop();
    return binding
        .unbind()
        .thenCompose(done -> binding.terminate(deadline))
        .thenApply(t -> Done.done());
  }

  /** Handles the requests of one connection; answers keep the order of the requests. */
  private static Flow<HttpRequest, HttpResponse, NotUsed> connection(
      HttpService service, TidewheelSettings.Http settings) {
    Connection connection = service.connectionOpened();
    Flow<HttpRequest, HttpResponse, NotUsed> handler =
        Flow.of(HttpRequest.class)
            .watchTermination(
                (notUsed, done) -> {
                  SameThread.of(done)
                      .whenComplete((end, failure) -> service.connectionClosed(connection));
                  return notUsed;
                })
            .mapAsync(settings.pipeliningLimit(), request -> service.handle(request, connection))
            .map(answer -> connection.write(answer).response());
    return BidiFlow.fromGraph(
            new RequestDeadline(
                settings.headerTimeout(),
                settings.idleTimeout(),
                service.nanoTime(),
                connection::isStreaming))
        .join(handler);
  }

  private static ServerSettings engineSettings(Config base, TidewheelSettings.Http settings) {
    Map<String, Object> values = new HashMap<>();
    values.put("server-header", "tidewheel");
    values.put("enable-http2", false);
    values.put("preview.enable-http2", false);
    values.put("idle-timeout", settings.idleTimeout());
    // The service limits the time of requests itself, with an answer that says what is known.
    values.put("request-timeout", "0s");
    values.put("linger-timeout", "5s");
    values.put("max-connections", settings.maxConnections());
    values.put("backlog", settings.backlog());
    // More than one, so that the engine reads on and sees that a waiting client is gone.
    values.put("pipelining-limit", settings.pipeliningLimit());
    values.put("socket-options.tcp-no-delay", true);
    values.put("verbose-error-messages", false);
    values.put("remote-address-header", false);
    values.put("raw-request-uri-header", true);
    values.put("log-unencrypted-network-bytes", "off");
    values.put("parsing.error-handler", IllegalRequestHandler.class.getName());
    values.put("parsing.error-logging-verbosity", "off");
    values.put("parsing.illegal-header-warnings", false);
    values.put("parsing.modeled-header-parsing", false);
    values.put("parsing.max-uri-length", "2k");
    values.put("parsing.max-header-name-length", 256);
    values.put("parsing.max-header-value-length", "8k");
    values.put("parsing.max-header-count", 96);
    values.put("parsing.max-chunk-ext-length", 256);
    values.put("parsing.max-chunk-size", "1m");
    // Routes limit the size of bodies themselves.
    values.put("parsing.max-content-length", "32m");
    Map<String, Object> prefixed = new HashMap<>();
    values.forEach(
        (key, value) ->
            prefixed.put(
                "akka.http.server." + key,
                value instanceof Duration duration ? duration.toMillis() + "ms" : value));
    return ServerSettings.create(ConfigFactory.parseMap(prefixed).withFallback(base))
        .withTerminationDeadlineExceededResponse(
            Responses.problem(
                Problem.of(ProblemType.UNAVAILABLE, "the node is stopping")
                    .withOutcome(Problem.Outcome.UNKNOWN)));
  }
}
