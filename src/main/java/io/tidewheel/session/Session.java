package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.session.frame.FrameReader;
import io.tidewheel.subscription.Receipt;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A session of a client: its publishers, subscriptions and watches, and what waits to be said to
 * it.
 *
 * <ol>
 *   <li>Every publish and every settle is answered once, unless the session ends before.
 *   <li>Answers that come while the connection is busy travel together.
 *   <li>A client that does more than it was told it may is closed; what it had sent before is
 *       decided as if it were there.
 *   <li>When the connection breaks, what the client holds goes to others after a moment, in which
 *       it may come back with the name of this session.
 * </ol>
 */
final class Session extends AbstractBehavior<Session.Command> {
  private static final Duration TICK = Duration.ofMillis(200);
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** Where queues never move. */
  private static final Duration SELDOM_LOOK = Duration.ofSeconds(5);

  /** For a node that stops: the leases of its clients go on while it does. */
  private static final Duration LEAVE_TIMEOUT = Duration.ofSeconds(30);

  /** What a session takes. */
  sealed interface Command
      permits Received,
          Drained,
          Ended,
          Leave,
          Adopted,
          Inherited,
          Released,
          Flush,
          Tick,
          Look,
          HelloOverdue,
          LingerOver,
          MembersSeen,
          SessionPublishers.Event,
          SessionWatches.Event,
          SessionSubscriptions.Event {}

  /** From the connection. */
  @SuppressWarnings("ArrayRecordComponent") // Moved from the connection, and never compared.
  record Received(byte[] message) implements Command {}

  /** The connection has written all it was given. */
  record Drained() implements Command {}

  /** The connection is over; see {@link SessionSocket.Owner#onEnd}. */
  record Ended(CloseCode code) implements Command {}

  /** The node stops. */
  record Leave() implements Command {}

  /** The client has come back in another session, and what it holds is its own again. */
  record Adopted(ActorRef<Command> by) implements Command {}

  /** Leases of an earlier session of this client are this one's now. */
  private record Inherited(
      List<ActorRef<Holder.HandedTo>> holders, Map<Unclaimed.Place, Set<Receipt>> held)
      implements Command {}

  private record Released() implements Command {}

  private record Flush() implements Command {}

  private record Tick() implements Command {}

  private record Look() implements Command {}

  private record HelloOverdue() implements Command {}

  private record LingerOver() implements Command {}

  private record MembersSeen(List<Frame.Member> members) implements Command {}

  private final TimerScheduler<Command> timers;
  private final SessionBroker broker;
  private final SessionLimits limits;
  private final NodeSessions.Register register;
  private final SessionSocket.Line line;
  private final SessionId id;
  private final Outbound outbound;
  private final Holders holders;
  private final SessionPublishers publishers;
  private final SessionSubscriptions subscriptions;
  private final SessionWatches watches;
  private List<Frame.Member> members = List.of();
  private boolean isWelcome;
  private boolean isTicking;
  private boolean isEnded;
  private boolean isAdopted;
  private boolean isGoodbye;

  /** The client broke the rules: nothing that came behind is looked at. */
  private boolean isBroken;

  private Session(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SessionBroker broker,
      SessionLimits limits,
      NodeSessions.Register register,
      SessionSocket.Line line) {
    super(context);
    this.timers = timers;
    this.broker = broker;
    this.limits = limits;
    this.register = register;
    this.line = line;
    this.id = new SessionId(broker.random().nextLong(), broker.random().nextLong());
    SessionTopics topics = new SessionTopics(broker.catalog(), broker.isAutoCreate());
    this.outbound = new Outbound(line, () -> context.getSelf().tell(new Flush()));
    this.publishers =
        new SessionPublishers(context, broker, topics, limits.bounds(), outbound::add);
    this.holders = new Holders(() -> register.holder(context.getSelf()));
    Refusals refusals = new Refusals(outbound, limits.bounds().maxRefs());
    this.subscriptions =
        new SessionSubscriptions(
            context, timers, broker, topics, limits.bounds(), outbound, holders, refusals);
    this.watches = new SessionWatches(context, broker.feeds(), outbound, refusals);
    register.began(id, context.getSelf());
    timers.startSingleTimer(new HelloOverdue(), limits.helloTimeout());
  }

