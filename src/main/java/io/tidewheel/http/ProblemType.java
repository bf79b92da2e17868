package io.tidewheel.http;

import io.tidewheel.message.EnumNames;

/**
 * Every kind of problem the API answers with. The URI of a type is {@code urn:tidewheel:problem:}
 * and its name in lower case with dashes; it is part of the contract and never changes.
 */
enum ProblemType {
  MALFORMED(400, "The request is malformed", false),
  INVALID_NAME(400, "The name is not allowed", false),
  FOREIGN_ORIGIN(403, "Requests from this origin are not allowed", false),
  NOT_FOUND(404, "There is nothing at this path", false),
  TOPIC_NOT_FOUND(404, "There is no such topic", false),
  SUBSCRIPTION_NOT_FOUND(404, "There is no such subscription", false),
  OPERATION_NOT_FOUND(404, "There is no such operation", false),
  METHOD_NOT_ALLOWED(405, "The path does not take this method", false),
  NOT_ACCEPTABLE(406, "None of the accepted content types can be given", false),
  SLOW_REQUEST(408, "The request body did not arrive in time", true),
  CONFLICT(409, "The request conflicts with what is there", false),
  TOO_LARGE(413, "The request is too large", false),
  URI_TOO_LONG(414, "The request target is too long", false),
  UNSUPPORTED_MEDIA_TYPE(415, "The content type or encoding is not taken here", false),
  WRONG_HOST(421, "The request is meant for another host", false),
  NOT_ACCEPTED(422, "The request is well-formed but a value is not acceptable", false),
  NOT_AVAILABLE_YET(422, "This version does not offer what the request asks for", false),
  ID_CONFLICT(422, "The id was used for another message", false),
  UPGRADE_REQUIRED(426, "This path is for websockets only", false),
  OVER_LIMIT(429, "Too much at once", true),
  HEADERS_TOO_LARGE(431, "The request headers are too large", false),
  INTERNAL_ERROR(500, "The broker failed to handle the request", true),
  NOT_IMPLEMENTED(501, "The method is not known", false),
  UNAVAILABLE(503, "Not available now", true),
  TIMED_OUT(503, "The time limit of the request was over", true),
  HTTP_VERSION(505, "The protocol version is not spoken here", false),
  DISK_FULL(507, "There is no space for more messages", true);

  private final int status;
  private final String title;
  private final boolean isRetryable;
  private final String uri;

  ProblemType(int status, String title, boolean isRetryable) {
    this.status = status;
    this.title = title;
    this.isRetryable = isRetryable;
    this.uri = "urn:tidewheel:problem:" + EnumNames.dashed(this);
  }

  int status() {
    return status;
  }

  String title() {
    return title;
  }

  /** Whether the same request may succeed later. */
  boolean isRetryable() {
    return isRetryable;
  }

  String uri() {
    return uri;
  }

  /** The type for an error status that the HTTP engine chose while it parsed a request. */
  static ProblemType ofEngineStatus(int status) {
    return switch (status) {
      case 405 -> METHOD_NOT_ALLOWED;
      case 408 -> SLOW_REQUEST;
      case 413 -> TOO_LARGE;
      case 414 -> URI_TOO_LONG;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 431 -> HEADERS_TOO_LARGE;
      case 501 -> NOT_IMPLEMENTED;
      case 503 -> UNAVAILABLE;
      case 505 -> HTTP_VERSION;
      default -> status >= 500 ? INTERNAL_ERROR : MALFORMED;
    };
  }
}
