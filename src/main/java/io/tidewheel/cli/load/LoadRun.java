package io.tidewheel.cli.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
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
    for (int i = 0; i < plan.producers() && plan.lineWindow() == 0; i++) {
      int thread = i % plan.threads();
      scripts.get(thread).add(producer(i, meters.get(thread)));
    }
    for (int i = 0; i < plan.consumers(); i++) {
      // From the other end, so that few producers and few consumers do not share a thread.
      int thread = plan.threads() - 1 - i % plan.threads();
      scripts.get(thread).add(new ConsumeScript(plan, state, meters.get(thread), i));
    }
    for (int i = 0; i < plan.producers() && plan.lineWindow() > 0; i++) {
      Meters own = new Meters();
      meters.add(own);
      add(new LineStream(plan, state, own, i, nanoTime), "load-stream-" + i);
    }
    int pacedThreads = Math.min(plan.threads(), Math.max(1, plan.producers()));
    double requestRate = plan.rate() / plan.batch() / pacedThreads;
    for (int i = 0; i < plan.threads(); i++) {
      Pace pace =
          plan.rate() > 0 && i < pacedThreads && plan.lineWindow() == 0
              ? new Pace(requestRate, i / (double) pacedThreads)
              : null;
      add(new EventLoop(plan, state, scripts.get(i), pace, nanoTime), "load-" + i);
    }
    for (Operation operation : Operation.values()) {
      latencies.put(operation, new Histogram(1_000, Meter.MAX_NANOS, Meter.DIGITS));
    }
  }

  private void add(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    threads.add(thread);
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

  /**
   * What starts from then on is measured. Told before the start of the run, or ahead: what starts
   * before it is told is not.
   */
  public void measureFrom(long nanos) {
    state.measureFrom(nanos);
  }

  /**
   * The measurement ends, unless everything was sent and answered before: nothing more is sent, but
   * consumers of a run that publishes go on until {@link #stop}.
   */
  public void endWindow(long nowNanos) {
    state.endWindow(plan.isDraining() ? state.lastAckNanos() : nowNanos);
  }

  /**
   * Whether all that was to be sent has been sent and answered, or {@link #endWindow} was called.
   */
  public boolean isWindowOver() {
    return state.isWindowOver();
  }

  /** Ends the run: requests on their way are answered, except for pulls. Samples what is left. */
  public void stop() throws InterruptedException {
    state.stop();
    for (Thread thread : threads) {
      thread.join(JOIN_MILLIS);
      if (thread.isAlive()) {
        state.abort("a thread of the load generator did not end");
      }
    }
    sample();
  }

  /** Why the run ended early; null if it did not. */
  public @Nullable String fatal() {
    return state.fatal();
  }

  /** Messages stored, without the warm-up. */
  public long publishedCount() {
    return state.publishedCount();
  }

  /** Messages acked, without those of the warm-up. */
  public long ackedCount() {
    return state.ackedCount();
  }

  /** How long the measurement took, until its end or the last ack behind it. */
  public double seconds() {
    return seconds(state.fromNanos(), Math.max(state.endNanos(), state.lastAckNanos()));
  }

  /** In which time the messages of an operation were answered. */
  public double seconds(Operation operation) {
    boolean isLate = plan.mode() == LoadPlan.Mode.BOTH;
    return switch (operation) {
      case PUBLISH, EMPTY, ACK -> seconds(state.fromNanos(), state.endNanos());
      case CATCH_UP -> seconds(state.endNanos(), state.lastAckNanos());
      case PULL, NACK, END_TO_END ->
          isLate ? seconds() : seconds(state.fromNanos(), state.endNanos());
    };
  }

  private static double seconds(long fromNanos, long toNanos) {
    return Math.max(1e-3, (toNanos - fromNanos) / 1e9);
  }

  /** Moves what threads have measured into the totals. */
  public void sample() {
    for (Meters each : meters) {
      latencies.forEach((operation, total) -> each.of(operation).moveTo(total));
    }
  }

  /** Latencies in nanoseconds, as of the last {@link #sample}. */
  public Histogram latencies(Operation operation) {
    Histogram histogram = latencies.get(operation);
    return histogram == null ? new Histogram(Meter.DIGITS) : histogram;
  }

  /** Messages of answered requests. */
  public long messages(Operation operation) {
    return sum(operation, Meter::messages);
  }

  /** Answered requests. */
  public long requests(Operation operation) {
    return sum(operation, Meter::requests);
  }

  /**
   * Messages that were due in the open model and not sent, because no connection was free. Their
   * latencies count as the time for which they had waited.
   */
  public long unsent(Operation operation) {
    return sum(operation, Meter::unsent);
  }

  /** Messages for which a request came too late, so that it was not followed. */
  public long notTaken(Operation operation) {
    return sum(operation, Meter::notTaken);
  }

  private long sum(Operation operation, ToLongFunction<Meter> count) {
    return meters.stream().mapToLong(each -> count.applyAsLong(each.of(operation))).sum();
  }

  /** Messages that failed, by what went wrong. */
  public Map<String, Long> failures() {
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
