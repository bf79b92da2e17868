package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.cluster.ClusterStatus;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who is a member, as streams tell it. Asked once for all streams that look at about the same time:
 * every question goes to all nodes.
 */
final class Membership {
  private static final long FRESH_NANOS = Duration.ofSeconds(2).toNanos();

  private final Supplier<CompletionStage<ClusterStatus>> cluster;
  private final LongSupplier nanoTime;
  private volatile @Nullable Asked last;

  private record Asked(long atNanos, CompletionStage<ObjectNode> frame) {}

  Membership(Broker broker) {
    this.cluster = broker.cluster();
    this.nanoTime = broker.nanoTime();
  }

  /** The frame; nobody may change it. */
  CompletionStage<ObjectNode> frame() {
    long now = nanoTime.getAsLong();
    Asked known = last;
    if (known == null || now - known.atNanos > FRESH_NANOS) {
      known = new Asked(now, cluster.get().thenApply(Membership::frame));
      last = known;
    }
    return known.frame;
  }

  /** Without what changes all the time. */
  private static ObjectNode frame(ClusterStatus status) {
    ObjectNode node = NodeRoutes.json(status);
    node.remove("leaseMillisLeft");
    node.withArray("members").forEach(member -> ((ObjectNode) member).remove("awakeQueues"));
    return node.put("type", "cluster");
  }
}
