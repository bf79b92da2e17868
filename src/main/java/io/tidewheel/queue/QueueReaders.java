package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The readers of a queue: one child per open subscription, started again with backoff when it
 * fails. Part of the queue's actor; not thread-safe.
 */
final class QueueReaders {
  /** Closings that wait for their reader to hand over what it still holds. */
  static final int MAX_CLOSINGS = 1_000;

  private static final Duration MIN_BACKOFF = Duration.ofMillis(200);
  private static final Duration MAX_BACKOFF = Duration.ofSeconds(5);

  /** What comes back from readers; the queue hands it to {@link #onSignal}. */
  sealed interface Signal {}

  private record Started(ActorRef<Reader.Command> reader, long knownOffset) implements Signal {}

  private record HandedOver(long subscriptionUid) implements Signal {}

  private record Stopped(long subscriptionUid, ActorRef<Reader.Command> reader) implements Signal {}

  private final ActorContext<Queue.Command> context;
  private final Function<Signal, Queue.Command> message;
  private final ActorRef<Reader.Gone> gone;
  private final Map<Long, ActorRef<Reader.Command>> readers = new HashMap<>();
  private final List<Queue.CloseSubscription> closings = new ArrayList<>();
  private int startCount;

  /**
   * No readers.
   *
   * @param message wraps a signal for the queue
   */
  QueueReaders(ActorContext<Queue.Command> context, Function<Signal, Queue.Command> message) {
    this.context = context;
    this.message = message;
    this.gone =
        context.messageAdapter(
            Reader.Gone.class, gone -> message.apply(new HandedOver(gone.subscriptionUid())));
  }

  /** Starts the reader of an open subscription, unless it has one. */
  void start(Reader.Context place, Reader.Factory factory) {
    if (readers.containsKey(place.subscriptionUid())) {
      return;
    }
    ActorRef<Queue.Command> queue = context.getSelf();
    Behavior<Reader.Command> announced =
        Behaviors.setup(
            reader -> {
              queue.tell(message.apply(new Started(reader.getSelf(), place.nextOffset())));
              return factory.create(place);
            });
    ActorRef<Reader.Command> reader =
        context.spawn(
            Behaviors.supervise(announced)
                .onFailure(SupervisorStrategy.restartWithBackoff(MIN_BACKOFF, MAX_BACKOFF, 0.2)),
            "subscription-" + place.subscriptionUid() + "-" + ++startCount);
    context.watchWith(reader, message.apply(new Stopped(place.subscriptionUid(), reader)));
    readers.put(place.subscriptionUid(), reader);
  }

  /** Passes a command on; false if the subscription has no reader. */
  boolean tell(long subscriptionUid, Reader.Command command) {
    ActorRef<Reader.Command> reader = readers.get(subscriptionUid);
    if (reader != null) {
      reader.tell(command);
    }
    return reader != null;
  }

  void tellAll(Reader.Command command) {
    readers.values().forEach(reader -> reader.tell(command));
  }

  /**
   * Lets the reader hand over what its outbox still holds; {@link #onSignal} then returns the
   * closing. False if there is no reader, so nothing to wait for.
   */
  boolean close(Queue.CloseSubscription closing) {
    if (!readers.containsKey(closing.subscriptionUid())) {
      return false;
    }
    if (closings.size() == MAX_CLOSINGS) {
      closing.replyTo().tell(new Queue.NotNow("the queue has too much to do"));
    } else {
      closings.add(closing);
      tell(closing.subscriptionUid(), new Reader.Close(gone));
    }
    return true;
  }

  /** Takes what came back; returns the closings that may be stored now. */
  List<Queue.CloseSubscription> onSignal(Signal signal, long nextOffset) {
    if (signal instanceof Started started) {
      // A reader that failed begins anew with what was known when it was made.
      if (started.knownOffset < nextOffset) {
        started.reader.tell(new Reader.Extended(nextOffset));
      }
      return List.of();
    }
    if (signal instanceof HandedOver handedOver) {
      readers.remove(handedOver.subscriptionUid);
      return takeClosings(handedOver.subscriptionUid);
    }
    Stopped stopped = (Stopped) signal;
    if (readers.remove(stopped.subscriptionUid, stopped.reader)) {
      takeClosings(stopped.subscriptionUid)
          .forEach(closing -> closing.replyTo().tell(new Queue.NotNow("the queue is moving")));
    }
    return List.of();
  }

  boolean isEmpty() {
    return readers.isEmpty();
  }

  List<ActorRef<Reader.Command>> all() {
    return List.copyOf(readers.values());
  }

  private List<Queue.CloseSubscription> takeClosings(long subscriptionUid) {
    List<Queue.CloseSubscription> taken = new ArrayList<>();
    for (Iterator<Queue.CloseSubscription> all = closings.iterator(); all.hasNext(); ) {
      Queue.CloseSubscription closing = all.next();
      if (closing.subscriptionUid() == subscriptionUid) {
        taken.add(closing);
        all.remove();
      }
    }
    return taken;
  }
}
