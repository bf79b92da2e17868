package io.tidewheel.queue;

/** What a queue answers to an {@link Queue.Append}. */
public sealed interface AppendReply {
  /** The number of the append this answers. */
  long number();

  /**
   * Decided and, as far as anything was to be stored, stored and flushed.
   *
   * @param queue the queue that answers
   */
  record Decided(long number, int queue, AppendResults results) implements AppendReply {}

  /** Stored by an earlier append of this number, so long ago that its offsets are not kept. */
  record StoredBefore(long number) implements AppendReply {}

  /** Nothing was stored; the number is still free. */
  record NotStored(long number, PublishResult.Reason reason, String detail)
      implements AppendReply {}

  /** The refusal of an append for a reason that the queue itself knows. */
  static NotStored refusal(long number, PublishResult.Reason reason) {
    String detail =
        switch (reason) {
          case TOPIC_GONE -> "the topic was deleted";
          case OVER_LIMIT -> "too much is waiting to be stored in this queue";
          case DISK_FULL -> "the disk of this node is full; nothing was stored";
          case EXPIRED -> "the time limit was over before the message could be stored";
          default -> "the queue may not store right now";
        };
    return new NotStored(number, reason, detail);
  }

  /** Not known; send the same number again. */
  record Unknown(long number, String detail) implements AppendReply {}
}
