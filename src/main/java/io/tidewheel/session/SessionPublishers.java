package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.catalog.Topic;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The publishers of a session, and how much all of them have open. Part of the actor of its
 * session.
 *
 * <p>Publishes without an answer are bounded, in number and in bytes: a client that goes on is
 * closed.
 */
final class SessionPublishers {
  private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(10);

  private final ActorContext<Session.Command> context;
  private final SessionBroker broker;
  private final SessionTopics topics;
  private final Frame.Bounds bounds;
  private final Consumer<Frame.FromBroker> answers;
  private final Map<Integer, SessionPublisher> byRef = new HashMap<>();
  private final OpenPublishes open = new OpenPublishes();

  /** What comes back to the session for its publishers. */
  sealed interface Event extends Session.Command {}

  private record Replied(int ref, int queue, AppendReply reply) implements Event {}

  private record Found(SessionPublisher publisher, SessionTopics.Found found) implements Event {}

  private record Placed(SessionPublisher publisher, Topic topic, List<String> nodes)
      implements Event {}

  SessionPublishers(
      ActorContext<Session.Command> context,
      SessionBroker broker,
      SessionTopics topics,
      Frame.Bounds bounds,
      Consumer<Frame.FromBroker> answers) {
    this.context = context;
    this.broker = broker;
    this.topics = topics;
    this.bounds = bounds;
    this.answers = answers;
  }

  int size() {
    return byRef.size();
  }

  boolean has(int ref) {
    return byRef.containsKey(ref);
  }

  /** Whether a publish is without an answer. */
  boolean isBusy() {
    return open.count() > 0;
  }

  /** Opens one, whose reference is new, or looks again for the topic of one that is known. */
  void open(Frame.OpenPublisher asked) {
    SessionPublisher publisher =
        byRef.computeIfAbsent(
            asked.ref(),
            ref ->
                new SessionPublisher(asked, broker, open, queue -> receiver(ref, queue), answers));
    if (!publisher.topicName().equals(asked.topic())) {
      throw new FrameException(
          CloseCode.OUT_OF_ORDER, "reference " + asked.ref() + " is another topic's");
    }
    context.pipeToSelf(
        topics.toPublish(asked.topic(), LOOKUP_TIMEOUT),
        (found, failure) -> new Found(publisher, SessionTopics.found(found, failure)));
  }

  /** An answer does not say whose it is, so each publisher and queue has a receiver of its own. */
  private ActorRef<AppendReply> receiver(int ref, int queue) {
    ActorRef<Session.Command> self = context.getSelf();
    return context.spawn(
        Behaviors.<AppendReply>receiveMessage(
            reply -> {
              self.tell(new Replied(ref, queue, reply));
              return Behaviors.same();
            }),
        "answers-" + ref + "-" + queue);
  }

  void publish(Frame.Publish publish) {
    SessionPublisher publisher = byRef.get(publish.ref());
    if (publisher == null) {
      throw Session.unknown("publisher", publish.ref());
    }
    publisher.publish(publish, now());
    if (open.count() > bounds.maxOpenPublishes() || open.bytes() > bounds.maxOpenBytes()) {
      throw new FrameException(
          CloseCode.FLOOD,
          open.count()
              + " publishes with "
              + open.bytes()
              + " bytes are without an answer, which is too much");
    }
  }

  void onEvent(Event event) {
    if (event instanceof Replied replied) {
      SessionPublisher publisher = byRef.get(replied.ref());
      if (publisher != null) {
        publisher.onReply(replied.queue(), replied.reply(), now());
      }
    } else if (event instanceof Found found) {
      onFound(found);
    } else if (event instanceof Placed placed) {
      placed.publisher().onPlacement(placed.topic(), placed.nodes());
    }
  }

  private void onFound(Found found) {
    Topic topic = found.found().topic();
    if (topic == null) {
      answers.accept(new Frame.Refused(found.publisher().ref(), found.found().failureOrNone()));
      return;
    }
    found.publisher().onTopic(topic);
    place(found.publisher(), topic);
  }

  private void place(SessionPublisher publisher, Topic topic) {
    context.pipeToSelf(
        broker.topology().placement(topic),
        (nodes, failure) -> new Placed(publisher, topic, nodesOr(topic, nodes, failure)));
  }

  private static List<String> nodesOr(
      Topic topic, @Nullable List<String> nodes, @Nullable Throwable failure) {
    return nodes != null && failure == null
        ? nodes
        : Collections.nCopies(topic.settings().queues(), "");
  }

  /** Asks again where the queues are. */
  void look() {
    for (SessionPublisher publisher : byRef.values()) {
      Topic topic = publisher.topic();
      if (topic != null) {
        place(publisher, topic);
      }
    }
  }

  /** Sends again what was not answered, and gives up what is late. */
  void onTick() {
    long now = now();
    byRef.values().forEach(publisher -> publisher.onTick(now));
  }

  /** The session is over: what is open is decided without it, and its client asks again. */
  void end() {
    byRef.values().forEach(SessionPublisher::end);
  }

  private long now() {
    return broker.nanoTime().getAsLong();
  }
}
