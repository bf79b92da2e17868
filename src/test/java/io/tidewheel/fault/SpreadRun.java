package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.client.Delivery;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.crash.BrokerClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Measures how a backlog spreads over three brokers: workers that have a session with one broker
 * each and handle for a fixed time. {@code bin/spread-test --help} says how to run it.
 */
public final class SpreadRun {
  private static final String USAGE =
      """
      Usage: bin/spread-test [--messages N] [--workers N] [--handle-ms N] [--rate N]
                             [--queues N] [--running] [--mode MODE ...]

      Starts three brokers and a Cassandra (bin/cluster) and drains a backlog with workers of the
      Java client that have a session with one broker each and take a fixed time for each message.

        --messages N    1 KiB each; 12000
        --workers N     on each broker that has some; 8
        --handle-ms N   for each message; 20
        --rate N        messages a second of the mode rate; 1000
        --queues N      of the mode failover; 1000
        --running       use the cluster that runs in target/spread, and leave it running: brokers
                        that have worked for a while are quicker than those just started
        --mode MODE     help    the backlog is on broker 1, workers on all three
                        far     the backlog is on broker 1, workers on the other two
                        alone   the backlog and all workers are on broker 1
                        even    the backlog is on all queues, workers on all three
                        uneven  as even, and the workers of broker 3 take ten times as long
                        steady  no backlog; messages come as fast as 60 % of the workers handle
                        slow    as steady, and the workers of broker 3 take ten times as long
                        wake    one message at a time, published at broker 1, a worker on broker 2
                        kill    200 messages a second by a client of all brokers, 16 workers, and
                                broker 2 is killed
                        leases  workers of broker 2 hold 48 deliveries, and it is killed: how long
                                after it was declared dead others get them; 2 s at most
                        failover  broker 2 is killed: how soon its queues take messages again
                        page    the page of the monitor in a browser, and the broker that it is
                                connected to is killed, and frozen, three times each
                        rate    a rateLimit over twelve queues, of which three have nine
                                tenths of the backlog
                        may be repeated; all if not given

      Says the time beside the ideal one (all workers always busy), the share of deliveries that
      stayed on their node, and the longest time a worker had nothing to do. Exits with 1 if a
      bound is missed.
      """;

  private static final List<String> MODES =
      List.of(
          "even",
          "help",
          "far",
          "alone",
          "uneven",
          "steady",
          "slow",
          "wake",
          "kill",
          "leases",
          "failover",
          "page",
          "rate");
  private static final String TOPICS = "/v1/topics/";
  private static final int QUEUES = 12;
  private static final int BATCH = 400;
  private static final int PAYLOAD_BYTES = 1024;

  /** Beside what the handlers take. */
  private static final long MAX_SECONDS = 600;

  private static final Duration READY_TIMEOUT = Duration.ofMinutes(3);
  private static final double LOAD = 0.6;

  private final LocalCluster cluster;
  private final List<BrokerClient> brokers = new ArrayList<>();
  private final Map<String, Integer> options;

  private SpreadRun(LocalCluster cluster, Map<String, Integer> options) {
    this.cluster = cluster;
    this.options = options;
    cluster.urls().forEach(url -> brokers.add(new BrokerClient(url)));
  }

