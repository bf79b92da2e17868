package io.tidewheel.worker;

/** A pull that was not begun, or was broken off without a delivery: try again later. */
public final class RejectedPullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean isTooMany;

  private RejectedPullException(String message, boolean isTooMany) {
    super(message, null, false, false);
    this.isTooMany = isTooMany;
  }

  /** As many as may be are open on this node. */
  public static RejectedPullException tooMany(int maxPulls) {
    return new RejectedPullException(maxPulls + " pulls are open on this node, the most", true);
  }

  /** The node or the subscription can't be pulled from at this moment. */
  public static RejectedPullException notNow(String why) {
    return new RejectedPullException(why, false);
  }

  public boolean isTooMany() {
    return isTooMany;
  }
}
