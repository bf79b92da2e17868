package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import io.tidewheel.crash.MessageId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Pulls for one subscription, from brokers in turn, and acks what it gets. */
final class FaultWorker implements Runnable {
  static final long LEASE_SECONDS = 10;
  private static final int MAX_PULL = 100;
  private static final int MAX_TRIES = 40;
  private static final int PAYLOAD_BYTES = 1024;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Brokers brokers;
  private final FaultHistory history;
  private final String subscription;
  private final String path;
  private final long workMillis;
  private final AtomicInteger inWork;
  private volatile boolean isEnding;

  /**
   * A worker.
   *
   * @param workMillis how long it works on what it pulled
   * @param inWork where it says how many deliveries it holds
   */
  FaultWorker(
      Brokers brokers,
      FaultHistory history,
      String topicPath,
      String subscription,
      long workMillis,
      AtomicInteger inWork) {
    this.workMillis = workMillis;
    this.inWork = inWork;
    this.brokers = brokers;
    this.history = history;
    this.subscription = subscription;
    this.path = topicPath + "/subscriptions/" + subscription + "/messages:";
  }

  /** It pulls no more. */
  void end() {
    isEnding = true;
  }

  private record Held(MessageId id, int delivery) {}

  /** What one pull brought, and when the work on it is done. */
  private record Batch(Map<String, Held> open, int count, long doneNanos) {}

  @Override
  public void run() {
    Deque<Batch> batches = new ArrayDeque<>();
    try {
      while (!isEnding) {
        try {
          begin(pull(brokers.client(brokers.next(0))), batches);
        } catch (IOException e) {
          // The broker is gone; what it gave out and was not acked comes again.
        }
        while (!batches.isEmpty() && batches.peek().doneNanos() - System.nanoTime() <= 0) {
          end(batches.remove());
        }
        // So that each pull brings many: the processors are for the brokers.
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      for (Batch batch : batches) {
        TimeUnit.NANOSECONDS.sleep(batch.doneNanos() - System.nanoTime());
        end(batch);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void begin(Map<String, Held> held, Deque<Batch> batches) {
    inWork.addAndGet(held.size());
    long doneNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(workMillis);
    batches.add(new Batch(held, held.size(), doneNanos));
  }

  private void end(Batch batch) throws InterruptedException {
    try {
      ack(batch.open());
    } finally {
      inWork.addAndGet(-batch.count());
    }
  }

  private Map<String, Held> pull(BrokerClient client) throws IOException, InterruptedException {
    ObjectNode body = BrokerClient.MAPPER.createObjectNode();
    body.put("max", MAX_PULL).put("wait", "500ms").put("lease", LEASE_SECONDS + "s");
    long askedNanos = System.nanoTime();
    BrokerClient.Reply reply = client.post(path + "pull", body);
    if (reply.status() != 200) {
      throw new IOException("pull answered " + reply.status());
    }
    Map<String, Held> held = new LinkedHashMap<>();
    for (JsonNode message : reply.body().path("messages")) {
      byte[] payload =
          message.has("bodyBase64")
              ? message.get("bodyBase64").binaryValue()
              : message.path("bodyText").asText().getBytes(StandardCharsets.UTF_8);
      MessageId id = idIn(payload);
      boolean isWhole =
          CallKind.isOurs(id)
              && Arrays.equals(payload, id.payload(PAYLOAD_BYTES))
              && message.path("key").asText("-").equals(keyOf(id));
      int delivery =
          history.delivered(
              subscription,
              id,
              message.path("queue").asInt(),
              message.path("offset").asLong(),
              isWhole,
              askedNanos);
      held.put(message.path("receipt").asText(), new Held(id, delivery));
    }
    return held;
  }

  /** The payload begins with the id, which not every message has as its own. */
  static MessageId idIn(byte[] payload) {
    int end = 0;
    while (end < payload.length && payload[end] != ' ') {
      end++;
    }
    return MessageId.parse(new String(payload, 0, end, StandardCharsets.US_ASCII));
  }

  private static String keyOf(MessageId id) {
    int key = CallKind.keyOf(id);
    return key < 0 ? "-" : "k" + key;
  }

  private void ack(Map<String, Held> open) throws InterruptedException {
    for (int tries = 0; !open.isEmpty() && tries < MAX_TRIES; tries++) {
      ObjectNode body = BrokerClient.MAPPER.createObjectNode();
      ArrayNode receipts = body.putArray("receipts");
      open.forEach(
          (receipt, held) -> {
            receipts.add(receipt);
            history.acking(subscription, held.id, held.delivery);
          });
      try {
        BrokerClient.Reply reply = brokers.client(brokers.next(0)).post(path + "ack", body);
        for (JsonNode result : reply.body().path("results")) {
          settled(open, result);
        }
      } catch (IOException e) {
        // Not answered: acked or not, asking again finds out.
      }
      if (!open.isEmpty()) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private void settled(Map<String, Held> open, JsonNode result) {
    String status = result.path("status").asText();
    String receipt = result.path("receipt").asText();
    if (status.equals("retry") || !open.containsKey(receipt)) {
      return;
    }
    Held held = open.remove(receipt);
    if (status.equals("acked")) {
      history.acked(subscription, held.id, held.delivery);
    } else {
      history.ackRefused(subscription, held.id, held.delivery);
    }
  }
}
