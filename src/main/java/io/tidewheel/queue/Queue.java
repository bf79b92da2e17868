package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.Topic.StartPosition;
import io.tidewheel.message.Control;
import io.tidewheel.message.Message;
import java.util.List;

/** Protocol only for now. */
public final class Queue {
  /** What a queue takes. */
  public sealed interface Command {}

  /**
   * Store messages, in order.
   *
   * @param number of this append for this sender and queue, from 1; a repeat has the same number
   *     and the same messages, and gets the result of the first time
   * @param timeLeftMillis after which it must not be stored any more; {@link Long#MAX_VALUE} for
   *     never
   */
  public record Append(
      SenderId sender,
      long number,
      List<Message> messages,
      long timeLeftMillis,
      ActorRef<AppendReply> replyTo)
      implements Command {}

  /** Store that a subscription reads this queue from now on; repeatable. */
  public record OpenSubscription(
      long subscriptionUid,
      StartPosition start,
      long startsAtMillis,
      ActorRef<SubscriptionReply> replyTo)
      implements Command, Control {}

  /** Store that a subscription does not read this queue any more; repeatable. */
  public record CloseSubscription(long subscriptionUid, ActorRef<SubscriptionReply> replyTo)
      implements Command, Control {}

  /** Store that the queue is deleted, for ever, and sweep its rows; repeatable. */
  public record Delete(ActorRef<SubscriptionReply> replyTo) implements Command, Control {}

  /** What came of opening, closing or deleting. */
  public sealed interface SubscriptionReply extends Control {}

  /**
   * Stored.
   *
   * @param startOffset of an opened subscription, else 0
   */
  public record StoredInLog(long startOffset) implements SubscriptionReply {}

  /** Not now; a repeat finds out. */
  public record NotNow(String detail) implements SubscriptionReply {}

  /**
   * For the reader of this subscription. A queue that has none calls {@link
   * Reader.Command#onNoReader()}.
   */
  public record ToReader(long subscriptionUid, Reader.Command command) implements Command {}

  /** Be awake: recover, and let the readers announce what they have. */
  public record Wake() implements Command, Control {}

  public record Describe(ActorRef<Inspector.QueueStatus> replyTo) implements Command, Control {}

  /** Finish what is being stored, then stop; sent by sharding. */
  public record Stop() implements Command, Control {}

  private Queue() {}
}