  /** Runs it; exits with 2 if it is not used as it should be. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Map<String, Integer> options =
        new HashMap<>(
            Map.of(
                "--messages",
                12_000,
                "--workers",
                8,
                "--handle-ms",
                20,
                "--rate",
                1_000,
                "--queues",
                1_000));
    List<String> modes = new ArrayList<>();
    boolean isRunning = false;
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--running")) {
        isRunning = true;
        continue;
      }
      boolean isLast = i + 1 == arguments.length;
      boolean isMode = arguments[i].equals("--mode") && !isLast && MODES.contains(arguments[i + 1]);
      if (isLast || !(isMode || options.containsKey(arguments[i]))) {
        System.out.print(USAGE);
        System.exit(arguments[i].equals("--help") ? 0 : 2);
      }
      if (isMode) {
        modes.add(arguments[++i]);
      } else {
        options.put(arguments[i], Integer.parseInt(arguments[++i]));
      }
    }
    Path directory = Path.of("target/spread");
    boolean isWell = true;
    try (LocalCluster cluster =
            isRunning ? LocalCluster.running(directory) : LocalCluster.start(directory, List.of());
        Brokers brokers = new Brokers(cluster.urls())) {
      SpreadRun run = new SpreadRun(cluster, options);
      for (String mode : modes.isEmpty() ? MODES : modes) {
        // One that was killed in the mode before comes back by itself.
        if (!brokers.awaitAll(READY_TIMEOUT)) {
          throw new IOException("not all brokers are ready");
        }
        isWell &= run.run(mode, directory.resolve("logs"));
      }
    }
    if (!isWell) {
      System.exit(1);
    }
  }

  /** Returns whether what has a bound is within it. */
  private boolean run(String mode, Path logs) throws IOException, InterruptedException {
    // The data of earlier runs is still there: nothing of theirs may be counted.
    String fresh = "spread-" + mode + '-' + System.currentTimeMillis();
    switch (mode) {
      case "wake" -> {
        createTopic(fresh, LocalCluster.BROKERS);
        new SpreadWake(cluster, fresh).run();
      }
      case "kill" -> {
        createTopic(fresh, QUEUES);
        new SpreadKill(cluster, fresh).run(options.get("--handle-ms"));
      }
      case "leases" -> {
        createTopic(fresh, QUEUES);
        return new SpreadLeases(cluster, logs, fresh, homes(TOPICS + fresh)).run();
      }
      case "failover" -> new SpreadFailover(cluster).run(fresh, options.get("--queues"));
      case "page" -> {
        createTopic(fresh, QUEUES);
        new SpreadPage(cluster, fresh).run();
      }
      case "rate" -> new SpreadRate(cluster, options.get("--rate")).run();
      default -> measure(mode);
    }
    return true;
  }

  private void measure(String mode) throws IOException, InterruptedException {
    String topic = "spread-" + mode;
    createTopic(topic, QUEUES);
    boolean isSteady = mode.equals("steady") || mode.equals("slow");
    Map<Integer, String> homes = homes(TOPICS + topic);
    Set<Long> handled = ConcurrentHashMap.newKeySet();
    ConcurrentHistogram waits = new ConcurrentHistogram(3);
    Map<Integer, SpreadCrew> crews = new TreeMap<>();
    try {
      double perSecond = 0;
      for (int broker : brokersOf(mode)) {
        boolean isSlow = broker == 3 && (mode.equals("uneven") || mode.equals("slow"));
        int millis = options.get("--handle-ms") * (isSlow ? 10 : 1);
        perSecond += options.get("--workers") * 1e3 / millis;
        Consumer<Delivery> onHandled =
            delivery -> {
              handled.add(delivery.offset() * QUEUES + delivery.queue());
              if (isSteady) {
                long sinceSent = System.nanoTime() - ByteBuffer.wrap(delivery.payload()).getLong();
                waits.recordValue(Math.max(0, sinceSent - TimeUnit.MILLISECONDS.toNanos(millis)));
              }
            };
        String url = cluster.urls().get(broker - 1);
        int workers = options.get("--workers");
        String node = cluster.nodeOf(broker);
        crews.put(broker, new SpreadCrew(url, node, workers, millis, homes, onHandled));
      }
      if (isSteady) {
        crews.values().forEach(crew -> crew.start(topic, "s"));
        long began = System.nanoTime();
        int count = publishSteadily(topic, LOAD * perSecond);
        await(handled, count, LOAD * perSecond);
        tell(mode, count, LOAD * perSecond, System.nanoTime() - began, crews);
        System.out.println(mode + " publish to handler: " + figures(waits));
      } else {
        boolean isEven = mode.equals("even") || mode.equals("uneven");
        int count = publish(TOPICS + topic, homes, isEven ? "" : cluster.nodeOf(1));
        long began = System.nanoTime();
        crews.values().forEach(crew -> crew.start(topic, "s"));
        await(handled, count, perSecond);
        tell(mode, count, perSecond, System.nanoTime() - began, crews);
      }
    } finally {
      crews.values().forEach(SpreadCrew::close);
    }
  }

