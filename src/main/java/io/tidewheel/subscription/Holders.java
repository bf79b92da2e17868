package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import io.tidewheel.queue.Reader;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The workers whose leases end with them: watched from their first lease on. */
final class Holders {
  private final ActorContext<Reader.Command> context;
  private final Set<ActorRef<?>> watched = new HashSet<>();
  private final Set<ActorRef<?>> ended = new HashSet<>();

  /** A worker ended that holds leases. */
  record Ended(ActorRef<?> worker) implements Subscription.Command {}

  Holders(ActorContext<Reader.Command> context) {
    this.context = context;
  }

  void watch(@Nullable ActorRef<?> worker) {
    if (worker != null && watched.add(worker)) {
      context.watchWith(worker, new Ended(worker));
    }
  }

  void onEnded(Ended end) {
    watched.remove(end.worker);
    ended.add(end.worker);
  }

  /** Ends the leases of those that are gone; what there is no room for waits for the next call. */
  void endLeases(Deliveries known, Policy policy, Now now) {
    if (!ended.isEmpty()) {
      ended.removeIf(worker -> known.endLeasesOf(worker, policy, now));
    }
  }
}
