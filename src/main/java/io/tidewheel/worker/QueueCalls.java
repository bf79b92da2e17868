package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Says things to one subscription on the queues of its topic. */
record QueueCalls(QueueRouter router, long topicUid, long subscriptionUid) {
  void wake(int queue) {
    router.tell(topicUid, queue, new Queue.Wake(null));
  }

  void tell(int queue, Subscription.Command command) {
    router.tell(topicUid, queue, new Queue.ToReader(subscriptionUid, command));
  }

  /** A pull; the leases end with what the request has watched, if it does. */
  static Subscription.Pull pull(
      Consumer.PullRequest request,
      int max,
      int maxBytes,
      int call,
      ActorRef<Subscription.Pulled> replyTo) {
    Duration lease = request.lease();
    return new Subscription.Pull(
        max,
        maxBytes,
        lease == null ? 0 : lease.toMillis(),
        Objects.requireNonNullElse(request.worker(), ""),
        Objects.requireNonNullElse(request.version(), ""),
        request.watch(),
        call,
        replyTo);
  }

  /** Gives deliveries back, as if they had never been given out; nobody waits for the answers. */
  void release(List<Delivery> deliveries, ActorRef<Subscription.Settled> ignored) {
    Map<Integer, List<Receipt>> byQueue = new TreeMap<>();
    for (Delivery delivery : deliveries) {
      Receipt receipt = delivery.receipt();
      byQueue.computeIfAbsent(receipt.queue(), queue -> new ArrayList<>()).add(receipt);
    }
    byQueue.forEach(
        (queue, receipts) ->
            tell(queue, new Subscription.Settle(new SettleAction.Release(), receipts, ignored)));
  }
}
