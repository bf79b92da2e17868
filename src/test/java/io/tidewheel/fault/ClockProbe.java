package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Messages that wait while the clock of a broker is wrong. One subscription reads them at the end,
 * and none may have expired. Another gives them back to come again after some seconds, and that is
 * when they must come.
 */
final class ClockProbe {
  /** Shorter than clocks are put on, longer than a row takes. */
  private static final String TTL = "30m";

  private static final int MESSAGES = 120;
  private static final int PULLED = 20;
  private static final long DELAY_MILLIS = 10_000;

  /** What busy brokers may take longer. */
  private static final long MAX_LATE_MILLIS = 5_000;

  private static final long PULL_SECONDS = 60;

  private final Brokers brokers;
  private final String path;
  private final Map<String, Long> nackedNanos = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private long leastMillis = Long.MAX_VALUE;
  private long mostMillis;

  ClockProbe(Brokers brokers, String topic) {
    this.brokers = brokers;
    this.path = "/v1/topics/" + topic;
  }

  /** What should not have been. */
  List<String> violations() {
    return List.copyOf(violations);
  }

  /** How soon the first one came that was to come after {@value #DELAY_MILLIS} ms. */
  long leastMillis() {
    return leastMillis;
  }

  /** How late the last one came. */
  long mostMillis() {
    return mostMillis;
  }

  /** Stores the messages. */
  void begin() throws IOException, InterruptedException {
    String topic = "{\"queues\":" + Workload.QUEUES + ",\"ttl\":\"" + TTL + "\"}";
    client().put(path, topic).expect(201);
    // What is given back counts as failed, and must not slow anything down here.
    String subscription =
        "{\"start\":\"earliest\",\"order\":\"none\",\"maxAttempts\":100,\"success\":{\"target\":0}}";
    for (String name : List.of("kept", "delayed")) {
      client().put(path + "/subscriptions/" + name, subscription).expect(201);
    }
    ObjectNode body = BrokerClient.MAPPER.createObjectNode();
    ArrayNode messages = body.putArray("messages");
    for (int i = 0; i < MESSAGES; i++) {
      messages.addObject().put("id", "m" + i).put("bodyText", "hello");
    }
    client().post(path + "/messages:batch", body).expect(200);
  }

  /** Gives all back to come later; {@link #awaitDelayed} is next. */
  void delay() throws IOException, InterruptedException {
    nackedNanos.clear();
    pull("delayed", "nack");
  }

  /** Takes all that was given back, when it comes, and lets it come again at once. */
  void awaitDelayed() throws IOException, InterruptedException {
    pull("delayed", "release");
    if (leastMillis < DELAY_MILLIS || mostMillis > DELAY_MILLIS + MAX_LATE_MILLIS) {
      violations.add(
          "what was to come after %d ms came after %d to %d ms"
              .formatted(DELAY_MILLIS, leastMillis, mostMillis));
    }
  }

  /** Takes all that has waited since the beginning. */
  void end() throws IOException, InterruptedException {
    pull("kept", "ack");
  }

  private void pull(String subscription, String verb) throws IOException, InterruptedException {
    String messages = path + "/subscriptions/" + subscription + "/messages:";
    Set<String> taken = new HashSet<>();
    // Settled when all have come: what is released before could come in place of the others.
    List<String> receipts = new ArrayList<>();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PULL_SECONDS);
    while (taken.size() < MESSAGES && System.nanoTime() - end < 0) {
      ObjectNode body = BrokerClient.MAPPER.createObjectNode().put("max", PULLED).put("wait", "1s");
      for (JsonNode message : client().post(messages + "pull", body).body().path("messages")) {
        String id = message.path("id").asText();
        taken.add(id);
        receipts.add(message.path("receipt").asText());
        Long nacked = nackedNanos.get(id);
        if (nacked != null && verb.equals("release")) {
          long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nacked);
          leastMillis = Math.min(leastMillis, millis);
          mostMillis = Math.max(mostMillis, millis);
        }
      }
    }
    if (taken.size() < MESSAGES) {
      violations.add(
          "of %d messages of the subscription %s %d came in %d s"
              .formatted(MESSAGES, subscription, taken.size(), PULL_SECONDS));
    }
    ObjectNode settled = BrokerClient.MAPPER.createObjectNode();
    receipts.forEach(settled.putArray("receipts")::add);
    if (verb.equals("nack")) {
      settled.put("delay", DELAY_MILLIS + "ms");
      // Before the broker hears of it, or a message could seem to come too soon.
      long now = System.nanoTime();
      taken.forEach(id -> nackedNanos.put(id, now));
    }
    client().post(messages + verb, settled).expect(200);
  }

  private BrokerClient client() {
    return brokers.client(brokers.next(0));
  }
}
