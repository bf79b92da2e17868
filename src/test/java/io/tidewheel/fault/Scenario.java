package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Does to the cluster what a row says, and remembers when. */
final class Scenario {
  private static final Duration READY_TIMEOUT = Duration.ofSeconds(100);
  private static final long PROBE_MILLIS = 100;
  private static final long MAX_SPREAD_SECONDS = 100;

  private final Row row;
  private final LocalCluster cluster;
  private final Brokers brokers;
  private final FaultHistory history;
  private final Workload load;
  private final String topicPath;
  private final SplittableRandom random;
  private final long seconds;
  private final long startNanos = System.nanoTime();
  private final List<Fault> faults = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();
  private final AtomicInteger inWork;
  private final ClockProbe clocks;
  private int leastInWork = Integer.MAX_VALUE;

  /**
   * Not played yet.
   *
   * @param inWork how many deliveries workers hold
   */
  Scenario(
      Row row,
      LocalCluster cluster,
      Brokers brokers,
      FaultHistory history,
      Workload load,
      String topicPath,
      SplittableRandom random,
      Duration duration,
      AtomicInteger inWork) {
    this.row = row;
    this.cluster = cluster;
    this.brokers = brokers;
    this.history = history;
    this.load = load;
    this.topicPath = topicPath;
    this.random = random;
    this.seconds = duration.toSeconds();
    this.inWork = inWork;
    this.clocks =
        new ClockProbe(brokers, topicPath.substring(topicPath.lastIndexOf('/') + 1) + "-clock");
  }

  /** What waited while a clock was wrong. */
  ClockProbe clocks() {
    return clocks;
  }

  List<Fault> faults() {
    return List.copyOf(faults);
  }

  /** The fewest deliveries that workers held when a broker was stopped. */
  int leastInWork() {
    return leastInWork;
  }

  /** What went wrong with the faults themselves, or with coming back from them. */
  List<String> failures() {
    return List.copyOf(failures);
  }

  /** Returns after the time of the load, or when the last fault is healed if that is later. */
  void play() throws IOException, InterruptedException {
    untilSecond(5);
    switch (row) {
      case NONE, SUBSCRIPTIONS -> {
        // The load is all there is.
      }
      case KILL -> kill();
      case TERM, DELIVERIES -> term();
      case PAUSE -> pause();
      case STORE_KILL -> store("kill", 1, Math.min(10, seconds / 3), "restart");
      case STORE_POWER -> store("power", 1, Math.min(10, seconds / 3), "restart");
      case STORE_PAUSE -> store("pause", 1, Math.min(30, seconds / 3), "resume");
      case STORE_NODE ->
          store("kill", 1 + random.nextInt(row.stores()), Math.min(30, seconds / 3), "restart");
      case STORE_CUT -> cut();
      case SHRINK -> shrink();
      case CLOCK -> clock();
      default -> partition(row.loneBroker(), row == Row.PARTITION_RESTART);
    }
    untilSecond(seconds);
  }

  private void kill() throws IOException, InterruptedException {
    int times = seconds >= 100 ? 3 : 1;
    long down = Math.min(30, seconds / 3);
    for (int i = 0; i < times; i++) {
      int broker = 1 + random.nextInt(brokers.count());
      Set<Integer> queues = hitQueues(broker);
      note("kill " + broker);
      cluster.command("kill", Integer.toString(broker), "--down", Long.toString(down));
      long begun = System.nanoTime();
      history.leasesLost();
      sleepSeconds(down);
      faults.add(new Fault(broker, queues, begun, System.nanoTime()));
      awaitAll();
      awaitQueues(broker);
    }
  }

