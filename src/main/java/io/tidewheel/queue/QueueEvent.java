package io.tidewheel.queue;

import io.tidewheel.journal.LogEvent;
import io.tidewheel.message.Message;
import java.util.List;

/** What a queue stores. Each event knows which change of {@link QueueState} it is. */
public sealed interface QueueEvent extends LogEvent {
  /** Stored size of an event without messages, about. */
  int SMALL_WEIGHT = 48;

  /** Makes the change. */
  void applyTo(QueueState state);

  /**
   * One batch: the messages of all appends that waited for the same write, in order.
   *
   * @param firstOffset of the first message; the others follow without a gap
   * @param atMillis wall-clock milliseconds, never before an earlier batch
   * @param priorChecksum sum of the checksums of all messages before {@code firstOffset}, so that
   *     counting can begin at any batch
   * @param appends whose messages these are, and what became of each of them
   */
  record MessagesAppended(
      long firstOffset,
      long atMillis,
      long priorChecksum,
      List<DecidedAppend> appends,
      List<Message> messages)
      implements QueueEvent {
    @Override
    public void applyTo(QueueState state) {
      state.onMessagesAppended(this);
    }

    @Override
    public int weight() {
      int weight = SMALL_WEIGHT + appends.size() * SMALL_WEIGHT;
      for (Message message : messages) {
        weight += message.weight();
      }
      return weight;
    }
  }

  /** A numbered append and its result, kept to answer its repeat. */
  record DecidedAppend(SenderId sender, long number, AppendResults results) {}

  /** From now on the subscription gets every message from {@code startOffset} on. */
  record SubscriptionOpened(long subscriptionUid, long startOffset) implements QueueEvent {
    @Override
    public void applyTo(QueueState state) {
      state.onSubscriptionOpened(this);
    }

    @Override
    public int weight() {
      return SMALL_WEIGHT;
    }
  }

  /** The subscription does not read any more, and pins nothing. */
  record SubscriptionClosed(long subscriptionUid) implements QueueEvent {
    @Override
    public void applyTo(QueueState state) {
      state.onSubscriptionClosed(this);
    }

    @Override
    public int weight() {
      return SMALL_WEIGHT;
    }
  }

  /**
   * The log begins later from now on: nobody needs what is before. Stored before a row is deleted,
   * so that a deletion which a crash cuts short is finished.
   *
   * @param startOffset the oldest offset that is kept
   * @param rowsUpTo rows up to this number hold nothing that is kept
   * @param startBytes payload bytes of all messages before {@code startOffset}
   */
  record Trimmed(long startOffset, long rowsUpTo, long startBytes) implements QueueEvent {
    @Override
    public void applyTo(QueueState state) {
      state.onTrimmed(this);
    }

    @Override
    public int weight() {
      return SMALL_WEIGHT;
    }
  }

  /**
   * The end of the queue. It stays in the log when everything before it is swept, so that a message
   * which comes late never wakes a queue that nobody will read.
   */
  record QueueDeleted() implements QueueEvent {
    @Override
    public void applyTo(QueueState state) {
      state.onQueueDeleted();
    }

    @Override
    public int weight() {
      return SMALL_WEIGHT;
    }
  }
}
