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

  Pulling(DequeueRates.Share rate, Holders holders, Supplier<Policy> policies) {
    this.rate = rate;
    this.holders = holders;
    this.policies = policies;
  }

  /** What could be given out now. */
  long dispatchable(Deliveries known, Policy policy) {
    return rate.available(known.dispatchable(policy), policy);
  }

  /** When the rate lets more out; {@link Long#MAX_VALUE} if it does now, or is not what holds. */
  long dueNanos(Deliveries known, Policy policy, Now now) {
    if (policy.settings().rateLimit() == null) {
      return Long.MAX_VALUE;
    }
    long free = known.dispatchable(policy);
    boolean isHolding = free > 0 && rate.available(free, policy) == 0;
    return isHolding ? now.nanos() + rate.waitNanos(policy) : Long.MAX_VALUE;
  }

  void pull(Pull pull, Deliveries known, Policy policy, Now now) {
    int max = rate.take(pull.max(), policy);
    ActorRef<?> holder = pull.watch();
    Deliveries.Request request =
        new Deliveries.Request(
            max,
            pull.maxBytes(),
            pull.leaseMillis(),
            WorkerName.of(pull.worker(), pull.version()),
            holder);
    List<Delivery> given = known.pull(request, policy, now);
    rate.giveBack(max - given.size(), policy);
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
