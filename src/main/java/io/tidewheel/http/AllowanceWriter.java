package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.subscription.Allowance.Reason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a subscription may give out: {@code allowance} with its rate and reason. */
final class AllowanceWriter {
  private AllowanceWriter() {}

  /** Of one subscription on all nodes, or on one of them. */
  static List<NodeFeedback.Row> rows(
      List<NodeFeedback.Node> nodes, long subscriptionUid, @Nullable String nodeName) {
    List<NodeFeedback.Row> rows = new ArrayList<>();
    for (NodeFeedback.Node node : nodes) {
      if (nodeName == null || nodeName.equals(node.node())) {
        node.rows().stream()
            .filter(row -> row.subscriptionUid() == subscriptionUid)
            .forEach(rows::add);
      }
    }
    return rows;
  }

  /** The sum of the rates; the reason of the node that may give out least of what it could. */
  static void write(SubscriptionSettings settings, List<NodeFeedback.Row> rows, ObjectNode parent) {
    ObjectNode node = parent.putObject("allowance");
    Double limit = settings.rateLimit();
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
    if (rows.isEmpty() && limit != null) {
      sum = limit;
      reason = Reason.RATE_LIMIT;
    } else if (rows.isEmpty()) {
      sum = Double.POSITIVE_INFINITY;
    }
    if (sum == Double.POSITIVE_INFINITY) {
      node.putNull("rate");
    } else {
      node.put("rate", Math.round(sum * 1_000) / 1_000.0);
    }
    node.put("reason", Wire.dashed(reason));
  }
}
