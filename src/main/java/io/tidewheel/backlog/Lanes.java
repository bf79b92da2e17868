package io.tidewheel.backlog;

import io.tidewheel.backlog.Standing.Nearness;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Rows with work, in the order in which workers of this node should take them: those of the node
 * itself, oldest first; then those of its zone; then those farther away, but only when their oldest
 * message has waited for {@link #PATIENCE_MILLIS}. A row whose oldest message is older by more than
 * that than the oldest of the node goes before all.
 *
 * <p>Among rows of other nodes the better of two random ones is taken, so that not everybody goes
 * to the longest (Mitzenmacher, The Power of Two Choices, 2001).
 */
final class Lanes {
  static final long PATIENCE_MILLIS = 2_000;

  /**
   * Rows of other nodes in one order. Few: who has tried them asks again, and hears first of what
   * has come at home.
   */
  private static final int MAX_CHOICES = 2;

  private static final Comparator<Standing> BEST_FIRST =
      Comparator.comparingLong(Standing::oldestAtMillis)
          .thenComparing(
              Comparator.<Standing>comparingLong(one -> one.row().dispatchable()).reversed())
          .thenComparingInt(Standing::queue);

  private final NavigableSet<Standing> here = new TreeSet<>(BEST_FIRST);
  private final NavigableSet<Standing> near = new TreeSet<>(BEST_FIRST);
  private final NavigableSet<Standing> far = new TreeSet<>(BEST_FIRST);

  /**
   * Rows in order.
   *
   * @param hasMore whether there are more that may be taken now
   */
  record Order(List<Standing> rows, boolean hasMore) {}

  void add(Standing row) {
    lane(row.home().nearness()).add(row);
  }

  void remove(Standing row) {
    lane(row.home().nearness()).remove(row);
  }

  private NavigableSet<Standing> lane(Nearness nearness) {
    return switch (nearness) {
      case HERE -> here;
      case ZONE -> near;
      case FAR -> far;
    };
  }

  void forEachElsewhere(Consumer<Standing> action) {
    near.forEach(action);
    far.forEach(action);
  }

  /** The row to wake somebody for; null if none may be taken now. */
  @Nullable Standing best(long nowMillis, RandomGenerator random) {
    Standing own = here.isEmpty() ? null : here.first();
    if (near.isEmpty() && far.isEmpty()) {
      return own;
    }
    if (own != null) {
      Standing oldest = oldestElsewhere(nowMillis);
      return oldest != null && isStarving(oldest, own) ? oldest : own;
    }
    List<Standing> others = new ArrayList<>(near);
    if (others.isEmpty()) {
      others.addAll(takeable(nowMillis));
    }
    return others.isEmpty() ? null : others.get(choose(others, 0, random));
  }

  private @Nullable Standing oldestElsewhere(long nowMillis) {
    Standing nearest = near.isEmpty() ? null : near.first();
    Standing farthest = far.isEmpty() || !isTakeable(far.first(), nowMillis) ? null : far.first();
    if (nearest == null || farthest == null) {
      return nearest == null ? farthest : nearest;
    }
    return BEST_FIRST.compare(nearest, farthest) <= 0 ? nearest : farthest;
  }

  /**
   * The order for one worker.
   *
   * @param tried queues that it does not want to hear of
   */
  Order order(long nowMillis, RandomGenerator random, BitSet tried, int max) {
    List<Standing> rows = new ArrayList<>();
    Standing own = here.isEmpty() ? null : here.first();
    BitSet listed = (BitSet) tried.clone();
    if (own != null && !(near.isEmpty() && far.isEmpty())) {
      Stream.concat(near.stream(), takeable(nowMillis).stream())
          .filter(row -> isStarving(row, own))
          .sorted(BEST_FIRST)
          .limit(MAX_CHOICES)
          .forEach(row -> list(row, rows, listed, max));
    }
    boolean hasMore = false;
    for (Standing row : here) {
      hasMore |= !list(row, rows, listed, max);
      if (hasMore) {
        return new Order(rows, true);
      }
    }
    hasMore = choose(near, random, rows, listed, max);
    hasMore |= choose(takeable(nowMillis), random, rows, listed, max);
    return new Order(rows, hasMore);
  }

  /** Lists a row that is not yet; false if there is no room. */
  private static boolean list(Standing row, List<Standing> rows, BitSet listed, int max) {
    if (listed.get(row.queue())) {
      return true;
    }
    if (rows.size() == max) {
      return false;
    }
    listed.set(row.queue());
    rows.add(row);
    return true;
  }

  private static boolean choose(
      Collection<Standing> lane,
      RandomGenerator random,
      List<Standing> rows,
      BitSet listed,
      int max) {
    if (lane.isEmpty()) {
      return false;
    }
    List<Standing> open = new ArrayList<>();
    lane.stream().filter(row -> !listed.get(row.queue())).forEach(open::add);
    int count = Math.min(open.size(), MAX_CHOICES);
    for (int i = 0; i < count; i++) {
      int chosen = choose(open, i, random);
      Standing row = open.get(chosen);
      open.set(chosen, open.get(i));
      open.set(i, row);
      if (!list(row, rows, listed, max)) {
        return true;
      }
    }
    return count < open.size();
  }

  /** The better of two that stand at {@code from} or behind. */
  private static int choose(List<Standing> rows, int from, RandomGenerator random) {
    int one = random.nextInt(from, rows.size());
    int other = random.nextInt(from, rows.size());
    return isBetter(rows.get(other), rows.get(one)) ? other : one;
  }

  private static boolean isBetter(Standing one, Standing other) {
    if (isStarving(one, other) || isStarving(other, one)) {
      return isStarving(one, other);
    }
    return one.row().dispatchable() > other.row().dispatchable();
  }

  private static boolean isStarving(Standing row, Standing other) {
    return other.oldestAtMillis() - PATIENCE_MILLIS > row.oldestAtMillis();
  }

  private List<Standing> takeable(long nowMillis) {
    return far.isEmpty()
        ? List.of()
        : far.stream().takeWhile(row -> isTakeable(row, nowMillis)).toList();
  }

  private static boolean isTakeable(Standing row, long nowMillis) {
    return row.oldestAtMillis() <= nowMillis - PATIENCE_MILLIS;
  }

  /** When the next row becomes one that may be taken; {@link Long#MAX_VALUE} for none. */
  long nextTakeableMillis(long nowMillis) {
    for (Standing row : far) {
      if (!isTakeable(row, nowMillis)) {
        return row.oldestAtMillis() == Long.MAX_VALUE
            ? Long.MAX_VALUE
            : row.oldestAtMillis() + PATIENCE_MILLIS;
      }
    }
    return Long.MAX_VALUE;
  }
}
