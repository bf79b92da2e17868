package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.message.Control;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.queue.Reader;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The front of one subscription on one queue: gives messages out, keeps their leases, and has what
 * becomes of them stored by its core. It never waits; while a write is in flight the next collects.
 *
 * <ol>
 *   <li>An ack is confirmed only after it is stored, and a confirmed one is never given out again.
 *   <li>Of the messages of a key only the first unsettled one is given out, with a run of those
 *       behind it to the same worker.
 *   <li>Without the fence nothing is given out and nothing is confirmed.
 *   <li>What is waiting, leased or being stored is bounded; at a bound it refuses or stops reading,
 *       and says why in {@link Reader.Status#stopReason()}.
 * </ol>
 *
 * <p>Leases and the window are in memory: after a crash leased messages are ready again. An orderly
 * stop stores the leases, and the next owner honours them.
 */
public final class Subscription {
  private Subscription() {}

  /** What a subscription takes beside what every {@link Reader} takes. */
  public sealed interface Command extends Reader.Command
      permits Pull,
          Settle,
          Seek,
          Replay,
          Redriving.Command,
          Looks.Look,
          Seeking.Found,
          Replays.Event,
          SubscriptionFront.CoreSignal,
          SubscriptionFront.Reload,
          Holders.Ended,
          SubscriptionFront.StopDeadline,
          Alarm.Tick,
          LogReading.Read,
          Outbox.Event {}

  /**
   * Give out what can be dispatched now; answered at once, with an empty list if there is nothing.
   *
   * @param max deliveries
   * @param maxBytes payload bytes; one larger message is still given, alone
   * @param leaseMillis how long they are held; 0 for the subscription's own
   * @param worker name for the pull log; empty if it has none
   * @param version of the worker's code; empty if it has none
   * @param watch ends the leases at once when it terminates; null for leases that only end by time,
   *     as those of HTTP pulls do
   * @param call a number of the worker's, not negative; the answer carries it
   */
  public record Pull(
      int max,
      int maxBytes,
      long leaseMillis,
      String worker,
      String version,
      @Nullable ActorRef<?> watch,
      int call,
      ActorRef<Pulled> replyTo)
      implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(Pulled.nothing(call));
    }

    @Override
    public void onNotNow() {
      onNoReader();
    }
  }

  /**
   * What was given out.
   *
   * @param call of the pull that this answers
   * @param dispatchableLeft what could still be dispatched, so that the worker knows whether to
   *     come back
   */
  public record Pulled(int call, List<Delivery> deliveries, long dispatchableLeft) {
    static Pulled nothing(int call) {
      return new Pulled(call, List.of(), 0);
    }
  }

  /** Settle, give back or extend deliveries; answered when it is stored. */
  public record Settle(SettleAction action, List<Receipt> receipts, ActorRef<Settled> replyTo)
      implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(new Settled(receipts.stream().map(receipt -> SettleStatus.INVALID).toList()));
    }

    @Override
    public void onNotNow() {
      replyTo.tell(new Settled(receipts.stream().map(receipt -> SettleStatus.RETRY).toList()));
    }
  }

  /** One status per receipt, in order. */
  public record Settled(List<SettleStatus> statuses) {}

  /** Where a subscription goes on reading. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Position.Earliest.class, name = "earliest"),
    @JsonSubTypes.Type(value = Position.Latest.class, name = "latest"),
    @JsonSubTypes.Type(value = Position.Time.class, name = "time"),
    @JsonSubTypes.Type(value = Position.Offset.class, name = "offset")
  })
  public sealed interface Position {
    /** At the oldest message that is kept. */
    record Earliest() implements Position {}

    /** Behind the newest message. */
    record Latest() implements Position {}

    /** At the first message stored at or after a time, in wall-clock milliseconds. */
    record Time(long millis) implements Position {}

    /** At an offset; the nearest one there is. */
    record Offset(long offset) implements Position {}
  }

  /**
   * Go on somewhere else: a new generation begins, in which every message from there on is open and
   * every one before counts as settled. Receipts given before are worthless then. What is on its
   * way to the dead-letter topic stays so. Not repeatable without effect: each starts a generation.
   */
  public record Seek(Position position, ActorRef<SeekReply> replyTo) implements Command, Control {
    @Override
    public void onNoReader() {
      replyTo.tell(new NotSought(-1, "the subscription does not read this queue"));
    }

    @Override
    public void onNotNow() {
      replyTo.tell(new NotSought(-1, "the queue is recovering; ask again"));
    }
  }

  /** What came of a seek. */
  public sealed interface SeekReply extends Control {}

  /**
   * Stored: where the generation begins, within what the log has.
   *
   * @param offset of the first message that will be given out
   */
  public record Sought(int queue, long generation, long offset) implements SeekReply {}

  /** Not changed, unless the detail says that this is not known. */
  public record NotSought(int queue, String detail) implements SeekReply {}

  /** Give out one settled message, or dead letter that holds its key, once more. */
  public record Replay(long offset, ActorRef<Replayed> replyTo) implements Command, Control {
    @Override
    public void onNoReader() {
      replyTo.tell(new Replayed(offset, ReplayOutcome.NOT_FOUND));
    }

    @Override
    public void onNotNow() {
      replyTo.tell(new Replayed(offset, ReplayOutcome.NOT_NOW));
    }
  }

  /**
   * What came of a replay.
   *
   * @param copyOffset where the copy stands in the same queue; -1 if there is none or that is not
   *     known
   */
  public record Replayed(long offset, ReplayOutcome outcome, long copyOffset) implements Control {
    /** Without a copy. */
    public Replayed(long offset, ReplayOutcome outcome) {
      this(offset, outcome, -1);
    }
  }

  /** What came of a {@link Replay}. */
  public enum ReplayOutcome {
    /** It held its key and is tried anew, in its old place. */
    REOPENED,
    /** A copy for this subscription only is stored behind the newest message. */
    STORED_AGAIN,
    /** It is not settled and will be given out anyway. */
    STILL_OPEN,
    /** The log does not have it (any more). */
    NOT_FOUND,
    /** Nothing was stored; a repeat may succeed. */
    NOT_NOW,
    /** A copy may have been stored. */
    UNKNOWN
  }

  /**
   * Where a subscription says what it could dispatch: the board of its node. Called on the
   * subscription's thread; must not block.
   */
  @FunctionalInterface
  public interface Board {
    void report(Row row);

    /** A number for a new owner of a row, above all that this node has heard of. */
    default long claim() {
      return 1;
    }

    /** Whether a row's subscription lives where it says. */
    enum Presence {
      AWAKE,
      /** Its queue sleeps: it has nothing to give out, and may wake up on another node. */
      ASLEEP,
      /** It does not live there any more. */
      GONE
    }

    /**
     * A subscription on one queue at one moment. Times, not ages.
     *
     * @param claim of its owner: of two rows the one with the higher number is right
     * @param dispatchable what could be delivered now, as far as the window knows
     * @param backlog messages neither settled nor leased
     * @param leased messages that are with workers or being settled
     * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
     * @param tally what is for people, and moves no message
     */
    record Row(
        long topicUid,
        long subscriptionUid,
        int queue,
        long claim,
        long dispatchable,
        long backlog,
        long leased,
        long oldestAtMillis,
        Presence presence,
        Tally tally) {
      /** A row without a tally. */
      public Row(
          long topicUid,
          long subscriptionUid,
          int queue,
          long claim,
          long dispatchable,
          long backlog,
          long leased,
          long oldestAtMillis,
          Presence presence) {
        this(
            topicUid,
            subscriptionUid,
            queue,
            claim,
            dispatchable,
            backlog,
            leased,
            oldestAtMillis,
            presence,
            Tally.NONE);
      }

      public boolean isGone() {
        return presence == Presence.GONE;
      }

      public boolean isAsleep() {
        return presence == Presence.ASLEEP;
      }

      /** The same place with nothing to give out. */
      public Row empty(Presence now) {
        return new Row(topicUid, subscriptionUid, queue, claim, 0, 0, 0, 0, now, tally.atRest());
      }
    }
  }

  /**
   * What subscriptions work with. Everything here is safe for any thread.
   *
   * @param random for jitter and for telling incarnations apart
   * @param nanoTime a monotonic clock, in nanoseconds
   * @param windows memory for messages that are read and not settled
   * @param rates what limited subscriptions may give out
   */
  public record Dependencies(
      CatalogClient catalog,
      QueueRouter router,
      Board board,
      FencedLog.Ownership ownership,
      InstantSource clock,
      LongSupplier nanoTime,
      RandomGenerator random,
      WindowBudget windows,
      DequeueRates rates,
      WaitingPulls waiting) {}

  /** Makes subscriptions for queues. */
  public static Reader.Factory factory(Dependencies deps) {
    return reader -> SubscriptionFront.create(reader, deps);
  }
}
