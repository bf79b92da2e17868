package io.tidewheel.http;

import io.tidewheel.message.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the route of a request by its path, and the names in it. */
final class Router {
  /** The subscription of calls that name none; made by its first use. */
  static final String DEFAULT_SUBSCRIPTION = "default";

  private static final Map<String, Route> MESSAGE_VERBS =
      Map.of(
          "pull", Route.PULL,
          "ack", Route.ACK,
          "nack", Route.NACK,
          "release", Route.RELEASE,
          "reject", Route.REJECT,
          "extend", Route.EXTEND);
  private static final Map<String, Route> SUBSCRIPTION_VERBS =
      Map.of(
          "pause", Route.PAUSE,
          "resume", Route.RESUME,
          "seek", Route.SEEK,
          "redrive", Route.REDRIVE,
          "explain", Route.EXPLAIN,
          "replay", Route.REPLAY);
  private static final List<Route> TOPIC =
      List.of(Route.GET_TOPIC, Route.PUT_TOPIC, Route.DELETE_TOPIC);
  private static final List<Route> SUBSCRIPTION =
      List.of(Route.GET_SUBSCRIPTION, Route.PUT_SUBSCRIPTION, Route.DELETE_SUBSCRIPTION);

  private static final List<Route> OPERATION = List.of(Route.GET_OPERATION, Route.CANCEL_OPERATION);

  private static final List<Route> BACKEND =
      List.of(Route.GET_BACKEND, Route.PUT_BACKEND, Route.DELETE_BACKEND);

  private Router() {}

  /**
   * A route with the names of the path.
   *
   * @param topic empty if the route has none
   * @param subscription empty if the route has none
   * @param isDefaultSubscription whether the path names no subscription although the route has one
   * @param tail what stands behind these names and is no name itself
   */
  record Match(
      Route route,
      String topic,
      String subscription,
      boolean isDefaultSubscription,
      List<String> tail) {}

  /** What a path means, before the method is looked at. */
  private record Target(
      List<Route> routes,
      @Nullable String topic,
      @Nullable String subscription,
      List<String> tail) {
    Target(List<Route> routes, @Nullable String topic, @Nullable String subscription) {
      this(routes, topic, subscription, List.of());
    }
  }

  /**
   * Finds the route of a request.
   *
   * @param path as it came, percent-encoded
   * @throws ProblemException if there is no such path, it does not take the method, or a name in it
   *     is not allowed
   */
  static Match match(String method, String path) {
    Target target = target(segments(path));
    for (Route route : target.routes()) {
      if (route.method().equals(method)) {
        return match(route, target);
      }
    }
    throw new MethodNotAllowed(method, target.routes());
  }

  private static Match match(Route route, Target target) {
    String topic = target.topic();
    if (topic != null
        && !Names.isValid(topic)
        && !(route.takesDeadLetterTopic() && Names.isDeadLetterTopic(topic))) {
      throw invalidName("topic", topic);
    }
    boolean isDefault = MESSAGE_VERBS.containsValue(route) && target.subscription() == null;
    String subscription = isDefault ? DEFAULT_SUBSCRIPTION : target.subscription();
    if (target.subscription() != null && !Names.isValid(target.subscription())) {
      throw invalidName("subscription", target.subscription());
    }
    if (route == Route.SIGNAL || BACKEND.contains(route)) {
      String backend = target.tail().get(0);
      if (!Names.isValid(backend)) {
        throw invalidName("backend", backend);
      }
    }
    return new Match(
        route,
        topic == null ? "" : topic,
        subscription == null ? "" : subscription,
        isDefault,
        target.tail());
  }

