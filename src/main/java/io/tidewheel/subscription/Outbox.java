package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.journal.Fence;
import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Message;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.queue.Reader;
import io.tidewheel.queue.SenderId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Sends dead letters to their topic: one after the other by number, each until its queue has
 * decided. What is to be sent stands in the stored state, and the payload in the queue's log, so a
 * crash at any step repeats a number and neither loses nor doubles a message. Holds at most one
 * payload.
 */
final class Outbox {
  /** Marks the sender ids of outboxes; the queue is added to it. */
  private static final long SENDER_MARK = 0x6f7574_626f78_0000L;

  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final ActorContext<Reader.Command> context;
  private final TimerScheduler<Reader.Command> timers;
  private final Reader.Context reader;
  private final CatalogClient catalog;
  private final QueueRouter router;
  private final Fence fence;
  private final ActorRef<AppendReply> replies;
  private final SenderId sender;
  private Step step = Step.IDLE;
  private long number;
  private long doneNumber;
  private long topicUid;
  private Duration pause = FIRST_PAUSE;
  private @Nullable String trouble;

  private enum Step {
    IDLE,
    PREPARING,
    SENT,
    PAUSED
  }

  /** What comes back for the outbox; goes to {@link #onEvent}. */
  sealed interface Event extends Subscription.Command {}

  /** The message and its way are known, or are not to be had now. */
  record Prepared(long number, long topicUid, @Nullable Message message, @Nullable String trouble)
      implements Event {}

  /** The dead-letter topic's queue answered. */
  record Replied(AppendReply reply) implements Event {}

  /** It did not. */
  record Unanswered(long number) implements Event {}

  /** A pause is over. */
  record Resume() implements Event {}

  Outbox(
      ActorContext<Reader.Command> context,
      TimerScheduler<Reader.Command> timers,
      Reader.Context reader,
      CatalogClient catalog,
      QueueRouter router,
      Fence fence) {
    this.context = context;
    this.timers = timers;
    this.reader = reader;
    this.catalog = catalog;
    this.router = router;
    this.fence = fence;
    this.replies = context.messageAdapter(AppendReply.class, Replied::new);
    this.sender = new SenderId(KeyHash.mix(reader.subscriptionUid()), SENDER_MARK + reader.queue());
  }

  /** Why dead letters don't leave; null if they do. */
  @Nullable String trouble() {
    return trouble;
  }

  /** Takes up the next message if nothing is under way. */
  void advance(SubscriptionState state, DeadLetter.@Nullable Origin origin) {
    Pending pending = step == Step.IDLE ? state.casualties().after(doneNumber) : null;
    if (pending == null) {
      return;
    }
    if (origin == null) {
      pause("dead-letter: the topic is not known here");
      return;
    }
    step = Step.PREPARING;
    number = pending.number();
    prepare(origin, pending, state.historyOf(pending.offset()));
  }

  private void prepare(DeadLetter.Origin origin, Pending pending, List<Attempt> history) {
    CompletionStage<Prepared> prepared =
        topic(origin)
            .thenCompose(
                uid ->
                    reader
                        .log()
                        .read(pending.offset(), pending.offset() + 1, 1)
                        .thenApply(batches -> letter(origin, pending, history, batches))
                        .thenApply(letter -> new Prepared(pending.number(), uid, letter, null)));
    context.pipeToSelf(
        prepared,
        (ready, failure) ->
            failure == null
                ? ready
                : new Prepared(pending.number(), 0, null, "dead-letter: " + failure.getMessage()));
  }

  private static Message letter(
      DeadLetter.Origin origin,
      Pending pending,
      List<Attempt> history,
      List<MessageBatch> batches) {
    for (MessageBatch batch : batches) {
      if (batch.firstOffset() <= pending.offset() && pending.offset() < batch.endOffset()) {
        Message message = batch.message(pending.offset());
        return DeadLetter.of(origin, message, batch.atMillis(), pending, history);
      }
    }
    throw new IllegalStateException("offset " + pending.offset() + " is not in the log");
  }

