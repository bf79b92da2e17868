package io.tidewheel.client;

import io.tidewheel.message.NamePattern;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sees what waits in the whole cluster, as it changes. Built first, then started; one that was
 * closed is not started again.
 *
 * <p>One broker tells it, and another one when that is lost; until then it shows what it saw last.
 */
public final class BacklogWatch implements AutoCloseable {
  private final Brokers brokers;
  private final Executor threads;
  private @Nullable String topic;
  private @Nullable String subscription;
  private @Nullable String node;
  private long min;
  private Consumer<BacklogChange> listener = change -> {};
  private Consumer<TidewheelException> problems = problem -> {};
  private @Nullable WatchRun run;
  private boolean isClosed;

  /** How a watch was built. */
  record Plan(
      @Nullable String topic,
      @Nullable String subscription,
      @Nullable String node,
      long min,
      Consumer<BacklogChange> listener,
      Consumer<TidewheelException> problems) {}

  BacklogWatch(Brokers brokers, Executor threads) {
    this.brokers = brokers;
    this.threads = threads;
  }

  /**
   * Only topics with this name or pattern, in which {@code *} stands for any characters.
   *
   * @throws IllegalArgumentException if it has more than four stars
   */
  public BacklogWatch topic(String pattern) {
    topic = NamePattern.of("topic", pattern).text();
    return this;
  }

  /**
   * Only subscriptions with this name or pattern.
   *
   * @throws IllegalArgumentException if it has more than four stars
   */
  public BacklogWatch subscription(String pattern) {
    subscription = NamePattern.of("subscription", pattern).text();
    return this;
  }

  /** Only queues that live on this node. */
  public BacklogWatch node(String name) {
    node = name;
    return this;
  }

  /**
   * Only rows with at least so many messages.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public BacklogWatch min(long backlog) {
    if (backlog < 0) {
      throw new IllegalArgumentException("min " + backlog + ": expected 0 or more");
    }
    min = backlog;
    return this;
  }

  /**
   * Is told what changes, one call after the other, at most about four times a second. What happens
   * during a call is told in the next one, of each row only how it is then. Called on a thread of
   * the client.
   */
  public BacklogWatch onChange(Consumer<BacklogChange> consumer) {
    listener = consumer;
    return this;
  }

  /**
   * Is told why nothing is seen, such as too many watches of a broker; it is tried again every
   * second. Called on a thread of the client.
   */
  public BacklogWatch onProblem(Consumer<TidewheelException> consumer) {
    problems = consumer;
    return this;
  }

  /** Begins. */
  public synchronized BacklogWatch start() {
    if (run != null || isClosed) {
      throw new IllegalStateException("a watch is started once");
    }
    WatchRun begun =
        new WatchRun(
            new Plan(topic, subscription, node, min, listener, problems), brokers, threads);
    run = begun;
    brokers.add(begun);
    return this;
  }

  /** Done as soon as everything that waits was seen once. Fails if the watch is closed before. */
  public CompletableFuture<Void> seen() {
    return running().seen();
  }

  /** All rows as they were seen last, in no order; none before {@link #seen}. */
  public List<BacklogRow> rows() {
    return running().rows();
  }

  /** Whether a broker tells what changes, and {@link #rows} are how things are. */
  public boolean isCurrent() {
    return running().isCurrent();
  }

  private synchronized WatchRun running() {
    WatchRun running = run;
    if (running == null) {
      throw new IllegalStateException("the watch was not started");
    }
    return running;
  }

  /** Nothing more is told; {@link #rows} stay as they are. */
  @Override
  public synchronized void close() {
    isClosed = true;
    WatchRun running = run;
    if (running != null) {
      running.close();
      brokers.remove(running);
    }
  }
}