  /** They go back to it a minute after it has gone; and once they are there, for a while. */
  private void awaitQueues(int broker) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_SPREAD_SECONDS);
    while (queuesOf(broker).size() < Workload.QUEUES / brokers.count()) {
      if (System.nanoTime() - end > 0) {
        failures.add("broker " + broker + " did not get its queues back");
        return;
      }
      sleepSeconds(1);
    }
    sleepSeconds(5);
  }

  private void term() throws IOException, InterruptedException {
    List<Integer> order = new ArrayList<>();
    for (int broker = 1; broker <= brokers.count(); broker++) {
      order.add(broker);
    }
    for (int i = order.size() - 1; i > 0; i--) {
      Collections.swap(order, i, random.nextInt(i + 1));
    }
    for (int broker : order) {
      Set<Integer> queues = hitQueues(broker);
      note("term " + broker);
      leastInWork = Math.min(leastInWork, inWork.get());
      long begun = System.nanoTime();
      cluster.command("restart", Integer.toString(broker));
      faults.add(new Fault(broker, queues, begun, System.nanoTime()));
      awaitAll();
      sleepSeconds(3);
    }
  }

  private void pause() throws IOException, InterruptedException {
    int broker = 1 + random.nextInt(brokers.count());
    Set<Integer> queues = hitQueues(broker);
    note("pause " + broker);
    cluster.command("pause", Integer.toString(broker));
    long begun = System.nanoTime();
    history.leasesLost();
    // What waits on its sockets when it wakes.
    probe(broker, Math.min(60, Math.max(10, seconds - 15)));
    note("resume " + broker);
    history.leasesLost();
    cluster.command("resume", Integer.toString(broker));
    faults.add(new Fault(broker, queues, begun, System.nanoTime()));
    probe(broker, 3);
    awaitAll();
  }

  private void store(String fault, int node, long length, String heal)
      throws IOException, InterruptedException {
    String name = "cassandra-" + node;
    Set<Integer> queues = new HashSet<>();
    for (int queue = 0; queue < Workload.QUEUES; queue++) {
      queues.add(queue);
    }
    note(fault + ' ' + name);
    cluster.command(fault, name);
    long begun = System.nanoTime();
    sleepSeconds(length);
    history.leasesLost();
    cluster.command(heal, name);
    note(heal + ' ' + name);
    faults.add(new Fault(0, queues, begun, System.nanoTime()));
    sleepSeconds(12);
    awaitAll();
    history.leasesLost();
  }

  private void cut() throws IOException, InterruptedException {
    int broker = 1 + random.nextInt(brokers.count());
    Set<Integer> queues = hitQueues(broker);
    note("cut off " + broker + " from the store");
    cluster.command("cut", Integer.toString(broker));
    long begun = System.nanoTime();
    probe(broker, Math.min(30, seconds / 2));
    history.leasesLost();
    cluster.command("heal");
    note("heal");
    faults.add(new Fault(broker, queues, begun, System.nanoTime()));
    probe(broker, 12);
    awaitAll();
    history.leasesLost();
  }

  private void shrink() throws IOException, InterruptedException {
    int last = 1 + random.nextInt(brokers.count());
    int first = last % brokers.count() + 1;
    int second = first % brokers.count() + 1;
    long step = Math.min(25, Math.max(15, seconds / 4));
    note("kill " + first);
    Set<Integer> queues = hitQueues(first);
    cluster.command("kill", Integer.toString(first), "--down", Long.toString(3 * step));
    long begun = System.nanoTime();
    history.leasesLost();
    sleepSeconds(step);
    faults.add(new Fault(first, queues, begun, System.nanoTime()));
    queues = hitQueues(second);
    queues.addAll(hitQueues(last));
    note("kill " + second);
    cluster.command("kill", Integer.toString(second), "--down", Long.toString(step));
    begun = System.nanoTime();
    history.leasesLost();
    probe(last, step);
    faults.add(new Fault(last, queues, begun, System.nanoTime()));
    history.leasesLost();
    awaitAll();
  }

  /** In turn: what waits for a time when the clock changes, and what begins to wait after that. */
  private void clock() throws IOException, InterruptedException {
    int broker = 1 + random.nextInt(brokers.count());
    Set<Integer> queues = hitQueues(broker);
    String name = Integer.toString(broker);
    clocks.begin();
    for (String time : List.of("+1h", "-1h")) {
      clocks.delay();
      note("clock " + broker + ' ' + time);
      cluster.command("clock", name, time);
      clocks.awaitDelayed();
      clocks.delay();
      clocks.awaitDelayed();
      note("term " + broker);
      long begun = System.nanoTime();
      cluster.command("restart", name);
      faults.add(new Fault(broker, queues, begun, System.nanoTime()));
      awaitAll();
      // Queues go back to it after some seconds.
      sleepSeconds(8);
    }
    clocks.end();
    cluster.command("clock", name, "0");
  }

  private void partition(int broker, boolean isRestarted) throws IOException, InterruptedException {
    Set<Integer> queues = hitQueues(broker);
    long length = Math.min(40, Math.max(20, seconds - 20));
    note("cut off " + broker);
    cluster.command("partition", Integer.toString(broker));
    long begun = System.nanoTime();
    if (isRestarted) {
      probe(broker, 5);
      note("kill " + broker);
      cluster.command("kill", Integer.toString(broker), "--down", "0");
      length -= 5;
    }
    probe(broker, length);
    history.leasesLost();
    cluster.command("heal");
    note("heal");
    faults.add(new Fault(broker, queues, begun, System.nanoTime()));
    awaitAll();
  }

  private void probe(int broker, long length) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(length);
    while (System.nanoTime() - end < 0) {
      load.probe(broker);
      TimeUnit.MILLISECONDS.sleep(PROBE_MILLIS);
    }
  }

  private void awaitAll() throws InterruptedException {
    if (!brokers.awaitAll(READY_TIMEOUT)) {
      failures.add("not all brokers were ready " + READY_TIMEOUT.toSeconds() + " s after a fault");
    }
  }

  /** Those that a fault hits; there must be some. */
  private Set<Integer> hitQueues(int broker) throws IOException, InterruptedException {
    Set<Integer> queues = queuesOf(broker);
    if (queues.isEmpty()) {
      failures.add("broker " + broker + " had no queues: its fault shows nothing");
    }
    return queues;
  }

  /** Which queues live on a broker now. */
  private Set<Integer> queuesOf(int broker) throws IOException, InterruptedException {
    Set<Integer> queues = new HashSet<>();
    for (JsonNode queue : brokers.get(topicPath).path("queues")) {
      if (queue.path("node").asText().equals(cluster.nodeOf(broker))) {
        queues.add(queue.path("queue").asInt());
      }
    }
    return queues;
  }

  private void note(String text) {
    history.note(text);
  }

  private void untilSecond(long second) throws InterruptedException {
    long left = startNanos + TimeUnit.SECONDS.toNanos(second) - System.nanoTime();
    if (left > 0) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
  }

  private static void sleepSeconds(long count) throws InterruptedException {
    TimeUnit.SECONDS.sleep(count);
  }
}
