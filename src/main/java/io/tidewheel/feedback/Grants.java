package io.tidewheel.feedback;

import io.tidewheel.subscription.Allowance;
import io.tidewheel.subscription.Allowance.Reason;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription was granted on this node, by whom and when, and what that comes to. A grant
 * that is not renewed holds for a while and then fades: a feedback actor that is lost stops
 * nothing. Pure; times are nanoseconds of a monotonic clock.
 */
final class Grants {
  /** How long a grant holds that is not renewed. */
  static final long HOLD_NANOS = 3_000_000_000L;

  /** A rate that fades doubles in this time. */
  static final long DOUBLE_NANOS = 2_000_000_000L;

  /** Messages a second that no node gives out: a bound that has faded to this is none. */
  static final double MOST_RATE = 1e6;

  /** At most this share of what is given out failed before, while too much fails. */
  static final double RETRY_SHARE = 0.2;

  /** A bound from one of several sources. */
  private record Bound(double rate, Reason reason, String detail) {}

  private record Grant(double rate, String detail, long atNanos) {}

  private final Map<String, Grant> backends = new HashMap<>();
  private SuccessFeedback.@Nullable Granted success;
  private long successNanos;
  private double cpuRate = Double.POSITIVE_INFINITY;
  private String cpuDetail = "";

  void onSuccess(SuccessFeedback.Granted granted, long nowNanos) {
    success = granted;
    successNanos = nowNanos;
  }

  SuccessFeedback.@Nullable Granted success() {
    return success;
  }

  void onBackend(String backend, double rate, String detail, long nowNanos) {
    backends.put(backend, new Grant(rate, detail, nowNanos));
  }

  /** Only these backends count from now on. */
  void keepBackends(Collection<String> names) {
    backends.keySet().retainAll(names);
  }

  void onCpu(double rate, String detail) {
    cpuRate = rate;
    cpuDetail = detail;
  }

  /** The rate that success allows now; infinite for no bound. */
  double successRate(long nowNanos) {
    SuccessFeedback.Granted granted = success;
    return granted == null
        ? Double.POSITIVE_INFINITY
        : faded(granted.rate(), nowNanos - successNanos);
  }

  /** Whether anything but the subscription's own limit bounds it. */
  boolean isBounded(long nowNanos) {
    return bound(nowNanos).rate < Double.POSITIVE_INFINITY;
  }

  /**
   * What may be given out.
   *
   * @param nodeCount nodes that share the subscription's own limit as long as nobody divides it
   * @param isFailing whether the node itself sees that too much fails
   */
  Allowance allowance(int nodeCount, boolean isFailing, long nowNanos) {
    Bound least = bound(nowNanos);
    boolean isRetryBound = isFailing || successRate(nowNanos) < Double.POSITIVE_INFINITY;
    return new Allowance(
        least.rate,
        limitShare(nodeCount, nowNanos),
        isRetryBound ? RETRY_SHARE : 1,
        least.reason,
        least.detail);
  }

  private Bound bound(long nowNanos) {
    Bound least = new Bound(Double.POSITIVE_INFINITY, Reason.NONE, "");
    SuccessFeedback.Granted granted = success;
    if (granted != null) {
      least = lesser(least, new Bound(successRate(nowNanos), Reason.SUCCESS, granted.detail()));
    }
    for (Map.Entry<String, Grant> each : backends.entrySet()) {
      Grant grant = each.getValue();
      double rate = faded(grant.rate, nowNanos - grant.atNanos);
      least = lesser(least, new Bound(rate, Reason.BACKEND, grant.detail));
    }
    return lesser(least, new Bound(cpuRate, Reason.CPU, cpuDetail));
  }

  private static Bound lesser(Bound one, Bound other) {
    return other.rate < one.rate ? other : one;
  }

  /** What is not divided any more comes to equal parts, slowly, as others may not know yet. */
  private double limitShare(int nodeCount, long nowNanos) {
    double equal = 1.0 / Math.max(1, nodeCount);
    SuccessFeedback.Granted granted = success;
    if (granted == null || nodeCount <= 1) {
      return equal;
    }
    long age = nowNanos - successNanos;
    double left = 1 - Math.min(1, Math.max(0, age - HOLD_NANOS) / (double) (10 * DOUBLE_NANOS));
    return left * granted.limitShare() + (1 - left) * equal;
  }

  private static double faded(double rate, long ageNanos) {
    if (ageNanos <= HOLD_NANOS || rate == Double.POSITIVE_INFINITY) {
      return rate;
    }
    double faded = Math.max(rate, 1) * Math.pow(2, (ageNanos - HOLD_NANOS) / (double) DOUBLE_NANOS);
    return faded >= MOST_RATE ? Double.POSITIVE_INFINITY : faded;
  }

  /** For a line in a log. */
  static String text(Allowance allowance) {
    return allowance.reason() == Reason.NONE
        ? "no bound"
        : String.format(
            Locale.ROOT,
            "%.1f a second (%s: %s)",
            allowance.rate(),
            allowance.reason().name().toLowerCase(Locale.ROOT),
            allowance.detail());
  }
}
