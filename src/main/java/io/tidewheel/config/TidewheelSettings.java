package io.tidewheel.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigResolveOptions;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The settings of a node, read once at start. Every key and its default stand in {@code
 * reference.conf}. Keys below {@code tidewheel.journal} are read by the journal itself; here they
 * are only known to exist.
 */
public record TidewheelSettings(
    Node node,
    Http http,
    Topics topics,
    Budgets budgets,
    Store store,
    CassandraSettings cassandra,
    Auth auth,
    ClusterSettings cluster,
    Feedback feedback) {
  static final String ROOT = "tidewheel";

  /**
   * Where a node keeps its data, and how long it may take to stop.
   *
   * @param diskReserve bytes of the disk that messages do not get
   */
  public record Node(Path dataDirectory, Duration stopTimeout, long diskReserve) {}

  /**
   * The HTTP server.
   *
   * @param port 0 for any free one
   * @param allowedHosts names by which clients may reach it beside {@code localhost}, loopback
   *     addresses and the address it is bound to; in lower case
   * @param allowedOrigins further values of {@code Origin} that are taken
   * @param maxConnections open at the same time; further ones wait in the backlog
   * @param backlog connections that wait to be accepted
   * @param pipeliningLimit requests of one connection that are handled at the same time
   * @param headerTimeout within which the first request of a connection must have come, without its
   *     body
   * @param bodyTimeout within which the body of a request must have arrived
   * @param requestTimeout after which a request is answered in any case
   * @param idleTimeout after which a connection without traffic is closed
   * @param maxBodyBytesInFlight bodies being read or handled, over all connections
   * @param hasBenchRoute whether there is a route that does nothing, for measurements
   */
  public record Http(
      String host,
      int port,
      String advertisedUrl,
      List<String> allowedHosts,
      List<String> allowedOrigins,
      int maxConnections,
      int backlog,
      int pipeliningLimit,
      Duration headerTimeout,
      Duration bodyTimeout,
      Duration requestTimeout,
      Duration idleTimeout,
      long maxBodyBytesInFlight,
      boolean hasBenchRoute) {
    private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::", "[::]");

    /**
     * Where clients reach this node, as a URL.
     *
     * @param clusterHost in place of an address that is none, such as 0.0.0.0
     * @param boundPort the real one
     */
    public String urlFor(String clusterHost, int boundPort) {
      if (!advertisedUrl.isEmpty()) {
        return advertisedUrl;
      }
      String reached = WILDCARDS.contains(host) ? clusterHost : host;
      String bracketed =
          reached.contains(":") && !reached.startsWith("[") ? '[' + reached + ']' : reached;
      return "http://" + bracketed + ':' + boundPort;
    }

    /** Longer than the longest pull, so that none is cut off. */
    private static final Duration MIN_REQUEST_TIMEOUT = Duration.ofSeconds(61);

    private static final Duration MAX_TIMEOUT = Duration.ofHours(1);

    private static Http read(SettingsReader reader) {
      Duration request = reader.duration("request-timeout", MIN_REQUEST_TIMEOUT, MAX_TIMEOUT);
      return new Http(
          reader.text("host"),
          reader.integer("port", 0, 65_535),
          reader.optionalUrl("advertised-url"),
          reader.texts("allowed-hosts").stream().map(h -> h.toLowerCase(Locale.ROOT)).toList(),
          reader.texts("allowed-origins"),
          reader.integer("max-connections", 1, 100_000),
          reader.integer("backlog", 1, 65_535),
          reader.integer("pipelining-limit", 2, 64),
          reader.duration("header-timeout", Duration.ofMillis(100), request.minusSeconds(1)),
          reader.duration("body-timeout", Duration.ofSeconds(1), request.minusSeconds(1)),
          request,
          reader.duration("idle-timeout", request.plusSeconds(1), MAX_TIMEOUT.multipliedBy(2)),
          // One body of the largest size must fit, or it could never be published.
          reader.bytes("max-body-bytes-in-flight", 8L << 20, 1L << 40),
          reader.flag("bench-route"));
    }
  }

  /**
   * How topics come to be.
   *
   * @param isAutoCreated whether the first publish creates its topic
   * @param defaultQueues of a topic whose creator says nothing
   */
  public record Topics(boolean isAutoCreated, int defaultQueues) {}

  /**
   * Memory in bytes that a node gives to each of its stores; beyond it each has a defined behaviour
   * that does not need memory.
   *
   * @param pendingPublish messages accepted but not yet stored; beyond it a publish gets 429
   * @param tailCache newest stored batches; beyond it readers go to the log
   * @param windows messages read ahead for subscriptions; beyond it each subscription keeps 64 KiB
   */
  public record Budgets(long pendingPublish, long tailCache, long windows) {
    public long sum() {
      return pendingPublish + tailCache + windows;
    }
  }

  /**
   * When subscriptions give out less because the node is busy.
   *
   * @param cpuHighMark of the processors, from 0 to 1; above 1 for never
   * @param cpuLeastShare of what was given out before that is given out in any case
   */
  public record Feedback(double cpuHighMark, double cpuLeastShare) {}

  /** Where messages are kept. */
  public enum Store {
    /** In the data directory of the one node. */
    EMBEDDED,
    /** In a Cassandra cluster, for any number of nodes. */
    CASSANDRA
  }

  /** Who may use the node. */
  public record Auth(Mode mode) {
    /** How a caller shows who it is. */
    public enum Mode {
      /** Nobody is asked, and only loopback addresses may be bound. */
      LOOPBACK_ONLY,
      /** Nobody is asked, at any address: somebody has decided so. */
      NONE
    }
  }

  /**
   * Reads and checks everything below {@code tidewheel}.
   *
   * @param config resolved, with the {@code reference.conf} below it
   * @throws ConfigurationException naming the key, the value and what was expected
   */
  public static TidewheelSettings from(Config config) {
    return from(config, Runtime.getRuntime().maxMemory());
  }

  static TidewheelSettings from(Config config, long maxHeapBytes) {
    refuseUnknownKeys(config);
    TidewheelSettings settings =
        new TidewheelSettings(
            node(SettingsReader.of(config, ROOT + ".node")),
            Http.read(SettingsReader.of(config, ROOT + ".http")),
            topics(SettingsReader.of(config, ROOT + ".topics")),
            budgets(SettingsReader.of(config, ROOT + ".budgets")),
            SettingsReader.of(config, ROOT).choice("store", Store.class),
            CassandraSettings.read(SettingsReader.of(config, ROOT + ".cassandra")),
            new Auth(SettingsReader.of(config, ROOT + ".auth").choice("mode", Auth.Mode.class)),
            ClusterSettings.read(SettingsReader.of(config, ROOT + ".cluster")),
            feedback(SettingsReader.of(config, ROOT + ".feedback")));
    requireRoom(settings.budgets().sum() + settings.http().maxBodyBytesInFlight(), maxHeapBytes);
    requireReach(settings, SettingsReader.of(config, ROOT + ".http"));
    return settings;
  }

  private static void refuseUnknownKeys(Config config) {
    try {
      ConfigObject known =
          ConfigurationFile.defaults()
              .withOnlyPath(ROOT)
              .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true))
              .getObject(ROOT);
      UnknownKeys.refuse(ROOT, config.getObject(ROOT), known);
    } catch (ConfigException e) {
      throw new ConfigurationException(
          "The key tidewheel is not a section { … } or the defaults are missing: " + e.getMessage(),
          e);
    }
  }

  private static Node node(SettingsReader reader) {
    Path directory;
    try {
      directory = Path.of(reader.text("data-directory"));
    } catch (InvalidPathException e) {
      throw reader.wrong("data-directory", "the path of a directory", e);
    }
    return new Node(
        directory,
        reader.duration("stop-timeout", Duration.ofSeconds(1), Duration.ofMinutes(10)),
        reader.bytes("disk-reserve", 1L << 20, 1L << 40));
  }

  private static Feedback feedback(SettingsReader reader) {
    return new Feedback(
        reader.number("cpu-high-mark", 0.1, 100), reader.number("cpu-least-share", 0.001, 1));
  }

  private static Topics topics(SettingsReader reader) {
    return new Topics(reader.flag("auto-create"), reader.integer("default-queues", 1, 1_024));
  }

  private static Budgets budgets(SettingsReader reader) {
    long least = 1L << 20;
    long most = 1L << 40;
    return new Budgets(
        // One batch of the largest size must fit, or it could never be published.
        reader.bytes("pending-publish", 16 * least, most),
        reader.bytes("tail-cache", least, most),
        // One message of the largest size must fit, or it could never be delivered.
        reader.bytes("windows", 16 * least, most));
  }

  private static void requireRoom(long bytes, long maxHeapBytes) {
    if (bytes > maxHeapBytes / 2) {
      throw new ConfigurationException(
          "The sizes below tidewheel.budgets and tidewheel.http.max-body-bytes-in-flight are %s"
                  .formatted(Sizes.inMebibytes(bytes))
              + " together: expected at most half of the heap, which is %s now."
                  .formatted(Sizes.inMebibytes(maxHeapBytes / 2))
              + " Lower them or give the JVM more memory (-Xmx).");
    }
  }

  private static void requireReach(TidewheelSettings settings, SettingsReader http) {
    InetAddress address;
    try {
      address = InetAddress.getByName(settings.http().host());
    } catch (UnknownHostException e) {
      throw http.wrong("host", "an address or name of this machine", e);
    }
    if (settings.auth().mode() == Auth.Mode.LOOPBACK_ONLY && !address.isLoopbackAddress()) {
      throw http.wrong(
          "host",
          "a loopback address such as 127.0.0.1, because without authentication everybody who"
              + " reaches another address could read and write; set tidewheel.auth.mode = none to"
              + " allow it");
    }
  }
}
