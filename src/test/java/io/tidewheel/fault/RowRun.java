package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.crash.DeliveryChecker;
import io.tidewheel.crash.Threads;
import io.tidewheel.crash.Violation;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One row: load, fault, heal, drain, check. */
final class RowRun {
  private static final List<String> SUBSCRIPTIONS = List.of("one", "two");
  private static final Duration READY_TIMEOUT = Duration.ofMinutes(1);
  private static final long MAX_SLOW_SECONDS = 20;
  private static final long DRAIN_SECONDS = 90;
  private static final long COUNT_SECONDS = 10;
  private static final int MIN_IN_WORK = 500;

  private final FaultOptions options;
  private final Row row;
  private final LocalCluster cluster;
  private final Brokers brokers;
  private final String name;
  private final String topicPath;
  private final RowResult result;
  private final AtomicInteger inWork = new AtomicInteger();

  /**
   * A run.
   *
   * @param number of the run, so that one row can be run several times
   */
  RowRun(FaultOptions options, Row row, LocalCluster cluster, Brokers brokers, int number) {
    this.options = options;
    this.row = row;
    this.cluster = cluster;
    this.brokers = brokers;
    this.name = row.text() + '-' + number;
    this.topicPath = "/v1/topics/" + name;
    this.result = new RowResult(row, options.seed());
  }

  RowResult run() throws InterruptedException {
    try {
      awaitBrokers();
      make();
      try (FaultHistory history = history(name)) {
        run(history);
      }
    } catch (IOException | RuntimeException e) {
      // The rows after it may show something all the same.
      result.violation(Promise.INCOMPLETE, "not checked to the end: " + e);
    }
    return result;
  }

  /** The same load on a topic of its own, slowly at first: what a cold JVM does is no figure. */
  void warm() throws IOException, InterruptedException {
    awaitBrokers();
    make();
    try (FaultHistory history = history("warm")) {
      Crew crew = new Crew();
      long slowly = Math.min(MAX_SLOW_SECONDS, options.warm().toSeconds() / 3);
      try {
        startWorkers(crew, history);
        for (int step = 1; step <= 3; step++) {
          Workload load = new Workload(brokers, history, topicPath, options.rate() * step / 3);
          Thread runner = Threads.start("warm", load);
          try {
            TimeUnit.SECONDS.sleep(step < 3 ? slowly : options.warm().toSeconds() - 2 * slowly);
          } finally {
            load.end(runner);
          }
        }
      } finally {
        crew.end();
      }
    }
  }

  private void awaitBrokers() throws IOException, InterruptedException {
    if (!brokers.awaitAll(READY_TIMEOUT)) {
      throw new IOException(
          "not all brokers are ready after " + READY_TIMEOUT.toSeconds() + " s without a fault");
    }
  }

  private FaultHistory history(String of) throws IOException {
    return new FaultHistory(options.directory().resolve(of + ".history.jsonl.gz"), SUBSCRIPTIONS);
  }

  private void startWorkers(Crew crew, FaultHistory history) {
    for (String subscription : SUBSCRIPTIONS) {
      for (int i = 0; i < row.workers(); i++) {
        FaultWorker worker =
            new FaultWorker(brokers, history, topicPath, subscription, row.workMillis(), inWork);
        crew.start("worker-" + subscription + '-' + i, worker, worker::end);
      }
    }
  }

  private void make() throws IOException, InterruptedException {
    brokers.client(1).put(topicPath, "{\"queues\":" + Workload.QUEUES + "}").expect(201);
    for (String name : SUBSCRIPTIONS) {
      brokers
          .client(2)
          .put(topicPath + "/subscriptions/" + name, "{\"start\":\"earliest\"}")
          .expect(201);
    }
  }

  private void run(FaultHistory history) throws IOException, InterruptedException {
    FloorWatch floors = new FloorWatch(brokers, topicPath, SUBSCRIPTIONS);
    SleepyTopics sleepy = new SleepyTopics(brokers, "sleepy-" + name);
    Workload load = new Workload(brokers, history, topicPath, options.rate());
    SplittableRandom random = new SplittableRandom(options.seed() * 31 + row.text().hashCode());
    Scenario scenario =
        new Scenario(
            row, cluster, brokers, history, load, topicPath, random, options.duration(), inWork);
    long begun = System.nanoTime();
    long ended;
    boolean isDrained;
    Crew crew = new Crew();
    try {
      startWorkers(crew, history);
      crew.start("floors", floors, floors::end);
      if (row == Row.SUBSCRIPTIONS) {
        crew.start("sleepy", sleepy, sleepy::end);
      }
      Thread runner = Threads.start("load", load);
      try {
        scenario.play();
      } finally {
        load.end(runner);
      }
      ended = System.nanoTime();
      sleepy.end();
      isDrained = drain(history);
    } finally {
      crew.end();
    }
    scenario.failures().forEach(one -> result.violation(Promise.INCOMPLETE, one));
    figures(history, load, scenario, begun, ended);
    if (!isDrained) {
      result.violation(Promise.DELIVERY, "not drained after " + DRAIN_SECONDS + " s");
    }
    watched(floors, sleepy);
    clocks(scenario.clocks());
    deliveries(history);
    reconcile();
    logs(history);
  }

