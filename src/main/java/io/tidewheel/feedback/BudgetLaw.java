package io.tidewheel.feedback;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Divides the calls that a backend takes over the users it has: to each subscription the same, but
 * none that it can't use. What a message costs in calls is learnt from what is reported; until then
 * it is one. Pure; times are nanoseconds of a monotonic clock.
 */
final class BudgetLaw {
  /** A signal without a rate asks for this share of what is called now. */
  static final double SLOW_SHARE = 0.5;

  private static final double NANOS_PER_SECOND = 1e9;

  /** How much of a mean is renewed by the reports of a second. */
  private static final double COST_RENEWAL = 0.5;

  /** Calls are counted over this time. */
  private static final double RATE_SECONDS = 2;

  /** How much more than now a user may have that did not use up what it had. */
  private static final double HEADROOM = 1.5;

  /** Who uses the backend on one node: its subscription and the node. */
  record User(long subscriptionUid, String node) implements Comparable<User> {
    @Override
    public int compareTo(User other) {
      int bySubscription = Long.compare(subscriptionUid, other.subscriptionUid);
      return bySubscription == 0 ? node.compareTo(other.node) : bySubscription;
    }
  }

  /**
   * What a user did since its report before.
   *
   * @param dispatched messages given out
   * @param costed messages that were settled with a cost
   * @param cost of those together, in calls
   * @param isHeld whether it would have given out more
   * @param backlog messages that wait there
   */
  record Use(long dispatched, long costed, double cost, boolean isHeld, long backlog) {}

  /** How it was with a user. */
  private static final class Usage {
    private double messageRate;
    private boolean isHeld;
    private long backlog;
    private long seenNanos;
  }

  /** What is known of a subscription. */
  private static final class Costs {
    private double mean = 1;
    private boolean isKnown;
  }

  private final Map<User, Usage> users = new TreeMap<>();
  private final Map<Long, Costs> costs = new TreeMap<>();

  /** Takes what a user reports. */
  void report(User user, Use use, long nowNanos) {
    Usage usage = users.get(user);
    if (usage == null) {
      usage = new Usage();
      usage.seenNanos = nowNanos;
      users.put(user, usage);
    }
    double seconds = (nowNanos - usage.seenNanos) / NANOS_PER_SECOND;
    usage.seenNanos = nowNanos;
    usage.isHeld = use.isHeld();
    usage.backlog = use.backlog();
    if (seconds > 0) {
      double keep = Math.exp(-seconds / RATE_SECONDS);
      usage.messageRate = keep * usage.messageRate + (1 - keep) * use.dispatched() / seconds;
    }
    Costs known = costs.computeIfAbsent(user.subscriptionUid(), uid -> new Costs());
    if (use.costed() > 0) {
      double mean = use.cost() / use.costed();
      known.mean = known.isKnown ? known.mean + COST_RENEWAL * (mean - known.mean) : mean;
      known.isKnown = true;
    }
  }

  /** Forgets who has not reported since then. */
  void forget(long beforeNanos) {
    users.values().removeIf(usage -> usage.seenNanos < beforeNanos);
    costs
        .keySet()
        .removeIf(uid -> users.keySet().stream().noneMatch(u -> u.subscriptionUid == uid));
  }

  Set<User> users() {
    return users.keySet();
  }

  /** Calls a second, by what is given out and what it costs. */
  double callRate() {
    double sum = 0;
    for (Map.Entry<User, Usage> each : users.entrySet()) {
      sum += each.getValue().messageRate * mean(each.getKey().subscriptionUid());
    }
    return sum;
  }

  double mean(long subscriptionUid) {
    Costs known = costs.get(subscriptionUid);
    return known == null ? 1 : Math.max(known.mean, 1e-6);
  }

  /**
   * The messages a second of each user.
   *
   * @param budget calls a second; null for no bound
   */
  Map<User, Double> divide(@Nullable Double budget) {
    Map<User, Double> rates = new TreeMap<>();
    if (budget == null) {
      users.keySet().forEach(user -> rates.put(user, Double.POSITIVE_INFINITY));
      return rates;
    }
    List<Long> subscriptions = List.copyOf(costs.keySet());
    List<Division.Claim> claims = new ArrayList<>();
    for (long uid : subscriptions) {
      double want = 0;
      for (User user : usersOf(uid)) {
        want += want(user);
      }
      claims.add(new Division.Claim(0, want * mean(uid)));
    }
    double[] calls = Division.divide(budget, claims);
    for (int i = 0; i < calls.length; i++) {
      divideOverNodes(subscriptions.get(i), calls[i] / mean(subscriptions.get(i)), rates);
    }
    return rates;
  }

  private void divideOverNodes(long uid, double rate, Map<User, Double> rates) {
    List<User> own = usersOf(uid);
    List<Division.Claim> claims = new ArrayList<>();
    for (User user : own) {
      Usage usage = users.getOrDefault(user, new Usage());
      claims.add(new Division.Claim(usage.backlog, want(user)));
    }
    double[] parts = Division.divide(rate, claims);
    for (int i = 0; i < parts.length; i++) {
      rates.put(own.get(i), parts[i]);
    }
  }

  private double want(User user) {
    Usage usage = users.get(user);
    if (usage == null || usage.isHeld) {
      return Double.POSITIVE_INFINITY;
    }
    return usage.messageRate * HEADROOM;
  }

  private List<User> usersOf(long uid) {
    return users.keySet().stream().filter(user -> user.subscriptionUid() == uid).toList();
  }
}
