package io.tidewheel.cli.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One run of the load generator. {@link #start} begins it; the caller samples it as often as it
 * wants to show something. Except for the threads it starts, it is used by one thread.
 */
public final class LoadRun {
  private static final long JOIN_MILLIS = TimeUnit.SECONDS.toMillis(10);

  private final LoadPlan plan;
  private final RunState state;
  private final List<Meters> meters = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final Map<Operation, Histogram> latencies = new EnumMap<>(Operation.class);
  private final Map<Operation, Long> messagesBefore = new EnumMap<>(Operation.class);
  private final Map<Operation, Long> requestsBefore = new EnumMap<>(Operation.class);
  private Map<String, Long> failuresBefore = Map.of();

  /**
   * A run that has not begun.
   *
   * @param nanoTime a clock that only grows
   */
  public LoadRun(LoadPlan plan, LongSupplier nanoTime) {
    this.plan = plan;
    this.state = new RunState(plan.maxMessages());
    List<List<Script>> scripts = new ArrayList<>();
    for (int i = 0; i < plan.threads(); i++) {
      meters.add(new Meters());
      scripts.add(new ArrayList<>());
    }
    for (int i = 0; i < plan.producers(); i++) {
      int thread = i % plan.threads();
      scripts.get(thread).add(producer(i, meters.get(thread)));
    }
    for (int i = 0; i < plan.consumers(); i++) {
      // From the other end, so that few producers and few consumers do not share a thread.
      int thread = plan.threads() - 1 - i % plan.threads();
      scripts.get(thread).add(new ConsumeScript(plan, state, meters.get(thread), i));
    }
    int pacedThreads = Math.min(plan.threads(), Math.max(1, plan.producers()));
    double requestRate = plan.rate() / plan.batch() / pacedThreads;
    for (int i = 0; i < plan.threads(); i++) {
      Pace pace =
          plan.rate() > 0 && i < pacedThreads
              ? new Pace(requestRate, i / (double) pacedThreads)
              : null;
      EventLoop loop = new EventLoop(plan, state, scripts.get(i), pace, nanoTime);
      Thread thread = new Thread(loop, "load-" + i);
      thread.setDaemon(true);
      threads.add(thread);
    }
    for (Operation operation : Operation.values()) {
      latencies.put(operation, new Histogram(1_000, Meter.MAX_NANOS, Meter.DIGITS));
    }
  }

  private Script producer(int number, Meters of) {
    return plan.mode() == LoadPlan.Mode.ACK
        ? new AckScript(plan, state, of)
        : new PublishScript(plan, state, of, number);
  }

  public void start() {
    threads.forEach(Thread::start);
  }

  /** Whether everything is done, without being stopped. */
  public boolean isDone() {
    return threads.stream().noneMatch(Thread::isAlive);
  }

  /** Whether everything that may be published is on its way or answered. */
  public boolean isTaken() {
    return state.isTaken();
  }

  /** No more is published; consumers go on. */
  public void endPublishing() {
    state.endPublishing();
  }

  /** Ends the run: requests on their way are answered, except for pulls. */
  public void stop() throws InterruptedException {
    state.stop();
    for (Thread thread : threads) {
      thread.join(JOIN_MILLIS);
    }
  }

  /** Why the run ended early; null if it did not. */
  public @Nullable String fatal() {
    return state.fatal();
  }

  /** Messages stored since the start of the run, warm-up included. */
  public long publishedCount() {
    return state.publishedCount();
  }

  /** Messages acked since the start of the run, or collected. */
  public long ackedCount() {
    return state.ackedCount();
  }

  /** When the last ack was answered, by the clock of the run; 0 if none was. */
  public long lastAckNanos() {
    return state.lastAckNanos();
  }

  /** Moves what threads have measured into the totals. */
  public void sample() {
    for (Meters each : meters) {
      latencies.forEach((operation, total) -> each.of(operation).moveTo(total));
    }
  }

  /** What was measured until now was the warm-up: it does not count. */
  public void forget() {
    sample();
    latencies.values().forEach(Histogram::reset);
    for (Operation operation : Operation.values()) {
      messagesBefore.merge(operation, messages(operation), Long::sum);
      requestsBefore.merge(operation, requests(operation), Long::sum);
    }
    failuresBefore = allFailures();
  }

  /** Latencies in nanoseconds, as of the last {@link #sample}. */
  public Histogram latencies(Operation operation) {
    Histogram histogram = latencies.get(operation);
    return histogram == null ? new Histogram(Meter.DIGITS) : histogram;
  }

  /** Messages of answered requests. */
  public long messages(Operation operation) {
    return meters.stream().mapToLong(each -> each.of(operation).messages()).sum()
        - messagesBefore.getOrDefault(operation, 0L);
  }

  /** Answered requests. */
  public long requests(Operation operation) {
    return meters.stream().mapToLong(each -> each.of(operation).requests()).sum()
        - requestsBefore.getOrDefault(operation, 0L);
  }

  /** Messages that failed, by what went wrong. */
  public Map<String, Long> failures() {
    Map<String, Long> failures = new TreeMap<>(allFailures());
    failuresBefore.forEach((kind, count) -> failures.merge(kind, -count, Long::sum));
    failures.values().removeIf(count -> count == 0);
    return failures;
  }

  private Map<String, Long> allFailures() {
    Map<String, Long> failures = new TreeMap<>();
    for (Meters each : meters) {
      each.failures().forEach((kind, count) -> failures.merge(kind, count.sum(), Long::sum));
    }
    return failures;
  }

  /** How often {@link #sample} is called at least, so that intervals stay small. */
  public static Duration sampleInterval() {
    return Duration.ofMillis(250);
  }
}
