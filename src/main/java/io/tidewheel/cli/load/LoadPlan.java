package io.tidewheel.cli.load;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * What a run sends.
 *
 * @param address where the broker listens
 * @param host value of the header {@code Host}
 * @param mode what the connections do
 * @param runName eight letters or digits, in every payload, so that a consumer knows the messages
 *     of its own run
 * @param topics names of the same length, used in turn
 * @param subscriptions consumers take from these in turn
 * @param threads that serve the connections
 * @param producers connections that publish
 * @param consumers connections that pull and ack
 * @param rate messages per second in the open model; 0 for the closed model
 * @param payloadBytes of each message
 * @param batch messages in a publish; 1 for a single publish
 * @param lineWindow lines without an answer in a stream of lines; 0 for a request each
 * @param pullMax messages in a pull, and so in an ack
 * @param pullWait how long a pull waits for messages
 * @param keyCount different keys; 0 for none
 * @param hasIds whether every message carries an id
 * @param nackShare part of the deliveries that is nacked, from 0 to 1
 * @param nackDelay after which a nacked message comes again
 * @param maxMessages after so many nothing more is published, or acked if nothing is published
 * @param isDraining whether consumers end when a pull brings nothing
 * @param seed of keys, payloads and choices
 */
public record LoadPlan(
    InetSocketAddress address,
    String host,
    Mode mode,
    String runName,
    List<String> topics,
    List<String> subscriptions,
    int threads,
    int producers,
    int consumers,
    double rate,
    int payloadBytes,
    int batch,
    int lineWindow,
    int pullMax,
    Duration pullWait,
    int keyCount,
    boolean hasIds,
    double nackShare,
    Duration nackDelay,
    long maxMessages,
    boolean isDraining,
    long seed) {

  /** From this size on a payload carries its time: quotes, name of the run, time, blanks. */
  public static final int MIN_STAMPED_BYTES = 40;

  /** What the connections do. */
  public enum Mode {
    /** Producers publish. */
    PUBLISH,

    /** Consumers pull and ack. */
    CONSUME,

    /** Producers publish, consumers pull and ack, and latency counts from end to end. */
    BOTH,

    /** Producers call a route that does nothing. */
    EMPTY,

    /** Producers ack what consumers pull. */
    ACK
  }

  public LoadPlan {
    topics = List.copyOf(topics);
    subscriptions = List.copyOf(subscriptions);
  }

  /** Another number of messages by other connections, as fast as it goes. */
  public LoadPlan withMode(Mode newMode, int newProducers, int newConsumers, long newMessages) {
    return new LoadPlan(
        address,
        host,
        newMode,
        runName,
        topics,
        subscriptions,
        threads,
        newProducers,
        newConsumers,
        0,
        payloadBytes,
        batch,
        0,
        pullMax,
        pullWait,
        keyCount,
        hasIds,
        0,
        nackDelay,
        newMessages,
        false,
        seed);
  }

  /** The same with batches of another size. */
  public LoadPlan withBatch(int newBatch) {
    return new LoadPlan(
        address,
        host,
        mode,
        runName,
        topics,
        subscriptions,
        threads,
        producers,
        consumers,
        rate,
        payloadBytes,
        newBatch,
        lineWindow,
        pullMax,
        pullWait,
        keyCount,
        hasIds,
        nackShare,
        nackDelay,
        maxMessages,
        isDraining,
        seed);
  }
}