  static Behavior<Command> create(
      SessionBroker broker,
      SessionLimits limits,
      NodeSessions.Register register,
      SessionSocket.Line line) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new Session(context, timers, broker, limits, register, line)));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Received.class, this::onReceived)
        .onMessage(Drained.class, drained -> onRoom(outbound.onDrained()))
        .onMessage(SessionPublishers.Event.class, this::onPublishers)
        .onMessage(SessionSubscriptions.Event.class, this::onSubscriptions)
        .onMessage(SessionWatches.Event.class, this::onWatches)
        .onMessage(Flush.class, flush -> onRoom(outbound.onFlush()))
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(MembersSeen.class, this::onMembersSeen)
        .onMessage(Look.class, look -> onLook())
        .onMessage(HelloOverdue.class, overdue -> onHelloOverdue())
        .onMessage(Leave.class, leave -> onLeave())
        .onMessage(Ended.class, this::onEnded)
        .onMessage(Adopted.class, this::onAdopted)
        .onMessage(Inherited.class, this::onInherited)
        .onMessage(Released.class, released -> Behaviors.stopped())
        .onMessage(LingerOver.class, over -> Behaviors.stopped())
        .onSignal(PostStop.class, stop -> onPostStop())
        .build();
  }

  private Behavior<Command> onReceived(Received received) {
    line.taken(received.message().length);
    if (isEnded || isBroken) {
      return this;
    }
    try (FrameReader reader = new FrameReader(received.message())) {
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        onFrame(frame);
      }
    } catch (FrameException e) {
      isBroken = true;
      line.close(e.code(), e.detail());
    }
    tick();
    return this;
  }

  private void onFrame(Frame frame) {
    if (!(frame instanceof Frame.FromClient fromClient)) {
      throw new FrameException(CloseCode.UNKNOWN_FRAME, "a frame that only a broker sends");
    }
    if (isWelcome == fromClient instanceof Frame.Hello || isGoodbye) {
      throw new FrameException(
          CloseCode.OUT_OF_ORDER, "a session begins with one hello, and ends with a goodbye");
    }
    if (fromClient instanceof Frame.Publish publish) {
      publishers.publish(publish);
    } else if (fromClient instanceof Frame.Settle settle) {
      subscriptions.settle(settle);
    } else if (fromClient instanceof Frame.Want want) {
      subscriptions.want(want);
    } else if (fromClient instanceof Frame.OpenPublisher open) {
      if (!publishers.has(open.ref())) {
        checkRef(open.ref());
      }
      publishers.open(open);
    } else if (fromClient instanceof Frame.Subscribe subscribe) {
      checkRef(subscribe.ref());
      subscriptions.subscribe(subscribe);
    } else if (fromClient instanceof Frame.Unsubscribe unsubscribe) {
      if (!watches.end(unsubscribe.ref())) {
        subscriptions.unsubscribe(unsubscribe);
      }
    } else if (fromClient instanceof Frame.Watch watch) {
      checkRef(watch.ref());
      watches.watch(watch);
    } else if (fromClient instanceof Frame.Report report) {
      subscriptions.onReport(report);
    } else if (fromClient instanceof Frame.Hello hello) {
      onHello(hello);
    } else {
      isGoodbye = true;
    }
  }

  private void checkRef(int ref) {
    if (publishers.has(ref) || subscriptions.has(ref) || watches.has(ref)) {
      throw new FrameException(CloseCode.OUT_OF_ORDER, "the reference " + ref + " is in use");
    }
    if (publishers.size() + subscriptions.size() + watches.size() >= limits.bounds().maxRefs()) {
      throw new FrameException(
          CloseCode.FLOOD, "more than " + limits.bounds().maxRefs() + " references");
    }
  }

  static FrameException unknown(String what, int ref) {
    return new FrameException(
        CloseCode.OUT_OF_ORDER, "no " + what + " of this session has the reference " + ref);
  }

  private void onHello(Frame.Hello hello) {
    isWelcome = true;
    timers.cancel(new HelloOverdue());
    if (hello.previousHigh() != 0 || hello.previousLow() != 0) {
      SessionId before = new SessionId(hello.previousHigh(), hello.previousLow());
      if (register.adopt(before, getContext().getSelf())) {
        subscriptions.expectInheritance();
      }
    }
    outbound.add(
        new Frame.Welcome(Frame.VERSION, id.high(), id.low(), broker.node(), limits.bounds()));
    look();
    timers.startTimerWithFixedDelay(new Look(), broker.topology().isFixed() ? SELDOM_LOOK : LOOK);
  }

  private Behavior<Command> onPublishers(SessionPublishers.Event event) {
    publishers.onEvent(event);
    return this;
  }

  private Behavior<Command> onSubscriptions(SessionSubscriptions.Event event) {
    subscriptions.onEvent(event);
    return this;
  }

  private Behavior<Command> onWatches(SessionWatches.Event event) {
    watches.onEvent(event);
    return this;
  }

  private Behavior<Command> onRoom(boolean isRoomAgain) {
    if (isRoomAgain) {
      subscriptions.pull();
      watches.pull();
    }
    return this;
  }

  private void look() {
    getContext()
        .pipeToSelf(
            broker.topology().members(),
            (seen, failure) -> new MembersSeen(failure == null ? seen : members));
  }

  private Behavior<Command> onLook() {
    if (!broker.topology().isFixed()) {
      look();
      publishers.look();
    }
    subscriptions.look();
    return this;
  }

  private Behavior<Command> onMembersSeen(MembersSeen seen) {
    if (!seen.members().equals(members)) {
      members = seen.members();
      outbound.add(new Frame.Members(members));
    }
    return this;
  }

  private Behavior<Command> onTick() {
    isTicking = false;
    publishers.onTick();
    tick();
    return this;
  }

  private void tick() {
    if (!isTicking && publishers.isBusy()) {
      isTicking = true;
      timers.startSingleTimer(new Tick(), TICK);
    }
  }

  private Behavior<Command> onHelloOverdue() {
    line.close(CloseCode.OUT_OF_ORDER, "no hello came in time");
    return this;
  }

  private Behavior<Command> onLeave() {
    line.close(CloseCode.GOING_AWAY, "the node stops");
    return this;
  }

  private Behavior<Command> onEnded(Ended ended) {
    if (isEnded) {
      return this;
    }
    stopTalking();
    subscriptions.unsubscribe();
    timers.cancelAll();
    if (isGoodbye || ended.code() == CloseCode.NORMAL) {
      getContext().pipeToSelf(subscriptions.release(), (released, failure) -> new Released());
      return this;
    }
    boolean isLeaving = ended.code() == CloseCode.GOING_AWAY;
    timers.startSingleTimer(new LingerOver(), isLeaving ? LEAVE_TIMEOUT : limits.lingerTimeout());
    return this;
  }

  private Behavior<Command> onAdopted(Adopted adopted) {
    if (isAdopted) {
      return this;
    }
    isAdopted = true;
    if (!isEnded) {
      // The client has given this connection up before the node noticed.
      line.close(CloseCode.NORMAL, "the client went on in another session");
      stopTalking();
    }
    adopted.by().tell(new Inherited(holders.handTo(adopted.by()), subscriptions.bequeath()));
    // What is on its way from the queues is given back when it comes.
    subscriptions.unsubscribe();
    timers.cancelAll();
    timers.startSingleTimer(new LingerOver(), limits.lingerTimeout());
    return this;
  }

  private Behavior<Command> onInherited(Inherited inherited) {
    holders.inherit(inherited.holders());
    subscriptions.inherit(inherited.held());
    return this;
  }

  private Behavior<Command> onPostStop() {
    register.ended(id);
    stopTalking();
    subscriptions.unsubscribe();
    return this;
  }

  private void stopTalking() {
    isEnded = true;
    outbound.end();
    publishers.end();
    watches.end();
  }
}
