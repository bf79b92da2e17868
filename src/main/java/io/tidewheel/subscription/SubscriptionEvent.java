package io.tidewheel.subscription;

import io.tidewheel.journal.LogEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a subscription stores. Each event applies itself to the state. */
sealed interface SubscriptionEvent extends LogEvent {
  void applyTo(SubscriptionState state);

  /** When it was decided, in wall-clock milliseconds. */
  long atMillis();

  /**
   * What became of messages: everything that collected while the write before it was in flight. The
   * acks with their workers and the time are the pull log.
   *
   * @param atMillis wall-clock milliseconds
   * @param acks by worker
   * @param skipped offsets that are none of this subscription's business
   * @param retried deliveries that ended without an ack and will be made again
   * @param dying messages that become dead letters: they go through the outbox, numbered one after
   *     the other from {@code firstNumber} in the order of this list
   * @param firstNumber outbox number of the first of {@code dying}
   * @param deadLettered outbox numbers whose messages the dead-letter topic has stored
   * @param filtered offsets whose headers are not what the subscription asks for
   * @param reopened parked offsets that are tried anew
   * @param buried parked offsets that stay dead letters and hold their key no longer
   */
  record Settled(
      long atMillis,
      List<Acks> acks,
      Offsets skipped,
      List<Retried> retried,
      List<Dying> dying,
      long firstNumber,
      List<Long> deadLettered,
      Offsets filtered,
      Offsets reopened,
      Offsets buried)
      implements SubscriptionEvent {
    /** Of a subscription that filters nothing and parks no keys. */
    Settled(
        long atMillis,
        List<Acks> acks,
        Offsets skipped,
        List<Retried> retried,
        List<Dying> dying,
        long firstNumber,
        List<Long> deadLettered) {
      this(
          atMillis,
          acks,
          skipped,
          retried,
          dying,
          firstNumber,
          deadLettered,
          Offsets.NONE,
          Offsets.NONE,
          Offsets.NONE);
    }

    @Override
    public void applyTo(SubscriptionState state) {
      retried.forEach(retry -> state.retry(atMillis, retry));
      long number = firstNumber;
      for (Dying message : dying) {
        state.die(atMillis, number, message);
        number++;
      }
      acks.forEach(group -> state.ack(group.offsets()));
      state.skip(skipped);
      state.filter(filtered);
      deadLettered.forEach(state::deadLettered);
      state.reopen(reopened);
      state.bury(buried);
    }

    /** Those who ack wait for nothing else than the answer. */
    @Override
    public boolean mayWait() {
      return true;
    }

    @Override
    public int weight() {
      int weight = 32 + 4 * deadLettered.size();
      weight += 4 * (skipped.rangeCount() + filtered.rangeCount());
      weight += 4 * (reopened.rangeCount() + buried.rangeCount());
      for (Acks group : acks) {
        weight += 16 + group.worker.name().length() + 4 * group.offsets.rangeCount();
      }
      for (Retried retry : retried) {
        weight += 24 + textWeight(retry.reason);
      }
      for (Dying message : dying) {
        weight += 24 + textWeight(message.reason);
      }
      return weight;
    }

    private static int textWeight(@Nullable String text) {
      return text == null ? 0 : text.length();
    }
  }

  /** What one worker acked. */
  record Acks(WorkerName worker, Offsets offsets) {}

  /**
   * A delivery that ended without an ack.
   *
   * @param attempts failed so far, with this one
   * @param deliveries ordinal of that delivery: receipts up to it are worthless
   * @param notBeforeMillis wall-clock milliseconds before which it is not delivered again
   */
  record Retried(
      long offset,
      int attempts,
      int deliveries,
      long notBeforeMillis,
      Cause cause,
      @Nullable String reason) {}

  /**
   * A message that becomes a dead letter.
   *
   * @param attempts failed so far, with the last one
   * @param deliveries ordinal of its last delivery
   * @param isParking whether it stays open as a dead letter, and its key waits for its redrive
   */
  record Dying(
      long offset,
      int attempts,
      int deliveries,
      Cause cause,
      @Nullable String reason,
      boolean isParking) {
    /** One that is settled as soon as the dead-letter topic has it. */
    Dying(long offset, int attempts, int deliveries, Cause cause, @Nullable String reason) {
      this(offset, attempts, deliveries, cause, reason, false);
    }
  }

  /**
   * The position was changed: a new generation begins.
   *
   * @param offset where it starts; everything before counts as settled, everything after does not
   */
  record Sought(long atMillis, long generation, long offset) implements SubscriptionEvent {
    @Override
    public void applyTo(SubscriptionState state) {
      state.seek(atMillis, generation, offset);
    }

    @Override
    public int weight() {
      return 32;
    }
  }

  /** An orderly stop: the next owner, and no later one, honours these leases. */
  record Closing(long atMillis, List<LeaseLeft> leases) implements SubscriptionEvent {
    @Override
    public void applyTo(SubscriptionState state) {
      state.close(leases);
    }

    @Override
    public int weight() {
      return 16 + 32 * leases.size();
    }
  }

  /**
   * An owner honours the leases of the one before: they are for it alone. After its crash they are
   * over, as those it gave itself are.
   */
  record LeasesTakenOver(long atMillis) implements SubscriptionEvent {
    @Override
    public void applyTo(SubscriptionState state) {
      state.close(List.of());
    }

    @Override
    public int weight() {
      return 16;
    }
  }

  /**
   * A lease that outlives its owner.
   *
   * <p>The next owner counts what is left from its own beginning, on a monotonic clock: the lease
   * lasts longer by what the hand-over takes, and no wall clock, right or wrong, shortens it.
   *
   * @param delivery ordinal of the delivery, and {@code incarnation} the actor that gave it
   * @param millisLeft from the closing on; 0 if it was over
   */
  record LeaseLeft(long offset, int delivery, int incarnation, long millisLeft, WorkerName worker) {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** When it ends, in nanoseconds since the next owner's actor began. */
    long endsAtNanos() {
      return Math.min(millisLeft * NANOS_PER_MILLI, Leases.MAX_AGE_NANOS);
    }

    /** Whether a worker still holds it. */
    boolean isLive(Now now) {
      return endsAtNanos() > now.nanos();
    }
  }
}
