package io.tidewheel.cluster;

import akka.actor.ActorRef;
import akka.cluster.sharding.ShardCoordinator.ShardAllocationStrategy;
import akka.dispatch.Futures;
import io.tidewheel.journal.Fence;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Set;
import scala.concurrent.Future;
import scala.concurrent.Promise;

/**
 * Gives a shard away only when the node of the coordinator might take it over itself: then the
 * right of a broker that had it has ended, wherever the shard goes. Of two that have left, or
 * between one that has left and one that has come since, nobody else needs to know.
 *
 * <p>A shard is without a home only after its last one was seen to leave, so what is asked here
 * knows of that. Regions ask again and again until they get an answer.
 */
final class GatedAllocation implements ShardAllocationStrategy {
  private final ShardAllocationStrategy places;
  private final Fence fence;
  private final Executor executor;
  private final java.util.Map<String, Homeless> homeless = new ConcurrentHashMap<>();

  /**
   * A gate.
   *
   * @param places says where shards go
   * @param fence of the node this runs on
   * @param executor for what is decided later than it is asked: four hundred shards may wait, and
   *     the fence must not be held up by them
   */
  GatedAllocation(ShardAllocationStrategy places, Fence fence, Executor executor) {
    this.places = places;
    this.fence = fence;
    this.executor = executor;
  }

  @Override
  public Future<ActorRef> allocateShard(
      ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> allocations) {
    Homeless shard = homeless.computeIfAbsent(shardId, Homeless::new);
    shard.ask(() -> places.allocateShard(requester, shardId, allocations));
    return shard.home.future();
  }

  @Override
  public Future<Set<String>> rebalance(
      Map<ActorRef, IndexedSeq<String>> allocations, Set<String> inProgress) {
    return places.rebalance(allocations, inProgress);
  }

  /** A shard that waits. */
  private final class Homeless {
    private final String id;
    private final Promise<ActorRef> home = Futures.promise();
    private final BooleanSupplier claim;

    /** As it was asked for last: regions come and go meanwhile. */
    private Supplier<Future<ActorRef>> place = home::future;

    private boolean isAsked;

    private Homeless(String id) {
      this.id = id;
      this.claim = fence.claim(() -> executor.execute(this::giveAway));
    }

    private synchronized void ask(Supplier<Future<ActorRef>> now) {
      place = now;
      isAsked = true;
      giveAway();
    }

    private synchronized void giveAway() {
      if (isAsked && !home.isCompleted() && claim.getAsBoolean()) {
        homeless.remove(id, this);
        home.completeWith(place());
      }
    }

    private Future<ActorRef> place() {
      try {
        return place.get();
      } catch (RuntimeException failure) {
        // Not where this happens to be called: whoever asked tells people, and asks again.
        return Futures.failed(failure);
      }
    }
  }
}
