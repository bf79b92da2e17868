package io.tidewheel.http;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.Uri;
import akka.stream.Materializer;
import io.tidewheel.config.TidewheelSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.DurationConverters;

/**
 * Answers requests: checks what holds for all of them, finds the route, and turns every failure
 * into a problem. Every request is answered, at the latest after the request timeout.
 */
final class HttpService {
  /** How long a request waits for work that may take long before it is answered 202. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final Duration LATE_CHECK = Duration.ofSeconds(1);

  /** Set by the engine, before the headers that came. */
  private static final String RAW_TARGET = "raw-request-uri";

  private final TidewheelSettings.Http settings;
  private final Broker broker;
  private final HostCheck hostCheck;
  private final ByteBudget budget;
  private final BodyReader bodies;
  private final RequestMetrics metrics;
  private final TopicRoutes topics;
  private final ReconciliationRoutes reconciliation;
  private final SubscriptionRoutes subscriptions;
  private final SeekRoutes seeking;
  private final RedriveRoutes redriving;
  private final PublishRoutes publishing;
  private final ConsumeRoutes consuming;
  private final BrowseRoutes browsing;
  private final LocateRoutes locating;
  private final ListRoutes listing;
  private final SearchRoutes searching;
  private final BacklogRoutes backlog;
  private final FeedbackRoutes feedback;
  private final BacklogSocket backlogSocket;
  private final OperationRoutes operations;
  private final NodeRoutes node;
  private final PageRoutes page;
  private final Incidents incidents;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();

  HttpService(
      TidewheelSettings.Http settings,
      boolean isAutoCreate,
      Broker broker,
      Materializer materializer) {
    this.settings = settings;
    this.broker = broker;
    this.hostCheck = new HostCheck(settings);
    this.budget = new ByteBudget(settings.maxBodyBytesInFlight());
    this.bodies = new BodyReader(materializer, settings.bodyTimeout());
    this.metrics = new RequestMetrics(broker.metrics(), budget);
    Lookup lookup = new Lookup(broker.catalog(), isAutoCreate);
    this.incidents = new Incidents(broker.nanoTime());
    Operations running =
        new Operations(
            broker.memberName(),
            broker.clock(),
            broker.nanoTime(),
            incidents,
            run -> materializer.scheduleOnce(DurationConverters.toScala(PATIENCE), run));
    this.operations = new OperationRoutes(running);
    this.topics = new TopicRoutes(broker, lookup, running);
    this.reconciliation = new ReconciliationRoutes(broker, lookup);
    this.subscriptions = new SubscriptionRoutes(broker, lookup);
    this.seeking = new SeekRoutes(broker, lookup);
    this.redriving = new RedriveRoutes(broker, lookup, running);
    this.publishing =
        new PublishRoutes(
            broker,
            lookup,
            new PublishRoutes.StreamSupport(
                materializer, budget, settings.bodyTimeout(), broker.nanoTime(), incidents));
    this.consuming = new ConsumeRoutes(broker, lookup);
    materializer.scheduleWithFixedDelay(
        DurationConverters.toScala(LATE_CHECK),
        DurationConverters.toScala(LATE_CHECK),
        this::answerLate);
    this.node = new NodeRoutes(broker, settings.hasBenchRoute());
    this.browsing = new BrowseRoutes(broker, lookup);
    this.locating = new LocateRoutes(broker, lookup);
    this.listing = new ListRoutes(broker, lookup);
    this.searching = new SearchRoutes(broker, lookup);
    FeedbackViews allowed = new FeedbackViews(broker);
    this.feedback = new FeedbackRoutes(broker, allowed);
    this.page = new PageRoutes(broker.cluster());
    Overviews overviews = new Overviews(broker);
    this.backlog = new BacklogRoutes(broker, lookup, overviews);
    this.backlogSocket = new BacklogSocket(broker, overviews, allowed, materializer);
  }

  LongSupplier nanoTime() {
    return broker.nanoTime();
  }

