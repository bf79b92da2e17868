package io.tidewheel.client;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes deliveries of a subscription and has them handled. Built first, then started; a worker that
 * was closed is not started again.
 *
 * <ol>
 *   <li>A delivery is handled at least once; messages of a key one after the other, in order.
 *   <li>Leases are made longer for as long as a handler takes.
 *   <li>{@link #close} takes nothing more, gives back what is not begun, and waits for the rest.
 * </ol>
 */
public final class Worker implements AutoCloseable {
  private static final int MAX_CONCURRENCY = 1_000;

  /** Well below what a broker allows, of a thousand messages in flight in one session. */
  private static final int DEFAULT_MAX_IN_HAND = 2_000;

  private final String topic;
  private final String subscription;
  private final Brokers brokers;
  private final Executor threads;
  private final Handlers handlers = new Handlers();
  private int concurrency = 1;
  private int maxInHand = DEFAULT_MAX_IN_HAND;
  private Duration lease = Duration.ZERO;
  private Duration drainTimeout = Duration.ofSeconds(30);
  private @Nullable String name;
  private @Nullable String version;
  private Consumer<TidewheelException> problems = problem -> {};
  private @Nullable WorkerRun run;
  private boolean isClosed;

  /** How a worker was built. */
  record Plan(
      String topic,
      String subscription,
      int concurrency,
      int maxInHand,
      long leaseMillis,
      @Nullable String name,
      @Nullable String version,
      Handlers handlers,
      Consumer<TidewheelException> problems) {
    /** What an extension asks for: negative for the subscription's own lease. */
    long extension() {
      return leaseMillis > 0 ? leaseMillis : -1;
    }
  }

  Worker(String topic, String subscription, Brokers brokers, Executor threads) {
    this.topic = topic;
    this.subscription = subscription;
    this.brokers = brokers;
    this.threads = threads;
  }

  /** How many are handled at a time, 1 to 1,000; 1 if it is not said. */
  public Worker concurrency(int count) {
    if (count < 1 || count > MAX_CONCURRENCY) {
      throw new IllegalArgumentException("concurrency " + count + ": expected 1 to 1000");
    }
    concurrency = count;
    return this;
  }

  /** How many are held at most, those under way included; 2,000 if it is not said. */
  public Worker maxInHand(int count) {
    if (count < 1 || count > 5_000) {
      throw new IllegalArgumentException("maxInHand " + count + ": expected 1 to 5000");
    }
    maxInHand = count;
    return this;
  }

  /** How long a delivery is held before its lease is made longer; else the subscription's own. */
  public Worker lease(Duration duration) {
    if (duration.toMillis() < 1_000) {
      throw new IllegalArgumentException("lease " + duration + ": expected 1 s or more");
    }
    lease = duration;
    return this;
  }

  /** Of the worker, for the pull log and the monitor. */
  public Worker name(String text) {
    name = text;
    return this;
  }

  /** Of the worker's code, by which outliers are found. */
  public Worker version(String text) {
    version = text;
    return this;
  }

  /** How long {@link #close} waits for handlers; 30 s if it is not said. */
  public Worker drainTimeout(Duration duration) {
    drainTimeout = duration;
    return this;
  }

  /** Takes all deliveries that no handler by header takes. */
  public Worker handler(Handler handler) {
    handlers.forAll(Handlers.async(handler));
    return this;
  }

  /** As {@link #handler}, for one that says later what came of it. */
  public Worker handlerAsync(AsyncHandler handler) {
    handlers.forAll(handler);
    return this;
  }

  /** Takes the deliveries whose header has this value. */
  public Worker on(String header, String value, Handler handler) {
    handlers.on(header, value, Handlers.async(handler));
    return this;
  }

  /** As {@link #on}, for one that says later what came of it. */
  public Worker onAsync(String header, String value, AsyncHandler handler) {
    handlers.on(header, value, handler);
    return this;
  }

  /**
   * Is told what keeps the worker from its work, such as a subscription that is not there. The
   * worker goes on trying. Called on one of its threads.
   */
  public Worker onProblem(Consumer<TidewheelException> listener) {
    problems = listener;
    return this;
  }

  /** Begins. */
  public synchronized Worker start() {
    if (handlers.isEmpty()) {
      throw new IllegalStateException("a worker needs a handler");
    }
    if (run != null || isClosed) {
      throw new IllegalStateException("a worker is started once");
    }
    WorkerRun begun =
        new WorkerRun(
            new Plan(
                topic,
                subscription,
                concurrency,
                maxInHand,
                lease.toMillis(),
                name,
                version,
                handlers,
                problems),
            brokers,
            threads);
    run = begun;
    brokers.add(begun);
    return this;
  }

  /** Drains; see the class. May be repeated. */
  @Override
  public synchronized void close() {
    isClosed = true;
    WorkerRun running = run;
    if (running != null) {
      running.drain(drainTimeout.toNanos());
      brokers.remove(running);
      run = null;
    }
  }
}
