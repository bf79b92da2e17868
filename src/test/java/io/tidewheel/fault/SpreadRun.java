package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how a backlog spreads over three brokers: workers that each pull at one broker, handle
 * for a fixed time and ack. {@code bin/spread-test --help} says how to run it.
 */
public final class SpreadRun {
  private static final String USAGE =
      """
      Usage: bin/spread-test [--messages N] [--workers N] [--handle-ms N] [--pull N] [--mode MODE ...]

      Starts three brokers and a Cassandra (bin/cluster) and drains a backlog with workers that pull
      at one broker each and take a fixed time for each message.

        --messages N    1 KiB each; 12000
        --workers N     on each broker that has some; 6
        --handle-ms N   for each message; 20
        --pull N        messages of one pull; 5
        --mode MODE     help    the backlog is on broker 1, workers on all three
                        far     the backlog is on broker 1, workers on the other two
                        alone   the backlog and all workers are on broker 1
                        even    the backlog is on all queues, workers on all three
                        uneven  as even, and the workers of broker 3 take ten times as long
                        may be repeated; all if not given

      Says the time beside the ideal one (all workers always busy), the share of deliveries that
      stayed on their node, and the longest time a worker waited while something was left.
      """;

  private static final String TOPIC = "/v1/topics/spread-";
  private static final int QUEUES = 12;
  private static final int BATCH = 400;
  private static final int PAYLOAD_BYTES = 1024;
  private static final long MAX_SECONDS = 600;

  private final LocalCluster cluster;
  private final List<BrokerClient> brokers = new ArrayList<>();
  private final Map<String, Integer> options;

  private SpreadRun(LocalCluster cluster, Map<String, Integer> options) {
    this.cluster = cluster;
    this.options = options;
    cluster.urls().forEach(url -> brokers.add(new BrokerClient(url)));
  }

  /** What one worker did. */
  private record Tally(AtomicLong local, AtomicLong remote, AtomicLong longestWaitNanos) {
    private Tally() {
      this(new AtomicLong(), new AtomicLong(), new AtomicLong());
    }
  }

  /** Runs it; exits with 2 if it is not used as it should be. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Map<String, Integer> options =
        new HashMap<>(Map.of("--messages", 12_000, "--workers", 6, "--handle-ms", 20, "--pull", 5));
    List<String> modes = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      boolean isKnown = options.containsKey(arguments[i]) || arguments[i].equals("--mode");
      if (!isKnown || i + 1 == arguments.length) {
        System.out.print(USAGE);
        System.exit(arguments[i].equals("--help") ? 0 : 2);
      }
      if (arguments[i].equals("--mode")) {
        modes.add(arguments[++i]);
      } else {
        options.put(arguments[i], Integer.parseInt(arguments[++i]));
      }
    }
    Path directory = Path.of("target/spread");
    try (LocalCluster cluster = LocalCluster.start(directory, false, null)) {
      SpreadRun run = new SpreadRun(cluster, options);
      for (String mode : modes.isEmpty() ? List.of("even", "help", "far", "alone") : modes) {
        run.measure(mode);
      }
    }
  }

  private void measure(String mode) throws IOException, InterruptedException {
    String topic = TOPIC + mode;
    String settings = "{\"queues\":" + QUEUES + "}";
    expect(brokers.get(0).put(topic, settings));
    expect(brokers.get(0).put(topic + "/subscriptions/s", "{\"order\":\"none\"}"));
    Map<Integer, String> homes = homes(topic);
    boolean isEven = mode.equals("even") || mode.equals("uneven");
    int count = publish(topic, homes, isEven ? "" : cluster.nodeOf(1));
    List<Integer> at =
        switch (mode) {
          case "far" -> List.of(2, 3);
          case "alone" -> List.of(1);
          default -> List.of(1, 2, 3);
        };
    double perSecond = 0;
    Map<Integer, Integer> handleMillis = new TreeMap<>();
    for (int broker : at) {
      boolean isSlow = mode.equals("uneven") && broker == 3;
      int millis = options.get("--handle-ms") * (isSlow ? 10 : 1);
      handleMillis.put(broker, millis);
      perSecond += options.get("--workers") * 1e3 / millis;
    }
    Map<Integer, Tally> tallies = new TreeMap<>();
    List<Thread> threads = new ArrayList<>();
    AtomicLong left = new AtomicLong(count);
    long beganNanos = System.nanoTime();
    for (int broker : at) {
      Tally tally = new Tally();
      tallies.put(broker, tally);
      for (int i = 0; i < options.get("--workers"); i++) {
        Thread thread =
            new Thread(
                () ->
                    work(broker, topic, homes, handleMillis.get(broker), left, tally, beganNanos));
        threads.add(thread);
        thread.start();
      }
    }
    for (Thread thread : threads) {
      thread.join();
    }
    tell(mode, count, perSecond, System.nanoTime() - beganNanos, left.get(), tallies);
  }

  private void tell(
      String mode,
      int count,
      double perSecond,
      long tookNanos,
      long left,
      Map<Integer, Tally> tallies) {
    double seconds = tookNanos / 1e9;
    long local = tallies.values().stream().mapToLong(tally -> tally.local.get()).sum();
    long remote = tallies.values().stream().mapToLong(tally -> tally.remote.get()).sum();
    long wait =
        tallies.values().stream().mapToLong(tally -> tally.longestWaitNanos.get()).max().orElse(0);
    System.out.printf(
        Locale.ROOT,
        "%-6s %,d messages in %.1f s, ideal %.1f s, ratio %.2f, local %.1f %%, longest wait %d ms,"
            + " left %d, by broker %s%n",
        mode,
        count,
        seconds,
        count / perSecond,
        seconds * perSecond / count,
        100.0 * local / Math.max(1, local + remote),
        TimeUnit.NANOSECONDS.toMillis(wait),
        left,
        tallies.entrySet().stream()
            .map(e -> e.getKey() + ":" + (e.getValue().local.get() + e.getValue().remote.get()))
            .toList());
  }

  private Map<Integer, String> homes(String topic) throws IOException, InterruptedException {
    Map<Integer, String> homes = new TreeMap<>();
    for (int tries = 0; tries < 100 && homes.size() < QUEUES; tries++) {
      for (JsonNode queue : brokers.get(0).get(topic).body().path("queues")) {
        String node = queue.path("node").asText();
        if (!node.isEmpty()) {
          homes.put(queue.path("queue").asInt(), node);
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    return homes;
  }

  /** Stores the backlog on queues of a node, or on all; gives how much. */
  private int publish(String topic, Map<Integer, String> homes, String node)
      throws IOException, InterruptedException {
    Map<Integer, List<String>> keys = keysByQueue(topic);
    List<String> chosen = new ArrayList<>();
    keys.forEach(
        (queue, some) -> {
          if (node.isEmpty() || node.equals(homes.get(queue))) {
            chosen.addAll(some);
          }
        });
    int count = keys.values().stream().mapToInt(List::size).sum();
    byte[] payload = new byte[PAYLOAD_BYTES];
    new Random(1).nextBytes(payload);
    while (count < options.get("--messages")) {
      ObjectNode body = BrokerClient.MAPPER.createObjectNode();
      ArrayNode messages = body.putArray("messages");
      for (int i = 0; i < BATCH; i++) {
        messages
            .addObject()
            .put("key", chosen.get((count + i) % chosen.size()))
            .put("bodyBase64", payload);
      }
      expect(brokers.get(0).post(topic + "/messages:batch", body));
      count += BATCH;
    }
    return count;
  }

