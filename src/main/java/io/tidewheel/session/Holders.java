package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who stands for the client of a session in its leases: one of its own, unless an earlier session
 * left one. Part of the actor of the session.
 */
final class Holders {
  /** A client that has come back more often than this has the oldest leases ended. */
  private static final int MAX = 16;

  private final Supplier<ActorRef<Holder.HandedTo>> starter;
  private final List<ActorRef<Holder.HandedTo>> all = new ArrayList<>();
  private @Nullable ActorRef<Holder.HandedTo> current;

  Holders(Supplier<ActorRef<Holder.HandedTo>> starter) {
    this.starter = starter;
  }

  /** For a lease that begins. */
  ActorRef<Holder.HandedTo> current() {
    ActorRef<Holder.HandedTo> known = current;
    if (known == null) {
      known = starter.get();
      all.add(known);
      current = known;
    }
    return known;
  }

  /** Takes those of an earlier session over, which are told already. */
  void inherit(List<ActorRef<Holder.HandedTo>> holders) {
    all.addAll(holders);
    if (current == null && !holders.isEmpty()) {
      current = holders.get(0);
    }
  }

  /** Gives all to a later session of the same client; those there are too many of end. */
  List<ActorRef<Holder.HandedTo>> handTo(ActorRef<?> session) {
    List<ActorRef<Holder.HandedTo>> handed =
        List.copyOf(all.subList(Math.max(0, all.size() - MAX), all.size()));
    handed.forEach(holder -> holder.tell(new Holder.HandedTo(session)));
    return handed;
  }
}
