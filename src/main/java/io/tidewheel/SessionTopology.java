package io.tidewheel;

import io.tidewheel.catalog.Topic;
import io.tidewheel.cluster.ClusterNode;
import io.tidewheel.cluster.ShardedQueues;
import io.tidewheel.queue.Inspector;
import io.tidewheel.session.SessionBroker;
import io.tidewheel.session.frame.Frame;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the clients of this node are told of the cluster. The same answer serves all sessions for a
 * while: where something is changes seldom, and a client that does not know yet loses a hop.
 */
final class SessionTopology implements SessionBroker.Topology {
  private static final Duration KEPT = Duration.ofSeconds(2);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** Beyond so many topics all answers are forgotten. */
  private static final int MAX_TOPICS = 10_000;

  private final ClusterNode cluster;
  private final ShardedQueues queues;
  private final Inspector inspector;
  private final LongSupplier nanoTime;
  private final AtomicReference<@Nullable Kept<List<Frame.Member>>> members =
      new AtomicReference<>();
  private final Map<Long, Kept<List<String>>> placements = new ConcurrentHashMap<>();

  private record Kept<T>(CompletionStage<T> answer, long askedNanos) {}

  SessionTopology(
      ClusterNode cluster, ShardedQueues queues, Inspector inspector, LongSupplier nanoTime) {
    this.cluster = cluster;
    this.queues = queues;
    this.inspector = inspector;
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean isFixed() {
    return !cluster.isMember();
  }

  @Override
  public CompletionStage<List<Frame.Member>> members() {
    if (isFixed()) {
      return CompletableFuture.completedFuture(
          List.of(
              new Frame.Member(
                  cluster.name(),
                  cluster.settings().zone(),
                  true,
                  cluster.httpAddress(cluster.name()))));
    }
    Kept<List<Frame.Member>> known = fresh(members.get(), this::askMembers);
    members.set(known);
    return known.answer();
  }

  private CompletionStage<List<Frame.Member>> askMembers() {
    return cluster
        .status(queues)
        .thenApply(
            status ->
                status.members().stream()
                    .map(
                        member ->
                            new Frame.Member(
                                member.node(),
                                member.zone(),
                                member.isReachable() && member.status().equals("up"),
                                cluster.httpAddress(member.node())))
                    .toList());
  }

  @Override
  public CompletionStage<List<String>> placement(Topic topic) {
    int count = topic.settings().queues();
    if (isFixed()) {
      return CompletableFuture.completedFuture(Collections.nCopies(count, cluster.name()));
    }
    if (placements.size() > MAX_TOPICS) {
      placements.clear();
    }
    return placements
        .compute(topic.uid(), (uid, known) -> fresh(known, () -> askPlacement(topic)))
        .answer();
  }

  private CompletionStage<List<String>> askPlacement(Topic topic) {
    String[] nodes = new String[topic.settings().queues()];
    Arrays.fill(nodes, "");
    return inspector
        .locate(topic, TIMEOUT)
        .thenApply(
            queuesFound -> {
              for (Inspector.QueueStatus found : queuesFound) {
                String node = found.node();
                nodes[found.queue()] = node == null ? "" : node;
              }
              return List.of(nodes);
            });
  }

  private <T> Kept<T> fresh(@Nullable Kept<T> known, Supplier<CompletionStage<T>> ask) {
    long now = nanoTime.getAsLong();
    return known != null && now - known.askedNanos() < KEPT.toNanos()
        ? known
        : new Kept<>(ask.get(), now);
  }
}
