package io.tidewheel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Workers of one subscription that pull over HTTP, call a backend for each message and settle by
 * what it says; and what the backend saw, in tenths of a second.
 */
final class FeedbackCrowd implements AutoCloseable {
  private static final int MAX_TENTHS = 6_000;
  private static final long TENTH_NANOS = 100_000_000L;

  private final Supplier<NodeFixture> nodes;
  private final String messages;
  private final int batch;
  private final String cost;
  private final long beganNanos = System.nanoTime();
  private final AtomicLongArray calls = new AtomicLongArray(MAX_TENTHS);
  private final AtomicLongArray good = new AtomicLongArray(MAX_TENTHS);
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean isOver;

  /**
   * A crowd without workers.
   *
   * @param nodes gives the node to ask, for each request
   * @param batch messages a pull
   * @param cost what is said of each message, as JSON; null for nothing
   */
  FeedbackCrowd(
      Supplier<NodeFixture> nodes, String topic, String subscription, int batch, String cost) {
    this.nodes = nodes;
    this.messages = NodeFixture.messages(topic, subscription);
    this.batch = batch;
    this.cost = cost;
  }

  /**
   * Starts a worker.
   *
   * @param name what it says that it is called; null for nothing
   * @param nanosPerMessage how long it takes for one, one after the other
   * @param backend whether a call succeeds
   */
  FeedbackCrowd with(String name, long nanosPerMessage, BooleanSupplier backend) {
    Thread thread =
        new Thread(
            () -> {
              while (!isOver) {
                work(name, nanosPerMessage, backend);
              }
            },
            "crowd-" + name);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
    return this;
  }

  private void work(String name, long nanosPerMessage, BooleanSupplier backend) {
    ObjectNode request = NodeFixture.JSON.createObjectNode();
    request.put("max", batch).put("wait", "1s");
    if (name != null) {
      request.put("worker", name).put("version", "1");
    }
    NodeFixture.Answer answer = nodes.get().post(messages + ":pull", request.toString());
    List<String> acks = new ArrayList<>();
    List<String> nacks = new ArrayList<>();
    long due = System.nanoTime();
    for (JsonNode message : answer.body().path("messages")) {
      int tenth = tenth();
      boolean isGood = backend.getAsBoolean();
      calls.incrementAndGet(tenth);
      if (isGood) {
        good.incrementAndGet(tenth);
      }
      (isGood ? acks : nacks).add(NodeFixture.receipt(message));
      due += nanosPerMessage;
      sleepUntil(due);
    }
    settle(":ack", acks);
    settle(":nack", nacks);
  }

  private void settle(String verb, List<String> receipts) {
    if (receipts.isEmpty()) {
      return;
    }
    ObjectNode body = NodeFixture.JSON.createObjectNode();
    receipts.forEach(body.withArray("receipts")::add);
    if (cost != null) {
      ObjectNode sum = body.putObject("cost");
      try {
        for (Map.Entry<String, JsonNode> each : NodeFixture.JSON.readTree(cost).properties()) {
          sum.put(each.getKey(), each.getValue().asDouble() * receipts.size());
        }
      } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
        throw new AssertionError(e);
      }
    }
    nodes.get().post(messages + verb, body.toString());
  }

  private int tenth() {
    return (int) Math.min(MAX_TENTHS - 1, (System.nanoTime() - beganNanos) / TENTH_NANOS);
  }

  /** Seconds since it began. */
  double now() {
    return (System.nanoTime() - beganNanos) / 1e9;
  }

  /** Waits until so many seconds after it began. */
  void until(double seconds) {
    sleepUntil(beganNanos + (long) (seconds * 1e9));
  }

  private static void sleepUntil(long nanos) {
    for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** Calls a second between two times. */
  double calls(double from, double to) {
    return sum(calls, from, to) / (to - from);
  }

  double good(double from, double to) {
    return sum(good, from, to) / (to - from);
  }

  double wasted(double from, double to) {
    return 1 - good(from, to) / Math.max(1e-9, calls(from, to));
  }

  /** The most calls in a second that begins at any tenth of one. */
  double mostCalls(double from, double to) {
    double most = 0;
    for (double at = from; at + 1 <= to + 1e-9; at += 0.1) {
      most = Math.max(most, calls(at, at + 1));
    }
    return most;
  }

  double leastCalls(double from, double to) {
    double least = Double.MAX_VALUE;
    for (double at = from; at + 1 <= to + 1e-9; at += 0.1) {
      least = Math.min(least, calls(at, at + 1));
    }
    return least;
  }

  /** Calls a second in each half second until then, one after the other, for a plot. */
  String samples(double until) {
    StringJoiner samples = new StringJoiner(",");
    for (double at = 0; at + 0.5 <= until; at += 0.5) {
      samples.add(String.valueOf(Math.round(calls(at, at + 0.5))));
    }
    return samples.toString();
  }

  private static double sum(AtomicLongArray counts, double from, double to) {
    long sum = 0;
    for (int i = (int) Math.round(from * 10); i < Math.round(to * 10); i++) {
      sum += counts.get(i);
    }
    return sum;
  }

  @Override
  public void close() {
    isOver = true;
    for (Thread thread : threads) {
      try {
        thread.join(5_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
