package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import io.tidewheel.crash.Threads;
import io.tidewheel.message.KeyHash;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * How soon the queues of a broker that is killed take messages again, by how many queues there are.
 * Each has a message, and up to {@link #ASKED} of those that lived there are asked until they take
 * another one.
 */
final class SpreadFailover {
  private static final int KILLED = 2;
  private static final int ASKED = 240;
  private static final int THREADS = 16;
  private static final int MAX_QUEUES = 1_000;
  private static final int BATCH = 250;
  private static final long MAX_SECONDS = 300;
  private static final long MAX_FIND_SECONDS = 120;

  private final LocalCluster cluster;
  private final List<BrokerClient> brokers = new ArrayList<>();
  private final ConcurrentHistogram served = new ConcurrentHistogram(3);

  /** A queue and a key that leads to it. */
  private record Queue(String topic, String key) {}

  SpreadFailover(LocalCluster cluster) {
    this.cluster = cluster;
    cluster.urls().forEach(url -> brokers.add(new BrokerClient(url)));
  }

  /**
   * Makes the queues, kills a broker, and tells.
   *
   * @param name of its topics
   */
  void run(String name, int queues) throws IOException, InterruptedException {
    List<Queue> dead = new ArrayList<>();
    int topics = (queues + MAX_QUEUES - 1) / MAX_QUEUES;
    for (int i = 0; i < topics; i++) {
      dead.addAll(make(name + '-' + i, queues / topics));
    }
    List<Queue> asked = new ArrayList<>();
    for (int i = 0; i < Math.min(ASKED, dead.size()); i++) {
      asked.add(dead.get((int) ((long) i * dead.size() / Math.min(ASKED, dead.size()))));
    }
    System.out.printf(
        "failover %,d queues, %,d of them on broker %d, which is killed%n",
        queues, dead.size(), KILLED);
    ConcurrentLinkedQueue<Queue> open = new ConcurrentLinkedQueue<>(asked);
    cluster.command("kill", Integer.toString(KILLED), "--down", "100");
    long began = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      BrokerClient broker = brokers.get(i % 2 == 0 ? 0 : 2);
      threads.add(Threads.start("failover-" + i, () -> ask(open, broker, began)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.printf(
        Locale.ROOT,
        "failover %d asked, %d took a message again: first after %.1f s, p50 %.1f s, p95 %.1f s,"
            + " last %.1f s%n",
        asked.size(),
        served.getTotalCount(),
        served.getMinValue() / 1e9,
        served.getValueAtPercentile(50) / 1e9,
        served.getValueAtPercentile(95) / 1e9,
        served.getMaxValue() / 1e9);
  }

  /** Gives those that live on the broker that is to be killed. */
  private List<Queue> make(String topic, int queues) throws IOException, InterruptedException {
    String path = "/v1/topics/" + topic;
    put(path, "{\"queues\":" + queues + "}");
    put(path + "/subscriptions/s", "{}");
    String[] keys = new String[queues];
    int found = 0;
    for (int i = 0; found < queues; i++) {
      int queue = KeyHash.queueOf(KeyHash.of("k" + i), queues);
      if (keys[queue] == null) {
        keys[queue] = "k" + i;
        found++;
      }
    }
    for (int from = 0; from < queues; from += BATCH) {
      ObjectNode body = BrokerClient.MAPPER.createObjectNode();
      ArrayNode messages = body.putArray("messages");
      for (int i = from; i < Math.min(queues, from + BATCH); i++) {
        messages.addObject().put("key", keys[i]).put("bodyText", "hello");
      }
      brokers.get(0).post(path + "/messages:batch", body).expect(200);
    }
    List<Queue> dead = new ArrayList<>();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_FIND_SECONDS);
    JsonNode status = brokers.get(0).get(path).body();
    while (status.path("queues").size() < queues && System.nanoTime() - end < 0) {
      TimeUnit.SECONDS.sleep(1);
      status = brokers.get(0).get(path).body();
    }
    for (JsonNode queue : status.path("queues")) {
      if (queue.path("node").asText().equals(cluster.nodeOf(KILLED))) {
        dead.add(new Queue(topic, keys[queue.path("queue").asInt()]));
      }
    }
    return dead;
  }

  /** Again if the answer was that it may be tried again: many queues take a while to begin. */
  private void put(String path, String body) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_FIND_SECONDS);
    BrokerClient.Reply reply = brokers.get(0).put(path, body);
    while (reply.status() == 503 && System.nanoTime() - end < 0) {
      TimeUnit.SECONDS.sleep(1);
      reply = brokers.get(0).put(path, body);
    }
    if (reply.status() != 200) {
      // 200 is a repeat of what was done before and not answered.
      reply.expect(201);
    }
  }

  private void ask(ConcurrentLinkedQueue<Queue> open, BrokerClient broker, long began) {
    try {
      Queue queue;
      while ((queue = open.poll()) != null) {
        if (isStored(broker, queue)) {
          served.recordValue(System.nanoTime() - began);
        } else if (System.nanoTime() - began < TimeUnit.SECONDS.toNanos(MAX_SECONDS)) {
          open.add(queue);
          TimeUnit.MILLISECONDS.sleep(20);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isStored(BrokerClient broker, Queue queue) throws InterruptedException {
    try {
      return broker
              .send(
                  broker
                      .request("/v1/topics/" + queue.topic + "/messages")
                      .header("Tidewheel-Key", queue.key)
                      .header("Tidewheel-Timeout", "500ms")
                      .POST(BodyPublishers.ofString("again")))
              .status()
          == 201;
    } catch (IOException e) {
      return false;
    }
  }
}
