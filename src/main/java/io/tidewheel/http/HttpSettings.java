package io.tidewheel.http;

import io.tidewheel.message.Limits;
import java.time.Duration;
import java.util.List;

/**
 * Settings of the HTTP server, by their keys below {@code tidewheel.http}.
 *
 * @param host address or name to bind to
 * @param port to bind to; 0 for any free one
 * @param allowedHosts further values of {@code Host} that are taken, with or without a port
 * @param allowedOrigins further values of {@code Origin} that are taken, as {@code
 *     scheme://host[:port]}
 * @param maxConnections open connections; more wait in the backlog
 * @param backlog connections that wait to be accepted
 * @param pipeliningLimit requests of one connection that are handled at the same time
 * @param bodyTimeout within which a request body must have arrived, and the first request line and
 *     headers of a connection
 * @param requestTimeout after which a request is answered in any case; longer than the longest pull
 * @param idleTimeout after which a connection is closed that is silent, or completes no request;
 *     longer than {@code requestTimeout}
 * @param maxBodyBytesInFlight bytes of request bodies being read or handled, over all connections
 * @param isAutoCreate whether the first publish creates a topic
 * @param hasBenchRoute whether there is a route that does nothing, for measurements
 */
public record HttpSettings(
    String host,
    int port,
    List<String> allowedHosts,
    List<String> allowedOrigins,
    int maxConnections,
    int backlog,
    int pipeliningLimit,
    Duration bodyTimeout,
    Duration requestTimeout,
    Duration idleTimeout,
    long maxBodyBytesInFlight,
    boolean isAutoCreate,
    boolean hasBenchRoute) {

  /** Time limit of a request that names none. */
  static final Duration DEFAULT_TIME_LIMIT = Duration.ofSeconds(10);

  /** Longest time limit, and longest wait of a pull. */
  static final Duration MAX_TIME_LIMIT = Duration.ofSeconds(60);

  public HttpSettings {
    allowedHosts = List.copyOf(allowedHosts);
    allowedOrigins = List.copyOf(allowedOrigins);
    check(!host.isBlank(), "host", host, "an address or a name");
    checkRange("port", port, 0, 65_535);
    checkRange("max-connections", maxConnections, 1, 100_000);
    checkRange("backlog", backlog, 1, 65_535);
    checkRange("pipelining-limit", pipeliningLimit, 2, 64);
    check(
        bodyTimeout.compareTo(Duration.ofSeconds(1)) >= 0
            && bodyTimeout.compareTo(requestTimeout) < 0,
        "body-timeout",
        bodyTimeout,
        "at least 1s and less than request-timeout");
    check(
        requestTimeout.compareTo(MAX_TIME_LIMIT) > 0,
        "request-timeout",
        requestTimeout,
        "longer than the longest pull, 60s");
    check(
        idleTimeout.compareTo(requestTimeout) > 0,
        "idle-timeout",
        idleTimeout,
        "longer than request-timeout");
    check(
        maxBodyBytesInFlight >= Limits.MAX_PAYLOAD_BYTES,
        "max-body-bytes-in-flight",
        maxBodyBytesInFlight,
        "at least the largest payload, " + Limits.MAX_PAYLOAD_BYTES);
  }

  /** Loopback, port 8080. */
  public static HttpSettings defaults() {
    return new HttpSettings(
        "127.0.0.1",
        8080,
        List.of(),
        List.of(),
        8_192,
        1_024,
        16,
        Duration.ofSeconds(30),
        Duration.ofSeconds(70),
        Duration.ofSeconds(80),
        64L << 20,
        true,
        false);
  }

  /** The same on another port. */
  public HttpSettings withPort(int newPort) {
    return new HttpSettings(
        host,
        newPort,
        allowedHosts,
        allowedOrigins,
        maxConnections,
        backlog,
        pipeliningLimit,
        bodyTimeout,
        requestTimeout,
        idleTimeout,
        maxBodyBytesInFlight,
        isAutoCreate,
        hasBenchRoute);
  }

  private static void checkRange(String key, int value, int min, int max) {
    check(value >= min && value <= max, key, value, min + " to " + max);
  }

  private static void check(boolean isGood, String key, Object value, String expected) {
    if (!isGood) {
      throw new IllegalArgumentException(
          "tidewheel.http." + key + " = " + value + ": expected " + expected);
    }
  }
}
