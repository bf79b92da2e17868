package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import io.tidewheel.subscription.Subscription.Pull;
import io.tidewheel.subscription.Subscription.Pulled;
import java.util.List;
import java.util.function.Supplier;

/** Answers pulls: within the rate of the subscription, and as often as it wants to deliver. */
final class Pulling {
  private final DequeueRates.Share rate;
  private final Holders holders;
  private final Supplier<Policy> policies;
  private final Runnable onSentAway;

  /** {@code onSentAway} is run when a worker gets nothing although others would. */
  Pulling(
      DequeueRates.Share rate, Holders holders, Supplier<Policy> policies, Runnable onSentAway) {
    this.rate = rate;
    this.holders = holders;
    this.policies = policies;
    this.onSentAway = onSentAway;
  }

  /** Tells who decides on the rate what waits here. */
  void tellBacklog(Deliveries known) {
    rate.tellBacklog(known.whereabouts().backlog());
  }

  /** What could be given out now. */
  long dispatchable(Deliveries known, Policy policy) {
    return rate.available(known.dispatchable(policy), policy);
  }

  /** When the rate lets more out; {@link Long#MAX_VALUE} if it does now, or is not what holds. */
  long dueNanos(Deliveries known, Policy policy, Now now) {
    if (!rate.isLimited(policy)) {
      return Long.MAX_VALUE;
    }
    long free = known.dispatchable(policy);
    boolean isHolding = free > 0 && rate.available(free, policy) == 0;
    return isHolding ? now.nanos() + rate.waitNanos(policy) : Long.MAX_VALUE;
  }

  /** Whether the rate keeps back what is ready, now or a moment ago. */
  boolean isHolding(Deliveries known, Policy policy) {
    long free = known.dispatchable(policy);
    return free > 0
        && rate.isLimited(policy)
        && (rate.available(free, policy) == 0 || rate.throttle().isHolding(rate.nowNanos()));
  }

  /** What the subscription may give out on this node. */
  Allowance allowance() {
    return rate.allowance();
  }

  void pull(Pull pull, Deliveries known, Policy policy, Now now) {
    ActorRef<?> holder = pull.watch();
    WorkerName worker = WorkerName.of(pull.worker(), pull.version());
    WorkerTally tally = rate.throttle().worker(worker, holder);
    int wanted = tally.allowed(pull.max(), rate.nowNanos());
    int max = rate.take(wanted, policy);
    Deliveries.Request request =
        new Deliveries.Request(
            max,
            pull.maxBytes(),
            pull.leaseMillis(),
            worker,
            holder,
            tally,
            rate.allowance().retryShare());
    List<Delivery> given = known.pull(request, policy, now);
    rate.giveBack(max - given.size(), policy);
    if (max < wanted && given.size() == max && known.dispatchable(policy) > 0) {
      rate.throttle().tellHeld(rate.nowNanos());
    }
    if (tally.isSick() && given.isEmpty()) {
      if (wanted > 0) {
        tally.giveBackProbe();
      } else {
        onSentAway.run();
      }
    }
    if (given.isEmpty() || !policy.isAtMostOnce()) {
      holders.watch(given.isEmpty() ? null : holder);
      pull.replyTo().tell(new Pulled(pull.call(), given, dispatchable(known, policy)));
    } else {
      known.settleBeforeLeaving(
          given,
          () ->
              pull.replyTo()
                  .tell(new Pulled(pull.call(), given, dispatchable(known, policies.get()))),
          () -> pull.replyTo().tell(Pulled.nothing(pull.call())));
    }
  }
}
