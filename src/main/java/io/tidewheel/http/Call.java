package io.tidewheel.http;

import akka.NotUsed;
import akka.http.javadsl.model.AttributeKeys;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.ws.WebSocketUpgrade;
import akka.stream.Materializer;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.tidewheel.config.Durations;
import io.tidewheel.dispatch.SameThread;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One request on its way through a route. */
final class Call {
  /** Time limit of a request that names none. */
  static final Duration DEFAULT_TIME_LIMIT = Duration.ofSeconds(10);

  /** Longest time limit, and longest wait of a pull. */
  static final Duration MAX_TIME_LIMIT = Duration.ofSeconds(60);

  private final HttpRequest request;
  private final Headers headers;
  private final Router.Match match;
  private final Map<String, String> query;
  private final BodyReader bodies;
  private final BodyReader.Reservation reservation;
  private final LongSupplier nanoTime;
  private final long startedNanos;
  private Duration timeLimit;
  private volatile boolean isBodyTaken;

  Call(
      HttpRequest request,
      Headers headers,
      Router.Match match,
      Map<String, String> query,
      BodyReader bodies,
      BodyReader.Reservation reservation,
      LongSupplier nanoTime) {
    this.request = request;
    this.headers = headers;
    this.match = match;
    this.query = query;
    this.bodies = bodies;
    this.reservation = reservation;
    this.nanoTime = nanoTime;
    this.startedNanos = nanoTime.getAsLong();
    String asked = headers.single("tidewheel-timeout");
    this.timeLimit = asked == null ? DEFAULT_TIME_LIMIT : timeLimit("Tidewheel-Timeout", asked);
  }

  Route route() {
    return match.route();
  }

  String topic() {
    return match.topic();
  }

  String subscription() {
    return match.subscription();
  }

  /** The id of an operation in the path. */
  String operation() {
    return match.tail().get(0);
  }

  /** The name of a backend in the path. */
  String backend() {
    return match.tail().get(0);
  }

  boolean isDefaultSubscription() {
    return match.isDefaultSubscription();
  }

  /** What stands in the path behind the names. */
  List<String> tail() {
    return match.tail();
  }

  Headers headers() {
    return headers;
  }

  /** What makes a websocket of the connection; empty if that was not asked for. */
  Optional<WebSocketUpgrade> websocket() {
    return request.getAttribute(AttributeKeys.webSocketUpgrade);
  }

  /** A query parameter; null if it is absent. */
  @Nullable String query(String name) {
    return query.get(name);
  }

  /** A whole number in the query; {@code absent} if it is not there. */
  long number(String name, long absent, long min, long max) {
    String text = query.get(name);
    return text == null ? absent : number(name, text, min, max);
  }

  /** How many, in the query: from 1 on. */
  int size(String name, int absent, int max) {
    return (int) number(name, absent, 1, max);
  }

  /** A time in the query, in milliseconds; {@code absent} if it is not there. */
  long time(String name, long absent) {
    String text = query.get(name);
    return text == null ? absent : timeMillis(name, text);
  }

  /** Time left of the request's limit; at least 1 ms, so that what is late is refused by name. */
  Duration timeLeft() {
    Duration left = timeLimit.minusNanos(nanoTime.getAsLong() - startedNanos);
    return left.toMillis() > 0 ? left : Duration.ofMillis(1);
  }

  /** The body names a time limit: it wins over the header. */
  void limitTime(@Nullable Duration limit) {
    if (limit != null) {
      timeLimit = limit;
    }
  }

  /** The raw body. May be called once. */
  CompletionStage<byte[]> body(int maxBytes) {
    BodyReader.checkEncoding(headers.single("content-encoding"));
    CompletionStage<byte[]> body = bodies.read(request, maxBytes, reservation);
    isBodyTaken = true;
    return body;
  }

