package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorRef;
import akka.actor.Address;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import io.tidewheel.config.ClusterSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

class StripedAllocationTest {
  private static final int SHARDS = 60;
  private static final Duration AFTER_LEAVE = Duration.ofSeconds(60);
  private static final Duration AFTER_JOIN = Duration.ofSeconds(10);

  private final ActorTestKit kit = ActorTestKit.create();
  private final ActorRef a = region("a");
  private final ActorRef b = region("b");
  private final ActorRef c = region("c");
  private final Map<ActorRef, Set<Integer>> shards = new HashMap<>();
  private long nanos = 7;
  private boolean isCalm = true;
  private final StripedAllocation allocation =
      new StripedAllocation(
          new Address("akka", "tidewheel", "here", 1), settings(), () -> isCalm, () -> nanos);

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** Guards shards against going to the one that leaves, and from there back again. */
  @Test
  void movesNothingWhileABrokerLeaves() {
    settle(a, b, c);
    // Akka's coordinator asks for new places without the one that leaves, and for moves with it.
    Set<Integer> leftBehind = shards.remove(c);
    for (int shard : List.copyOf(leftBehind).subList(0, SHARDS / 6)) {
      leftBehind.remove(shard);
      shards.get(homeOf(shard)).add(shard);
    }
    shards.put(c, leftBehind);
    assertThat(moves()).isEmpty();
    nanos += AFTER_LEAVE.toNanos();
    assertThat(moves()).isEmpty();

    shards.remove(c).forEach(shard -> shards.get(homeOf(shard)).add(shard));
    assertThat(moves()).as("it may come back").isEmpty();
    nanos += AFTER_LEAVE.toNanos();
    moveAll();
    assertThat(shards.get(a)).hasSize(SHARDS / 2);
  }

  @Test
  void spreadsToABrokerThatHasCome() {
    settle(a, b);
    shards.put(c, new HashSet<>());
    int free = shards.get(a).iterator().next();
    shards.get(a).remove(free);
    shards.get(homeOf(free)).add(free);
    assertThat(moves()).isEmpty();
    nanos += AFTER_JOIN.toNanos();
    assertThat(moves()).as("two at a time").hasSize(2);
    String underWay = Integer.toString(shards.get(a).iterator().next());
    assertThat(now(allocation.rebalance(allocations(), Set.of(underWay))).size())
        .as("beside one that moves")
        .isEqualTo(1);
    moveAll();
    assertThat(shards.get(c)).hasSize(SHARDS / 3);
  }

  @Test
  void movesNothingWhileAMemberCannotBeReachedOrIsNotUp() {
    settle(a, b);
    shards.put(c, new HashSet<>());
    moves();
    nanos += AFTER_JOIN.toNanos();
    isCalm = false;
    assertThat(moves()).isEmpty();
    isCalm = true;
    assertThat(moves()).isNotEmpty();
  }

  /** All shards where they belong, and that for long enough. */
  private void settle(ActorRef... regions) {
    for (ActorRef region : regions) {
      shards.put(region, new HashSet<>());
    }
    for (int shard = 0; shard < SHARDS; shard++) {
      shards.get(homeOf(shard)).add(shard);
    }
    moves();
    nanos += AFTER_LEAVE.toNanos();
    assertThat(moves()).isEmpty();
  }

  private void moveAll() {
    for (Set<Integer> moves = moves(); !moves.isEmpty(); moves = moves()) {
      for (int shard : moves) {
        shards.values().forEach(held -> held.remove(shard));
        shards.get(homeOf(shard)).add(shard);
      }
    }
  }

  private ActorRef homeOf(int shard) {
    return now(allocation.allocateShard(a, Integer.toString(shard), allocations()));
  }

  private Set<Integer> moves() {
    Set<Integer> moves = new HashSet<>();
    now(allocation.rebalance(allocations(), Set.of()))
        .forEach(shard -> moves.add(Integer.valueOf(shard)));
    return moves;
  }

  private Map<ActorRef, IndexedSeq<String>> allocations() {
    Map<ActorRef, IndexedSeq<String>> allocations = new HashMap<>();
    shards.forEach(
        (region, held) ->
            allocations.put(
                region,
                CollectionConverters.asScala(held.stream().map(String::valueOf).toList())
                    .toIndexedSeq()));
    return allocations;
  }

  private static <T> T now(Future<T> done) {
    return done.value().get().get();
  }

  private ActorRef region(String name) {
    return Adapter.toClassic(kit.createTestProbe(name).ref());
  }

  private static ClusterSettings settings() {
    return new ClusterSettings(
        3,
        ClusterSettings.Role.BROKER,
        "here",
        1,
        "",
        List.of(),
        ClusterSettings.Discovery.NONE,
        List.of(),
        "tidewheel",
        2,
        "default",
        Duration.ofSeconds(60),
        Duration.ofSeconds(1),
        AFTER_LEAVE,
        AFTER_JOIN,
        false);
  }
}
