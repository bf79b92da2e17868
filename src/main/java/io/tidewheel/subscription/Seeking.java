package io.tidewheel.subscription;

import akka.actor.typed.javadsl.ActorContext;
import io.tidewheel.queue.MessageLog;
import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Subscription.NotSought;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.subscription.Subscription.Seek;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The front's changes of position: one after the other, each as soon as the core is free. A time is
 * looked up before; where exactly it goes, by what the log still has then, the core decides.
 */
final class Seeking {
  private static final int MAX_WAITING = 100;

  private final ActorContext<Reader.Command> context;
  private final MessageLog log;
  private final int queue;
  private final Set<Seek> lookedUp = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Deque<Found> waiting = new ArrayDeque<>();
  private @Nullable Seek underWay;

  /** Where a seek goes; {@code failure} is null if that is known. */
  record Found(Seek seek, long offset, long nextOffset, @Nullable Throwable failure)
      implements Subscription.Command {}

  Seeking(ActorContext<Reader.Command> context, MessageLog log, int queue) {
    this.context = context;
    this.log = log;
    this.queue = queue;
  }

  /**
   * Looks up where it goes; the answer comes to {@link #onFound}.
   *
   * @param known null if nothing can be changed now
   */
  void onSeek(Seek seek, @Nullable Deliveries known, long nextOffset) {
    if (known == null) {
      refuse(seek, "the subscription is starting or ending; ask again");
      return;
    }
    if (lookedUp.size() + waiting.size() >= MAX_WAITING) {
      refuse(seek, "too many changes of position wait");
      return;
    }
    lookedUp.add(seek);
    context.pipeToSelf(
        offset(seek.position(), nextOffset),
        (offset, failure) ->
            failure == null
                ? new Found(seek, offset, nextOffset, null)
                : new Found(seek, 0, 0, failure));
  }

  private CompletionStage<Long> offset(Position position, long nextOffset) {
    if (position instanceof Position.Time time) {
      return log.firstOffsetSince(time.millis());
    }
    if (position instanceof Position.Offset chosen) {
      return CompletableFuture.completedFuture(chosen.offset());
    }
    return CompletableFuture.completedFuture(position instanceof Position.Latest ? nextOffset : 0L);
  }

  void onFound(Found found) {
    lookedUp.remove(found.seek);
    if (found.failure != null) {
      refuse(found.seek, "the log of the queue could not be read");
    } else {
      waiting.addLast(found);
    }
  }

  boolean isIdle() {
    return underWay == null && waiting.isEmpty() && lookedUp.isEmpty();
  }

  /** What the core is to store next; null if there is nothing. */
  SubscriptionLog.@Nullable Seek next(Now now) {
    Found found = waiting.pollFirst();
    if (found == null) {
      return null;
    }
    underWay = found.seek;
    return new SubscriptionLog.Seek(now.millis(), found.offset, found.nextOffset);
  }

  void onStored(SubscriptionEvent.Sought sought) {
    Seek seek = underWay;
    underWay = null;
    if (seek != null) {
      seek.replyTo().tell(new Subscription.Sought(queue, sought.generation(), sought.offset()));
    }
  }

  /** Whether the one under way was stored is not known; those that wait are not. */
  void onLost() {
    Seek seek = underWay;
    underWay = null;
    if (seek != null) {
      refuse(seek, "whether the position was changed is not known; look, and ask again");
    }
  }

  void refuseWaiting() {
    onLost();
    waiting.forEach(found -> lookedUp.add(found.seek));
    waiting.clear();
    lookedUp.forEach(seek -> refuse(seek, "the subscription is moving; ask again"));
    lookedUp.clear();
  }

  void refuse(Seek seek, String detail) {
    seek.replyTo().tell(new NotSought(queue, detail));
  }
}
