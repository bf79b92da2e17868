package io.tidewheel.fault;

import io.tidewheel.client.Delivery;
import io.tidewheel.client.Handler;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Workers of one broker hold deliveries, of its own queues and of others, and the broker is killed.
 * Tells how long after it was declared dead each of them was given to a worker of another broker.
 */
final class SpreadLeases {
  private static final int WORKERS = 16;

  /** Of each worker. */
  private static final int IN_HAND = 3;

  private static final int KILLED = 2;
  private static final double MAX_SECONDS = 2;
  private static final long MAX_WAIT_SECONDS = 60;

  private final LocalCluster cluster;
  private final Path logs;
  private final String topic;
  private final Map<Integer, String> homes;
  private final Map<String, Delivery> held = new ConcurrentHashMap<>();
  private final Map<String, Long> givenMillis = new ConcurrentHashMap<>();
  private final List<TidewheelClient> clients = new ArrayList<>();
  private final CountDownLatch end = new CountDownLatch(1);

  /**
   * A measurement on a topic that nothing was published to.
   *
   * @param logs directory of the brokers' logs
   * @param homes node of each queue
   */
  SpreadLeases(LocalCluster cluster, Path logs, String topic, Map<Integer, String> homes) {
    this.cluster = cluster;
    this.logs = logs;
    this.topic = topic;
    this.homes = homes;
  }

  /** Returns whether all was given out again in time. */
  boolean run() throws IOException, InterruptedException {
    int count = WORKERS * IN_HAND;
    try {
      workers(KILLED, WORKERS, this::hold);
      List<Message> messages = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        messages.add(Message.text("m" + i).withKey("k" + i));
      }
      clients.get(0).publisher(topic).publish(messages).forEach(answer -> answer.join());
      await(() -> held.size() == count, "were not taken by the broker that is to be killed");
      workers(1, WORKERS / 2, this::take);
      workers(3, WORKERS / 2, this::take);
      long killedMillis = System.currentTimeMillis();
      cluster.command("kill", Integer.toString(KILLED), "--down", "120");
      await(() -> givenMillis.size() == count, "were not given out again");
      end.countDown();
      long deadMillis = deadMillis(killedMillis);
      System.out.printf(
          Locale.ROOT,
          "leases broker %d killed with %d deliveries in hand, declared dead after %.1f s%n",
          KILLED,
          held.size(),
          (deadMillis - killedMillis) / 1e3);
      return tell(deadMillis);
    } finally {
      end.countDown();
      clients.forEach(TidewheelClient::close);
    }
  }

  /** Workers of a broker, each a client of its own. */
  private void workers(int broker, int count, Handler handler) {
    String url = cluster.urls().get(broker - 1);
    for (int i = 0; i < count; i++) {
      TidewheelClient client = TidewheelClient.builder().endpoints(url).onlyEndpoints().build();
      clients.add(client);
      client
          .worker(topic, "s")
          .concurrency(IN_HAND)
          .maxInHand(IN_HAND)
          .drainTimeout(Duration.ofMillis(100))
          .handler(handler)
          .start();
    }
  }

  /** In work until the end. */
  private Outcome hold(Delivery delivery) {
    held.put(delivery.text(), delivery);
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Outcome.release();
  }

  private Outcome take(Delivery delivery) {
    givenMillis.putIfAbsent(delivery.text(), System.currentTimeMillis());
    return Outcome.ack();
  }

  private void await(BooleanSupplier condition, String what)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_WAIT_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - until > 0) {
        throw new IOException("not all deliveries " + what + ": " + givenMillis.size());
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /** When one of the others decided that it is down, as their logs have it, of earlier runs too. */
  private long deadMillis(long killedMillis) throws IOException {
    long first = Long.MAX_VALUE;
    for (int i = 1; i <= LocalCluster.BROKERS; i++) {
      for (String line : Files.readAllLines(logs.resolve("broker-" + i + ".log"))) {
        if (line.contains("SBR took decision DownUnreachable")) {
          long atMillis = Instant.parse(line.substring(0, line.indexOf(' '))).toEpochMilli();
          first = atMillis < killedMillis ? first : Math.min(first, atMillis);
        }
      }
    }
    if (first == Long.MAX_VALUE) {
      throw new IOException("no log in " + logs + " says that a broker was declared dead");
    }
    return first;
  }

  private boolean tell(long deadMillis) {
    String dead = cluster.nodeOf(KILLED);
    Function<Boolean, List<Double>> after =
        isNear ->
            givenMillis.entrySet().stream()
                .filter(e -> isNear == dead.equals(homes.get(queue(e.getKey()))))
                .map(e -> (e.getValue() - deadMillis) / 1e3)
                .sorted()
                .toList();
    List<Double> near = after.apply(true);
    List<Double> far = after.apply(false);
    System.out.printf(
        Locale.ROOT,
        "leases given out again after it was declared dead: its own queues %s; others %s%n",
        figures(near),
        figures(far));
    boolean isInTime = !near.isEmpty() && !far.isEmpty() && max(near) <= MAX_SECONDS;
    return isInTime && max(far) <= MAX_SECONDS;
  }

  private int queue(String text) {
    Delivery delivery = held.get(text);
    return delivery == null ? -1 : delivery.queue();
  }

  private static double max(List<Double> sorted) {
    return sorted.get(sorted.size() - 1);
  }

  private static String figures(List<Double> sorted) {
    return sorted.isEmpty()
        ? "none"
        : String.format(
            Locale.ROOT,
            "%d, first %.2f s, p50 %.2f s, max %.2f s",
            sorted.size(),
            sorted.get(0),
            sorted.get(sorted.size() / 2),
            max(sorted));
  }
}
