package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Message;
import io.tidewheel.queue.IngressLane.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The way into a topic on one node: chooses the queue of each message and sends batches, each with
 * a number of its own per queue, until they are answered or nobody waits any more.
 *
 * <ol>
 *   <li>A message goes to the queue of its key, else of its id, else to the queues of this node in
 *       turn, or to all in turn if none lives here.
 *   <li>At most four batches per queue are without an answer; what comes meanwhile travels
 *       together.
 *   <li>A batch whose answer is lost or unknown is sent again with its number, so it is stored
 *       once.
 *   <li>A refusal is passed on only when every sending of the batch was refused; else the outcome
 *       is unknown.
 *   <li>A message with neither key nor id goes to another queue when its own does not answer, if
 *       there is one that does; it may then be stored twice. The others wait for their queue.
 *   <li>When its topic is deleted it says so to its node, finishes what it was given, and stops.
 * </ol>
 *
 * <p>In memory only: a new incarnation is a new sender.
 */
final class Ingress extends AbstractBehavior<Ingress.Command> {
  private static final Duration TICK = Duration.ofMillis(200);
  private static final long LOOK_NANOS = 500_000_000L;

  /** How long an answer may take before the batch is sent again. */
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);

  /**
   * The same for the first sending where queues move: one that leaves its node drops what comes to
   * it last, and is back on another in less. Not for repeats, which are many when a node has died.
   */
  private static final Duration MOVED_TIMEOUT = Duration.ofMillis(500);

  /** How long to wait after a queue said that it cannot store now. */
  private static final Duration REPEAT_DELAY = Duration.ofMillis(200);

  /** Between two questions to a queue that does not answer. */
  private static final Duration PING_INTERVAL = Duration.ofSeconds(1);

  /** What an ingress takes. */
  sealed interface Command {}

  /** Publish; the call is answered through itself. */
  record Publish(PublishCall call) implements Command {}

  private record Answered(int queue, AppendReply reply) implements Command {}

  private record Flush() implements Command {}

  private record Tick() implements Command {}

  private record Retire() implements Command {}

  /**
   * What the ingresses of a node share.
   *
   * @param retryAfter of silence a queue is passed over; null for never
   * @param onEnded is told, on the thread of an ingress, that this one must be given no more calls
   */
  record Dependencies(
      QueueRouter router,
      LongSupplier nanoTime,
      @Nullable Duration retryAfter,
      Consumer<ActorRef<Command>> onEnded) {}

  private final TimerScheduler<Command> timers;
  private final long topicUid;
  private final SenderId sender;
  private final Dependencies node;
  private final List<IngressLane> lanes = new ArrayList<>();
  private final List<ActorRef<AppendReply>> answers = new ArrayList<>();
  private final BitSet here = new BitSet();
  private long lookedNanos;
  private int nextQueue;
  private boolean isFlushing;
  private boolean isTicking;
  private boolean isTopicGone;
  private boolean isRetired;

  private Ingress(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      long topicUid,
      int queues,
      SenderId sender,
      Dependencies node) {
    super(context);
    this.timers = timers;
    this.topicUid = topicUid;
    this.sender = sender;
    this.node = node;
    this.lookedNanos = node.nanoTime().getAsLong() - LOOK_NANOS;
    for (int i = 0; i < queues; i++) {
      int queue = i;
      lanes.add(new IngressLane());
      answers.add(
          context.spawn(
              Behaviors.<AppendReply>receiveMessage(
                  reply -> {
                    context.getSelf().tell(new Answered(queue, reply));
                    return Behaviors.same();
                  }),
              "answers-" + queue));
    }
  }

  static Behavior<Command> create(long topicUid, int queues, SenderId sender, Dependencies node) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new Ingress(context, timers, topicUid, queues, sender, node)));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Publish.class, this::onPublish)
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(Flush.class, flush -> onFlush())
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Retire.class, retire -> onRetire())
        .onSignal(PostStop.class, stop -> onPostStop())
        .build();
  }

  private Behavior<Command> onPublish(Publish publish) {
    PublishCall call = publish.call();
    List<Message> messages = call.messages();
    int free = nextFree();
    for (int i = 0; i < messages.size(); i++) {
      lanes.get(queueOf(messages.get(i), free)).add(new IngressLane.Waiting(call, i));
    }
    // Sent behind what is in the mailbox already: callers that were answered together come back
    // together, and the first of them alone would cost a write of its own.
    if (!isFlushing) {
      isFlushing = true;
      getContext().getSelf().tell(new Flush());
    }
    tick();
    return this;
  }

  /**
   * In turn those that live here, else all, leaving out those that do not answer unless none does.
   */
  private int nextFree() {
    look();
    int chosen = -1;
    boolean isAny = here.isEmpty();
    for (int i = 0; i < lanes.size() && (chosen < 0 || !(isAny || here.get(chosen))); i++) {
      int queue = (nextQueue + i) % lanes.size();
      if (!lanes.get(queue).isSuspect() && (chosen < 0 || here.get(queue))) {
        chosen = queue;
      }
    }
    chosen = chosen < 0 ? nextQueue : chosen;
    nextQueue = (chosen + 1) % lanes.size();
    return chosen;
  }

  /** Queues move seldom, and one that has moved takes messages all the same. */
  private void look() {
    long now = node.nanoTime().getAsLong();
    if (now - lookedNanos >= LOOK_NANOS) {
      lookedNanos = now;
      for (int queue = 0; queue < lanes.size(); queue++) {
        here.set(queue, node.router().isHere(topicUid, queue));
      }
    }
  }

  private Behavior<Command> onFlush() {
    isFlushing = false;
    for (int queue = 0; queue < lanes.size(); queue++) {
      send(queue);
    }
    return this;
  }

  private int queueOf(Message message, int free) {
    String place = message.key() == null ? message.id() : message.key();
    return place == null ? free : KeyHash.queueOf(KeyHash.of(place), lanes.size());
  }

  private void send(int queue) {
    long now = node.nanoTime().getAsLong();
    for (Batch batch = lanes.get(queue).next(now);
        batch != null;
        batch = lanes.get(queue).next(now)) {
      send(queue, batch, now);
    }
  }

  private void send(int queue, Batch batch, long now) {
    long millisLeft = Math.max(1, (batch.lastDeadlineNanos() - now) / 1_000_000);
    batch.repeatAt(now + answerTimeout(batch).toNanos());
    Queue.Append append =
        new Queue.Append(
            sender,
            batch.number(),
            batch.messages(),
            millisLeft,
            batch.mayBeStored(),
            answers.get(queue));
    batch.onSent();
    node.router().tell(topicUid, queue, append);
  }

  private Duration answerTimeout(Batch batch) {
    boolean isFirst = !batch.mayBeStored();
    return isFirst && node.retryAfter() != null ? MOVED_TIMEOUT : ANSWER_TIMEOUT;
  }

  private Behavior<Command> onAnswered(Answered answered) {
    IngressLane lane = lanes.get(answered.queue());
    AppendReply reply = answered.reply();
    if (isDecision(reply)) {
      lane.onHeard(node.nanoTime().getAsLong());
    }
    Batch batch = lane.open(reply.number());
    if (batch == null) {
      return this;
    }
    if (reply instanceof AppendReply.Decided decided) {
      lane.close(batch);
      for (int i = 0; i < batch.parts().size(); i++) {
        batch.parts().get(i).complete(decided.results().result(decided.queue(), i));
      }
    } else if (reply instanceof AppendReply.StoredBefore) {
      lane.close(batch);
      batch.completeAll(
          new PublishResult.Unknown("decided by an earlier sending; where is not remembered"));
    } else if (reply instanceof AppendReply.NotStored notStored) {
      onNotStored(lane, batch, notStored);
    } else {
      batch.repeatAt(node.nanoTime().getAsLong() + REPEAT_DELAY.toNanos());
    }
    send(answered.queue());
    return stopIfDone();
  }

  private static boolean isDecision(AppendReply reply) {
    boolean isAway =
        reply instanceof AppendReply.NotStored refused
            && refused.reason() == PublishResult.Reason.UNAVAILABLE;
    return !isAway && !(reply instanceof AppendReply.Unknown);
  }

  private void onNotStored(IngressLane lane, Batch batch, AppendReply.NotStored notStored) {
    PublishResult refused = new PublishResult.Refused(notStored.reason(), notStored.detail());
    batch.onRefused(refused);
    if (notStored.reason() == PublishResult.Reason.TOPIC_GONE) {
      // Also what waits: the queue takes nothing any more.
      lane.refuseWaiting(refused);
      retire();
    } else if (notStored.reason() == PublishResult.Reason.UNAVAILABLE || batch.mayBeStored()) {
      batch.repeatAt(node.nanoTime().getAsLong() + REPEAT_DELAY.toNanos());
      return;
    }
    lane.close(batch);
    batch.giveUp();
  }

  /** What was told before the node forgot this actor is in the mailbox before {@link Retire}. */
  private void retire() {
    if (!isTopicGone) {
      isTopicGone = true;
      node.onEnded().accept(getContext().getSelf());
      getContext().getSelf().tell(new Retire());
    }
  }

  private Behavior<Command> onRetire() {
    isRetired = true;
    return stopIfDone();
  }

  private Behavior<Command> stopIfDone() {
    return isRetired && lanes.stream().allMatch(IngressLane::isIdle) ? Behaviors.stopped() : this;
  }

  /** The system goes down, or this actor failed: nobody else will answer. */
  private Behavior<Command> onPostStop() {
    node.onEnded().accept(getContext().getSelf());
    lanes.forEach(IngressLane::giveUp);
    return this;
  }

  private Behavior<Command> onTick() {
    isTicking = false;
    long now = node.nanoTime().getAsLong();
    passOver(now);
    for (int queue = 0; queue < lanes.size(); queue++) {
      IngressLane lane = lanes.get(queue);
      lane.expireWaiting(now);
      for (Batch batch : List.copyOf(lane.open())) {
        if (batch.lastDeadlineNanos() - now <= 0) {
          lane.close(batch);
          batch.giveUp();
        } else if (batch.repeatAtNanos() - now <= 0) {
          send(queue, batch, now);
        } else {
          expireParts(batch, now);
        }
      }
      send(queue);
    }
    tick();
    return stopIfDone();
  }

  /** Moves what may go elsewhere away from queues that do not answer, to one that does. */
  private void passOver(long now) {
    Duration silence = node.retryAfter();
    if (silence == null || lanes.size() == 1) {
      return;
    }
    lanes.forEach(lane -> lane.look(now, silence.toNanos()));
    for (int queue = 0; queue < lanes.size(); queue++) {
      IngressLane lane = lanes.get(queue);
      if (lane.isPingDue(now, PING_INTERVAL.toNanos())) {
        ping(queue);
      }
      int other = lane.isSuspect() ? nextFree() : queue;
      if (!lanes.get(other).isSuspect() && other != queue) {
        lane.takeFree().forEach(lanes.get(other)::add);
      }
    }
  }

  /** An append of nothing stores nothing, and is answered as any other. */
  private void ping(int queue) {
    node.router()
        .tell(
            topicUid,
            queue,
            new Queue.Append(
                sender,
                IngressLane.PING_NUMBER,
                List.of(),
                ANSWER_TIMEOUT.toMillis(),
                false,
                answers.get(queue)));
  }

  /** Callers of one batch may have different time limits. */
  private static void expireParts(Batch batch, long now) {
    for (IngressLane.Waiting part : batch.parts()) {
      if (part.call().deadlineNanos() - now <= 0) {
        part.complete(IngressLane.unknown());
      }
    }
  }

  private void tick() {
    boolean isBusy = false;
    for (IngressLane lane : lanes) {
      isBusy |= !lane.isIdle() || lane.isSuspect();
    }
    if (isBusy && !isTicking) {
      isTicking = true;
      timers.startSingleTimer(new Tick(), TICK);
    }
  }
}
