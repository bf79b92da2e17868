package io.tidewheel.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where shards belong: in stripes over the nodes, so that of any run of shards, and so of the
 * queues of a topic, no node has more than one more than another. Shard {@code i} belongs to node
 * {@code i mod n} of an order of the nodes; of all orders the one is taken in which most shards are
 * where they belong already.
 *
 * <p>Exact as long as the number of nodes divides the number of shards; else runs over the end may
 * be off by one more. Pure.
 *
 * @param <N> a node
 */
final class Stripes<N> {
  private final List<N> order;

  private Stripes(List<N> order) {
    this.order = order;
  }

  /**
   * The stripes that need the fewest moves.
   *
   * @param nodes at least one, in an order that breaks ties
   * @param current which shards are where now; nodes that are missing have none
   */
  static <N> Stripes<N> of(List<N> nodes, Map<N, ? extends Collection<Integer>> current) {
    int count = nodes.size();
    long[][] gain = new long[count][count];
    for (int node = 0; node < count; node++) {
      for (int shard : shardsOf(current, nodes.get(node))) {
        gain[shard % count][node] += count + 1;
      }
      gain[node][node]++;
    }
    List<N> order = new ArrayList<>();
    for (int node : assign(gain)) {
      order.add(nodes.get(node));
    }
    return new Stripes<>(order);
  }

  /** The node that a shard belongs to. */
  N homeOf(int shard) {
    return order.get(shard % order.size());
  }

  /** Shards that are not where they belong, at most {@code limit} of them. */
  Set<Integer> misplaced(Map<N, ? extends Collection<Integer>> current, int limit) {
    TreeSet<Integer> misplaced = new TreeSet<>();
    for (Map.Entry<N, ? extends Collection<Integer>> entry : current.entrySet()) {
      for (int shard : entry.getValue()) {
        if (!homeOf(shard).equals(entry.getKey())) {
          misplaced.add(shard);
        }
      }
    }
    while (misplaced.size() > limit) {
      misplaced.pollLast();
    }
    return misplaced;
  }

  private static <N> Collection<Integer> shardsOf(
      Map<N, ? extends Collection<Integer>> current, N node) {
    Collection<Integer> shards = current.get(node);
    return shards == null ? List.of() : shards;
  }

  /**
   * Gives each row a column of its own such that the sum is the greatest: the Hungarian method with
   * potentials (Kuhn 1955, Munkres 1957), in the form that adds one row after the other.
   */
  private static int[] assign(long[][] gain) {
    int count = gain.length;
    long[] rowPotential = new long[count + 1];
    long[] columnPotential = new long[count + 1];
    int[] rowOf = new int[count + 1];
    int[] before = new int[count + 1];
    for (int row = 1; row <= count; row++) {
      rowOf[0] = row;
      int column = 0;
      long[] slack = new long[count + 1];
      Arrays.fill(slack, Long.MAX_VALUE);
      boolean[] isUsed = new boolean[count + 1];
      do {
        isUsed[column] = true;
        int current = rowOf[column];
        long least = Long.MAX_VALUE;
        int next = 0;
        for (int other = 1; other <= count; other++) {
          if (!isUsed[other]) {
            long cost =
                -gain[current - 1][other - 1] - rowPotential[current] - columnPotential[other];
            if (cost < slack[other]) {
              slack[other] = cost;
              before[other] = column;
            }
            if (slack[other] < least) {
              least = slack[other];
              next = other;
            }
          }
        }
        for (int other = 0; other <= count; other++) {
          if (isUsed[other]) {
            rowPotential[rowOf[other]] += least;
            columnPotential[other] -= least;
          } else if (slack[other] != Long.MAX_VALUE) {
            slack[other] -= least;
          }
        }
        column = next;
      } while (rowOf[column] != 0);
      while (column != 0) {
        rowOf[column] = rowOf[before[column]];
        column = before[column];
      }
    }
    int[] columnOfRow = new int[count];
    for (int column = 1; column <= count; column++) {
      columnOfRow[rowOf[column] - 1] = column - 1;
    }
    return columnOfRow;
  }
}
