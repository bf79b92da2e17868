package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import io.tidewheel.message.MessageRules;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.SenderId;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One publisher of a session: passes its publishes on to their queues, with the numbers that the
 * client gave, until they are decided. Part of the actor of its session.
 *
 * <ol>
 *   <li>A publish is answered once.
 *   <li>One whose answer does not come or is not known is sent again with its number, while there
 *       is time: the queue stores it once.
 *   <li>A refusal is passed on only when no sending of the publish can have been stored.
 * </ol>
 */
final class SessionPublisher {
  private static final long ANSWER_NANOS = 3_000_000_000L;
  private static final long REPEAT_NANOS = 200_000_000L;

  private final int ref;
  private final SessionBroker broker;
  private final SenderId sender;
  private final IntFunction<ActorRef<AppendReply>> receivers;
  private final Consumer<Frame.FromBroker> answers;
  private final Map<Integer, ActorRef<AppendReply>> receiverByQueue = new HashMap<>();
  private final OpenPublishes openOfAll;
  private final Map<Place, Open> open = new HashMap<>();
  private final String topicName;
  private @Nullable Topic topic;
  private List<String> placement = List.of();

  private record Place(int queue, long number) {}

  /** A publish without an answer. */
  private static final class Open {
    private final Frame.Publish publish;
    private final Topic topic;
    private final long weight;
    private final long payloadBytes;
    private final long deadlineNanos;
    private long repeatNanos;
    private int sentCount;
    private int refusedCount;

    Open(Frame.Publish publish, Topic topic, long weight, long payloadBytes, long deadlineNanos) {
      this.publish = publish;
      this.topic = topic;
      this.weight = weight;
      this.payloadBytes = payloadBytes;
      this.deadlineNanos = deadlineNanos;
    }

    /** Whether a sending was neither answered nor refused. */
    boolean mayBeStored() {
      return publish.mayBeStored() || sentCount > refusedCount;
    }
  }

  /**
   * A publisher.
   *
   * @param openOfAll what all publishers of the session have open
   * @param receivers makes what takes the answers of a queue
   * @param answers takes what the client is to be told
   */
  SessionPublisher(
      Frame.OpenPublisher opened,
      SessionBroker broker,
      OpenPublishes openOfAll,
      IntFunction<ActorRef<AppendReply>> receivers,
      Consumer<Frame.FromBroker> answers) {
    this.ref = opened.ref();
    this.topicName = opened.topic();
    this.sender = new SenderId(opened.senderHigh(), opened.senderLow());
    this.broker = broker;
    this.openOfAll = openOfAll;
    this.receivers = receivers;
    this.answers = answers;
  }

  int ref() {
    return ref;
  }

  String topicName() {
    return topicName;
  }

  @Nullable Topic topic() {
    return topic;
  }

  /** The topic is known (anew). */
  void onTopic(Topic found) {
    topic = found;
    placement = List.of();
  }

  /** Tells the client where the queues are, if that has changed. */
  void onPlacement(Topic placed, List<String> nodes) {
    Topic known = topic;
    if (known != null && placed.uid() == known.uid() && !nodes.equals(placement)) {
      placement = nodes;
      answers.accept(
          new Frame.Placement(ref, placed.uid(), placed.settings().maxMessageBytes(), nodes));
    }
  }

  void publish(Frame.Publish publish, long now) {
    Topic known = topic;
    if (known == null) {
      throw new FrameException(
          CloseCode.OUT_OF_ORDER, "a publish before the answer to its open-publisher");
    }
    Place place = new Place(publish.queue(), publish.number());
    if (open.containsKey(place)) {
      throw new FrameException(
          CloseCode.OUT_OF_ORDER, "publish " + publish.number() + " twice without an answer");
    }
    long payloadBytes = 0;
    long weight = 0;
    for (Message message : publish.messages()) {
      payloadBytes += message.payload().length;
      weight += message.weight();
    }
    Frame.Failure refusal = refusal(known, publish);
    if (refusal == null && !broker.budget().tryTake(weight)) {
      refusal =
          failure(PublishResult.Reason.OVER_LIMIT, "too much is waiting to be stored on this node");
    }
    if (refusal != null) {
      // An earlier sending may have been taken all the same.
      Frame.Failure told =
          publish.mayBeStored() && refusal.isRetryable()
              ? new Frame.Failure(refusal.type(), refusal.detail(), true, true)
              : refusal;
      answers.accept(new Frame.NotPublished(ref, publish.queue(), publish.number(), told));
      return;
    }
    long millis = Math.min(publish.timeLeftMillis(), 86_400_000L);
    Open one = new Open(publish, known, weight, payloadBytes, now + millis * 1_000_000);
    open.put(place, one);
    openOfAll.add(payloadBytes);
    send(one, now);
  }

