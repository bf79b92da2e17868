package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.backlog.Standing;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the overview says of each node: what waits there, in how many queues, and its processors.
 */
final class OverviewNodes {
  private final Map<String, OfNode> nodes = new TreeMap<>();

  private record Queue(long topicUid, int queue) {}

  private static final class OfNode {
    private final Set<Queue> awake = new HashSet<>();
    private long backlog;
    private @Nullable Double cpu;
  }

  /** A subscription on a queue. */
  void add(Standing standing) {
    OfNode node = nodes.computeIfAbsent(standing.home().node(), name -> new OfNode());
    Row row = standing.row();
    node.backlog += row.backlog();
    if (row.presence() == Presence.AWAKE) {
      node.awake.add(new Queue(row.topicUid(), row.queue()));
    }
  }

  /** What nodes said of themselves. */
  void add(List<NodeFeedback.Node> told) {
    for (NodeFeedback.Node node : told) {
      nodes.computeIfAbsent(node.node(), name -> new OfNode()).cpu = node.busy();
    }
  }

  /** Adds them by name; a share of processors only where it is known. */
  void write(ObjectNode to) {
    nodes.forEach(
        (name, node) -> {
          ObjectNode one = to.putObject(name);
          one.put("backlog", node.backlog);
          one.put("awakeQueues", node.awake.size());
          Double cpu = node.cpu;
          if (cpu != null && cpu >= 0) {
            one.put("cpu", cpu);
          }
        });
  }
}
