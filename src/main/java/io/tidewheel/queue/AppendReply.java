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

  /** Not known; send the same number again. */
  record Unknown(long number, String detail) implements AppendReply {}
}
