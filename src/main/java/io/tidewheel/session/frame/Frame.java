package io.tidewheel.session.frame;

import io.tidewheel.message.Message;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One frame of a session. A websocket message holds one or more of them.
 *
 * <p>{@code ref} is a number that the client gives to a publisher, a subscription or a watch of its
 * session, unique among all of them; the broker names it in everything that belongs to it.
 */
public sealed interface Frame {
  /** The version of the protocol that is described here. */
  int VERSION = 1;

  /** {@link Published#firstOffset()} of messages that are stored, nobody knows any more where. */
  long PLACE_FORGOTTEN = -2;

  /** In {@link Published#codes()}: the id was used before for a message with another body. */
  long ID_CONFLICT = -1;

  /**
   * In {@link Published#codes()}: {@code DUPLICATE - n} is a repeat of the message at {@code n}.
   */
  long DUPLICATE = -16;

  /** What the client sends. */
  sealed interface FromClient extends Frame {}

  /** What the broker sends. */
  sealed interface FromBroker extends Frame {}

  /**
   * The first frame of a client.
   *
   * @param version of the protocol
   * @param client its name, for people
   * @param previousHigh and {@code previousLow} name the session that this one goes on with, as its
   *     welcome did: what the client held there costs no attempt; 0 and 0 for none
   */
  record Hello(int version, String client, long previousHigh, long previousLow)
      implements FromClient {}

  /**
   * Publishes to a topic from here on; again to learn where its queues are after it was made anew.
   *
   * @param senderHigh and {@code senderLow} name who numbers the publishes; the same after a
   *     reconnect
   */
  record OpenPublisher(int ref, String topic, long senderHigh, long senderLow)
      implements FromClient {}

  /**
   * Stores messages in one queue, in order.
   *
   * @param number of this publish for its sender and queue, from 1; a repeat carries the same
   *     messages
   * @param timeLeftMillis after which it must not be stored any more
   * @param mayBeStored whether it was sent before and not answered
   */
  record Publish(
      int ref,
      int queue,
      long number,
      long timeLeftMillis,
      boolean mayBeStored,
      List<Message> messages)
      implements FromClient {}

  /**
   * Takes deliveries of a subscription, as many as {@link Want} allows.
   *
   * @param leaseMillis how long a delivery is held unless it is extended; 0 for the subscription's
   *     own
   * @param worker name of the worker, for the pull log
   * @param version of the worker's code
   */
  record Subscribe(
      int ref,
      String topic,
      String subscription,
      long leaseMillis,
      @Nullable String worker,
      @Nullable String version)
      implements FromClient {}

  /** Room for further deliveries, beside those that were wanted before. */
  record Want(int ref, int count) implements FromClient {}

  /**
   * Settles, gives back or extends deliveries of a subscription.
   *
   * @param request answered by its number
   * @param millis delay of a nack or lease of an extension; negative for the subscription's own
   */
  record Settle(
      int ref,
      long request,
      Action action,
      long millis,
      @Nullable String reason,
      List<Handle> handles)
      implements FromClient {}

  /** What a worker tells of itself and of what it uses; nothing answers it. */
  sealed interface Report extends FromClient {}

  /**
   * Deliveries that were settled took so many calls of backends.
   *
   * @param messages deliveries that took them
   * @param calls thousandths of calls by name of the backend, of all deliveries together
   */
  record Cost(int ref, int messages, Map<String, Long> calls) implements Report {}

  /**
   * A backend of the subscription wants less, or is well again.
   *
   * @param rate thousandths of calls a second that it takes; negative if it did not say
   * @param ttlMillis how long that holds unless it is said again; 0 for the broker's own time
   * @param reason for people
   */
  record Pushback(
      int ref, String backend, Signal signal, long rate, long ttlMillis, @Nullable String reason)
      implements Report {}

  /**
   * How busy the processors of the client's host are; said several times a second.
   *
   * @param thousandths of them that are in use, by anybody
   */
  record Busy(int thousandths) implements Report {}

  /**
   * Tell what waits, of the whole cluster: all that the filter lets through, then what changes.
   *
   * @param topic a name, or a pattern in which {@code *} stands for any characters; null for all
   * @param subscription the same
   * @param node null for all
   * @param min least backlog of a row
   */
  record Watch(
      int ref,
      @Nullable String topic,
      @Nullable String subscription,
      @Nullable String node,
      long min)
      implements FromClient {}

  /**
   * Takes no more deliveries, of which those in hand can still be settled, or is told no more of
   * what waits.
   */
  record Unsubscribe(int ref) implements FromClient {}

  /** The client ends in order: what it holds costs no attempt. */
  record Goodbye() implements FromClient {}

  /**
   * The first frame of the broker.
   *
   * @param sessionHigh and {@code sessionLow} are random and never used again
   * @param node the name of the node
   */
  record Welcome(int version, long sessionHigh, long sessionLow, String node, Bounds bounds)
      implements FromBroker {}

  /**
   * What a session may do at most. Beyond it the broker closes it.
   *
   * @param maxFrameBytes of one websocket message
   * @param maxOpenBytes payload of publishes without an answer
   * @param maxOpenPublishes without an answer
   * @param maxRefs publishers, subscriptions and watches
   * @param maxWanted deliveries of one subscription wanted and not settled
   * @param pingMillis the broker closes a session of which it heard nothing for three times this
   */
  record Bounds(
      int maxFrameBytes,
      int maxOpenBytes,
      int maxOpenPublishes,
      int maxRefs,
      int maxWanted,
      int pingMillis) {}