  /** Publishes a message of each of some keys to see where it goes. */
  private Map<Integer, List<String>> keysByQueue(String topic)
      throws IOException, InterruptedException {
    ObjectNode body = BrokerClient.MAPPER.createObjectNode();
    ArrayNode messages = body.putArray("messages");
    for (int i = 0; i < 120; i++) {
      messages.addObject().put("key", "k" + i).put("body", i);
    }
    Map<Integer, List<String>> keys = new LinkedHashMap<>();
    int i = 0;
    for (JsonNode result :
        expect(brokers.get(0).post(topic + "/messages:batch", body)).path("results")) {
      keys.computeIfAbsent(result.path("queue").asInt(), queue -> new ArrayList<>()).add("k" + i++);
    }
    return keys;
  }

  private void work(
      int broker,
      String topic,
      Map<Integer, String> homes,
      int handleMillis,
      AtomicLong left,
      Tally tally,
      long beganNanos) {
    BrokerClient client = brokers.get(broker - 1);
    String path = topic + "/subscriptions/s/messages:";
    ObjectNode pull = BrokerClient.MAPPER.createObjectNode();
    pull.put("max", options.get("--pull")).put("wait", "2s").put("worker", "w" + broker);
    long deadline = beganNanos + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
    try {
      long idleSince = System.nanoTime();
      while (left.get() > 0 && System.nanoTime() - deadline < 0) {
        JsonNode messages = expect(client.post(path + "pull", pull)).path("messages");
        if (messages.isEmpty()) {
          continue;
        }
        long waited = System.nanoTime() - idleSince;
        tally.longestWaitNanos.accumulateAndGet(waited, Math::max);
        ObjectNode ack = BrokerClient.MAPPER.createObjectNode();
        ArrayNode receipts = ack.putArray("receipts");
        for (JsonNode message : messages) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(handleMillis));
          receipts.add(message.path("receipt").asText());
          String home = homes.get(message.path("queue").asInt());
          (cluster.nodeOf(broker).equals(home) ? tally.local : tally.remote).incrementAndGet();
        }
        idleSince = System.nanoTime();
        expect(client.post(path + "ack", ack));
        left.addAndGet(-messages.size());
      }
    } catch (IOException e) {
      System.err.println("spread-test: a worker of broker " + broker + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static JsonNode expect(BrokerClient.Reply reply) throws IOException {
    if (reply.status() >= 300 || reply.status() == 207) {
      throw new IOException(reply.toString());
    }
    return reply.body();
  }
}
