package io.tidewheel.queue;

import io.tidewheel.message.Message;
import java.util.List;

/**
 * Consecutive messages of a queue as they were stored: one row of its log.
 *
 * @param seqNr the row's sequence number; 0 if it is not known
 * @param firstOffset offset of the first message; the others follow without a gap
 * @param atMillis when the batch was stored, never before an earlier batch of the queue
 */
public record MessageBatch(long seqNr, long firstOffset, long atMillis, List<Message> messages) {
  /** The offset after the last message. */
  public long endOffset() {
    return firstOffset + messages.size();
  }

  public Message message(long offset) {
    return messages.get((int) (offset - firstOffset));
  }
}
