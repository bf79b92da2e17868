package io.tidewheel.cluster;

import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Logs that have come to this node and are to be read: each waits until the node has looked at the
 * members once more.
 *
 * <p>A shard or a singleton moves when the node that decides so has seen its owner removed, and a
 * member is removed after every other one was told that it is down. But what Akka was told reaches
 * the {@link QuorumLease} by messages of its own, and a log that moves must not overtake them.
 *
 * <p>Safe for any thread.
 */
final class TakeOvers {
  private final AtomicLong count = new AtomicLong();
  private final Queue<Claim> waiting = new ConcurrentLinkedQueue<>();
  private volatile long lookedCount;
  private volatile Runnable onClaim = () -> {};

  private record Claim(long number, Runnable onReady) {}

  /** Calls this, on any thread, when somebody waits for a look. */
  void onClaim(Runnable listener) {
    onClaim = listener;
  }

  /**
   * Begins to wait.
   *
   * @param mayGoOn whether a node that knows all members may take over
   * @return whether there was a look since, and it may
   */
  BooleanSupplier add(Runnable onReady, BooleanSupplier mayGoOn) {
    long number = count.incrementAndGet();
    waiting.add(new Claim(number, onReady));
    onClaim.run();
    return () -> lookedCount >= number && mayGoOn.getAsBoolean();
  }

  /** How many have come so far; to be taken before a look begins. */
  long count() {
    return count.get();
  }

  /** Whether there was no look yet since somebody came. */
  boolean isLookWanted() {
    return count.get() > lookedCount;
  }

  /** All that was known to Akka when so many had come is taken note of. */
  void onLooked(long countBefore) {
    lookedCount = Math.max(lookedCount, countBefore);
  }

  /** They may go on, those at least for whom there was a look. */
  void release() {
    for (Iterator<Claim> claims = waiting.iterator(); claims.hasNext(); ) {
      Claim claim = claims.next();
      if (claim.number <= lookedCount) {
        claims.remove();
        claim.onReady.run();
      }
    }
  }
}
