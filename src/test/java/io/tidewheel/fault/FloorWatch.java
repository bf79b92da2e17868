package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.crash.BrokerClient;
import io.tidewheel.queue.Reader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Looks once a second how far each subscription is, and tells the checker. */
final class FloorWatch implements Runnable {
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Brokers brokers;
  private final List<String> paths;
  private final FloorChecker checker = new FloorChecker();
  private volatile boolean isEnding;

  FloorWatch(Brokers brokers, String topicPath, List<String> subscriptions) {
    this.brokers = brokers;
    this.paths = subscriptions.stream().map(name -> topicPath + "/subscriptions/" + name).toList();
  }

  void end() {
    isEnding = true;
  }

  synchronized List<String> violations() {
    return checker.violations();
  }

  synchronized long samples() {
    return checker.samples();
  }

  @Override
  public void run() {
    try {
      while (!isEnding) {
        for (String path : paths) {
          look(path);
        }
        LockSupport.parkNanos(INTERVAL_NANOS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(String path) throws InterruptedException {
    try {
      BrokerClient.Reply reply = brokers.client(brokers.next(0)).get(path);
      if (reply.status() == 200) {
        tell(reply.body());
      }
    } catch (IOException e) {
      // A broker that is gone says nothing wrong.
    }
  }

  private synchronized void tell(JsonNode subscription) {
    for (JsonNode queue : subscription.path("queues")) {
      if (queue.path("stopReason").asText().equals(Reader.Status.RECOVERING)) {
        // It says that its figures say nothing.
        continue;
      }
      checker.seen(
          subscription.path("name").asText(),
          queue.path("queue").asInt(),
          queue.path("generation").asLong(),
          queue.path("floor").asLong(),
          queue.path("nextOffset").asLong());
    }
  }
}
