package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.Topic;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.session.frame.FrameReader;
import io.tidewheel.session.frame.FrameWriter;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session of a client: its publishers and subscriptions, and what waits to be said to it.
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
  /** Frames of one websocket message, in bytes of payload; one larger frame travels alone. */
  private static final int MESSAGE_BYTES = 512 << 10;

  /** Beyond so much that waits for the client nothing more is pulled for it. */
  private static final int CONGESTED_BYTES = 1 << 20;

  private static final Duration TICK = Duration.ofMillis(200);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration PULL_AGAIN = Duration.ofMillis(500);
  private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(10);

  /** What a session takes. */
  sealed interface Command {}

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
  record Adopted() implements Command {}

  private record Flush() implements Command {}

  private record Tick() implements Command {}

  private record Look() implements Command {}

  private record HelloOverdue() implements Command {}

  private record LingerOver() implements Command {}

  private record Replied(int ref, int queue, AppendReply reply) implements Command {}

  private record TopicFound(SessionPublisher publisher, SessionTopics.Found found)
      implements Command {}

  private record SubscriptionFound(SessionSubscription subscription, SessionTopics.Found found)
      implements Command {}

  private record Placed(SessionPublisher publisher, Topic topic, List<String> nodes)
      implements Command {}

  private record MembersSeen(List<Frame.Member> members) implements Command {}

  private record Pulled(SessionSubscription by, int count, @Nullable List<Delivery> deliveries)
      implements Command {}

  private record PullAgain(SessionSubscription by) implements Command {}

  private record SettleDone(
      SessionSubscription by,
      Frame.Settle settle,
      List<Receipt> receipts,
      List<SettleStatus> statuses)
      implements Command {}

  private final TimerScheduler<Command> timers;
  private final SessionBroker broker;
  private final SessionLimits limits;
  private final SessionTopics topics;
  private final NodeSessions.Register register;
  private final SessionSocket.Line line;
  private final SessionId id;
  private final Map<Integer, SessionPublisher> publishers = new HashMap<>();
  private final Map<Integer, SessionSubscription> subscriptions = new HashMap<>();
  private final Deque<Frame.FromBroker> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private List<Frame.Member> members = List.of();
  private boolean isWelcome;
  private boolean isFlushing;
  private boolean isLineBusy;
  private boolean isTicking;
  private boolean isEnded;
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
    this.topics = new SessionTopics(broker.catalog(), broker.isAutoCreate());
    this.id = new SessionId(broker.random().nextLong(), broker.random().nextLong());
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
        .onMessage(Drained.class, drained -> onDrained())
        .onMessage(Replied.class, this::onReplied)
        .onMessage(Flush.class, flush -> onFlush())
        .onMessage(Pulled.class, this::onPulled)
        .onMessage(SettleDone.class, this::onSettleDone)
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(PullAgain.class, this::onPullAgain)
        .onMessage(TopicFound.class, this::onTopicFound)
        .onMessage(SubscriptionFound.class, this::onSubscriptionFound)
        .onMessage(Placed.class, this::onPlaced)
        .onMessage(MembersSeen.class, this::onMembersSeen)
        .onMessage(Look.class, look -> onLook())
        .onMessage(HelloOverdue.class, overdue -> onHelloOverdue())
        .onMessage(Leave.class, leave -> onLeave())
        .onMessage(Ended.class, this::onEnded)
        .onMessage(Adopted.class, adopted -> onAdopted())
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
      SessionPublisher publisher = publishers.get(publish.ref());
      if (publisher == null) {
        throw unknown("publisher", publish.ref());
      }
      publisher.publish(publish, now());
      checkOpen();
    } else if (fromClient instanceof Frame.Settle settle) {
      SessionSubscription subscription = subscription(settle.ref());
      if (subscription.openSettles() >= limits.bounds().maxOpenPublishes()) {
        throw new FrameException(CloseCode.FLOOD, "too many settles without an answer");
      }
      subscription.settle(settle);
    } else if (fromClient instanceof Frame.Want want) {
      subscription(want.ref()).want(want.count(), limits.bounds().maxWanted());
    } else if (fromClient instanceof Frame.OpenPublisher open) {
      onOpenPublisher(open);
    } else if (fromClient instanceof Frame.Subscribe subscribe) {
      onSubscribe(subscribe);
    } else if (fromClient instanceof Frame.Unsubscribe unsubscribe) {
      subscription(unsubscribe.ref()).unsubscribe();
    } else if (fromClient instanceof Frame.Hello hello) {
      onHello(hello);
    } else {
      isGoodbye = true;
    }
  }

  private SessionSubscription subscription(int ref) {
    SessionSubscription subscription = subscriptions.get(ref);
    if (subscription == null) {
      throw unknown("subscription", ref);
    }
    return subscription;
  }

  private static FrameException unknown(String what, int ref) {
    return new FrameException(
        CloseCode.OUT_OF_ORDER, "no " + what + " of this session has the reference " + ref);
  }

  private void checkOpen() {
    int count = 0;
    long bytes = 0;
    for (SessionPublisher publisher : publishers.values()) {
      count += publisher.openCount();
      bytes += publisher.openBytes();
    }
    if (count > limits.bounds().maxOpenPublishes() || bytes > limits.bounds().maxOpenBytes()) {
      throw new FrameException(
          CloseCode.FLOOD,
          count + " publishes with " + bytes + " bytes are without an answer, which is too much");
    }
  }

  private void onHello(Frame.Hello hello) {
    isWelcome = true;
    timers.cancel(new HelloOverdue());
    if (hello.previousHigh() != 0 || hello.previousLow() != 0) {
      register.adopt(new SessionId(hello.previousHigh(), hello.previousLow()));
    }
    answer(new Frame.Welcome(Frame.VERSION, id.high(), id.low(), broker.node(), limits.bounds()));
    look();
    if (!broker.topology().isFixed()) {
      timers.startTimerWithFixedDelay(new Look(), LOOK);
    }
  }

  private void onOpenPublisher(Frame.OpenPublisher open) {
    SessionPublisher known = publishers.get(open.ref());
    if (known == null) {
      checkRef(open.ref());
      known =
          new SessionPublisher(open, broker, queue -> receiver(open.ref(), queue), this::answer);
      publishers.put(open.ref(), known);
    } else if (!known.topicName().equals(open.topic())) {
      throw new FrameException(
          CloseCode.OUT_OF_ORDER, "reference " + open.ref() + " is another topic's");
    }
    SessionPublisher publisher = known;
    getContext()
        .pipeToSelf(
            topics.toPublish(open.topic(), LOOKUP_TIMEOUT),
            (found, failure) -> new TopicFound(publisher, SessionTopics.found(found, failure)));
  }

  private void checkRef(int ref) {
    if (publishers.containsKey(ref) || subscriptions.containsKey(ref)) {
      throw new FrameException(CloseCode.OUT_OF_ORDER, "the reference " + ref + " is in use");
    }
    if (publishers.size() + subscriptions.size() >= limits.bounds().maxRefs()) {
      throw new FrameException(
          CloseCode.FLOOD, "more than " + limits.bounds().maxRefs() + " references");
    }
  }

  /** An answer does not say whose it is, so each publisher and queue has a receiver of its own. */
  private ActorRef<AppendReply> receiver(int ref, int queue) {
    ActorRef<Command> self = getContext().getSelf();
    return getContext()
        .spawn(
            Behaviors.<AppendReply>receiveMessage(
                reply -> {
                  self.tell(new Replied(ref, queue, reply));
                  return Behaviors.same();
                }),
            "answers-" + ref + "-" + queue);
  }

  private void onSubscribe(Frame.Subscribe subscribe) {
    checkRef(subscribe.ref());
    SessionSubscription subscription =
        new SessionSubscription(subscribe, broker.consumer(), new Calls());
    subscriptions.put(subscribe.ref(), subscription);
    getContext()
        .pipeToSelf(
            topics.subscription(subscribe.topic(), subscribe.subscription(), LOOKUP_TIMEOUT),
            (found, failure) ->
                new SubscriptionFound(subscription, SessionTopics.found(found, failure)));
  }

  private Behavior<Command> onTopicFound(TopicFound command) {
    Topic topic = command.found().topic();
    if (topic == null) {
      int ref = refOf(command.publisher());
      answer(new Frame.Refused(ref, command.found().failureOrNone()));
      return this;
    }
    command.publisher().onTopic(topic);
    place(command.publisher(), topic);
    return this;
  }

  private int refOf(SessionPublisher publisher) {
    for (Map.Entry<Integer, SessionPublisher> entry : publishers.entrySet()) {
      if (entry.getValue() == publisher) {
        return entry.getKey();
      }
    }
    return 0;
  }

  private void place(SessionPublisher publisher, Topic topic) {
    getContext()
        .pipeToSelf(
            broker.topology().placement(topic),
            (nodes, failure) ->
                new Placed(
                    publisher,
                    topic,
                    failure == null
                        ? nodes
                        : java.util.Collections.nCopies(topic.settings().queues(), "")));
  }

  private Behavior<Command> onPlaced(Placed placed) {
    placed.publisher().onPlacement(placed.topic(), placed.nodes());
    return this;
  }

  private Behavior<Command> onSubscriptionFound(SubscriptionFound command) {
    Topic topic = command.found().topic();
    Topic.Subscription subscription = command.found().subscription();
    if (topic == null || subscription == null) {
      int ref = command.subscription().asked().ref();
      subscriptions.remove(ref);
      answer(new Frame.Refused(ref, command.found().failureOrNone()));
    } else {
      command.subscription().onFound(topic, subscription);
    }
    return this;
  }

  private Behavior<Command> onReplied(Replied replied) {
    SessionPublisher publisher = publishers.get(replied.ref());
    if (publisher != null) {
      publisher.onReply(replied.queue(), replied.reply(), now());
    }
    return this;
  }

  private Behavior<Command> onPulled(Pulled pulled) {
    pulled.by().onPulled(pulled.count(), pulled.deliveries());
    return this;
  }

  private Behavior<Command> onPullAgain(PullAgain again) {
    again.by().pull();
    return this;
  }

  private Behavior<Command> onSettleDone(SettleDone done) {
    done.by().onSettled(done.settle(), done.receipts(), done.statuses());
    return this;
  }

  private void look() {
    getContext()
        .pipeToSelf(
            broker.topology().members(),
            (seen, failure) -> new MembersSeen(failure == null ? seen : members));
  }

  private Behavior<Command> onLook() {
    look();
    for (SessionPublisher publisher : publishers.values()) {
      Topic topic = publisher.topic();
      if (topic != null) {
        place(publisher, topic);
      }
    }
    return this;
  }

  private Behavior<Command> onMembersSeen(MembersSeen seen) {
    if (!seen.members().equals(members)) {
      members = seen.members();
      answer(new Frame.Members(members));
    }
    return this;
  }

  private Behavior<Command> onTick() {
    isTicking = false;
    long now = now();
    publishers.values().forEach(publisher -> publisher.onTick(now));
    tick();
    return this;
  }

  private void tick() {
    if (!isTicking && publishers.values().stream().anyMatch(each -> each.openCount() > 0)) {
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

  /** Says something to the client, together with what is said at the same time. */
  private void answer(Frame.FromBroker frame) {
    if (isEnded) {
      return;
    }
    waiting.add(frame);
    waitingBytes += weight(frame);
    // Sent behind what is in the mailbox already: what comes together goes together.
    if (!isFlushing && !isLineBusy) {
      isFlushing = true;
      getContext().getSelf().tell(new Flush());
    }
  }

  private static int weight(Frame.FromBroker frame) {
    int weight = 64;
    if (frame instanceof Frame.Deliveries deliveries) {
      for (Frame.Delivered delivered : deliveries.deliveries()) {
        weight += delivered.message().weight();
      }
    }
    return weight;
  }

  private Behavior<Command> onFlush() {
    isFlushing = false;
    if (waiting.isEmpty() || isEnded) {
      return this;
    }
    boolean wasCongested = waitingBytes > CONGESTED_BYTES;
    FrameWriter writer = new FrameWriter((int) Math.min(MESSAGE_BYTES, waitingBytes + 256));
    while (!waiting.isEmpty() && writer.size() < MESSAGE_BYTES) {
      Frame.FromBroker frame = waiting.remove();
      waitingBytes -= weight(frame);
      writer.write(frame);
    }
    isLineBusy = true;
    line.send(writer.toByteArray());
    if (wasCongested && waitingBytes <= CONGESTED_BYTES) {
      subscriptions.values().forEach(SessionSubscription::pull);
    }
    return this;
  }

  private Behavior<Command> onDrained() {
    isLineBusy = false;
    return onFlush();
  }

  private Behavior<Command> onEnded(Ended ended) {
    if (isEnded) {
      return this;
    }
    isEnded = true;
    publishers.values().forEach(SessionPublisher::end);
    boolean isOrderly = isGoodbye || ended.code() == CloseCode.NORMAL;
    if (isOrderly || ended.code() == CloseCode.GOING_AWAY) {
      end(isOrderly ? new SettleAction.Release() : null);
      return Behaviors.stopped();
    }
    waiting.clear();
    subscriptions.values().forEach(SessionSubscription::unsubscribe);
    timers.cancelAll();
    timers.startSingleTimer(new LingerOver(), limits.lingerTimeout());
    return this;
  }

  private void end(@Nullable SettleAction action) {
    subscriptions.values().forEach(subscription -> subscription.end(action));
    subscriptions.clear();
  }

  private Behavior<Command> onAdopted() {
    if (!isEnded) {
      // The client has given this connection up before the node noticed.
      isEnded = true;
      line.close(CloseCode.NORMAL, "the client went on in another session");
      publishers.values().forEach(SessionPublisher::end);
    }
    end(null);
    return Behaviors.stopped();
  }

  private Behavior<Command> onPostStop() {
    register.ended(id);
    isEnded = true;
    publishers.values().forEach(SessionPublisher::end);
    end(new SettleAction.Nack(Duration.ZERO, "the connection of its worker was lost"));
    return this;
  }

  private long now() {
    return broker.nanoTime().getAsLong();
  }

  /** Brings answers back to this actor, from any thread. */
  private final class Calls implements SessionSubscription.Calls {
    private final ActorRef<Command> self = getContext().getSelf();

    @Override
    public void answer(Frame.FromBroker frame) {
      Session.this.answer(frame);
    }

    @Override
    public void pulled(SessionSubscription by, int count, @Nullable List<Delivery> deliveries) {
      self.tell(new Pulled(by, count, deliveries));
    }

    @Override
    public void settled(
        SessionSubscription by,
        Frame.Settle settle,
        List<Receipt> receipts,
        List<SettleStatus> statuses) {
      self.tell(new SettleDone(by, settle, receipts, statuses));
    }

    @Override
    public void pullLater(SessionSubscription by) {
      timers.startSingleTimer(new PullAgain(by), PULL_AGAIN);
    }

    @Override
    public boolean isCongested() {
      return waitingBytes > CONGESTED_BYTES;
    }
  }
}
