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

  /** Store what must be stored, then stop; the queue moves or goes down. */
  public record Stop() implements Command {}

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
      @Nullable String stopReason)
      implements Control {}

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
