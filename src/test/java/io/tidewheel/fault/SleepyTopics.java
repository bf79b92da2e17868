package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Subscriptions come and go on topics that nothing else touches, so that their queues sleep in
 * between. What is acknowledged after the answer to the creation must come out.
 */
final class SleepyTopics implements Runnable {
  private static final int TOPICS = 4;
  private static final int MESSAGES = 24;
  private static final long READ_SECONDS = 20;

  private final Brokers brokers;
  private final String prefix;
  private final List<String> violations = new ArrayList<>();
  private volatile boolean isEnding;
  private final AtomicInteger rounds = new AtomicInteger();

  SleepyTopics(Brokers brokers, String prefix) {
    this.brokers = brokers;
    this.prefix = prefix;
  }

  void end() {
    isEnding = true;
  }

  long rounds() {
    return rounds.get();
  }

  synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  @Override
  public void run() {
    try {
      for (int i = 0; i < TOPICS; i++) {
        client().put(path(i), "{\"queues\":" + Workload.QUEUES + "}");
      }
      while (!isEnding) {
        round(rounds.getAndIncrement());
        // Each topic rests for several rounds: longer than cores stay awake.
        TimeUnit.SECONDS.sleep(2);
      }
    } catch (IOException e) {
      violate("a request failed: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void round(int round) throws IOException, InterruptedException {
    String topic = path(round % TOPICS);
    String subscription = topic + "/subscriptions/round-" + round;
    BrokerClient.Reply made = client().put(subscription, "{\"start\":\"latest\"}");
    if (made.status() != 201) {
      violate("PUT of a subscription answered " + made);
      return;
    }
    Set<String> open = publish(topic, round);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(READ_SECONDS);
    while (!open.isEmpty() && System.nanoTime() - end < 0) {
      ObjectNode body = BrokerClient.MAPPER.createObjectNode().put("max", 100).put("wait", "1s");
      BrokerClient.Reply reply = client().post(subscription + "/messages:pull", body);
      ObjectNode acks = BrokerClient.MAPPER.createObjectNode();
      ArrayNode receipts = acks.putArray("receipts");
      for (JsonNode message : reply.body().path("messages")) {
        open.remove(message.path("id").asText());
        receipts.add(message.path("receipt").asText());
      }
      if (!receipts.isEmpty()) {
        client().post(subscription + "/messages:ack", acks);
      }
    }
    if (!open.isEmpty()) {
      violate("round %d: %d messages missed: %s".formatted(round, open.size(), open));
    }
    BrokerClient broker = client();
    BrokerClient.Reply gone = broker.send(broker.request(subscription).DELETE());
    if (gone.status() != 204) {
      violate("DELETE of a subscription answered " + gone);
    }
  }

  private Set<String> publish(String topic, int round) throws IOException, InterruptedException {
    ObjectNode body = BrokerClient.MAPPER.createObjectNode();
    ArrayNode messages = body.putArray("messages");
    for (int i = 0; i < MESSAGES; i++) {
      messages.addObject().put("id", round + "-" + i).put("bodyText", "hello");
    }
    Set<String> stored = new HashSet<>();
    BrokerClient.Reply reply = client().post(topic + "/messages:batch", body);
    for (JsonNode result : reply.body().path("results")) {
      if (result.has("offset")) {
        stored.add(result.path("id").asText());
      }
    }
    if (stored.size() != MESSAGES) {
      violate("a batch was stored in part: " + reply);
    }
    return stored;
  }

  private BrokerClient client() {
    return brokers.client(brokers.next(0));
  }

  private String path(int topic) {
    return "/v1/topics/" + prefix + '-' + topic;
  }

  private synchronized void violate(String text) {
    violations.add(text);
  }
}
