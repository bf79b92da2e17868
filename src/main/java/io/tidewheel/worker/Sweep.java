package io.tidewheel.worker;

import io.tidewheel.backlog.Offer;
import io.tidewheel.backlog.Standing;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What an offer of the board told a worker to try, and how far it has got. Part of the worker's
 * actor.
 */
final class Sweep {
  /** Pulls that may follow one offer, before the board is asked whether others come first. */
  private static final int MAX_PULLS = 16;

  private final Deque<Standing> candidates = new ArrayDeque<>();

  /** Rows that had more than was taken. */
  private final Deque<Standing> again = new ArrayDeque<>();

  /** Queues that the board has no row of. */
  private final Deque<Integer> unknown = new ArrayDeque<>();

  private @Nullable Standing current;
  private boolean hasFoundUnknown;
  private boolean isAnyLeft;
  private int pulls;

  /** Takes an offer; what is left of an earlier one is in it, if it is still true. */
  void begin(Offer offer) {
    candidates.clear();
    again.clear();
    candidates.addAll(offer.rows());
    isAnyLeft = false;
    pulls = 0;
  }

  /**
   * The next row to pull from; null if there is none. Who has something from its own node leaves
   * other nodes to those who have nothing.
   */
  @Nullable Standing next(boolean hasNothing) {
    current = candidates.poll();
    if (current != null && !hasNothing && !current.isHere()) {
      current = null;
      candidates.clear();
      isAnyLeft = true;
    }
    pulls += current == null ? 0 : 1;
    return current;
  }

  /** A queue was pulled from, and has more. */
  void onMore(int queue) {
    if (current != null && current.queue() == queue) {
      again.add(current);
    } else {
      isAnyLeft = true;
    }
  }

  /** Goes on with the rows of the same offer; false if the board is to be asked first. */
  boolean goOn() {
    if (pulls >= MAX_PULLS || isAnyLeft) {
      return false;
    }
    if (again.stream().anyMatch(Standing::isHere)) {
      isAnyLeft = candidates.removeIf(row -> !row.isHere());
    }
    candidates.addAll(again);
    again.clear();
    return !candidates.isEmpty();
  }

  /** Whether every row was tried and had nothing more, so that there is only to wait. */
  boolean isDone() {
    return candidates.isEmpty() && again.isEmpty() && unknown.isEmpty() && !isAnyLeft;
  }

  /** Whether {@link #findUnknown} was called since {@link #forgetUnknown}. */
  boolean hasFoundUnknown() {
    return hasFoundUnknown;
  }

  /** Queues of the topic that the board has no row of. */
  Collection<Integer> findUnknown(Offer offer, int queues) {
    hasFoundUnknown = true;
    IntStream.range(0, queues).filter(queue -> !offer.awake().get(queue)).forEach(unknown::add);
    return unknown;
  }

  void forgetUnknown() {
    hasFoundUnknown = false;
  }

  @Nullable Integer nextUnknown() {
    return unknown.poll();
  }

  boolean isAnyUnknown() {
    return !unknown.isEmpty();
  }

  void dropUnknown() {
    unknown.clear();
  }
}