  /** Who is a member of the cluster now; sent first of all and with every change. */
  record Members(List<Member> members) implements FromBroker {}

  /**
   * A node.
   *
   * @param zone where it stands
   * @param isHealthy whether it may be sent anything
   * @param url where clients reach it, such as {@code http://10.0.0.1:8080}; null if that is not
   *     known
   */
  record Member(String node, String zone, boolean isHealthy, @Nullable String url) {}

  /**
   * The answer to {@link OpenPublisher}, and again when queues have moved.
   *
   * @param nodes by queue the name of the node where it lives; empty where that is not known
   */
  record Placement(int ref, long topicUid, int maxMessageBytes, List<String> nodes)
      implements FromBroker {}

  /**
   * A publish is decided: stored and flushed.
   *
   * @param firstOffset of its messages, one after the other; {@link #PLACE_FORGOTTEN} for a repeat
   *     that is too late to be told
   * @param codes one a message if they are not one after the other: an offset, {@link
   *     #ID_CONFLICT}, or {@link #DUPLICATE} minus an offset
   */
  @SuppressWarnings("ArrayRecordComponent") // Many numbers, and never compared.
  record Published(int ref, int queue, long number, long firstOffset, long @Nullable [] codes)
      implements FromBroker {}

  /** A publish is not stored, or nobody knows. */
  record NotPublished(int ref, int queue, long number, Failure failure) implements FromBroker {}

  /**
   * The answer to {@link Subscribe}.
   *
   * @param leaseMillis how long a delivery is held
   */
  record Subscribed(int ref, long leaseMillis) implements FromBroker {}

  /** Messages to handle. */
  record Deliveries(int ref, List<Delivered> deliveries) implements FromBroker {}

  /** The answer to {@link Settle}, one status a handle. */
  record Settled(int ref, long request, List<Status> statuses) implements FromBroker {}

  /**
   * What waits, for one who watches.
   *
   * @param isReset whether what was told before is forgotten
   * @param isPart whether what belongs to this is still coming
   * @param gone rows that were told and are not there any more, or not what is watched
   */
  record Backlog(
      int ref, boolean isReset, boolean isPart, List<BacklogRow> rows, List<BacklogPlace> gone)
      implements FromBroker {}

  /** A subscription on one queue. */
  record BacklogPlace(long subscriptionUid, int queue) {}

  /**
   * What waits for a subscription on one queue.
   *
   * @param node where the queue lives
   * @param counts of messages
   * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
   * @param workers that pull there
   * @param rates of messages
   * @param drainSeconds until all is settled if it goes on like this; negative if it never is
   * @param allowedRate thousandths of messages a second that may be given out; negative for no
   *     bound
   * @param allowedReason why it is not more, such as {@code rate-limit}
   * @param stopReason why nothing is given out now; null if it flows
   * @param isAsleep whether its queue sleeps
   */
  record BacklogRow(
      BacklogPlace place,
      String topic,
      String subscription,
      String node,
      Counts counts,
      long oldestAtMillis,
      int workers,
      RatesPerSecond rates,
      long drainSeconds,
      long allowedRate,
      String allowedReason,
      @Nullable String stopReason,
      boolean isPaused,
      boolean isAsleep) {}

  /**
   * How many messages.
   *
   * @param backlog neither settled nor with a worker
   * @param waiting of the backlog, for a retry time or their key
   * @param leased with workers
   * @param dispatchable could be given out now
   * @param lag newest offset minus ack floor
   * @param deadLetters given up
   */
  record Counts(
      long backlog, long waiting, long leased, long dispatchable, long lag, long deadLetters) {}

  /**
   * Thousandths of messages a second.
   *
   * @param in stored
   * @param out settled
   * @param failed deliveries that ended without an ack
   */
  record RatesPerSecond(long in, long out, long failed) {}

  /** A publisher, a subscription or a watch cannot be had, or not any longer. */
  record Refused(int ref, Failure failure) implements FromBroker {}

  /**
   * Which delivery of which message.
   *
   * @param generation of the subscription's position
   * @param incarnation of who gave it, random
   * @param delivery ordinal of the delivery of this message
   */
  record Handle(long generation, int queue, long offset, int incarnation, int delivery) {}

  /** A message in the hands of a worker, with what {@link Settle} needs. */
  record Delivered(Handle handle, int attempt, long publishedAtMillis, Message message) {}

  /**
   * Why something was not done.
   *
   * @param type as in the problems of the HTTP API, such as {@code over-limit}
   * @param isRetryable whether the same may succeed later
   * @param isUnknown whether it may have been done all the same
   */
  record Failure(String type, String detail, boolean isRetryable, boolean isUnknown) {}

  /** What a backend wants. */
  enum Signal {
    SLOW(0),
    STOP(1),
    RECOVERED(2);

    private final int number;

    Signal(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** What to do with deliveries. */
  enum Action {
    ACK(0),
    NACK(1),
    RELEASE(2),
    REJECT(3),
    EXTEND(4);

    private final int number;

    Action(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** What became of a delivery. */
  enum Status {
    ACKED(0),
    NACKED(1),
    RELEASED(2),
    REJECTED(3),
    EXTENDED(4),
    EXPIRED(5),
    INVALID(6),
    RETRY(7);

    private final int number;

    Status(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }
}
