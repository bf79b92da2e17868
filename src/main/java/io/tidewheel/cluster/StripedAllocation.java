package io.tidewheel.cluster;

import akka.actor.ActorRef;
import akka.actor.Address;
import akka.cluster.sharding.ShardCoordinator.AbstractShardAllocationStrategy;
import io.tidewheel.config.ClusterSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Puts the shards of queues where {@link Stripes} says, and moves those that are elsewhere.
 *
 * <p>A shard that is nowhere goes at once to where it belongs. The others move two at a time, so
 * that none waits for others to be read on a node that has just begun; while every node can be
 * reached and no broker comes or leaves, and not before the brokers have been the same for a while:
 * one that is restarted finds its shards where it left them, or free.
 *
 * <p>A broker that leaves in order hands its shards over while it is still up, for as long as that
 * takes. Akka's coordinator then counts it among the regions when it asks what to move, and not
 * when it asks where a shard is to go: the difference is how this knows.
 */
final class StripedAllocation extends AbstractShardAllocationStrategy {
  private static final int MAX_MOVES = 2;

  private final Address self;
  private final ClusterSettings settings;
  private final BooleanSupplier isCalm;
  private final LongSupplier nanoTime;
  private Set<ActorRef> known = Set.of();
  private Set<ActorRef> leaving = Set.of();
  private long notBeforeNanos;

  /**
   * For the node on which the coordinator happens to be.
   *
   * @param self by which its own region is known elsewhere
   * @param isCalm whether every member can be reached, and every broker is up
   */
  StripedAllocation(
      Address self, ClusterSettings settings, BooleanSupplier isCalm, LongSupplier nanoTime) {
    this.self = self;
    this.settings = settings;
    this.isCalm = isCalm;
    this.nanoTime = nanoTime;
  }

  @Override
  public Future<ActorRef> allocateShard(
      ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> allocations) {
    Map<ActorRef, Set<Integer>> current = shardsByRegion(allocations);
    noteWhoStays(current.keySet());
    return Future.successful(stripes(current).homeOf(Integer.parseInt(shardId)));
  }

  @Override
  public Future<Set<String>> rebalance(
      Map<ActorRef, IndexedSeq<String>> allocations, Set<String> inProgress) {
    Map<ActorRef, Set<Integer>> current = shardsByRegion(allocations);
    int room = MAX_MOVES - inProgress.size();
    if (!isSettled(current.keySet()) || isAnyLeaving() || !isCalm.getAsBoolean() || room <= 0) {
      return Future.successful(Set.of());
    }
    return Future.successful(
        stripes(current).misplaced(current, room + inProgress.size()).stream()
            .map(shard -> Integer.toString(shard))
            .filter(shard -> !inProgress.contains(shard))
            .limit(room)
            .collect(Collectors.toSet()));
  }

  /** Those that are known, and get no more shards, leave. */
  private synchronized void noteWhoStays(Set<ActorRef> regions) {
    leaving =
        known.stream().filter(region -> !regions.contains(region)).collect(Collectors.toSet());
  }

  private synchronized boolean isAnyLeaving() {
    return leaving.stream().anyMatch(known::contains);
  }

  private synchronized boolean isSettled(Set<ActorRef> regions) {
    long now = nanoTime.getAsLong();
    if (!regions.equals(known)) {
      boolean isFirst = known.isEmpty();
      boolean hasOnlyCome = !isFirst && regions.containsAll(known);
      known = Set.copyOf(regions);
      notBeforeNanos =
          now + (hasOnlyCome ? settings.spreadAfterJoin() : settings.spreadAfterLeave()).toNanos();
    }
    return now - notBeforeNanos >= 0;
  }

  private Stripes<ActorRef> stripes(Map<ActorRef, Set<Integer>> current) {
    List<ActorRef> regions = new ArrayList<>(current.keySet());
    regions.sort(
        Comparator.comparing(region -> region.path().toSerializationFormatWithAddress(self)));
    return Stripes.of(regions, current);
  }

  private static Map<ActorRef, Set<Integer>> shardsByRegion(
      Map<ActorRef, IndexedSeq<String>> allocations) {
    Map<ActorRef, Set<Integer>> current = new HashMap<>();
    allocations.forEach(
        (region, ids) ->
            current.put(
                region,
                StreamSupport.stream(CollectionConverters.asJava(ids).spliterator(), false)
                    .map(Integer::valueOf)
                    .collect(Collectors.toCollection(HashSet::new))));
    return current;
  }
}
