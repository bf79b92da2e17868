package io.tidewheel.crash;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.History.Operation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Pulls and settles: mostly acks, some nacks and releases, and a few it just forgets. */
final class CrashWorker implements Runnable {
  static final long LEASE_SECONDS = 5;
  private static final int MAX_PULL = 100;
  private static final int MAX_TRIES = 5;
  private static final long PAUSE_AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final BrokerClient client;
  private final History history;
  private final RoundGate gate;
  private final SplittableRandom random;
  private volatile boolean isDraining;

  private volatile long lastDeliveryNanos = System.nanoTime();

  CrashWorker(BrokerClient client, History history, RoundGate gate, SplittableRandom random) {
    this.client = client;
    this.history = history;
    this.gate = gate;
    this.random = random;
  }

  /** From now on everything is acked. */
  void drain() {
    isDraining = true;
  }

  /** When a pull last brought something. */
  long lastDeliveryNanos() {
    return lastDeliveryNanos;
  }

  private record Held(MessageId id, int delivery, String receipt) {}

  @Override
  public void run() {
    try {
      while (gate.pass()) {
        try {
          settle(pull());
        } catch (IOException e) {
          // The broker is gone, or was cut off in the middle: what is open stays unknown.
          LockSupport.parkNanos(PAUSE_AFTER_FAILURE_NANOS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Held> pull() throws IOException, InterruptedException {
    ObjectNode body = BrokerClient.MAPPER.createObjectNode();
    body.put("max", 1 + random.nextInt(MAX_PULL));
    body.put("wait", "200ms").put("lease", LEASE_SECONDS + "s");
    long askedNanos = System.nanoTime();
    BrokerClient.Reply reply = client.post(CrashTest.SUBSCRIPTION_PATH + "/messages:pull", body);
    if (reply.status() != 200) {
      throw new IOException("pull answered " + reply.status());
    }
    List<Held> held = new ArrayList<>();
    for (JsonNode message : reply.body().path("messages")) {
      held.add(note(message, askedNanos));
    }
    if (!held.isEmpty()) {
      history.succeeded(Operation.PULL);
      lastDeliveryNanos = System.nanoTime();
    }
    return held;
  }

  private Held note(JsonNode message, long askedNanos) throws IOException {
    MessageId id = MessageId.parse(message.path("id").asText());
    byte[] payload =
        message.has("bodyBase64")
            ? message.get("bodyBase64").binaryValue()
            : message.path("bodyText").asText().getBytes(StandardCharsets.UTF_8);
    boolean isWhole =
        id.counter() >= 0
            && Arrays.equals(payload, id.payload())
            && message.path("key").asText("-").equals(key(id));
    int queue = message.path("queue").asInt();
    long offset = message.path("offset").asLong();
    long now = System.nanoTime();
    long lease = TimeUnit.SECONDS.toNanos(LEASE_SECONDS);
    int delivery =
        history.record(
            "delivered",
            id,
            queue,
            offset,
            checker -> checker.delivered(id, queue, offset, isWhole, askedNanos, now, lease));
    return new Held(id, delivery, message.path("receipt").asText());
  }

  private static String key(MessageId id) {
    return id.keyNumber() < 0 ? "-" : "k" + id.keyNumber();
  }

  private void settle(List<Held> held) throws IOException, InterruptedException {
    Map<String, List<Held>> byVerb = new HashMap<>();
    for (int i = 0; i < held.size(); i++) {
      String verb = isDraining ? "ack" : choose();
      byVerb.computeIfAbsent(verb, v -> new ArrayList<>()).add(held.get(i));
      if (!verb.equals("ack")) {
        giveBackFrom(held, i);
      }
    }
    byVerb.remove("forget");
    for (Map.Entry<String, List<Held>> entry : byVerb.entrySet()) {
      send(entry.getKey(), entry.getValue());
    }
  }

  private String choose() {
    int dice = random.nextInt(100);
    return dice < 93 ? "ack" : dice < 96 ? "nack" : dice < 99 ? "release" : "forget";
  }

  /** What comes back takes those behind it of the same key with it. */
  private void giveBackFrom(List<Held> held, int index) {
    int key = held.get(index).id().keyNumber();
    for (int i = index; i < held.size(); i++) {
      MessageId id = held.get(i).id();
      if (i == index || (key >= 0 && id.keyNumber() == key)) {
        history.record("giving-back", id, checker -> checker.givingBack(id));
      }
    }
  }

  private void send(String verb, List<Held> held) throws IOException, InterruptedException {
    Map<String, Held> open = new HashMap<>();
    held.forEach(one -> open.put(one.receipt(), one));
    boolean isAck = verb.equals("ack");
    for (int tries = 0; !open.isEmpty() && tries < MAX_TRIES; tries++) {
      ObjectNode body = BrokerClient.MAPPER.createObjectNode();
      ArrayNode receipts = body.putArray("receipts");
      open.keySet().forEach(receipts::add);
      if (verb.equals("nack")) {
        body.put("delay", random.nextInt(50) + "ms");
      }
      if (isAck) {
        for (Held one : open.values()) {
          history.record("ack", one.id(), checker -> checker.acking(one.id(), one.delivery()));
        }
      }
      BrokerClient.Reply reply =
          client.post(CrashTest.SUBSCRIPTION_PATH + "/messages:" + verb, body);
      boolean isAny = false;
      for (JsonNode result : reply.body().path("results")) {
        String status = result.path("status").asText();
        if (status.equals("retry")) {
          continue;
        }
        isAny |= status.equals(verb.equals("release") ? "released" : verb + "ed");
        Held one = open.remove(result.path("receipt").asText());
        if (isAck && one != null) {
          answered(one, status);
        }
      }
      if (isAny) {
        history.succeeded(Operation.valueOf(verb.toUpperCase(Locale.ROOT)));
      }
    }
  }

  private void answered(Held one, String status) {
    if (status.equals("acked")) {
      history.record("acked", one.id(), checker -> checker.acked(one.id(), one.delivery()));
    } else {
      history.record(
          "ack-" + status, one.id(), checker -> checker.ackRefused(one.id(), one.delivery()));
    }
  }
}
