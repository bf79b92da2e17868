package io.tidewheel.http;

import java.util.List;
import java.util.Set;

/** Every route there is. The template is the label in metrics. */
enum Route {
  LIST_TOPICS("GET", "/v1/topics"),
  PUT_TOPIC("PUT", "/v1/topics/{t}"),
  GET_TOPIC("GET", "/v1/topics/{t}"),
  DELETE_TOPIC("DELETE", "/v1/topics/{t}"),
  RECONCILIATION("GET", "/v1/topics/{t}/reconciliation"),
  PUT_SUBSCRIPTION("PUT", "/v1/topics/{t}/subscriptions/{s}"),
  GET_SUBSCRIPTION("GET", "/v1/topics/{t}/subscriptions/{s}"),
  DELETE_SUBSCRIPTION("DELETE", "/v1/topics/{t}/subscriptions/{s}"),
  PAUSE("POST", "/v1/topics/{t}/subscriptions/{s}:pause"),
  RESUME("POST", "/v1/topics/{t}/subscriptions/{s}:resume"),
  SEEK("POST", "/v1/topics/{t}/subscriptions/{s}:seek"),
  REDRIVE("POST", "/v1/topics/{t}/subscriptions/{s}:redrive"),
  EXPLAIN("POST", "/v1/topics/{t}/subscriptions/{s}:explain"),
  REPLAY("POST", "/v1/topics/{t}/subscriptions/{s}:replay"),
  PUBLISH("POST", "/v1/topics/{t}/messages"),
  PUBLISH_BATCH("POST", "/v1/topics/{t}/messages:batch"),
  PULL("POST", "/v1/topics/{t}/subscriptions/{s}/messages:pull"),
  ACK("POST", "/v1/topics/{t}/subscriptions/{s}/messages:ack"),
  NACK("POST", "/v1/topics/{t}/subscriptions/{s}/messages:nack"),
  RELEASE("POST", "/v1/topics/{t}/subscriptions/{s}/messages:release"),
  REJECT("POST", "/v1/topics/{t}/subscriptions/{s}/messages:reject"),
  EXTEND("POST", "/v1/topics/{t}/subscriptions/{s}/messages:extend"),
  LIST_OPERATIONS("GET", "/v1/operations"),
  GET_OPERATION("GET", "/v1/operations/{id}"),
  CANCEL_OPERATION("DELETE", "/v1/operations/{id}"),
  OPENAPI("GET", "/openapi.json"),
  PAGE("GET", "/"),
  PAGE_FILE("GET", "/monitor/{file}"),
  BROWSE("GET", "/v1/topics/{t}/messages"),
  SEARCH("GET", "/v1/topics/{t}/messages:search"),
  LIST_MESSAGES("GET", "/v1/topics/{t}/subscriptions/{s}/messages"),
  MESSAGE("GET", "/v1/topics/{t}/messages/{queue}/{offset}"),
  BACKLOG("GET", "/v1/backlog"),
  BACKLOG_OVERVIEW("GET", "/v1/backlog/overview"),
  BACKLOG_HISTORY("GET", "/v1/backlog/history"),
  BACKLOG_STREAM("GET", "/v1/backlog/stream"),
  FEEDBACK("GET", "/v1/feedback"),
  FEEDBACK_HISTORY("GET", "/v1/feedback/history"),
  SIGNAL("POST", "/v1/feedback/{backend}"),
  PUT_BACKEND("PUT", "/v1/backends/{backend}"),
  GET_BACKEND("GET", "/v1/backends/{backend}"),
  DELETE_BACKEND("DELETE", "/v1/backends/{backend}"),
  SESSION("GET", "/v1/session"),
  CLUSTER("GET", "/v1/cluster"),
  BENCH("POST", "/v1/bench"),
  LIVE("GET", "/health/live"),
  READY("GET", "/health/ready"),
  METRICS("GET", "/metrics");

  private static final Set<String> LISTING = Set.of("prefix", "sort", "pageSize", "pageToken");
  private static final Set<String> DELETING = Set.of("force");
  private static final Set<String> BROWSING = Set.of("queue", "from", "time", "max");
  private static final Set<String> SEARCHING = Set.of("id", "key", "from", "to", "max", "next");
  private static final Set<String> LOCATING = Set.of("state", "pageSize", "pageToken");
  private static final Set<String> WATCHING =
      Set.of("by", "topic", "subscription", "node", "min", "sort", "pageSize", "pageToken");
  private static final Set<String> STREAMING =
      Set.of("view", "topic", "subscription", "node", "min");
  private static final Set<String> REMEMBERING = Set.of("topic");

  private final String method;
  private final String template;

  Route(String method, String template) {
    this.method = method;
    this.template = template;
  }

  String method() {
    return method;
  }

  String template() {
    return template;
  }

  Set<String> queryParameters() {
    return switch (this) {
      case LIST_TOPICS -> LISTING;
      case DELETE_TOPIC -> DELETING;
      case BROWSE -> BROWSING;
      case SEARCH -> SEARCHING;
      case LIST_MESSAGES -> LOCATING;
      case BACKLOG -> WATCHING;
      case BACKLOG_STREAM -> STREAMING;
      case BACKLOG_HISTORY, METRICS -> REMEMBERING;
      default -> Set.of();
    };
  }

  /** Whether a request may have a body. */
  boolean takesBody() {
    return method.equals("PUT") || method.equals("POST");
  }

  /** What an answer may be, if it is JSON or may be asked for by {@code Accept}. */
  List<String> mediaTypes() {
    return switch (this) {
      case PUBLISH_BATCH -> List.of(JsonTypes.JSON, JsonTypes.LINES);
      case PULL -> List.of(JsonTypes.JSON, JsonTypes.OCTETS);
      default -> List.of(JsonTypes.JSON);
    };
  }

  /** Whether it can be answered by a node that has no place among the others. */
  boolean isOfNode() {
    return switch (this) {
      case CLUSTER, BENCH, LIVE, READY, METRICS, OPENAPI, PAGE, PAGE_FILE -> true;
      case LIST_OPERATIONS, GET_OPERATION, CANCEL_OPERATION -> true;
      default -> false;
    };
  }

  /** Whether the answer is JSON, and {@code Accept} is looked at. */
  boolean answersJson() {
    return switch (this) {
      case LIVE, READY, METRICS, BACKLOG_STREAM, SESSION, PAGE, PAGE_FILE -> false;
      default -> true;
    };
  }

  /** Whether the dead-letter topic of a subscription may stand in the path. */
  boolean takesDeadLetterTopic() {
    return this != PUT_TOPIC && this != PUBLISH && this != PUBLISH_BATCH && this != REDRIVE;
  }
}
