package io.tidewheel.subscription;

import akka.actor.typed.javadsl.ActorContext;
import io.tidewheel.message.Message;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.Reader;
import io.tidewheel.queue.SenderId;
import io.tidewheel.subscription.Subscription.Replay;
import io.tidewheel.subscription.Subscription.ReplayOutcome;
import io.tidewheel.subscription.Subscription.Replayed;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Gives single messages to the subscription once more. A dead letter that holds its key is tried
 * anew where it stands; a settled message is stored again in its queue, for this subscription only.
 * The copy has no id, so that it is no repeat; headers say what it is a copy of.
 */
final class Replays {
  static final String OFFSET = "tidewheel-replay-offset";
  static final String ID = "tidewheel-replay-id";

  private static final int MAX_OPEN = 1_000;
  private static final long TIME_LEFT_MILLIS = 10_000;
  private static final Duration ANSWER_TIMEOUT = Duration.ofMillis(TIME_LEFT_MILLIS);

  private final ActorContext<Reader.Command> context;
  private final Reader.Context reader;
  private final SenderId sender;
  private final Map<Long, Replay> open = new HashMap<>();
  private long lastNumber;

  /** What comes back; goes to {@link #onEvent}. */
  sealed interface Event extends Subscription.Command {}

  /** The message as it is stored; null if the log does not have it or could not be read. */
  record Found(Replay replay, @Nullable Message message, @Nullable Throwable failure)
      implements Event {}

  /** What the queue said to an append; {@code reply} is null if it said nothing in time. */
  record Stored(long number, @Nullable AppendReply reply) implements Event {}

  Replays(ActorContext<Reader.Command> context, Reader.Context reader, RandomGenerator random) {
    this.context = context;
    this.reader = reader;
    this.sender = new SenderId(random.nextLong(), random.nextLong());
  }

  /** {@code known} is null if nothing can be changed now. */
  void onReplay(Replay replay, @Nullable Deliveries known) {
    long offset = replay.offset();
    if (known == null || !known.isKnown()) {
      answer(replay, ReplayOutcome.NOT_NOW);
      return;
    }
    SubscriptionState state = known.state();
    if (state.isParked(offset)) {
      if (known.reopen(offset)) {
        known.await(
            () -> answer(replay, ReplayOutcome.REOPENED),
            () -> answer(replay, ReplayOutcome.NOT_NOW));
      } else {
        answer(replay, ReplayOutcome.NOT_NOW);
      }
    } else if (offset < 0 || offset >= known.nextOffset()) {
      answer(replay, ReplayOutcome.NOT_FOUND);
    } else if (!state.isSettled(offset)) {
      answer(replay, ReplayOutcome.STILL_OPEN);
    } else if (open.size() >= MAX_OPEN) {
      answer(replay, ReplayOutcome.NOT_NOW);
    } else {
      context.pipeToSelf(
          reader.log().read(offset, offset + 1, 1),
          (batches, failure) ->
              new Found(replay, failure == null ? message(batches, offset) : null, failure));
    }
  }

  void onEvent(Event event) {
    if (event instanceof Found found) {
      onFound(found);
    } else if (event instanceof Stored stored) {
      Replay replay = open.remove(stored.number);
      if (replay != null) {
        replay.replyTo().tell(replayed(replay.offset(), stored.reply));
      }
    }
  }

  private void onFound(Found found) {
    Message message = found.message;
    if (message == null) {
      answer(found.replay, found.failure == null ? ReplayOutcome.NOT_FOUND : ReplayOutcome.NOT_NOW);
      return;
    }
    lastNumber++;
    open.put(lastNumber, found.replay);
    long number = lastNumber;
    Message copy = copy(message, found.replay.offset());
    // Asked, because the adapter of an actor for this kind of reply is the outbox's: their numbers
    // are the same, and a dead letter must not be taken for stored because a copy is.
    context.ask(
        AppendReply.class,
        reader.queueRef(),
        ANSWER_TIMEOUT,
        replyTo ->
            new Queue.Append(sender, number, List.of(copy), TIME_LEFT_MILLIS, false, replyTo),
        (reply, failure) -> new Stored(number, reply));
  }

  private Message copy(Message message, long offset) {
    Map<String, String> headers = new LinkedHashMap<>(message.headers());
    headers.put(OFFSET, Long.toString(offset));
    String id = DeadMessage.ownId(message);
    if (id != null) {
      headers.put(ID, id);
    }
    return Message.of(
        null,
        message.key(),
        headers,
        message.contentType(),
        message.payload(),
        reader.subscriptionUid(),
        Message.NEVER);
  }

  /** Whoever waits finds out later that it may have happened. */
  void refuseOpen() {
    open.values().forEach(replay -> answer(replay, ReplayOutcome.UNKNOWN));
    open.clear();
  }

  boolean isIdle() {
    return open.isEmpty();
  }

  private static @Nullable Message message(List<MessageBatch> batches, long offset) {
    for (MessageBatch batch : batches) {
      if (batch.firstOffset() <= offset && offset < batch.endOffset()) {
        return batch.message(offset);
      }
    }
    return null;
  }

  private static Replayed replayed(long offset, @Nullable AppendReply reply) {
    if (reply instanceof AppendReply.Decided decided) {
      return decided.results().result(decided.queue(), 0) instanceof PublishResult.Stored stored
          ? new Replayed(offset, ReplayOutcome.STORED_AGAIN, stored.offset())
          : new Replayed(offset, ReplayOutcome.NOT_NOW);
    }
    return new Replayed(
        offset,
        reply instanceof AppendReply.NotStored ? ReplayOutcome.NOT_NOW : ReplayOutcome.UNKNOWN);
  }

  static void answer(Replay replay, ReplayOutcome outcome) {
    replay.replyTo().tell(new Replayed(replay.offset(), outcome));
  }
}
