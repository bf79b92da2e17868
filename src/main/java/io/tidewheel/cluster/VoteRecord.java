package io.tidewheel.cluster;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a broker has told others about their leases: to whom it said yes, and when. Not thread-safe.
 *
 * <p>Who was refused because it is no member any more is never told yes again: an incarnation that
 * has left does not come back.
 */
final class VoteRecord {
  /** Longer than any lease lasts: what is older need not be known. */
  private static final long KEPT_NANOS = 10 * QuorumLease.TERM.toNanos();

  /** When it was first asked. */
  private @Nullable Long startNanos;

  private final Map<NodeId, Long> lastYesNanos = new HashMap<>();
  private final Set<NodeId> resigned = new HashSet<>();

  /**
   * What a broker answers.
   *
   * @param isYes whether it sees the one that asks as a reachable member
   * @param silentMillis of the nodes that were asked about, those that it does not take for members
   *     either, with the time since it may last have said yes to them
   */
  record Vote(boolean isYes, Map<NodeId, Long> silentMillis) {}

  /** Decides, by what this node sees now. */
  Vote vote(NodeId asker, List<NodeId> gone, MemberView view, long nowNanos) {
    long start = startNanos == null ? nowNanos : startNanos;
    startNanos = start;
    lastYesNanos.values().removeIf(yes -> nowNanos - yes > KEPT_NANOS);
    boolean isYes = !resigned.contains(asker) && view.isReachable(asker);
    if (isYes) {
      lastYesNanos.put(asker, nowNanos);
    }
    Map<NodeId, Long> silent = new HashMap<>();
    for (NodeId node : gone) {
      if (!view.brokers().contains(node)) {
        silent.put(node, silentNanos(node, start, nowNanos) / 1_000_000);
      }
    }
    return new Vote(isYes, silent);
  }

  /**
   * Who has just become a voter does not know what its predecessor has said, nor how few voters
   * made a quorum before it came.
   */
  private long silentNanos(NodeId node, long start, long nowNanos) {
    if (resigned.contains(node)) {
      return KEPT_NANOS;
    }
    Long yes = lastYesNanos.get(node);
    return nowNanos - (yes == null ? start : yes);
  }

  /** A node says that it does nothing any more, whatever it was told. */
  void onResigned(NodeId node) {
    resigned.add(node);
    lastYesNanos.remove(node);
  }

  /** Forgets what is not asked any more. */
  void keepOnly(Set<NodeId> members, Set<NodeId> gone) {
    resigned.removeIf(node -> !members.contains(node) && !gone.contains(node));
  }
}
