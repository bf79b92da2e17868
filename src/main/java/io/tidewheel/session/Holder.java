package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;

/**
 * Stands for a client in the leases of what it holds, over all its sessions: lives as long as the
 * last of them, and leases end with it.
 */
final class Holder extends AbstractBehavior<Holder.HandedTo> {
  private ActorRef<?> session;

  /** The client goes on in another session. */
  record HandedTo(ActorRef<?> session) {}

  static Behavior<HandedTo> create(ActorRef<?> session) {
    return Behaviors.setup(context -> new Holder(context, session));
  }

  private Holder(ActorContext<HandedTo> context, ActorRef<?> session) {
    super(context);
    this.session = session;
    context.watch(session);
  }

  @Override
  public Receive<HandedTo> createReceive() {
    return newReceiveBuilder()
        .onMessage(HandedTo.class, this::onHandedTo)
        .onSignal(Terminated.class, this::onTerminated)
        .build();
  }

  private Behavior<HandedTo> onHandedTo(HandedTo handed) {
    getContext().unwatch(session);
    session = handed.session();
    getContext().watch(session);
    return this;
  }

  private Behavior<HandedTo> onTerminated(Terminated ended) {
    return ended.getRef().equals(session) ? Behaviors.stopped() : this;
  }
}
