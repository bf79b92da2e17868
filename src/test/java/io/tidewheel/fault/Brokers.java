package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.crash.BrokerClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The brokers as a load balancer sees them: four times a second each is asked whether it is ready,
 * and one that says no, or nothing within a second, or that took no connection, gets no requests
 * until it says yes.
 */
final class Brokers implements AutoCloseable {
  private static final Duration HEALTH_TIMEOUT = Duration.ofSeconds(1);
  private static final long HEALTH_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final List<BrokerClient> clients = new ArrayList<>();
  private final boolean[] isReady;
  private final boolean[] isAsked;
  private final AtomicInteger turn = new AtomicInteger();
  private final Thread watch = new Thread(this::watch, "health");
  private volatile boolean isClosed;

  Brokers(List<String> urls) {
    urls.forEach(url -> clients.add(new BrokerClient(url)));
    isReady = new boolean[urls.size()];
    isAsked = new boolean[urls.size()];
    watch.setDaemon(true);
    watch.start();
  }

  int count() {
    return clients.size();
  }

  /** By its number, from 1. */
  BrokerClient client(int broker) {
    return clients.get(broker - 1);
  }

  /** The next one that is ready, other than one if there is a choice; any if none is. */
  int next(int other) {
    int count = clients.size();
    int from = Math.floorMod(turn.getAndIncrement(), count);
    int fallback = from + 1;
    boolean isFound = false;
    for (int i = 0; i < count; i++) {
      int broker = (from + i) % count + 1;
      if (isReady(broker)) {
        if (broker != other) {
          return broker;
        }
        fallback = broker;
        isFound = true;
      }
    }
    return isFound || fallback != other ? fallback : fallback % count + 1;
  }

  synchronized boolean isReady(int broker) {
    return isReady[broker - 1];
  }

  /** It took no connection: it gets no requests until it says that it is ready. */
  synchronized void refused(int broker) {
    isReady[broker - 1] = false;
  }

  /** Waits until all are ready; false if that takes longer. */
  boolean awaitAll(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      boolean isAll = true;
      for (int broker = 1; broker <= count(); broker++) {
        isAll &= isReady(broker);
      }
      if (isAll) {
        return true;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return false;
  }

  /** Asks those that are ready in turn until one gives an answer below 300. */
  JsonNode get(String path) throws IOException, InterruptedException {
    String last = "none is ready";
    for (int tries = 0; tries < 40; tries++) {
      try {
        BrokerClient.Reply reply = client(next(0)).get(path);
        if (reply.status() < 300) {
          return reply.body();
        }
        last = reply.toString();
      } catch (IOException e) {
        last = String.valueOf(e.getMessage());
      }
      TimeUnit.MILLISECONDS.sleep(250);
    }
    throw new IOException("GET " + path + ": " + last);
  }

  @Override
  public void close() {
    isClosed = true;
    LockSupport.unpark(watch);
  }

  private void watch() {
    while (!isClosed) {
      for (int broker = 1; broker <= count(); broker++) {
        ask(broker);
      }
      LockSupport.parkNanos(HEALTH_INTERVAL_NANOS);
    }
  }

  private void ask(int broker) {
    synchronized (this) {
      if (isAsked[broker - 1]) {
        return;
      }
      isAsked[broker - 1] = true;
    }
    CompletableFuture<BrokerClient.Reply> answer =
        client(broker).sendAsync(client(broker).request("/health/ready").timeout(HEALTH_TIMEOUT));
    var unused =
        answer.whenComplete(
            (reply, error) -> {
              synchronized (this) {
                isAsked[broker - 1] = false;
                isReady[broker - 1] = error == null && reply.status() == 200;
              }
            });
  }
}
