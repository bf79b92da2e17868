package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;

/** Plays a subscription on one queue that gives out and hears what becomes of it. */
public final class Dispatched {
  private final Throttle throttle;
  private final Policy policy;
  private long backlog = 10_000_000;

  /** Of a subscription as it is set. */
  public Dispatched(
      DequeueRates rates, long topicUid, long subscriptionUid, SubscriptionSettings settings) {
    rates.share(topicUid, subscriptionUid, 0, () -> 0);
    this.throttle = rates.throttle(subscriptionUid);
    this.policy = new Policy(settings, true);
  }

  /** From now on so much waits. */
  public void setBacklog(long messages) {
    backlog = messages;
  }

  public Throttle throttle() {
    return throttle;
  }

  /** Gives out what one of several queues may, of {@code waiting} that are there; how much. */
  public int give(int queue, int wanted, long waiting, long nowNanos) {
    int most = (int) Math.min(wanted, waiting);
    int given = throttle.take(queue, most, policy, nowNanos);
    throttle.tellBacklog(queue, waiting - given, nowNanos);
    if (given < most) {
      throttle.tellHeld(nowNanos);
    }
    return given;
  }

  /** When a queue that got nothing asks again. */
  public long againNanos(int queue, long nowNanos) {
    return nowNanos + throttle.waitNanos(queue, policy, nowNanos);
  }

  /** Gives out what it may, and has it end well or not; how much that was. */
  public int give(int wanted, boolean isGood, String worker, long nowNanos) {
    WorkerTally tally = throttle.worker(WorkerName.of(worker, "1"), null);
    int given = throttle.take(0, tally.allowed(wanted, nowNanos), policy, nowNanos);
    backlog -= given;
    throttle.tellBacklog(0, backlog, nowNanos);
    if (given < wanted) {
      throttle.tellHeld(nowNanos);
    }
    for (int i = 0; i < given; i++) {
      if (isGood) {
        tally.succeeded(1_000_000);
      } else {
        tally.failed(1_000_000);
      }
    }
    return given;
  }
}