  private static Frame.@Nullable Failure refusal(Topic topic, Frame.Publish publish) {
    if (publish.queue() >= topic.settings().queues()) {
      return failure(PublishResult.Reason.TOPIC_GONE, "the topic has no such queue any more");
    }
    for (Message message : publish.messages()) {
      if (message.payload().length > topic.settings().maxMessageBytes()) {
        return failure(
            PublishResult.Reason.TOO_LARGE,
            "a payload of "
                + message.payload().length
                + " bytes; the topic takes at most "
                + topic.settings().maxMessageBytes());
      }
      String wrong = MessageRules.violation(message);
      if (wrong != null) {
        return new Frame.Failure("not-accepted", wrong, false, false);
      }
    }
    return null;
  }

  private void send(Open one, long now) {
    Frame.Publish publish = one.publish;
    one.repeatNanos = now + ANSWER_NANOS;
    ActorRef<AppendReply> receiver =
        receiverByQueue.computeIfAbsent(publish.queue(), receivers::apply);
    long millisLeft = Math.max(1, (one.deadlineNanos - now) / 1_000_000);
    Queue.Append append =
        new Queue.Append(
            sender, publish.number(), publish.messages(), millisLeft, one.mayBeStored(), receiver);
    one.sentCount++;
    broker.queues().tell(one.topic.uid(), publish.queue(), append);
  }

  /** The queue has said something. */
  void onReply(int queue, AppendReply reply, long now) {
    Open one = open.get(new Place(queue, reply.number()));
    if (one == null) {
      return;
    }
    if (reply instanceof AppendReply.Decided decided) {
      close(one);
      answers.accept(published(one, decided));
    } else if (reply instanceof AppendReply.StoredBefore) {
      close(one);
      answers.accept(new Frame.Published(ref, queue, reply.number(), Frame.PLACE_FORGOTTEN, null));
    } else if (reply instanceof AppendReply.NotStored refused) {
      onNotStored(one, refused, now);
    } else {
      one.repeatNanos = now + REPEAT_NANOS;
    }
  }

  private void onNotStored(Open one, AppendReply.NotStored refused, long now) {
    one.refusedCount++;
    boolean isFinal =
        refused.reason() == PublishResult.Reason.TOPIC_GONE
            || (refused.reason() != PublishResult.Reason.UNAVAILABLE && !one.mayBeStored());
    if (!isFinal) {
      one.repeatNanos = now + REPEAT_NANOS;
      return;
    }
    close(one);
    answers.accept(
        new Frame.NotPublished(
            ref,
            one.publish.queue(),
            refused.number(),
            failure(refused.reason(), refused.detail())));
  }

  private Frame.Published published(Open one, AppendReply.Decided decided) {
    int count = one.publish.messages().size();
    long[] codes = new long[count];
    boolean isRun = true;
    for (int i = 0; i < count; i++) {
      codes[i] = code(decided.results().result(decided.queue(), i));
      isRun &= codes[i] >= 0 && codes[i] == codes[0] + i;
    }
    return new Frame.Published(
        ref, decided.queue(), decided.number(), count == 0 ? 0 : codes[0], isRun ? null : codes);
  }

  private static long code(PublishResult result) {
    if (result instanceof PublishResult.Stored stored) {
      return stored.isDuplicate() ? Frame.DUPLICATE - stored.offset() : stored.offset();
    }
    return Frame.ID_CONFLICT;
  }

  /** Sends again what was not answered, and gives up what is late. */
  void onTick(long now) {
    for (Open one : new ArrayList<>(open.values())) {
      if (one.deadlineNanos - now <= 0) {
        close(one);
        answers.accept(
            new Frame.NotPublished(
                ref, one.publish.queue(), one.publish.number(), late(one.mayBeStored())));
      } else if (one.repeatNanos - now <= 0) {
        send(one, now);
      }
    }
  }

  private static Frame.Failure late(boolean mayBeStored) {
    return mayBeStored
        ? new Frame.Failure(
            "timed-out",
            "the queue did not confirm in time; the messages may have been stored",
            true,
            true)
        : new Frame.Failure(
            "unavailable",
            "the queue could not store them in time; nothing is stored",
            true,
            false);
  }

  /** The session is over: what is open is decided without it, and its client asks again. */
  void end() {
    for (Open one : new ArrayList<>(open.values())) {
      close(one);
    }
  }

  private void close(Open one) {
    open.remove(new Place(one.publish.queue(), one.publish.number()));
    openOfAll.remove(one.payloadBytes);
    broker.budget().giveBack(one.weight);
  }

  private static Frame.Failure failure(PublishResult.Reason reason, String detail) {
    String type =
        switch (reason) {
          case OVER_LIMIT -> "over-limit";
          case ID_CONFLICT -> "id-conflict";
          case EXPIRED -> "timed-out";
          case UNAVAILABLE -> "unavailable";
          case TOPIC_GONE -> "topic-not-found";
          case TOO_LARGE -> "too-large";
          case DISK_FULL -> "disk-full";
        };
    return new Frame.Failure(type, detail, reason.isRetryable(), false);
  }
}
