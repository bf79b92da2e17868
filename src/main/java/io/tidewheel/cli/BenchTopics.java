package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;

/** The topics of a measurement and their subscriptions, made and deleted several at a time. */
final class BenchTopics {
  private static final int MAX_AT_ONCE = 64;

  private final BrokerConnection connection;
  private final BenchOptions bench;
  private final List<String> topics;
  private final LongSupplier nanoTime;

  BenchTopics(
      BrokerConnection connection, BenchOptions bench, List<String> topics, LongSupplier nanoTime) {
    this.connection = connection;
    this.bench = bench;
    this.topics = topics;
    this.nanoTime = nanoTime;
  }

  /** What is done with one topic. */
  private interface Step {
    void on(String topic) throws InterruptedException;
  }

  /** Makes what is not there, and gives the seconds it took. */
  double create() throws InterruptedException {
    long startNanos = nanoTime.getAsLong();
    each(this::create);
    return (nanoTime.getAsLong() - startNanos) / 1e9;
  }

  private void create(String topic) throws InterruptedException {
    ObjectNode settings = Json.MAPPER.createObjectNode();
    if (bench.queueCount != null) {
      settings.put("queues", bench.queueCount);
    }
    connection.put(TopicCommand.path(topic), settings, null).orFail();
    if (bench.subscriptionsOpen() > 0) {
      for (String subscription : bench.subscriptions()) {
        String path = TopicCommand.path(topic) + "/subscriptions/" + subscription;
        connection.put(path, Json.MAPPER.createObjectNode(), null).orFail();
      }
    }
  }

  /** Deletes them with everything in them. */
  void delete() throws InterruptedException {
    each(topic -> connection.delete(TopicCommand.path(topic) + "?force=true").orFail());
  }

  private void each(Step step) throws InterruptedException {
    if (bench.mode == BenchOptions.Mode.empty) {
      return;
    }
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(MAX_AT_ONCE, topics.size()));
    try {
      List<Callable<Void>> steps =
          topics.stream()
              .<Callable<Void>>map(
                  topic ->
                      () -> {
                        step.on(topic);
                        return null;
                      })
              .toList();
      for (Future<Void> done : threads.invokeAll(steps)) {
        done.get();
      }
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(failure.getCause());
    } finally {
      threads.shutdownNow();
    }
  }
}