  private CompletionStage<Long> topic(DeadLetter.Origin origin) {
    if (topicUid != 0) {
      return CompletableFuture.completedFuture(topicUid);
    }
    return catalog
        .ensureDeadLetterTopic(origin.topic(), origin.subscription(), ANSWER_TIMEOUT)
        .thenApply(Outbox::uid);
  }

  private static long uid(CatalogClient.Reply reply) {
    if (reply instanceof CatalogClient.Created created) {
      return created.topic().uid();
    }
    if (reply instanceof CatalogClient.Existing existing) {
      return existing.topic().uid();
    }
    throw new IllegalStateException("no dead-letter topic: " + reply);
  }

  /**
   * Goes on with what came back.
   *
   * @return the number to be stored as dead-lettered; −1 if there is none
   */
  long onEvent(Event event) {
    if (event instanceof Replied replied) {
      return onReplied(replied.reply());
    }
    if (event instanceof Prepared prepared) {
      onPrepared(prepared);
    } else if (event instanceof Unanswered unanswered) {
      onUnanswered(unanswered);
    } else {
      onResume();
    }
    return -1;
  }

  /** Sends what was prepared. */
  private void onPrepared(Prepared prepared) {
    if (step != Step.PREPARING || prepared.number != number) {
      return;
    }
    Message message = prepared.message;
    if (message == null) {
      topicUid = 0;
      pause(prepared.trouble);
      return;
    }
    if (!fence.isHeld()) {
      pause("dead-letter: this node may not send now");
      return;
    }
    topicUid = prepared.topicUid;
    step = Step.SENT;
    timers.startSingleTimer(Unanswered.class, new Unanswered(number), ANSWER_TIMEOUT);
    router.tell(
        topicUid,
        0,
        new Queue.Append(sender, number, List.of(message), Long.MAX_VALUE, false, replies));
  }

  private long onReplied(AppendReply reply) {
    if (step != Step.SENT || reply.number() != number) {
      return -1;
    }
    timers.cancel(Unanswered.class);
    if (reply instanceof AppendReply.StoredBefore) {
      return handedOver();
    }
    if (reply instanceof AppendReply.Decided decided) {
      PublishResult result = decided.results().result(decided.queue(), 0);
      if (result instanceof PublishResult.Stored) {
        return handedOver();
      }
      pause("dead-letter: " + result);
    } else if (reply instanceof AppendReply.NotStored refused) {
      if (refused.reason() == PublishResult.Reason.TOPIC_GONE) {
        topicUid = 0;
      }
      pause("dead-letter: " + refused.detail());
    } else if (reply instanceof AppendReply.Unknown unknown) {
      pause("dead-letter: " + unknown.detail());
    }
    return -1;
  }

  private long handedOver() {
    step = Step.IDLE;
    doneNumber = number;
    trouble = null;
    pause = FIRST_PAUSE;
    return number;
  }

  private void onUnanswered(Unanswered unanswered) {
    if (step == Step.SENT && unanswered.number == number) {
      pause("dead-letter: no answer");
    }
  }

  /** The stored state was read again: what is not stored as done is sent again. */
  void restart() {
    doneNumber = 0;
    if (step != Step.PAUSED) {
      step = Step.IDLE;
      timers.cancel(Unanswered.class);
    }
  }

  private void onResume() {
    step = step == Step.PAUSED ? Step.IDLE : step;
  }

  private void pause(@Nullable String why) {
    if (trouble == null) {
      context.getLog().warn("dead letters of {} wait: {}", context.getSelf().path().name(), why);
    }
    trouble = why;
    step = Step.PAUSED;
    timers.startSingleTimer(Resume.class, new Resume(), pause);
    Duration longer = pause.multipliedBy(2);
    pause = longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer;
  }
}
