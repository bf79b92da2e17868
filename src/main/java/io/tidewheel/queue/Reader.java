package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import io.tidewheel.message.Control;
import org.jspecify.annotations.Nullable;

/**
 * What a queue knows of an actor that reads it: a subscription. The queue makes one child per open
 * subscription, passes it what is appended and routes to it what others send by the subscription's
 * uid.
 */
public final class Reader {
  /** What a reader takes; the reader's own protocol extends it. */
  public interface Command {
    /** The queue has no such reader, or is gone: answer whoever asked, on this thread. */
    default void onNoReader() {}

    /** Too much waits for the queue to recover: tell whoever asked to come back. */
    default void onNotNow() {}
  }

  /**
   * A batch was stored. Passed by reference; the reader takes it only if its first offset is the
   * reader's cursor, and otherwise reads the log up to the batch's end.
   */
  public record Appended(MessageBatch batch) implements Command {}

  /**
   * The log reaches up to here, known without the batches themselves: after a restart of the
   * queue's core, whose recovered batches no reader was given.
   */
  public record Extended(long nextOffset) implements Command {}

  /**
   * The subscription is closed: hand over what the outbox still holds, then answer {@link Gone} and
   * stop.
   */
  public record Close(ActorRef<Gone> replyTo) implements Command {}

  public record Gone(long subscriptionUid) {}

  /**
   * Store what must be stored, then stop; the queue moves or goes down.
   *
   * @param isAsleep whether the queue only falls asleep: whatever comes next wakes it here
   */
  public record Stop(boolean isAsleep) implements Command {
    /** A stop for good, as far as this node is concerned. */
    public Stop() {
      this(false);
    }
  }

  /** How far the reader is. */
  public record Describe(ActorRef<Status> replyTo) implements Command, Control {}

  /**
   * Figures of a reader at one moment.
   *
   * @param floor every offset below it is settled
   * @param backlog messages neither settled nor leased
   * @param waiting of these, the ones that wait for a retry time or their key
   * @param leased messages that workers hold
   * @param dispatchable what could be delivered now, as far as the window knows
   * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
   * @param deadPending dead letters that are on their way to the dead-letter topic
   * @param filteredCount settled because their headers are not what the subscription asks for
   * @param skippedCount settled because they are meant for others, or not in the log any more
   * @param parked dead letters that hold their key; counted as waiting
   * @param stopReason why nothing more is read or dispatched, in one or two words; null if it flows
   */
  public record Status(
      long subscriptionUid,
      int queue,
      long generation,
      long startOffset,
      long floor,
      long backlog,
      long waiting,
      long leased,
      long dispatchable,
      long oldestAtMillis,
      long ackedCount,
      long deadCount,
      long deadPending,
      long filteredCount,
      long skippedCount,
      long parked,
      @Nullable String stopReason,
      Reconciliation reconciliation)
      implements Control {
    /** The stop reason of a reader that does not know its own state yet: its counts say nothing. */
    public static final String RECOVERING = "recovering";

    public boolean isRecovering() {
      return RECOVERING.equals(stopReason);
    }
  }

  /**
   * Where the messages since the start of a generation are. Each is counted in one place, and each
   * count is kept by another part of the reader, so a message that is lost or doubled shows.
   *
   * @param total messages of the log since the generation's start
   * @param filtered passed over because of the subscription's filter
   * @param skipped passed over because they are for another subscription, trimmed, or too far
   *     behind
   * @param waiting for a retry time, their key, their redrive, or the dead-letter topic
   * @param dispatchable read, and free to be given out
   * @param unread not read yet, or being read again
   * @param leased with workers, or being stored
   * @param difference what is missing from the sum, or too much; 0 when whole
   */
  public record Reconciliation(
      long total,
      long acked,
      long dead,
      long filtered,
      long skipped,
      long waiting,
      long dispatchable,
      long unread,
      long leased,
      long difference) {
    /** Of a reader that does not know its state yet. */
    public static final Reconciliation UNKNOWN = of(0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** The counts with their difference. */
    public static Reconciliation of(
        long total,
        long acked,
        long dead,
        long filtered,
        long skipped,
        long waiting,
        long dispatchable,
        long unread,
        long leased) {
      long settled = acked + dead + filtered + skipped;
      long sum = settled + waiting + dispatchable + unread + leased;
      return new Reconciliation(
          total,
          acked,
          dead,
          filtered,
          skipped,
          waiting,
          dispatchable,
          unread,
          leased,
          total - sum);
    }
  }

  /**
   * What a reader is given when it is made.
   *
   * @param startOffset where the subscription was opened
   * @param nextOffset how far the log reaches now
   * @param log reads stored batches of this queue back
   * @param queueRef the queue itself
   */
  public record Context(
      long topicUid,
      int queue,
      long subscriptionUid,
      long startOffset,
      long nextOffset,
      MessageLog log,
      ActorRef<Queue.Command> queueRef) {}

  /** Makes the actor for an open subscription. */
  @FunctionalInterface
  public interface Factory {
    Behavior<Command> create(Context context);
  }

  private Reader() {}
}