  /** Ends what goes on by itself. */
  void stop() {
    backlogSocket.stop();
    broker.sessions().stop();
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
              afterBody(request, attempt, reservation, result)
                  .whenComplete(
                      (done, ignored) -> {
                        Answer now =
                            isOverLimit(result) ? result.before(reservation.rest()) : result;
                        if (!answer.complete(connection.ready(now))) {
                          result.dropped();
                        }
                      });
            });
    if (!answer.isDone()) {
      connection.limitTime(answer, startedNanos + settings.requestTimeout().toNanos());
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
      String target = target(request, headers);
      int question = target.indexOf('?');
      String path = question < 0 ? target : target.substring(0, question);
      Router.Match match = Router.match(request.method().value(), path);
      attempt.route = match.route();
      Map<String, String> query =
          question < 0
              ? Map.of()
              : QueryText.parse(target.substring(question + 1), match.route().queryParameters());
      checkMessage(request, headers, match.route());
      checkServing(match.route());
      Call call = new Call(request, headers, match, query, bodies, reservation, broker.nanoTime());
      attempt.call = call;
      return dispatch(call, connection);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Path and query as they came: the engine's own path has dot segments taken out. */
  private static String target(HttpRequest request, Headers headers) {
    String target = headers.first(RAW_TARGET);
    if (target != null && target.startsWith("/")) {
      return target;
    }
    Uri uri = request.getUri();
    return uri.getPathString() + uri.rawQueryString().map(query -> '?' + query).orElse("");
  }

  private static void checkMessage(HttpRequest request, Headers headers, Route route) {
    List<String> accept = headers.values("accept");
    if (route.answersJson()
        && !accept.isEmpty()
        && route.mediaTypes().stream()
            .noneMatch(type -> JsonTypes.isAccepted(String.join(",", accept), type))) {
      throw Problem.of(
              ProblemType.NOT_ACCEPTABLE, "can be given: " + String.join(", ", route.mediaTypes()))
          .toException();
    }
    if (!route.takesBody() && Call.hasBody(request)) {
      throw Problem.of(ProblemType.MALFORMED, "this request may not have a body").toException();
    }
    if (headers.has("")) {
      throw Problem.of(ProblemType.MALFORMED, "a header has no name").toException();
    }
    if (headers.has("transfer-encoding") || headers.has("content-length")) {
      throw Problem.of(
              ProblemType.MALFORMED,
              "the headers Transfer-Encoding and Content-Length can't be read together")
          .toException();
    }
  }

  /** Without a place among the others, or without the catalog, nothing that is said may be true. */
  private void checkServing(Route route) {
    if (!route.isOfNode() && !broker.readiness().isReady().getAsBoolean()) {
      throw Problem.of(
              ProblemType.UNAVAILABLE,
              "this node does not serve now: " + broker.readiness().detail().get())
          .toException();
    }
  }

  private CompletionStage<Answer> dispatch(Call call, Connection connection) {
    return switch (call.route()) {
      case LIST_TOPICS -> topics.list(call);
      case PUT_TOPIC -> topics.put(call);
      case GET_TOPIC -> topics.get(call);
      case RECONCILIATION -> reconciliation.get(call);
      case DELETE_TOPIC -> topics.delete(call);
      case PUT_SUBSCRIPTION -> subscriptions.put(call);
      case GET_SUBSCRIPTION -> subscriptions.get(call);
      case DELETE_SUBSCRIPTION -> subscriptions.delete(call);
      case PAUSE -> subscriptions.pause(call, true);
      case RESUME -> subscriptions.pause(call, false);
      case SEEK -> seeking.seek(call);
      case REDRIVE -> redriving.redrive(call);
      case EXPLAIN -> locating.explain(call);
      case REPLAY -> locating.replay(call);
      case PUBLISH -> publishing.publish(call);
      case PUBLISH_BATCH -> publishing.publishBatch(call, connection);
      case PULL -> consuming.pull(call, connection);
      case ACK, NACK, RELEASE, REJECT, EXTEND -> consuming.settle(call);
      case LIST_OPERATIONS -> operations.list();
      case GET_OPERATION -> operations.get(call);
      case CANCEL_OPERATION -> operations.cancel(call);
      case OPENAPI -> node.openApi();
      case PAGE -> CompletableFuture.completedFuture(page.index());
      case PAGE_FILE -> page.file(call);
      case BENCH -> node.bench(call);
      case CLUSTER -> node.cluster();
      case SESSION -> SessionRoute.open(call, broker.sessions());
      case LIVE -> node.live();
      case READY -> node.ready();
      case METRICS -> node.metrics(call);
      case BROWSE -> browsing.browse(call);
      case SEARCH -> searching.search(call);
      case LIST_MESSAGES -> listing.list(call);
      case MESSAGE -> browsing.message(call);
      case BACKLOG -> backlog.list(call);
      case FEEDBACK -> feedback.get();
      case FEEDBACK_HISTORY -> feedback.history();
      case SIGNAL -> feedback.signal(call);
      case PUT_BACKEND -> feedback.putBudget(call);
      case GET_BACKEND -> feedback.backend(call);
      case DELETE_BACKEND -> feedback.deleteBudget(call);
      case BACKLOG_OVERVIEW -> backlog.overview();
      case BACKLOG_HISTORY -> backlog.history(call);
      case BACKLOG_STREAM -> backlogSocket.open(call);
    };
  }

  /**
   * Waits until the body of a refused request has arrived, unless the client holds it back; not for
   * long if it is refused for want of room.
   */
  private CompletionStage<Void> afterBody(
      HttpRequest request, Attempt attempt, BodyReader.Reservation reservation, Answer answer) {
    Call call = attempt.call;
    boolean isTaken = call != null && call.isBodyTaken();
    if (isTaken || request.entity().isStrict() || new Headers(request).has("expect")) {
      return CompletableFuture.completedFuture(null);
    }
    return bodies.drain(request, reservation, isOverLimit(answer));
  }

  private static boolean isOverLimit(Answer answer) {
    return answer.response().status().intValue() == ProblemType.OVER_LIMIT.status();
  }

  Connection connectionOpened() {
    Connection connection = new Connection();
    connections.add(connection);
    metrics.connectionOpened();
    return connection;
  }

  void connectionClosed(Connection connection) {
    connections.remove(connection);
    connection.gone();
    metrics.connectionClosed();
  }

  /** A timer for each request would cost more than to look at the open ones now and then. */
  private void answerLate() {
    long now = broker.nanoTime().getAsLong();
    for (Connection connection : connections) {
      connection.answerLate(now, this::late);
    }
  }

  private Answer late() {
    return Answer.of(
        Responses.problem(
            Problem.of(
                    ProblemType.TIMED_OUT,
                    "no answer within " + settings.requestTimeout().toSeconds() + "s")
                .withOutcome(Problem.Outcome.UNKNOWN)));
  }

  private Answer failed(Throwable failure, @Nullable Route route) {
    if (Failures.cause(failure) instanceof Router.MethodNotAllowed notAllowed) {
      HttpResponse response =
          Responses.problem(
              Problem.of(ProblemType.METHOD_NOT_ALLOWED, "this path takes " + notAllowed.allow()));
      return Answer.of(Responses.with(response, "Allow", notAllowed.allow()));
    }
    return Answer.of(Responses.problem(incidents.problem(failure, route)));
  }
}
