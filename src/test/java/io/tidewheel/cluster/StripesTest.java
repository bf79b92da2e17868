package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class StripesTest {
  private static final int SHARDS = 420;

  /** Nodes come and go; what is nowhere is placed at once, the rest moves in rounds. */
  @Property(tries = 200)
  void everyTopicIsSpreadEvenlyWhereverItsShardsBegin(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int changes) {
    Random random = new Random(seed);
    Map<String, Set<Integer>> current = new HashMap<>();
    int born = 0;
    for (int i = 0; i < 1 + random.nextInt(7); i++) {
      current.put("n" + born++, new HashSet<>());
    }
    placeFree(current, random.nextInt(SHARDS) + 1);
    for (int change = 0; change < changes; change++) {
      List<String> nodes = current.keySet().stream().sorted().toList();
      if (current.size() > 1 && (current.size() == 7 || random.nextBoolean())) {
        current.remove(nodes.get(random.nextInt(nodes.size())));
      } else {
        current.put("n" + born++, new HashSet<>());
      }
      placeFree(current, SHARDS);
      int rounds = 0;
      while (moveRound(current)) {
        assertThat(++rounds).isLessThanOrEqualTo(10);
      }
    }
    assertSpread(current, random);
  }

  private static void assertSpread(Map<String, Set<Integer>> current, Random random) {
    for (int topic = 0; topic < 100; topic++) {
      int first = random.nextInt(SHARDS);
      int queues = 1 + random.nextInt(1_024);
      Map<String, Integer> counts = new HashMap<>();
      current.keySet().forEach(node -> counts.put(node, 0));
      for (int queue = 0; queue < queues; queue++) {
        int shard = (first + queue) % SHARDS;
        current.forEach(
            (node, shards) -> counts.merge(node, shards.contains(shard) ? 1 : 0, Integer::sum));
      }
      int most = counts.values().stream().mapToInt(count -> count).max().orElseThrow();
      int fewest = counts.values().stream().mapToInt(count -> count).min().orElseThrow();
      assertThat(most - fewest).isLessThanOrEqualTo(1);
      assertThat(counts.values().stream().mapToInt(count -> count).sum()).isEqualTo(queues);
    }
  }

  /** No order of the nodes needs fewer moves than the one that is taken. */
  @Property(tries = 200)
  void movesAsFewAsAnyOtherOrder(@ForAll long seed, @ForAll @IntRange(min = 1, max = 5) int count) {
    Random random = new Random(seed);
    Map<String, Set<Integer>> current = new HashMap<>();
    List<String> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      nodes.add("n" + i);
      current.put("n" + i, new HashSet<>());
    }
    for (int shard = 0; shard < 60; shard++) {
      current.get(nodes.get(random.nextInt(count))).add(shard);
    }
    int moves = Stripes.of(nodes, current).misplaced(current, SHARDS).size();
    for (List<String> order : permutations(nodes)) {
      long other =
          current.entrySet().stream()
              .flatMap(
                  entry ->
                      entry.getValue().stream()
                          .filter(s -> !order.get(s % count).equals(entry.getKey())))
              .count();
      assertThat((long) moves).isLessThanOrEqualTo(other);
    }
  }

  /** Guards against moving everything when a broker is only restarted. */
  @Example
  void oneThatComesBackMovesOnlyWhatItHad() {
    Map<String, Set<Integer>> current = new HashMap<>();
    List.of("a", "b", "c").forEach(node -> current.put(node, new HashSet<>()));
    placeFree(current, SHARDS);
    current.remove("b");
    placeFree(current, SHARDS);
    current.put("b", new HashSet<>());
    List<String> nodes = List.of("a", "b", "c");
    Set<Integer> moves = Stripes.of(nodes, current).misplaced(current, SHARDS);
    assertThat(moves).hasSize(SHARDS / 3);
    assertThat(Stripes.of(nodes, current).misplaced(current, 42)).hasSize(42);
  }

  private static void placeFree(Map<String, Set<Integer>> current, int shards) {
    List<String> nodes = current.keySet().stream().sorted().toList();
    for (int shard = 0; shard < shards; shard++) {
      int free = shard;
      if (current.values().stream().noneMatch(held -> held.contains(free))) {
        current.get(Stripes.of(nodes, current).homeOf(shard)).add(shard);
      }
    }
  }

  private static boolean moveRound(Map<String, Set<Integer>> current) {
    List<String> nodes = current.keySet().stream().sorted().toList();
    Stripes<String> stripes = Stripes.of(nodes, current);
    Set<Integer> moved = stripes.misplaced(current, SHARDS / 10);
    current.values().forEach(shards -> shards.removeAll(moved));
    moved.forEach(shard -> current.get(stripes.homeOf(shard)).add(shard));
    return !moved.isEmpty();
  }

  private static List<List<String>> permutations(List<String> nodes) {
    if (nodes.isEmpty()) {
      return List.of(List.of());
    }
    List<List<String>> all = new ArrayList<>();
    for (String first : nodes) {
      List<String> rest = new ArrayList<>(nodes);
      rest.remove(first);
      for (List<String> tail : permutations(rest)) {
        List<String> order = new ArrayList<>(List.of(first));
        order.addAll(tail);
        all.add(order);
      }
    }
    return all;
  }
}
