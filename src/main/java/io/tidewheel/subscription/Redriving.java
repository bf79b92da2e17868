package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import io.tidewheel.message.Control;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a redrive asks of two subscriptions: of the built-in one that pins a dead-letter topic, what
 * is left and to be rid of what was redriven; of the one whose messages died, to try one anew in
 * its place. Every command may be repeated.
 */
public final class Redriving {
  /** Offsets in one answer to {@link FindOpen}. */
  public static final int MAX_FOUND = 1_000;

  private static final WorkerName WORKER = WorkerName.of("redrive", "");

  private Redriving() {}

  /** What a subscription takes for a redrive. */
  public sealed interface Command extends Subscription.Command, Control {}

  /**
   * Say which messages are not settled.
   *
   * @param from the first offset to look at
   * @param end exclusive; what is behind the end of the log is left out
   */
  public record FindOpen(long from, long end, ActorRef<OpenReply> replyTo) implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(new NotFound(true));
    }

    @Override
    public void onNotNow() {
      replyTo.tell(new NotFound(false));
    }
  }

  /** What came of {@link FindOpen}. */
  public sealed interface OpenReply extends Control {}

  /**
   * What is not settled.
   *
   * @param from as asked
   * @param generation of the subscription: a seek may have opened again what was settled
   * @param offsets in order, without those a worker holds now
   * @param held those a worker holds; together at most {@link #MAX_FOUND}
   * @param next where to go on looking; {@code end} or more when there is no more
   * @param openCount how many there are from {@code from} on to {@code end}
   * @param end of what was looked at: the one asked for, or the end of the log
   */
  public record Found(
      long from,
      long generation,
      List<Long> offsets,
      List<Long> held,
      long next,
      long openCount,
      long end)
      implements OpenReply {}

  /**
   * It can't be said.
   *
   * @param isGone whether there is no such subscription; else a repeat may succeed
   */
  public record NotFound(boolean isGone) implements OpenReply {}

  /**
   * Settle messages for good, also those a worker holds; answered when it is stored.
   *
   * @param offsets at least one
   */
  public record Discharge(List<Long> offsets, ActorRef<Discharged> replyTo) implements Command {
    @Override
    public void onNoReader() {
      // There is nobody any more for whom they would be open.
      replyTo.tell(new Discharged(offsets.get(0), true));
    }

    @Override
    public void onNotNow() {
      replyTo.tell(new Discharged(offsets.get(0), false));
    }
  }

  /**
   * What came of {@link Discharge}.
   *
   * @param first of the offsets it was about
   * @param isStored whether all are settled, and that is stored; else a repeat may succeed
   */
  public record Discharged(long first, boolean isStored) implements Control {}

  /**
   * Try a dead letter anew in its place, if it holds its key; answered when that is stored.
   *
   * @param letter comes back in the answer: offsets of several queues may be the same
   */
  public record Reopen(long offset, long letter, ActorRef<Reopened> replyTo) implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(new Reopened(letter, Outcome.GONE));
    }

    @Override
    public void onNotNow() {
      replyTo.tell(new Reopened(letter, Outcome.NOT_NOW));
    }
  }

  public record Reopened(long letter, Outcome outcome) implements Control {}

  /** What came of {@link Reopen}. */
  public enum Outcome {
    /** It held its key and is tried anew, in its old place. */
    REOPENED,
    /** It is not settled and will be given out anyway. */
    STILL_OPEN,
    /** It is settled for good: only a copy can be given out. */
    SETTLED,
    /** Nothing was stored, and a repeat may succeed; also as long as it is on its way to die. */
    NOT_NOW,
    /** There is no such subscription. */
    GONE
  }

  /** {@code known} is null if nothing can be said or changed now. */
  static void onCommand(Command command, @Nullable Deliveries known) {
    if (known == null || !known.isKnown()) {
      command.onNotNow();
    } else if (command instanceof FindOpen find) {
      find.replyTo.tell(find(find, known));
    } else if (command instanceof Discharge discharge) {
      discharge(discharge, known);
    } else {
      reopen((Reopen) command, known);
    }
  }

  private static Found find(FindOpen find, Deliveries known) {
    SubscriptionState state = known.state();
    long end = Math.min(find.end, known.nextOffset());
    List<Long> offsets = new ArrayList<>();
    List<Long> held = new ArrayList<>();
    long next = state.nextOpen(Math.max(find.from, state.floor()));
    while (next < end && offsets.size() + held.size() < MAX_FOUND) {
      Slot slot = known.window().find(next);
      if (slot != null && slot.isOut()) {
        held.add(next);
      } else {
        offsets.add(next);
      }
      next = state.nextOpen(next + 1);
    }
    long openCount = find.from < end ? state.openCount(Math.max(0, find.from), end) : 0;
    return new Found(find.from, state.generation(), offsets, held, next, openCount, end);
  }

  private static void discharge(Discharge discharge, Deliveries known) {
    boolean isToStore = false;
    for (long offset : discharge.offsets) {
      if (!known.state().isSettled(offset)) {
        if (!known.discharge(WORKER, offset)) {
          discharge.onNotNow();
          return;
        }
        isToStore = true;
      }
    }
    if (isToStore) {
      known.await(
          () -> discharge.replyTo.tell(new Discharged(discharge.offsets.get(0), true)),
          () -> discharge.replyTo.tell(new Discharged(discharge.offsets.get(0), false)));
    } else {
      discharge.replyTo.tell(new Discharged(discharge.offsets.get(0), true));
    }
  }

  private static void reopen(Reopen reopen, Deliveries known) {
    long offset = reopen.offset;
    SubscriptionState state = known.state();
    if (known.reopen(offset)) {
      known.await(
          () -> reopen.replyTo.tell(new Reopened(reopen.letter, Outcome.REOPENED)),
          reopen::onNotNow);
    } else if (offset < 0 || offset >= known.nextOffset() || state.isSettled(offset)) {
      reopen.replyTo.tell(new Reopened(reopen.letter, Outcome.SETTLED));
    } else if (state.isOver(offset)) {
      // Dying: it may come to hold its key, and would then wait for ever. Parked: no room now.
      reopen.onNotNow();
    } else {
      reopen.replyTo.tell(new Reopened(reopen.letter, Outcome.STILL_OPEN));
    }
  }
}
