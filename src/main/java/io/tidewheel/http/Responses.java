package io.tidewheel.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;

/** Makes responses. */
final class Responses {
  private static final ContentType PROBLEM_JSON =
      MediaTypes.applicationWithFixedCharset("problem+json", HttpCharsets.UTF_8).toContentType();

  /** Browsers must not guess another type from a payload. */
  private static final HttpHeader NO_SNIFF = RawHeader.create("X-Content-Type-Options", "nosniff");

  private static final HttpResponse EMPTY = HttpResponse.create().addHeader(NO_SNIFF);

  private Responses() {}

  static HttpResponse json(int status, JsonBytes body) {
    return bytes(status, ContentTypes.APPLICATION_JSON, body.toByteString());
  }

  static HttpResponse json(int status, JsonNode body) {
    return bytes(
        status, ContentTypes.APPLICATION_JSON, ByteString.fromArrayUnsafe(Json.write(body)));
  }

  static HttpResponse bytes(int status, ContentType type, ByteString body) {
    return status(status).withEntity(HttpEntities.create(type, body));
  }

  static HttpResponse noContent() {
    return status(204);
  }

  static HttpResponse status(int status) {
    return EMPTY.withStatus(StatusCodes.get(status));
  }

  static HttpResponse problem(Problem problem) {
    JsonBytes json = new JsonBytes(512);
    problem.writeTo(json);
    HttpResponse response = bytes(problem.type().status(), PROBLEM_JSON, json.toByteString());
    return withRetryAfter(response, problem.retryAfterSeconds());
  }

  static HttpResponse withRetryAfter(HttpResponse response, int seconds) {
    return seconds > 0 ? with(response, "Retry-After", Integer.toString(seconds)) : response;
  }

  static HttpResponse withRevision(HttpResponse response, long revision) {
    return with(response, "ETag", "\"" + revision + '"');
  }

  static HttpResponse with(HttpResponse response, String header, String value) {
    return response.addHeader(RawHeader.create(header, value));
  }
}
