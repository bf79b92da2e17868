package io.tidewheel.cluster;

import io.tidewheel.config.ClusterSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What follows from the settings of a cluster for Akka: only for a node that is one of several. A
 * node alone looks after nobody, and its timers stay slow.
 */
public final class ClusterConfig {
  /** So many that a move concerns a part of what a broker has. */
  private static final int LEAST_SHARDS = 12;

  /** The same for each broker. */
  private static final int LEAST_SHARDS_OF_ONE = 4;

  /** What seven brokers need. */
  private static final int MOST_SHARDS = 420;

  private ClusterConfig() {}

  /** Keys and values of Akka. */
  public static Map<String, Object> of(ClusterSettings settings) {
    Map<String, Object> keys = new HashMap<>();
    String role = settings.role() == ClusterSettings.Role.BROKER ? Roles.BROKER : Roles.GATEWAY;
    keys.put("akka.remote.artery.canonical.hostname", settings.host());
    keys.put("akka.remote.artery.canonical.port", settings.port());
    if (!settings.bindHost().isBlank()) {
      keys.put("akka.remote.artery.bind.hostname", settings.bindHost());
    }
    keys.put("akka.cluster.roles", List.of(role, Roles.ZONE_PREFIX + settings.zone()));

    // Below the quorum nobody comes up and no shard finds a home. Never the number of brokers: with
    // one of them gone sharding would wait for it.
    keys.put("akka.cluster.role.broker.min-nr-of-members", settings.quorum());

    // Removed and moved 5 s after it was last reached at the earliest: longer than
    // QuorumLease.TERM, so its right has ended, and nobody has to wait for that.
    keys.put("akka.cluster.failure-detector.heartbeat-interval", "500ms");
    keys.put("akka.cluster.failure-detector.acceptable-heartbeat-pause", "2s");
    keys.put("akka.cluster.split-brain-resolver.stable-after", "5s");
    keys.put("akka.cluster.split-brain-resolver.down-all-when-unstable", "on");
    // A time in which one that was removed might notice. Here whoever takes over asks a quorum:
    // GatedAllocation, and each log by itself. Akka takes zero for stable-after.
    keys.put("akka.cluster.down-removal-margin", "1ms");
    keys.put("akka.cluster.gossip-interval", "200ms");
    keys.put("akka.cluster.leader-actions-interval", "200ms");
    keys.put("akka.cluster.unreachable-nodes-reaper-interval", "200ms");

    keys.put(
        "akka.cluster.sharding.number-of-shards", shards(settings.brokers(), settings.quorum()));
    // Two shards move at a time (StripedAllocation); how often it is asked for the next ones.
    keys.put("akka.cluster.sharding.rebalance-interval", "500ms");
    keys.put("akka.cluster.singleton.hand-over-retry-interval", "200ms");
    keys.put("akka.cluster.singleton.min-number-of-hand-over-retries", 75);
    keys.put("akka.cluster.sharding.coordinator-singleton.hand-over-retry-interval", "200ms");
    keys.put("akka.cluster.sharding.coordinator-singleton.min-number-of-hand-over-retries", 75);
    discover(settings, keys);
    return keys;
  }

  /**
   * Divisible by every number of brokers that may serve, from the quorum to all, so that topics are
   * spread exactly; beyond seven brokers nearly. Not more than that takes, as the homes of what
   * moves are written one after the other.
   */
  static int shards(int brokers, int quorum) {
    int common = 1;
    for (int serving = quorum; serving <= brokers; serving++) {
      common = common / gcd(common, serving) * serving;
      if (common > MOST_SHARDS) {
        return MOST_SHARDS;
      }
    }
    int least = Math.max(LEAST_SHARDS, LEAST_SHARDS_OF_ONE * brokers);
    return (least + common - 1) / common * common;
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  private static void discover(ClusterSettings settings, Map<String, Object> keys) {
    if (settings.discovery() == ClusterSettings.Discovery.NONE) {
      return;
    }
    keys.put("akka.management.http.hostname", settings.host());
    keys.put("akka.management.http.port", settings.discoveryPort());
    if (!settings.bindHost().isBlank()) {
      keys.put("akka.management.http.bind-hostname", settings.bindHost());
    }
    // What changes the membership is off: a node that is taken out by hand could still be writing.
    keys.put("akka.management.http.route-providers-read-only", true);
    keys.put("akka.management.cluster.bootstrap.new-cluster-enabled", "on");
    String bootstrap = "akka.management.cluster.bootstrap.contact-point-discovery.";
    keys.put(bootstrap + "required-contact-point-nr", settings.quorum());
    keys.put(bootstrap + "service-name", settings.discoveryName());
    keys.put(bootstrap + "interval", "1s");
    keys.put(bootstrap + "stable-margin", "3s");
    // Of those that are named a quorum is enough: the others may be away.
    keys.put(bootstrap + "contact-with-all-contact-points", "off");
    if (settings.discovery() == ClusterSettings.Discovery.DNS) {
      keys.put(bootstrap + "discovery-method", "akka-dns");
      keys.put(
          "akka.management.cluster.bootstrap.contact-point.fallback-port",
          settings.discoveryPort());
      return;
    }
    keys.put(bootstrap + "discovery-method", "config");
    // Or it would leave out who answers at another port than this node.
    keys.put("akka.management.cluster.bootstrap.contact-point.filter-on-fallback-port", "off");
    List<Map<String, Object>> endpoints = new ArrayList<>();
    for (String endpoint : settings.discoveryEndpoints()) {
      int colon = endpoint.lastIndexOf(':');
      endpoints.add(
          Map.of(
              "host",
              endpoint.substring(0, colon),
              "port",
              Integer.parseInt(endpoint.substring(colon + 1))));
    }
    keys.put(
        "akka.discovery.config.services",
        Map.of(settings.discoveryName(), Map.of("endpoints", endpoints)));
  }
}
