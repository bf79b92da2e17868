package io.tidewheel.subscription;

/**
 * What a subscription may give out on one node, until it is told otherwise.
 *
 * @param rate messages a second; infinite for no bound, 0 for none
 * @param limitShare this node's part of the subscription's own {@code rateLimit}, from 0 to 1
 * @param retryShare of what is given out, at most, may have failed before as long as there are
 *     messages that did not; 1 for no bound
 * @param reason why the rate is not higher
 * @param detail the same for people; empty without a bound
 */
public record Allowance(
    double rate, double limitShare, double retryShare, Reason reason, String detail) {
  /** Who bounds it. */
  public enum Reason {
    /** Nobody. */
    NONE,
    /** The subscription's own {@code rateLimit}. */
    RATE_LIMIT,
    /** Too many deliveries fail. */
    SUCCESS,
    /** A backend's budget, or what it said. */
    BACKEND,
    /** The node is busy. */
    CPU
  }

  /** No bound but the subscription's own. */
  public static final Allowance OPEN =
      new Allowance(Double.POSITIVE_INFINITY, 1, 1, Reason.NONE, "");

  /** The same for one of several nodes that share the subscription's own limit. */
  public Allowance withLimitShare(double share) {
    return new Allowance(rate, share, retryShare, reason, detail);
  }

  /** The messages a second under a subscription's settings; infinite for no bound. */
  double rateWith(Policy policy) {
    Double limit = policy.settings().rateLimit();
    return limit == null ? rate : Math.min(rate, limit * limitShare);
  }

  /** What holds when the rate does. */
  Gate gate(Policy policy) {
    Double limit = policy.settings().rateLimit();
    if (limit != null && limit * limitShare <= rate) {
      return Gate.RATE;
    }
    return switch (reason) {
      case NONE, RATE_LIMIT -> Gate.RATE;
      case SUCCESS -> Gate.SUCCESS;
      case BACKEND -> Gate.BACKEND;
      case CPU -> Gate.CPU;
    };
  }
}
