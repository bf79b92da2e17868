package io.tidewheel.http;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.Materializer;
import io.tidewheel.message.KeyHash;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.DurationConverters;

/**
 * Answers requests: checks what holds for all of them, finds the route, and turns every failure
 * into a problem. Every request is answered, at the latest after the request timeout.
 */
final class HttpService {
  private static final Logger LOG = LoggerFactory.getLogger(HttpService.class);

  /** Set by the engine, before the headers that came. */
  private static final String RAW_TARGET = "raw-request-uri";

  private final HttpSettings settings;
  private final Broker broker;
  private final Materializer materializer;
  private final HostCheck hostCheck;
  private final ByteBudget budget;
  private final BodyReader bodies;
  private final RequestMetrics metrics;
  private final TopicRoutes topics;
  private final SubscriptionRoutes subscriptions;
  private final PublishRoutes publishing;
  private final ConsumeRoutes consuming;
  private final BrowseRoutes browsing;
  private final BacklogRoutes backlog;
  private final OperationsRoutes operations;
  private final AtomicLong failureCount = new AtomicLong();

  HttpService(HttpSettings settings, Broker broker, Materializer materializer) {
    this.settings = settings;
    this.broker = broker;
    this.materializer = materializer;
    this.hostCheck = new HostCheck(settings);
    this.budget = new ByteBudget(settings.maxBodyBytesInFlight());
    this.bodies = new BodyReader(materializer, settings.bodyTimeout(), budget);
    this.metrics = new RequestMetrics(broker.metrics(), budget);
    Lookup lookup = new Lookup(broker.catalog(), settings.isAutoCreate());
    this.topics = new TopicRoutes(broker, lookup);
    this.subscriptions = new SubscriptionRoutes(broker, lookup);
    this.publishing = new PublishRoutes(broker, lookup);
    this.consuming = new ConsumeRoutes(broker, lookup);
    this.browsing = new BrowseRoutes(broker, lookup);
    this.backlog = new BacklogRoutes(broker);
    this.operations = new OperationsRoutes(broker, settings.hasBenchRoute());
  }

  RequestMetrics metrics() {
    return metrics;
  }

  LongSupplier nanoTime() {
    return broker.nanoTime();
  }

  /** Answers a request; the stage does not fail. */
  CompletionStage<Answer> handle(HttpRequest request, Connection connection) {
    long startedNanos = broker.nanoTime().getAsLong();
    BodyReader.Reservation reservation = new BodyReader.Reservation(budget);
    Attempt attempt = new Attempt();
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    route(request, connection, reservation, attempt)
        .whenComplete(
            (routed, failure) -> {
              Answer result = failure == null ? routed : failed(failure, attempt.route);
              afterBody(request, attempt)
                  .whenComplete(
                      (done, ignored) -> {
                        if (!answer.complete(connection.ready(result))) {
                          result.dropped();
                        }
                      });
            });
    if (!answer.isDone()) {
      limitTime(answer);
    }
    CompletionStage<Answer> answered = answer;
    answered.whenComplete(
        (result, failure) -> {
          reservation.close();
          metrics.record(
              attempt.route,
              result.response().status().intValue(),
              broker.nanoTime().getAsLong() - startedNanos);
        });
    return answered;
  }

  /** How far a request came. */
  private static final class Attempt {
    private @Nullable Route route;
    private @Nullable Call call;
  }

