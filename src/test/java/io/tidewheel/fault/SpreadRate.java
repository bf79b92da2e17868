package io.tidewheel.fault;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import io.tidewheel.message.KeyHash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;

/**
 * A {@code rateLimit} over twelve queues on three brokers, three of which have nine tenths of the
 * backlog; and the same subscription without one before. Tells how even the rate is.
 */
final class SpreadRate {
  private static final String PATH = "/v1/topics/spread-rate";

  /** Enough for the whole time without a limit and with it. */
  private static final int SECONDS_OF_BACKLOG = 110;

  private static final int QUEUES = 12;

  /** On two of the brokers. */
  private static final Set<Integer> HOT = Set.of(0, 7, 9);

  private static final int BATCH = 1_000;
  private static final int WORKERS = 40;
  private static final int HANDLE_MILLIS = 3;

  /** Long enough for the clients here to be compiled, or they take the processors later. */
  private static final int FREE_SECONDS = 30;

  private static final int SECONDS = 44;
  private static final int SETTLED_SECONDS = 2;
  private static final int TENTHS = 10_000;

  private final LocalCluster cluster;
  private final int rate;
  private final BrokerClient broker;
  private final Map<Integer, AtomicIntegerArray> byQueue = new HashMap<>();
  private volatile long beganNanos;

  SpreadRate(LocalCluster cluster, int rate) {
    this.cluster = cluster;
    this.rate = rate;
    this.broker = new BrokerClient(cluster.urls().get(0));
    for (int queue = 0; queue < QUEUES; queue++) {
      byQueue.put(queue, new AtomicIntegerArray(TENTHS));
    }
  }

  void run() throws IOException, InterruptedException {
    expect(broker.put(PATH, "{\"queues\":12}"));
    for (String name : List.of("free", "s")) {
      expect(broker.put(PATH + "/subscriptions/" + name, "{\"order\":\"none\"}"));
    }
    expect(broker.put(PATH + "/subscriptions/s", "{\"rateLimit\":" + rate + "}"));
    publish();
    measure("free", FREE_SECONDS);
    System.out.printf(
        Locale.ROOT,
        "rate   without a limit: %.0f/s%n",
        count(1, FREE_SECONDS) / (FREE_SECONDS - 1.0));
    byQueue.replaceAll((queue, counts) -> new AtomicIntegerArray(TENTHS));
    measure("s", SECONDS);
    tell();
  }

  private void measure(String subscription, int seconds) throws InterruptedException {
    List<SpreadCrew> crews = new ArrayList<>();
    try {
      for (int i = 1; i <= LocalCluster.BROKERS; i++) {
        crews.add(
            new SpreadCrew(
                cluster.urls().get(i - 1),
                cluster.nodeOf(i),
                WORKERS,
                HANDLE_MILLIS,
                Map.of(),
                delivery -> byQueue.get(delivery.queue()).incrementAndGet(tenth())));
      }
      beganNanos = System.nanoTime();
      crews.forEach(crew -> crew.start("spread-rate", subscription));
      TimeUnit.SECONDS.sleep(seconds);
    } finally {
      crews.forEach(SpreadCrew::close);
    }
  }

  private int tenth() {
    long tenth = (System.nanoTime() - beganNanos) / TimeUnit.MILLISECONDS.toNanos(100);
    return (int) Math.min(TENTHS - 1, tenth);
  }

  private void tell() throws IOException, InterruptedException {
    double least = Double.MAX_VALUE;
    double most = 0;
    for (double from = SETTLED_SECONDS; from + 10 <= SECONDS; from += 0.1) {
      double perSecond = count(from, from + 10) / 10.0;
      least = Math.min(least, perSecond);
      most = Math.max(most, perSecond);
    }
    double second = 0;
    double first = 0;
    for (double from = 0; from + 1 <= SECONDS; from += 0.1) {
      if (from < SETTLED_SECONDS) {
        first = Math.max(first, (double) count(from, from + 1));
      } else {
        second = Math.max(second, (double) count(from, from + 1));
      }
    }
    long[] inQueues = byQueue.values().stream().mapToLong(SpreadRate::sum).sorted().toArray();
    System.out.printf(
        Locale.ROOT,
        "rate   rateLimit %,d/s, 12 queues on three brokers: %.1f/s over %d s, windows of 10 s from"
            + " %.1f (%+.1f %%) to %.1f (%+.1f %%), highest second %.0f (%+.1f %%), in the first two %.0f%n"
            + "rate   given out of each queue: %s%n"
            + "rate   in each second: %s%n",
        rate,
        count(SETTLED_SECONDS, SECONDS) / (double) (SECONDS - SETTLED_SECONDS),
        SECONDS - SETTLED_SECONDS,
        least,
        off(least),
        most,
        off(most),
        second,
        off(second),
        first,
        Arrays.toString(inQueues),
        IntStream.range(0, SECONDS).mapToObj(i -> String.valueOf(count(i, i + 1.0))).toList());
  }

  private double off(double perSecond) {
    return 100 * (perSecond / rate - 1);
  }

  private long count(double from, double to) {
    long sum = 0;
    for (int tenth = (int) Math.round(from * 10); tenth < Math.round(to * 10); tenth++) {
      for (AtomicIntegerArray counts : byQueue.values()) {
        sum += counts.get(tenth);
      }
    }
    return sum;
  }

  private static long sum(AtomicIntegerArray counts) {
    long sum = 0;
    for (int i = 0; i < counts.length(); i++) {
      sum += counts.get(i);
    }
    return sum;
  }

  /**
   * Nine of ten belong to one of three queues, all with keys of their own: a client handles those
   * of a key one after the other, and would hold more and more of three keys.
   */
  private void publish() throws IOException, InterruptedException {
    Iterator<String> hot =
        IntStream.iterate(0, i -> i + 1)
            .mapToObj(i -> "hot-" + i)
            .filter(key -> HOT.contains(KeyHash.queueOf(KeyHash.of(key), QUEUES)))
            .iterator();
    for (int sent = 0; sent < SECONDS_OF_BACKLOG * rate; sent += BATCH) {
      ObjectNode body = BrokerClient.MAPPER.createObjectNode();
      ArrayNode messages = body.putArray("messages");
      for (int i = sent; i < sent + BATCH; i++) {
        messages.addObject().put("body", i).put("key", i % 10 == 0 ? "cold-" + i : hot.next());
      }
      expect(broker.post(PATH + "/messages:batch", body));
    }
  }

  private static void expect(BrokerClient.Reply reply) throws IOException {
    if (reply.status() >= 300 || reply.status() == 207) {
      throw new IOException(reply.toString());
    }
  }
}
