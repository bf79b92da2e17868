package io.tidewheel.cluster;

import io.tidewheel.journal.Fence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The right of a node to write, answer and deliver: a quorum of brokers has said within {@link
 * #TERM} that it sees the node as a reachable member.
 *
 * <ol>
 *   <li>The time runs on this node's monotonic clock, from before the question was sent: whoever
 *       said yes knows that the right ends at most that long after its answer.
 *   <li>Needed are the larger of the configured quorum and the majority of the brokers that are
 *       members, so a part of the cluster that has forgotten the others has no right.
 *   <li>A node takes over from a broker that has left only when a quorum knows that it has left and
 *       that broker's right has ended by what each of them last told it.
 *   <li>A log that comes to this node waits for a look at the members that was begun after it came
 *       ({@link TakeOvers}).
 * </ol>
 *
 * <p>Reading ({@link Fence}, {@link #left}, {@link #wasHeld}, {@link #waitingFor}) is safe for any
 * thread. All else is for one thread, which asks: {@link #begin} every {@link #INTERVAL}, then
 * {@link #onVote} for each answer.
 */
final class QuorumLease implements Fence {
  /** How long a yes counts. Less than it takes to remove a node and let others take over. */
  static final Duration TERM = Duration.ofSeconds(4);

  /** Between two questions. */
  static final Duration INTERVAL = Duration.ofMillis(500);

  /** A node that has been without the right for so long is most likely removed. */
  static final Duration MAX_STALE = Duration.ofSeconds(8);

  private final LongSupplier nanoTime;
  private final int quorum;
  private final long joinNanos;
  private volatile long endNanos;
  private volatile Set<NodeId> waitingFor = Set.of();
  private volatile boolean isEnded;
  private volatile boolean wasHeld;
  private long lastTickNanos;
  private long staleNanos;
  private long roundCount;
  private final Map<Long, Round> rounds = new HashMap<>();
  private Set<NodeId> known = Set.of();
  private final Map<NodeId, Gone> gone = new HashMap<>();
  private final Set<NodeId> resigned = new HashSet<>();
  private final TakeOvers takeOvers = new TakeOvers();

  /** A question that is out. */
  private static final class Round {
    private final long sentNanos;
    private final int needed;
    private final Set<NodeId> yes = new HashSet<>();
    private final Map<NodeId, Map<NodeId, Long>> silence = new HashMap<>();

    private Round(long sentNanos, int needed) {
      this.sentNanos = sentNanos;
      this.needed = needed;
    }
  }

  /** A broker that was a member. {@code freeNanos} is when its right has surely ended, if known. */
  private record Gone(boolean isFreeKnown, long freeNanos) {}

  /**
   * What to ask all brokers.
   *
   * @param number of the round, for {@link #onVote}
   * @param needed how many answers count
   * @param gone brokers whose right may not have ended
   */
  record Question(long number, int needed, List<NodeId> gone) {}

  /**
   * No right yet.
   *
   * @param joinTimeout within which the first one must come, see {@link #isOverdue}
   */
  QuorumLease(int quorum, Duration joinTimeout, LongSupplier nanoTime) {
    this.quorum = quorum;
    this.nanoTime = nanoTime;
    this.joinNanos = joinTimeout.toNanos();
    long now = nanoTime.getAsLong();
    this.endNanos = now;
    this.lastTickNanos = now;
  }

  @Override
  public boolean isHeld() {
    return nanoTime.getAsLong() - endNanos < 0 && !isEnded;
  }

  @Override
  public boolean mayTakeOver() {
    return waitingFor.isEmpty() && isHeld();
  }

  @Override
  public BooleanSupplier claim(Runnable onReady) {
    return takeOvers.add(onReady, this::mayTakeOver);
  }

  /** Those who wait to take over. */
  TakeOvers takeOvers() {
    return takeOvers;
  }

  /** How long it still lasts; zero if it is not held. */
  Duration left() {
    long left = endNanos - nanoTime.getAsLong();
    return isEnded || left <= 0 ? Duration.ZERO : Duration.ofNanos(left);
  }

  /** Gives it up for ever: this node will write nothing more. */
  void end() {
    isEnded = true;
  }

  /** Begins a round. */
  Question begin(MemberView view) {
    long now = nanoTime.getAsLong();
    // A process that was paused has not had its chance to renew while it was.
    long since = Math.min(now - lastTickNanos, 2 * INTERVAL.toNanos());
    lastTickNanos = now;
    staleNanos = isHeld() ? 0 : staleNanos + since;
    observe(view);
    int needed = Math.max(quorum, view.brokers().size() / 2 + 1);
    long number = ++roundCount;
    rounds.put(number, new Round(now, needed));
    // A yes that comes later gives nothing any more.
    rounds.values().removeIf(round -> now - round.sentNanos >= TERM.toNanos());
    free(now);
    return new Question(number, needed, List.copyOf(gone.keySet()));
  }

  /** Takes note of who is a member now; as soon as that changes. */
  void observe(MemberView view) {
    for (NodeId node : known) {
      boolean isStill = view.brokers().contains(node) || node.equals(view.self());
      if (!isStill && !resigned.remove(node)) {
        gone.putIfAbsent(node, new Gone(false, 0));
      }
    }
    known = view.brokers();
    publishGone();
  }

  /** Takes an answer; one that is late counts from the time of its question all the same. */
  void onVote(long number, NodeId voter, VoteRecord.Vote vote) {
    Round round = rounds.get(number);
    if (round == null) {
      return;
    }
    if (vote.isYes() && round.yes.add(voter) && round.yes.size() == round.needed) {
      long end = round.sentNanos + TERM.toNanos();
      if (end - endNanos > 0) {
        endNanos = end;
      }
      if (isHeld()) {
        wasHeld = true;
        staleNanos = 0;
      }
    }
    if (round.silence.put(voter, vote.silentMillis()) == null
        && round.silence.size() >= round.needed) {
      hear(round);
    }
    release();
  }

  private void release() {
    if (mayTakeOver()) {
      takeOvers.release();
    }
  }

  /** Members are known as they were when so many claims had come. */
  void onLooked(MemberView view, long claimCount) {
    observe(view);
    takeOvers.onLooked(claimCount);
    release();
  }

  /** A quorum has answered what it knows of those who have left. */
  private void hear(Round round) {
    long now = nanoTime.getAsLong();
    for (Map.Entry<NodeId, Gone> entry : gone.entrySet()) {
      List<Long> silences = new ArrayList<>();
      for (Map<NodeId, Long> heard : round.silence.values()) {
        Long millis = heard.get(entry.getKey());
        if (millis != null) {
          silences.add(millis);
        }
      }
      if (silences.size() >= round.needed) {
        // Any quorum will do: one that has just started knows less than those who were there.
        silences.sort(Comparator.reverseOrder());
        long left = Math.max(0, TERM.toMillis() - silences.get(round.needed - 1)) * 1_000_000;
        Gone before = entry.getValue();
        boolean isSooner = !before.isFreeKnown || now + left - before.freeNanos < 0;
        entry.setValue(isSooner ? new Gone(true, now + left) : before);
      }
    }
    free(now);
  }

  private void free(long now) {
    if (gone.values().removeIf(node -> node.isFreeKnown && now - node.freeNanos >= 0)) {
      publishGone();
      release();
    }
  }

  /** A broker has said that it writes nothing any more. */
  void onResigned(NodeId node) {
    if (known.contains(node)) {
      resigned.add(node);
    }
    gone.remove(node);
    publishGone();
    release();
  }

  /** Other threads read a copy. */
  private void publishGone() {
    waitingFor = Set.copyOf(gone.keySet());
  }

  /**
   * Whether this node should end and come back: it has been without the right for too long, or has
   * not got it within the time for joining. Time in which the process stood still does not count.
   */
  boolean isOverdue() {
    return staleNanos >= (wasHeld ? MAX_STALE.toNanos() : joinNanos);
  }

  /** Whether it ever had the right. */
  boolean wasHeld() {
    return wasHeld;
  }

  /** Brokers that have left and may still believe that they have not. */
  Set<NodeId> waitingFor() {
    return waitingFor;
  }
}
