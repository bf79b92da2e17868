package io.tidewheel.feedback;

import java.util.Locale;

/**
 * What subscriptions with a backlog may give out while the processors of the node are busy, so that
 * publishing stays fast. For one thread.
 *
 * <ol>
 *   <li>To give out less helps only who publishes meanwhile.
 *   <li>Only a backlog can wait: what comes in may go out, or the node would be busy for longer.
 *   <li>A share is taken of what was given out before, which may be nothing: together subscriptions
 *       may give out {@link #LEAST_RATE} in any case.
 * </ol>
 */
final class BusyNode {
  /** Messages a second, on the whole node; a small part of what a processor can do. */
  static final double LEAST_RATE = 1_000;

  /** Each subscription has so much of it, however many there are. */
  private static final double LEAST_PART = 50;

  /** So much of what comes in may go out: a bit more, or what once waited would wait for ever. */
  private static final double ARRIVALS = 1.25;

  /** Fewer messages, and those of a second besides, are no backlog. */
  private static final long LEAST_BACKLOG = 1_000;

  private static final long PUBLISHING_NANOS = 2_000_000_000L;

  private FeedbackRelay.Cpu cpu = new FeedbackRelay.Cpu(0, 0, 1);
  private long publishedCount;
  private long publishedNanos;
  private boolean isPublishing;
  private int held;
  private int heldBefore;

  FeedbackRelay.Cpu cpu() {
    return cpu;
  }

  void onCpu(FeedbackRelay.Cpu now) {
    cpu = now;
  }

  /** Another look at all subscriptions begins; {@code published} counts messages or bytes. */
  void look(long published, long nowNanos) {
    heldBefore = held;
    held = 0;
    if (published != publishedCount) {
      publishedCount = published;
      publishedNanos = nowNanos;
      isPublishing = true;
    } else if (nowNanos - publishedNanos > PUBLISHING_NANOS) {
      isPublishing = false;
    }
  }

  /** Bounds a subscription, or does not. Once for each in every look. */
  void bound(LocalSubscription local, long nowNanos) {
    double passing = ARRIVALS * local.arrivalRate();
    boolean hasBacklog = local.throttle().backlog(nowNanos) > LEAST_BACKLOG + passing;
    boolean isHeld = cpu.share() < 1 && isPublishing && hasBacklog;
    double before = local.rateBeforeBusy(isHeld);
    if (!isHeld) {
      local.grants().onCpu(Double.POSITIVE_INFINITY, "");
      return;
    }
    held++;
    double least = Math.max(LEAST_PART, LEAST_RATE / Math.max(1, heldBefore));
    local
        .grants()
        .onCpu(
            Math.max(Math.max(least, passing), before * cpu.share()),
            String.format(
                Locale.ROOT,
                "the processors are %.0f %% busy: the backlog is worked off more slowly, so that"
                    + " publishing stays fast",
                100 * cpu.busy()));
  }
}
