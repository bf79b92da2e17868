package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What the demo shows: a busy topic, a handler that fails for a while and whose messages back off
 * until it recovers, a backlog that drains, one that is held back, and a subscription nobody works
 * for. Publishers and workers are threads here; they speak HTTP as any program would.
 */
final class DemoRun {
  private static final byte[] NOTHING = new byte[0];
  private static final int REPORTS = 6_000;

  private final BrokerConnection broker;
  private final Terminal terminal;
  private final CountDownLatch stopped;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean isCardServiceDown;

  /** A run that ends early when {@code stopped} is counted down. */
  DemoRun(BrokerConnection broker, Terminal terminal, CountDownLatch stopped) {
    this.broker = broker;
    this.terminal = terminal;
    this.stopped = stopped;
  }

  /** Returns when the time is over or it was stopped, and no thread is left. */
  void run(Duration length) throws InterruptedException {
    double part = length.toMillis() / 60_000.0;
    try {
      prepare();
      work();
      String drains = "%,d reports wait; two workers drain them.".formatted(REPORTS);
      if (tell("Orders come in, and are billed and packed as they come.", 6 * part)
          && tell(drains, 9 * part)
          && cardService(true)
          && tell(
              "The card service is down: payments fail, and are tried again, later each time.",
              18 * part)
          && cardService(false)
          && tell(
              "It is back: what failed is done now, but for what has become a dead letter.",
              14 * part)) {
        tell("Letters were paused all the time: press Resume on their page.", 13 * part);
      }
    } finally {
      stopped.countDown();
      for (Thread thread : threads) {
        thread.join(TimeUnit.SECONDS.toMillis(15));
      }
    }
  }

  private boolean cardService(boolean isDown) {
    isCardServiceDown = isDown;
    return true;
  }

  /** Says what there is to see, and waits; false if it is over. */
  private boolean tell(String words, double seconds) throws InterruptedException {
    terminal.print(words);
    return !stopped.await((long) (seconds * 1_000), TimeUnit.MILLISECONDS);
  }

  private void prepare() throws InterruptedException {
    SplittableRandom random = dice();
    subscribe("orders", 4, "billing", Json.MAPPER.createObjectNode());
    subscribe("orders", 4, "warehouse", Json.MAPPER.createObjectNode());
    ObjectNode settings = Json.MAPPER.createObjectNode().put("maxAttempts", 8);
    settings.putObject("backoff").put("min", "500ms").put("max", "8s");
    subscribe("payments", 2, "card-service", settings);
    subscribe("reports", 1, "printer", Json.MAPPER.createObjectNode());
    subscribe("letters", 1, "post-office", Json.MAPPER.createObjectNode().put("rateLimit", 50));
    broker.post("/v1/topics/letters/subscriptions/post-office:pause", NOTHING).orFail();
    subscribe("audit", 1, "archive", Json.MAPPER.createObjectNode());
    for (int sent = 0; sent < REPORTS; sent += 1_000) {
      publish("reports", 1_000, random);
    }
  }

  private void subscribe(String topic, int queues, String name, ObjectNode settings)
      throws InterruptedException {
    ObjectNode ofTopic = Json.MAPPER.createObjectNode().put("queues", queues);
    broker.put("/v1/topics/" + topic, ofTopic, null).orFail();
    broker.put("/v1/topics/" + topic + "/subscriptions/" + name, settings, null).orFail();
  }

  private void work() {
    start("shop", random -> publish("orders", 10 + random.nextInt(40), random), 100);
    start("till", random -> publish("payments", 4 + random.nextInt(8), random), 100);
    start("office", random -> publish("letters", 1 + random.nextInt(3), random), 200);
    start("book-keeper", random -> publish("audit", 1 + random.nextInt(2), random), 500);
    for (int i = 1; i <= 2; i++) {
      String number = "-" + i;
      start("billing" + number, random -> handle("orders", "billing", "billing" + number, 60), 40);
      start("packer" + number, random -> handle("orders", "warehouse", "packer" + number, 60), 60);
      start("card" + number, random -> handle("payments", "card-service", "card" + number, 20), 30);
      start(
          "printer" + number, random -> handle("reports", "printer", "printer" + number, 14), 120);
    }
  }

  /** For one thread. */
  private SplittableRandom dice() {
    return new SplittableRandom(terminal.random().nextLong());
  }

  /** One step of a publisher or worker. */
  @FunctionalInterface
  private interface Step {
    void run(SplittableRandom random) throws InterruptedException;
  }

  /** Repeats a step until the end, with a pause in between. */
  private void start(String name, Step step, long pauseMillis) {
    SplittableRandom random = dice();
    Thread thread =
        new Thread(
            () -> {
              try {
                while (!stopped.await(pauseMillis, TimeUnit.MILLISECONDS)) {
                  step.run(random);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (CommandFailure e) {
                terminal.say(name + " has stopped: " + e.getMessage());
              }
            },
            name);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  private void publish(String topic, int count, SplittableRandom random)
      throws InterruptedException {
    ObjectNode batch = Json.MAPPER.createObjectNode();
    ArrayNode messages = batch.putArray("messages");
    for (int i = 0; i < count; i++) {
      int customer = random.nextInt(5_000);
      messages
          .addObject()
          .put("key", "customer-" + customer)
          .putObject("body")
          .put("customer", customer)
          .put("amount", String.format(Locale.ROOT, "%.2f", 1 + random.nextDouble() * 200));
    }
    String path = "/v1/topics/" + topic + "/messages:batch";
    broker.post(path, Json.compact(batch).getBytes(StandardCharsets.UTF_8)).orFail();
  }

  /** Pulls some, and acks them; payments are nacked while the card service is down. */
  private void handle(String topic, String subscription, String worker, int max)
      throws InterruptedException {
    String path = "/v1/topics/" + topic + "/subscriptions/" + subscription + "/messages:";
    ObjectNode pull =
        Json.MAPPER.createObjectNode().put("max", max).put("wait", "1s").put("worker", worker);
    ObjectNode settle = Json.MAPPER.createObjectNode();
    ArrayNode receipts = settle.putArray("receipts");
    for (JsonNode message : post(path + "pull", pull).path("messages")) {
      receipts.add(message.get("receipt"));
    }
    boolean isFailing = isCardServiceDown && subscription.equals("card-service");
    if (isFailing) {
      settle.put("reason", "the card service answers 503");
    }
    if (!receipts.isEmpty()) {
      post(path + (isFailing ? "nack" : "ack"), settle);
    }
  }

  private JsonNode post(String path, ObjectNode body) throws InterruptedException {
    byte[] json = Json.compact(body).getBytes(StandardCharsets.UTF_8);
    return broker.post(path, json).orFail().json();
  }
}
