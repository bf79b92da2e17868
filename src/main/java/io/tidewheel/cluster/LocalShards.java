package io.tidewheel.cluster;

import akka.actor.ActorRef;
import akka.cluster.sharding.ShardRegion;
import akka.pattern.Patterns;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The shards of this node, as they were a second ago. The region is asked by whoever wants to know,
 * at most once a second: nothing happens on a node that nobody uses. Safe for any thread.
 */
final class LocalShards {
  private static final Duration KEPT = Duration.ofSeconds(1);
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private final ActorRef region;
  private final LongSupplier nanoTime;
  private final AtomicLong askedNanos;
  private volatile Set<String> shards = Set.of();

  LocalShards(ActorRef region, LongSupplier nanoTime) {
    this.region = region;
    this.nanoTime = nanoTime;
    this.askedNanos = new AtomicLong(nanoTime.getAsLong() - KEPT.toNanos());
  }

  /** False before the first answer. */
  boolean contains(String shard) {
    long asked = askedNanos.get();
    long now = nanoTime.getAsLong();
    if (now - asked >= KEPT.toNanos() && askedNanos.compareAndSet(asked, now)) {
      ask();
    }
    return shards.contains(shard);
  }

  private void ask() {
    Patterns.ask(region, ShardRegion.getRegionStatsInstance(), TIMEOUT)
        .whenComplete(
            (answer, failure) -> {
              // Without an answer what was known before is as good as anything.
              if (answer instanceof ShardRegion.ShardRegionStats stats) {
                shards = Set.copyOf(stats.getStats().keySet());
              }
            });
  }
}
