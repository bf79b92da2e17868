package io.tidewheel.config;

import java.time.Duration;
import java.util.List;

/**
 * The node among others.
 *
 * @param brokers of the whole cluster, running or not
 * @param role what this node does
 * @param host where the other nodes reach this one
 * @param port 0 for any free one
 * @param bindHost where it listens; empty for {@code host}
 * @param seedNodes to join by, as {@code host:port}
 * @param discovery how nodes find each other without seed nodes
 * @param discoveryEndpoints with {@link Discovery#CONFIG}: where the nodes answer, as {@code
 *     host:port}
 * @param discoveryName with {@link Discovery#DNS}: the name whose addresses are the nodes
 * @param discoveryPort where this node answers
 * @param zone part of the machine park it stands in
 * @param joinTimeout within which it must come to a quorum
 * @param queueRetryAfter after which a queue that does not answer is passed over
 * @param spreadAfterLeave how long after a broker has left queues stay where they fell
 * @param spreadAfterJoin the same after one has come
 * @param unsafeWriteWithoutQuorum acts without asking whether it may; shows that the fault test
 *     finds two writers, and nothing else
 */
public record ClusterSettings(
    int brokers,
    Role role,
    String host,
    int port,
    String bindHost,
    List<String> seedNodes,
    Discovery discovery,
    List<String> discoveryEndpoints,
    String discoveryName,
    int discoveryPort,
    String zone,
    Duration joinTimeout,
    Duration queueRetryAfter,
    Duration spreadAfterLeave,
    Duration spreadAfterJoin,
    boolean unsafeWriteWithoutQuorum) {

  /** What a node does. */
  public enum Role {
    /** Queues live on it. */
    BROKER,
    /** It takes requests and passes them on. */
    GATEWAY
  }

  /** How nodes find each other when no seed nodes are given. */
  public enum Discovery {
    NONE,
    CONFIG,
    DNS
  }

  private static final int MAX_BROKERS = 99;

  /** How many brokers must be there for anything to be served. */
  public int quorum() {
    return brokers / 2 + 1;
  }

  /** Whether anything says that this node is one of several. */
  public boolean isOneOfSeveral() {
    return brokers > 1
        || !seedNodes.isEmpty()
        || discovery != Discovery.NONE
        || role == Role.GATEWAY;
  }

  static ClusterSettings read(SettingsReader reader) {
    Duration second = Duration.ofSeconds(1);
    Duration hour = Duration.ofHours(1);
    ClusterSettings settings =
        new ClusterSettings(
            reader.integer("brokers", 1, MAX_BROKERS),
            reader.choice("role", Role.class),
            reader.text("host"),
            reader.integer("port", 0, 65_535),
            reader.optionalText("bind-host"),
            reader.addresses("seed-nodes"),
            reader.choice("discovery", Discovery.class),
            reader.addresses("discovery-endpoints"),
            reader.text("discovery-name"),
            reader.integer("discovery-port", 1, 65_535),
            reader.text("zone"),
            reader.duration("join-timeout", second.multipliedBy(10), hour),
            reader.duration("queue-retry-after", Duration.ofMillis(100), hour),
            reader.duration("spread-after-leave", Duration.ZERO, hour),
            reader.duration("spread-after-join", Duration.ZERO, hour),
            reader.flag("unsafe-write-without-quorum"));
    settings.check(reader);
    return settings;
  }

  private void check(SettingsReader reader) {
    if (!seedNodes.isEmpty() && discovery != Discovery.NONE) {
      throw reader.wrong("discovery", "none, because there are seed-nodes");
    }
    if (discovery == Discovery.CONFIG && discoveryEndpoints.isEmpty()) {
      throw reader.wrong(
          "discovery-endpoints", "at least one address, because discovery is config");
    }
    if (isOneOfSeveral() && seedNodes.isEmpty() && discovery == Discovery.NONE) {
      throw reader.wrong(
          "seed-nodes", "at least one address as host:port, or another discovery than none");
    }
  }
}