  private void createTopic(String topic, int queues) throws IOException, InterruptedException {
    expect(brokers.get(0).put(TOPICS + topic, "{\"queues\":" + queues + "}"));
    expect(brokers.get(0).put(TOPICS + topic + "/subscriptions/s", "{\"order\":\"none\"}"));
  }

  private static List<Integer> brokersOf(String mode) {
    return switch (mode) {
      case "far" -> List.of(2, 3);
      case "alone" -> List.of(1);
      default -> List.of(1, 2, 3);
    };
  }

  /** Says once a minute how far it is. */
  private static void await(Set<Long> handled, int count, double perSecond)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    double most = MAX_SECONDS + 2 * count / perSecond;
    for (long minutes = 1; handled.size() < count; ) {
      double seconds = (System.nanoTime() - began) / 1e9;
      if (seconds > most) {
        throw new IOException(count - handled.size() + " messages were not handled");
      }
      if (seconds > 60 * minutes) {
        minutes++;
        System.out.printf(
            Locale.ROOT, "  %,d of %,d after %.0f s%n", handled.size(), count, seconds);
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private static void tell(
      String mode, int count, double perSecond, long tookNanos, Map<Integer, SpreadCrew> crews) {
    double seconds = tookNanos / 1e9;
    int handled = crews.values().stream().mapToInt(SpreadCrew::handled).sum();
    int local = crews.values().stream().mapToInt(SpreadCrew::local).sum();
    long idle = crews.values().stream().mapToLong(SpreadCrew::longestIdleNanos).max().orElse(0);
    System.out.printf(
        Locale.ROOT,
        "%-6s %,d messages in %.1f s, ideal %.1f s, ratio %.2f, local %.1f %%, longest idle %d ms,"
            + " handled again %d, by broker %s%n",
        mode,
        count,
        seconds,
        count / perSecond,
        seconds * perSecond / count,
        100.0 * local / Math.max(1, handled),
        TimeUnit.NANOSECONDS.toMillis(idle),
        Math.max(0, handled - count),
        crews.entrySet().stream().map(e -> e.getKey() + ":" + e.getValue().handled()).toList());
  }

  /** Publishes through all brokers in turn; gives how much. */
  private int publishSteadily(String topic, double perSecond) {
    int count = options.get("--messages");
    List<CompletableFuture<?>> answers = new ArrayList<>();
    try (TidewheelClient client =
        TidewheelClient.builder().endpoints(cluster.urls().toArray(String[]::new)).build()) {
      Publisher publisher = client.publisher(topic);
      long began = System.nanoTime();
      for (int i = 0; i < count; i++) {
        long due = began + (long) (i * 1e9 / perSecond);
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        byte[] payload = payload();
        ByteBuffer.wrap(payload).putLong(System.nanoTime());
        answers.add(publisher.publish(Message.of(payload)));
      }
      answers.forEach(CompletableFuture::join);
    }
    return count;
  }

  static String figures(Histogram nanos) {
    return String.format(
        Locale.ROOT,
        "p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, longest %.1f ms",
        nanos.getValueAtPercentile(50) / 1e6,
        nanos.getValueAtPercentile(95) / 1e6,
        nanos.getValueAtPercentile(99) / 1e6,
        nanos.getMaxValue() / 1e6);
  }

  static byte[] payload() {
    byte[] payload = new byte[PAYLOAD_BYTES];
    new SplittableRandom(1).nextBytes(payload);
    return payload;
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
    byte[] payload = payload();
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

  private static JsonNode expect(BrokerClient.Reply reply) throws IOException {
    if (reply.status() >= 300 || reply.status() == 207) {
      throw new IOException(reply.toString());
    }
    return reply.body();
  }
}
