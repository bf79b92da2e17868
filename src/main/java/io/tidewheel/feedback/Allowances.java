package io.tidewheel.feedback;

import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Allowance.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the nodes said they allow, found by subscription. Immutable. */
public final class Allowances {
  /** Of nodes that nobody has asked yet. */
  public static final Allowances NOTHING = new Allowances(List.of());

  private final List<NodeFeedback.Node> nodes;
  private final Map<Long, List<OnNode>> bySubscription = new HashMap<>();

  private record OnNode(String node, NodeFeedback.Row row) {}

  /**
   * What a subscription may give out.
   *
   * @param rate messages a second; infinite for no bound
   * @param reason why it is not more
   */
  public record Allowed(double rate, Reason reason) {
    /** What has no limit of its own and nobody bounds. */
    public static final Allowed UNBOUNDED = new Allowed(Double.POSITIVE_INFINITY, Reason.NONE);

    /** The sum of the rates; the reason of the node that may give out least of what it could. */
    public static Allowed of(Topic.Subscription subscription, List<NodeFeedback.Row> rows) {
      Double limit = subscription.settings().rateLimit();
      if (rows.isEmpty()) {
        return limit == null ? UNBOUNDED : new Allowed(limit, Reason.RATE_LIMIT);
      }
      double sum = 0;
      Reason reason = Reason.NONE;
      double least = Double.POSITIVE_INFINITY;
      for (NodeFeedback.Row row : rows) {
        double own = limit == null ? Double.POSITIVE_INFINITY : limit * row.limitShare();
        double rate = Math.min(own, row.rate());
        sum += rate;
        if (rate < least) {
          least = rate;
          reason = own <= row.rate() ? Reason.RATE_LIMIT : row.reason();
        }
      }
      return new Allowed(sum, reason);
    }

    /** Whether feedback bounds it, not only its own limit. */
    public boolean isThrottled() {
      return reason != Reason.NONE && reason != Reason.RATE_LIMIT;
    }
  }

  /** Of what nodes say. */
  public Allowances(List<NodeFeedback.Node> nodes) {
    this.nodes = List.copyOf(nodes);
    for (NodeFeedback.Node node : nodes) {
      for (NodeFeedback.Row row : node.rows()) {
        bySubscription
            .computeIfAbsent(row.subscriptionUid(), uid -> new ArrayList<>(nodes.size()))
            .add(new OnNode(node.node(), row));
      }
    }
  }

  /** The nodes that have said something. */
  public List<NodeFeedback.Node> nodes() {
    return nodes;
  }

  /**
   * Of a subscription.
   *
   * @param node of this node alone; null for all of them together
   */
  public Allowed of(Topic.Subscription subscription, @Nullable String node) {
    List<NodeFeedback.Row> rows = rows(subscription.uid(), node);
    Double limit = subscription.settings().rateLimit();
    // One that was not used lately begins with an equal part.
    return rows.isEmpty() && limit != null && node != null
        ? new Allowed(limit / Math.max(1, nodes.size()), Reason.RATE_LIMIT)
        : Allowed.of(subscription, rows);
  }

  /** What nodes said of a subscription; empty if it was not used lately and nothing bounds it. */
  public List<NodeFeedback.Row> rows(long subscriptionUid, @Nullable String node) {
    List<NodeFeedback.Row> rows = new ArrayList<>();
    for (OnNode each : bySubscription.getOrDefault(subscriptionUid, List.of())) {
      if (node == null || node.equals(each.node)) {
        rows.add(each.row);
      }
    }
    return rows;
  }
}
