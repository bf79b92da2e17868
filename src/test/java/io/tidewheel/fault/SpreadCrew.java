package io.tidewheel.fault;

import io.tidewheel.client.Delivery;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.TidewheelClient;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * The workers of one broker: a client that has a session with it alone, and handles each delivery
 * for a fixed time. Tells what it did.
 */
final class SpreadCrew implements AutoCloseable {
  private final TidewheelClient client;
  private final int workers;
  private final long handleNanos;
  private final String node;
  private final Map<Integer, String> homes;
  private final Consumer<Delivery> onHandled;
  private final Queue<Long> idleSince = new ArrayDeque<>();
  private int handled;
  private int local;
  private long longestIdleNanos;

  /**
   * A crew that has not begun.
   *
   * @param url of its broker
   * @param node the broker's name
   * @param workers deliveries handled at a time
   * @param homes node of each queue
   */
  SpreadCrew(
      String url,
      String node,
      int workers,
      int handleMillis,
      Map<Integer, String> homes,
      Consumer<Delivery> onHandled) {
    this.client = TidewheelClient.builder().endpoints(url).onlyEndpoints().build();
    this.workers = workers;
    this.handleNanos = TimeUnit.MILLISECONDS.toNanos(handleMillis);
    this.node = node;
    this.homes = homes;
    this.onHandled = onHandled;
  }

  void start(String topic, String subscription) {
    long now = System.nanoTime();
    for (int i = 0; i < workers; i++) {
      idleSince.add(now);
    }
    client.worker(topic, subscription).concurrency(workers).handler(this::handle).start();
  }

  private Outcome handle(Delivery delivery) {
    long began = System.nanoTime();
    synchronized (this) {
      longestIdleNanos = Math.max(longestIdleNanos, began - idleSince.remove());
    }
    for (long left = handleNanos; left > 0; left = began + handleNanos - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    onHandled.accept(delivery);
    synchronized (this) {
      handled++;
      local += node.equals(homes.get(delivery.queue())) ? 1 : 0;
      idleSince.add(System.nanoTime());
    }
    return Outcome.ack();
  }

  synchronized int handled() {
    return handled;
  }

  /** Of what was handled, how much came from queues that live on the broker. */
  synchronized int local() {
    return local;
  }

  /** The longest time in which one of the workers had nothing to do, between two deliveries. */
  synchronized long longestIdleNanos() {
    return longestIdleNanos;
  }

  @Override
  public void close() {
    client.close();
  }
}