  private void watched(FloorWatch floors, SleepyTopics sleepy) {
    result.figure("floor samples", floors.samples());
    if (floors.samples() == 0) {
      result.violation(Promise.INCOMPLETE, "no floor was ever seen");
    }
    floors.violations().forEach(one -> result.violation(Promise.FLOOR, one));
    if (row == Row.SUBSCRIPTIONS) {
      result.figure("rounds of sleepy topics", sleepy.rounds());
      if (sleepy.rounds() == 0) {
        result.violation(Promise.INCOMPLETE, "no subscription came or went");
      }
      sleepy.violations().forEach(one -> result.violation(Promise.MISSED, one));
    }
  }

  private void clocks(ClockProbe clocks) {
    if (row == Row.CLOCK) {
      result.figure("delayed by least ms", clocks.leastMillis());
      result.figure("delayed by most ms", clocks.mostMillis());
      clocks.violations().forEach(one -> result.violation(Promise.DELIVERY, one));
    }
  }

  private void figures(
      FaultHistory history, Workload load, Scenario scenario, long begun, long ended) {
    List<Call> calls = load.calls();
    List<Fault> faults = scenario.faults();
    Figures figures = new Figures(calls, faults, begun, ended);
    result.figure("published", history.ask(DeliveryChecker::confirmed));
    result.figure("not stored", history.ask(DeliveryChecker::refused));
    result.figure("first tries that failed", figures.errors());
    result.figure("failed with retry", figures.failedWithRetry());
    result.figure("not sent", load.skipped());
    result.figure("others first try", figures.othersFirstTry());
    result.figure("hit first try", figures.hitFirstTry());
    result.figure("with retry", figures.withRetry());
    result.figure("free from second 2", figures.free());
    result.figure("longest gap ms", figures.longestGapMillis());
    result.figure("longest gap after heal ms", figures.longestGapAfterHealMillis());
    if (row == Row.DELIVERIES) {
      result.figure("in work at each stop", scenario.leastInWork());
      result.atLeast("in work at each stop", MIN_IN_WORK);
    }
    List<Long> times = figures.firstSuccessMillis(false);
    result.figure("first success p50 ms", Figures.quantile(times, 0.5));
    result.figure("first success p95 ms", Figures.quantile(times, 0.95));
    result.figure("after heal ms", Figures.quantile(figures.firstSuccessMillis(true), 1));
    result.figure("longest try ms", figures.longestTryMillis());
    result.figure("p50 ms", figures.latencyMillis(0.5));
    result.figure("p99 ms", figures.latencyMillis(0.99));
    for (Figures.Line line : Figures.Line.values()) {
      result.line(line.name().toLowerCase(Locale.ROOT), figures.perSecond(line));
    }
    if (!faults.isEmpty() && (row.isPartition() || row == Row.SHRINK)) {
      alone(figures, faults.get(faults.size() - 1));
    }
    judge();
  }

  /** What the one did that had no quorum. */
  private void alone(Figures figures, Fault fault) {
    long from = fault.startNanos() + TimeUnit.SECONDS.toNanos(5);
    result.figure("asked alone", figures.probes(fault.broker(), from, fault.healNanos()));
    long taken = figures.taken(fault.broker(), from, fault.healNanos());
    result.figure("taken alone", taken);
    result.figure(
        "first 503 ms",
        figures.first503Millis(fault.broker(), fault.startNanos(), fault.healNanos()));
    if (taken > 0) {
      result.violation(
          Promise.TAKEN_ALONE, taken + " messages were taken by a broker that was alone for 5 s");
    }
    result.atLeast("asked alone", 1);
    result.atLeast("first 503 ms", 0);
    result.timeAtMost("first 503 ms", 5_000);
  }

  private void judge() {
    switch (row) {
      case NONE, SUBSCRIPTIONS, STORE_NODE -> result.atMost("first tries that failed", 0);
      case KILL -> {
        result.atLeast("others first try", 0.99);
        result.timeAtMost("first success p95 ms", 12_000);
        result.timeAtMost("longest gap after heal ms", 3_000);
        result.atLeast("with retry", 0.995);
        result.atLeast("free from second 2", 0.999);
      }
      case TERM, DELIVERIES -> {
        result.atMost("failed with retry", 0);
        result.timeAtMost("longest gap ms", 3_000);
      }
      case CLOCK -> result.atMost("failed with retry", 0);
      case STORE_KILL, STORE_POWER, STORE_PAUSE, STORE_CUT ->
          result.timeAtMost("after heal ms", 10_000);
      case PARTITION_1, PARTITION_2, PARTITION_3, PARTITION_RESTART ->
          result.timeAtMost("first success p95 ms", 15_000);
      default -> {
        // Nothing beyond what holds for all.
      }
    }
    result.timeAtMost("longest try ms", 20_000);
    result.atMost("not sent", 0);
  }