  private static Target target(List<String> path) {
    String first = path.get(0);
    int size = path.size();
    if (size == 1 && first.equals("metrics")) {
      return new Target(List.of(Route.METRICS), null, null);
    }
    if (size == 1 && first.equals("openapi.json")) {
      return new Target(List.of(Route.OPENAPI), null, null);
    }
    if (size == 1 && first.isEmpty()) {
      return new Target(List.of(Route.PAGE), null, null);
    }
    if (size == 2 && first.equals("monitor")) {
      return new Target(List.of(Route.PAGE_FILE), null, null, path.subList(1, 2));
    }
    if (size == 2 && first.equals("health")) {
      Route health =
          switch (path.get(1)) {
            case "live" -> Route.LIVE;
            case "ready" -> Route.READY;
            default -> throw notFound();
          };
      return new Target(List.of(health), null, null);
    }
    if (size == 2 && first.equals("v1") && path.get(1).equals("bench")) {
      return new Target(List.of(Route.BENCH), null, null);
    }
    if (size == 2 && first.equals("v1") && path.get(1).equals("session")) {
      return new Target(List.of(Route.SESSION), null, null);
    }
    if (size == 2 && first.equals("v1") && path.get(1).equals("cluster")) {
      return new Target(List.of(Route.CLUSTER), null, null);
    }
    if (first.equals("v1") && size >= 2 && path.get(1).equals("operations")) {
      return operations(path);
    }
    if (first.equals("v1") && size >= 2 && path.get(1).equals("feedback")) {
      return feedback(path);
    }
    if (first.equals("v1") && size == 3 && path.get(1).equals("backends")) {
      return new Target(BACKEND, null, null, path.subList(2, 3));
    }
    if (size == 2 && first.equals("v1") && path.get(1).equals("backlog")) {
      return new Target(List.of(Route.BACKLOG), null, null);
    }
    if (size == 3 && first.equals("v1") && path.get(1).equals("backlog")) {
      Route route =
          switch (path.get(2)) {
            case "overview" -> Route.BACKLOG_OVERVIEW;
            case "history" -> Route.BACKLOG_HISTORY;
            case "stream" -> Route.BACKLOG_STREAM;
            default -> throw notFound();
          };
      return new Target(List.of(route), null, null);
    }
    if (size < 2 || size > 6 || !first.equals("v1") || !path.get(1).equals("topics")) {
      throw notFound();
    }
    if (size == 2) {
      return new Target(List.of(Route.LIST_TOPICS), null, null);
    }
    String topic = path.get(2);
    if (size == 3) {
      return new Target(TOPIC, topic, null);
    }
    if (size == 4 && path.get(3).equals("reconciliation")) {
      return new Target(List.of(Route.RECONCILIATION), topic, null);
    }
    if (size == 4 && path.get(3).equals("messages")) {
      return new Target(List.of(Route.PUBLISH, Route.BROWSE), topic, null);
    }
    if (size == 6 && path.get(3).equals("messages")) {
      return new Target(List.of(Route.MESSAGE), topic, null, path.subList(4, 6));
    }
    if (size == 4 && path.get(3).equals("messages:search")) {
      return new Target(List.of(Route.SEARCH), topic, null);
    }
    if (size == 4) {
      return new Target(List.of(messages(path.get(3), true)), topic, null);
    }
    if (!path.get(3).equals("subscriptions")) {
      throw notFound();
    }
    String subscription = path.get(4);
    if (size == 6 && path.get(5).equals("messages")) {
      return new Target(List.of(Route.LIST_MESSAGES), topic, subscription);
    }
    if (size == 6) {
      return new Target(List.of(messages(path.get(5), false)), topic, subscription);
    }
    int colon = subscription.lastIndexOf(':');
    if (colon < 0) {
      return new Target(SUBSCRIPTION, topic, subscription);
    }
    Route verb = SUBSCRIPTION_VERBS.get(subscription.substring(colon + 1));
    if (verb == null) {
      throw notFound();
    }
    return new Target(List.of(verb), topic, subscription.substring(0, colon));
  }

  private static Target feedback(List<String> path) {
    return switch (path.size()) {
      case 2 -> new Target(List.of(Route.FEEDBACK), null, null);
      case 3 -> {
        boolean isHistory = path.get(2).equals("history");
        List<Route> routes =
            isHistory ? List.of(Route.FEEDBACK_HISTORY, Route.SIGNAL) : List.of(Route.SIGNAL);
        yield new Target(routes, null, null, path.subList(2, 3));
      }
      default -> throw notFound();
    };
  }

  private static Target operations(List<String> path) {
    return switch (path.size()) {
      case 2 -> new Target(List.of(Route.LIST_OPERATIONS), null, null);
      case 3 -> new Target(OPERATION, null, null, path.subList(2, 3));
      default -> throw notFound();
    };
  }

  private static Route messages(String segment, boolean isTopic) {
    if (isTopic && segment.equals("messages:batch")) {
      return Route.PUBLISH_BATCH;
    }
    Route route = segment.startsWith("messages:") ? MESSAGE_VERBS.get(segment.substring(9)) : null;
    if (route == null) {
      throw notFound();
    }
    return route;
  }

  private static List<String> segments(String path) {
    List<String> segments = new ArrayList<>(6);
    int start = path.startsWith("/") ? 1 : 0;
    while (start <= path.length() && segments.size() <= 6) {
      int end = path.indexOf('/', start);
      String raw = path.substring(start, end < 0 ? path.length() : end);
      String decoded = PercentText.decode(raw);
      if (decoded == null) {
        throw Problem.of(ProblemType.MALFORMED, "the path is not percent-encoded UTF-8")
            .toException();
      }
      segments.add(decoded);
      if (end < 0) {
        break;
      }
      start = end + 1;
    }
    return segments;
  }

  static ProblemException notFound() {
    return Problem.of(ProblemType.NOT_FOUND, "no route has this path").toException();
  }

  private static ProblemException invalidName(String what, String name) {
    return Problem.of(
            ProblemType.INVALID_NAME,
            Names.isDeadLetterTopic(name)
                ? Problem.quote(name)
                    + " is a dead-letter topic: it can be read, but not created or published to, nor"
                    + " can anything be redriven to it"
                : Problem.quote(name) + " is no name for a " + what + ": " + Names.rule())
        .toException();
  }

  /** The path is there, but not for this method. */
  static final class MethodNotAllowed extends RuntimeException {
    private final String allow;

    MethodNotAllowed(String method, List<Route> routes) {
      super(method, null, false, false);
      this.allow = String.join(", ", routes.stream().map(Route::method).toList());
    }

    String allow() {
      return allow;
    }
  }
}
