package io.tidewheel.feedback;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Divides what a subscription may give out over the nodes where its queues live. Pure; times are
 * nanoseconds of a monotonic clock.
 */
final class NodeShares {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double RATE_SECONDS = 1;

  /** How much more than now a node may have that did not use up what it had. */
  private static final double HEADROOM = 1.5;

  private final Map<String, Node> nodes = new TreeMap<>();

  private static final class Node {
    private double rate;
    private double lastRate;
    private boolean isHeld;
    private long backlog;
    private long seenNanos;

    /** One that is not held back gives out what comes in, and what little waits. */
    private double want() {
      return isHeld
          ? Double.POSITIVE_INFINITY
          : Math.min(rate, lastRate + backlog / RATE_SECONDS) * HEADROOM;
    }
  }

  /**
   * Takes what a node says of the time since it said something before.
   *
   * @param isHeld whether it would have given out more
   */
  void report(String name, long dispatched, boolean isHeld, long backlog, long nowNanos) {
    Node node = nodes.get(name);
    if (node == null) {
      node = new Node();
      node.seenNanos = nowNanos;
      nodes.put(name, node);
    }
    double seconds = (nowNanos - node.seenNanos) / NANOS_PER_SECOND;
    if (seconds > 0) {
      double keep = Math.exp(-seconds / RATE_SECONDS);
      node.lastRate = dispatched / seconds;
      node.rate = keep * node.rate + (1 - keep) * node.lastRate;
    }
    node.isHeld = isHeld;
    node.backlog = backlog;
    node.seenNanos = nowNanos;
  }

  /** Forgets nodes that have said nothing since then. */
  void forget(long beforeNanos) {
    nodes.values().removeIf(node -> node.seenNanos - beforeNanos < 0);
  }

  Set<String> names() {
    return nodes.keySet();
  }

  /** The part of each node of a rate, in messages a second. */
  Map<String, Double> divide(double rate) {
    Map<String, Double> parts = new HashMap<>();
    if (rate == Double.POSITIVE_INFINITY) {
      nodes.keySet().forEach(name -> parts.put(name, rate));
      return parts;
    }
    List<Division.Claim> claims = new ArrayList<>();
    for (Node node : nodes.values()) {
      claims.add(new Division.Claim(node.backlog, node.want()));
    }
    double[] divided = Division.divide(rate, claims);
    int next = 0;
    for (String name : nodes.keySet()) {
      parts.put(name, divided[next++]);
    }
    return parts;
  }
}