  private boolean drain(FaultHistory history) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
    while (System.nanoTime() - end < 0) {
      long quiet = System.nanoTime() - history.lastDeliveryNanos();
      try {
        if (quiet > TimeUnit.SECONDS.toNanos(2) && isEmpty()) {
          return true;
        }
      } catch (IOException e) {
        // A broker that does not answer yet has until the end of the drain.
        continue;
      }
      TimeUnit.MILLISECONDS.sleep(250);
    }
    return false;
  }

  private boolean isEmpty() throws IOException, InterruptedException {
    for (String name : SUBSCRIPTIONS) {
      JsonNode state = brokers.get(topicPath + "/subscriptions/" + name);
      if (state.has("queuesUnreachable")
          || state.path("queues").size() != Workload.QUEUES
          || state.path("backlog").asLong(-1) != 0
          || state.path("leased").asLong(-1) != 0) {
        return false;
      }
    }
    return true;
  }

  private void deliveries(FaultHistory history) {
    history.forEach(DeliveryChecker::drained);
    result.figure("deliveries", history.sum(DeliveryChecker::delivered));
    result.figure("acked", history.acked());
    result.figure("repeated", history.sum(DeliveryChecker::redelivered));
    result.figure("copies", history.sum(DeliveryChecker::copies));
    result.figure("unknown, yet stored", history.ask(DeliveryChecker::recoveredCount));
    for (Violation.Kind kind : Violation.Kind.values()) {
      long count = history.sum(checker -> checker.count(kind));
      boolean isExcused = kind == Violation.Kind.HELD_TWICE && !row.keepsLeases();
      if (kind == Violation.Kind.LOST || kind == Violation.Kind.UNEXPECTED || count > 0) {
        result.figure(kind.name().toLowerCase(Locale.ROOT).replace('_', ' '), count);
      }
      if (count > 0 && !isExcused) {
        result.violation(Promise.of(kind), count + " times " + kind + ": " + kind.meaning());
      }
    }
    history.forEach(
        checker ->
            checker.violations().stream()
                .filter(one -> one.kind() != Violation.Kind.HELD_TWICE || row.keepsLeases())
                .limit(5)
                .forEach(
                    one ->
                        result.violation(
                            Promise.of(one.kind()), one.id().text() + " " + one.detail())));
    history.orderViolations().forEach(one -> result.violation(Promise.ORDER, "of answers: " + one));
    if (row == Row.NONE) {
      result.atMost("repeated", 0);
      result.atMost("copies", 0);
    }
    if (history.ask(DeliveryChecker::confirmed) == 0 || history.acked() == 0) {
      result.violation(Promise.INCOMPLETE, "nothing worked: the run proves nothing");
    }
  }

  private void reconcile() throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(COUNT_SECONDS);
    JsonNode counts = brokers.get(topicPath + "/reconciliation");
    while (!isWhole(counts) && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(250);
      counts = brokers.get(topicPath + "/reconciliation");
    }
    result.figure("difference", counts.path("difference").asLong(-1));
    if (!isWhole(counts)) {
      result.violation(Promise.COUNTS, "after " + COUNT_SECONDS + " s: " + counts);
    }
  }

  private static boolean isWhole(JsonNode counts) {
    boolean isWhole =
        counts.path("difference").asLong(-1) == 0
            && counts.path("queues").size() == Workload.QUEUES;
    for (JsonNode queue : counts.path("queues")) {
      isWhole &= queue.path("subscriptions").size() == SUBSCRIPTIONS.size();
      for (JsonNode subscription : queue.path("subscriptions")) {
        isWhole &= subscription.path("counted").asBoolean();
      }
    }
    return isWhole;
  }

  private void logs(FaultHistory history) throws IOException, InterruptedException {
    LogChecker checker = new LogChecker();
    LogBrowser browser = new LogBrowser(brokers, topicPath, checker);
    for (int broker = 1; broker <= brokers.count(); broker++) {
      browser.browse(broker);
    }
    history.forEachAcknowledged(checker::acknowledged);
    result.figure("log entries read", checker.values());
    JournalScan scan = JournalScan.of(cluster.store());
    result.figure("foreign rows", scan.foreignRows());
    scan.violations().forEach(one -> result.violation(Promise.TWO_WRITERS, one));
    checker.violations().forEach(one -> result.violation(Promise.LOG, one));
  }
}