  /**
   * The raw body as it comes, without a limit of size or time. May be called once.
   *
   * @return ready when the client sends, if it waits to be asked for the body
   */
  CompletionStage<Source<ByteString, NotUsed>> bodyStream(Materializer materializer) {
    BodyReader.checkEncoding(headers.single("content-encoding"));
    isBodyTaken = true;
    Source<ByteString, NotUsed> bytes =
        request
            .entity()
            .withoutSizeLimit()
            .getDataBytes()
            .mapMaterializedValue(ignored -> NotUsed.getInstance());
    if (headers.first("expect") == null) {
      return CompletableFuture.completedFuture(bytes);
    }
    // The engine asks for the body when somebody reads it, and must do so before the answer.
    return SameThread.of(bytes.prefixAndTail(1).runWith(Sink.head(), materializer))
        .thenApply(begun -> Source.from(begun.first()).concat(begun.second()));
  }

  /** Whether the body is lines of JSON. */
  boolean isLines() {
    return JsonTypes.isLines(request.entity().getContentType().toString());
  }

  /** What each step of the request may take, whenever it begins. */
  Duration timeLimit() {
    return timeLimit;
  }

  /** A JSON body; empty bytes if there is none. */
  CompletionStage<byte[]> jsonBody(int maxBytes) {
    if (hasBody() && !isJson(request.entity().getContentType())) {
      throw Problem.of(
              ProblemType.UNSUPPORTED_MEDIA_TYPE, "the body must be application/json in UTF-8")
          .toException();
    }
    return body(maxBytes);
  }

  /** Whether anyone reads the rest of the body from the connection. */
  boolean isBodyTaken() {
    return isBodyTaken;
  }

  /** As the client said before it sent the body; 0 if it did not. */
  long declaredBodyBytes() {
    return Math.max(0, request.entity().getContentLengthOption().orElse(0));
  }

  boolean hasBody() {
    return hasBody(request);
  }

  /** The content type of the body as it came; null if there is none. */
  @Nullable String contentType() {
    if (headers.single("content-type") != null) {
      throw Problem.of(ProblemType.MALFORMED, "the header Content-Type can't be read")
          .toException();
    }
    ContentType type = request.entity().getContentType();
    String text = type.toString();
    return text.isEmpty() || text.equals("none/none") ? null : text;
  }

  static boolean hasBody(HttpRequest request) {
    return !(request.entity() instanceof HttpEntity.Strict strict) || !strict.getData().isEmpty();
  }

  /**
   * Reads a time limit.
   *
   * @param where header or JSON pointer
   */
  static Duration timeLimit(String where, String text) {
    Duration limit = duration(where, text);
    if (limit.isZero() || limit.compareTo(MAX_TIME_LIMIT) > 0) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, where, "a time limit is more than 0s and at most 60s")
          .toException();
    }
    return limit;
  }

  static long number(String where, String text, long min, long max) {
    if (!text.matches("[0-9]{1,18}")) {
      throw Problem.ofField(ProblemType.MALFORMED, where, "must be a whole number").toException();
    }
    long number = Long.parseLong(text);
    if (number < min || number > max) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, where, "must be from " + min + " to " + max)
          .toException();
    }
    return number;
  }

  static long timeMillis(String where, String text) {
    try {
      return Instant.parse(text).toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw Problem.ofField(
              ProblemType.MALFORMED,
              where,
              "must be a time in UTC such as 2026-11-21T15:00:00Z, not " + Problem.quote(text))
          .toException();
    }
  }

  static Duration duration(String where, String text) {
    try {
      Duration duration = Durations.parse(text);
      if (duration.isNegative()) {
        throw new IllegalArgumentException("the duration is too long");
      }
      return duration;
    } catch (IllegalArgumentException e) {
      throw Problem.ofField(ProblemType.MALFORMED, where, String.valueOf(e.getMessage()))
          .toException();
    }
  }

  private static boolean isJson(ContentType type) {
    String text = type.toString().toLowerCase(Locale.ROOT);
    return JsonTypes.isJson(text);
  }
}
