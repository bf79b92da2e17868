package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorRef;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import akka.cluster.sharding.ShardCoordinator.ShardAllocationStrategy;
import akka.dispatch.Futures;
import io.tidewheel.journal.Fence;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;
import scala.collection.immutable.Set;
import scala.concurrent.Future;

class GatedAllocationTest {
  private final ActorTestKit kit = ActorTestKit.create();
  private final ActorRef a = region();
  private final ActorRef b = region();
  private final List<Runnable> hints = new ArrayList<>();
  private int claims;
  private boolean isReady;

  /** Where the strategy behind the gate sends every shard; it fails if there is none. */
  private @Nullable ActorRef home = a;

  private final GatedAllocation gate =
      new GatedAllocation(
          new Everywhere(),
          new Fence() {
            @Override
            public boolean isHeld() {
              return true;
            }

            @Override
            public BooleanSupplier claim(Runnable onReady) {
              claims++;
              hints.add(onReady);
              return () -> isReady;
            }
          },
          Runnable::run);

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** Guards a shard against an owner that has left and may still write. */
  @Test
  void givesNothingAwayBeforeThePreviousOwnersRightHasEnded() {
    Future<ActorRef> one = ask("1");
    assertThat(one.isCompleted()).isFalse();
    hints.get(0).run();
    assertThat(one.isCompleted()).as("a hint is no right").isFalse();
    isReady = true;
    hints.get(0).run();
    assertThat(one.value().get().get()).isEqualTo(a);
  }

  @Test
  void claimsForEachShardAnew() {
    isReady = true;
    assertThat(ask("1").value().get().get()).isEqualTo(a);
    assertThat(claims).isEqualTo(1);
    isReady = false;
    assertThat(ask("1").isCompleted()).as("it has lost its home since").isFalse();
    assertThat(ask("2").isCompleted()).isFalse();
    assertThat(claims).isEqualTo(3);
  }

  /** Regions ask five times a second; hints get lost; nodes come and go meanwhile. */
  @Test
  void whoeverAsksAgainWaitsForTheSameAndGetsWhatIsRightNow() {
    Future<ActorRef> first = ask("1");
    home = b;
    Future<ActorRef> second = ask("1");
    assertThat(claims).isEqualTo(1);
    assertThat(second.isCompleted()).isFalse();
    isReady = true;
    assertThat(ask("1").value().get().get()).isEqualTo(b);
    assertThat(first.value().get().get()).isEqualTo(b);
    assertThat(second.value().get().get()).isEqualTo(b);
  }

  @Test
  void aStrategyThatFailsFailsTheOneQuestion() {
    Future<ActorRef> one = ask("1");
    home = null;
    isReady = true;
    hints.get(0).run();
    assertThat(one.value().get().isFailure()).isTrue();
    home = b;
    assertThat(ask("1").value().get().get()).isEqualTo(b);
  }

  private Future<ActorRef> ask(String shard) {
    return gate.allocateShard(a, shard, Map$.MODULE$.empty());
  }

  private ActorRef region() {
    return Adapter.toClassic(kit.createTestProbe().ref());
  }

  private final class Everywhere implements ShardAllocationStrategy {
    @Override
    public Future<ActorRef> allocateShard(
        ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> allocations) {
      if (home == null) {
        throw new IllegalStateException("no region");
      }
      return Futures.successful(home);
    }

    @Override
    public Future<Set<String>> rebalance(
        Map<ActorRef, IndexedSeq<String>> allocations, Set<String> inProgress) {
      throw new UnsupportedOperationException("not asked here");
    }
  }
}