  private CompletionStage<Answer> route(
      HttpRequest request,
      Connection connection,
      BodyReader.Reservation reservation,
      Attempt attempt) {
    try {
      Headers headers = new Headers(request);
      Problem foreign = hostCheck.check(headers.values("host"), headers.values("origin"));
      if (foreign != null) {
        throw foreign.toException();
      }
      Router.Match match = Router.match(request.method().value(), path(request, headers));
      attempt.route = match.route();
      Map<String, String> query =
          QueryText.parse(request.getUri().rawQueryString(), match.route().queryParameters());
      checkMessage(request, headers, match.route());
      Call call = new Call(request, headers, match, query, bodies, reservation, broker.nanoTime());
      attempt.call = call;
      return dispatch(call, connection);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** The path as it came: the engine's own has dot segments taken out. */
  private static String path(HttpRequest request, Headers headers) {
    String target = headers.first(RAW_TARGET);
    if (target == null || !target.startsWith("/")) {
      return request.getUri().getPathString();
    }
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  private static void checkMessage(HttpRequest request, Headers headers, Route route) {
    List<String> accept = headers.values("accept");
    if (route.answersJson()
        && !accept.isEmpty()
        && !JsonTypes.isAccepted(String.join(",", accept))) {
      throw Problem.of(ProblemType.NOT_ACCEPTABLE, "only application/json can be given")
          .toException();
    }
    if (!route.takesBody() && Call.hasBody(request)) {
      throw Problem.of(ProblemType.MALFORMED, "this request may not have a body").toException();
    }
    if (!headers.values("").isEmpty()) {
      throw Problem.of(ProblemType.MALFORMED, "a header has no name").toException();
    }
    if (!headers.values("transfer-encoding").isEmpty()
        || !headers.values("content-length").isEmpty()) {
      throw Problem.of(
              ProblemType.MALFORMED,
              "the headers Transfer-Encoding and Content-Length can't be read together")
          .toException();
    }
  }

  private CompletionStage<Answer> dispatch(Call call, Connection connection) {
    return switch (call.route()) {
      case LIST_TOPICS -> topics.list(call);
      case PUT_TOPIC -> topics.put(call);
      case GET_TOPIC -> topics.get(call);
      case DELETE_TOPIC -> topics.delete(call);
      case PUT_SUBSCRIPTION -> subscriptions.put(call);
      case GET_SUBSCRIPTION -> subscriptions.get(call);
      case DELETE_SUBSCRIPTION -> subscriptions.delete(call);
      case PAUSE -> subscriptions.pause(call, true);
      case RESUME -> subscriptions.pause(call, false);
      case PUBLISH -> publishing.publish(call);
      case PUBLISH_BATCH -> publishing.publishBatch(call);
      case PULL -> consuming.pull(call, connection);
      case ACK, NACK, RELEASE, REJECT, EXTEND -> consuming.settle(call);
      case BROWSE -> browsing.browse(call);
      case MESSAGE -> browsing.message(call);
      case BACKLOG -> backlog.list(call);
      case BENCH -> operations.bench(call);
      case LIVE -> operations.live();
      case READY -> operations.ready();
      case METRICS -> operations.metrics();
    };
  }

  /** Waits until the body of a refused request has arrived, unless the client holds it back. */
  private CompletionStage<Void> afterBody(HttpRequest request, Attempt attempt) {
    Call call = attempt.call;
    boolean isTaken = call != null && call.isBodyTaken();
    if (isTaken || request.entity().isStrict() || new Headers(request).single("expect") != null) {
      return CompletableFuture.completedFuture(null);
    }
    return bodies.drain(request);
  }

  private void limitTime(CompletableFuture<Answer> answer) {
    Duration limit = settings.requestTimeout();
    var timer =
        materializer.scheduleOnce(
            DurationConverters.toScala(limit),
            () ->
                answer.complete(
                    Answer.of(
                        Responses.problem(
                            Problem.of(
                                    ProblemType.TIMED_OUT,
                                    "no answer within " + limit.toSeconds() + "s")
                                .withOutcome(Problem.Outcome.UNKNOWN)))));
    CompletionStage<Answer> answered = answer;
    answered.whenComplete((result, failure) -> timer.cancel());
  }

  private Answer failed(Throwable failure, @Nullable Route route) {
    Throwable cause = Failures.cause(failure);
    if (cause instanceof ProblemException expected) {
      return Answer.of(Responses.problem(expected.problem()));
    }
    if (cause instanceof Router.MethodNotAllowed notAllowed) {
      HttpResponse response =
          Responses.problem(
              Problem.of(ProblemType.METHOD_NOT_ALLOWED, "this path takes " + notAllowed.allow()));
      return Answer.of(Responses.with(response, "Allow", notAllowed.allow()));
    }
    if (cause instanceof TimeoutException) {
      return Answer.of(
          Responses.problem(
              Problem.of(ProblemType.TIMED_OUT, "the broker did not answer in time")));
    }
    String incident = incident();
    LOG.error("request failed, incident {}, route {}", incident, route, cause);
    return Answer.of(
        Responses.problem(
            Problem.of(
                    ProblemType.INTERNAL_ERROR,
                    "the log of the node tells more: incident " + incident)
                .withOutcome(Problem.Outcome.UNKNOWN)));
  }

  /** A name for one failure, in the answer and in the log. */
  private String incident() {
    long mixed =
        KeyHash.mix(broker.nanoTime().getAsLong() ^ (failureCount.incrementAndGet() << 48));
    return Long.toHexString(mixed);
  }
}
