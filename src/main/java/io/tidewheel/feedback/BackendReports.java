package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Tells backends what the subscriptions of a node use of them. Costs come in wherever a worker
 * settles, also on nodes where no queue of the subscription is. For one thread.
 */
final class BackendReports {
  /** Subscriptions whose costs wait to be told; costs of further ones are not counted. */
  private static final int MAX_COSTS = 10_000;

  private final String node;
  private final FeedbackRouter router;
  private final ActorRef<BackendFeedback.Granted> replyTo;
  private final Map<Long, Costs> costs = new HashMap<>();

  private static final class Costs {
    private final long topicUid;
    private final Map<String, Double> calls = new HashMap<>();
    private long messages;

    Costs(long topicUid) {
      this.topicUid = topicUid;
    }
  }

  BackendReports(String node, FeedbackRouter router, ActorRef<BackendFeedback.Granted> replyTo) {
    this.node = node;
    this.router = router;
    this.replyTo = replyTo;
  }

  void add(FeedbackRelay.Cost cost) {
    Costs known = costs.get(cost.subscriptionUid());
    if (known == null) {
      if (costs.size() >= MAX_COSTS) {
        return;
      }
      known = new Costs(cost.topicUid());
      costs.put(cost.subscriptionUid(), known);
    }
    known.messages += cost.messages();
    for (Map.Entry<String, Double> each : cost.calls().entrySet()) {
      known.calls.merge(each.getKey(), each.getValue(), Double::sum);
    }
  }

  /** What a subscription with queues here did. */
  void report(SubscriptionSettings settings, LocalSubscription local, long now) {
    if (settings.backends().isEmpty()) {
      return;
    }
    long uid = local.throttle().subscriptionUid();
    Costs known = costs.remove(uid);
    for (String backend : settings.backends()) {
      tell(
          backend,
          uid,
          new BudgetLaw.Use(
              local.dispatched(),
              known == null ? 0 : known.messages,
              known == null ? 0 : known.calls.getOrDefault(backend, 0.0),
              local.isHeld(),
              local.throttle().backlog(now)));
    }
  }

  /** Costs of subscriptions whose queues are on other nodes. */
  void reportOthers(Set<Long> here, CatalogSnapshot catalog) {
    costs.forEach(
        (uid, known) -> {
          Topic topic = catalog.topic(known.topicUid);
          if (topic != null && !here.contains(uid)) {
            topic.subscriptions().values().stream()
                .filter(each -> each.uid() == uid)
                .flatMap(each -> each.settings().backends().stream())
                .forEach(
                    backend ->
                        tell(
                            backend,
                            uid,
                            new BudgetLaw.Use(
                                0,
                                known.messages,
                                known.calls.getOrDefault(backend, 0.0),
                                false,
                                0)));
          }
        });
    costs.clear();
  }

  private void tell(String backend, long uid, BudgetLaw.Use use) {
    router.tell(backend, new BackendFeedback.Report(backend, node, uid, use, replyTo));
  }
}
