package io.tidewheel.fault;

import io.tidewheel.client.Delivery;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A client publishes steadily through all brokers and handles with 16 workers; in the middle one
 * broker is killed. Tells what callers and workers saw of that.
 */
final class SpreadKill {
  private static final int WORKERS = 16;
  private static final double PER_SECOND = 200;
  private static final int SECONDS = 40;
  private static final int KILL_AFTER_SECONDS = 10;
  private static final long MAX_WAIT_SECONDS = 60;

  private final LocalCluster cluster;
  private final String topic;
  private final ConcurrentHashMap<Integer, Boolean> handled = new ConcurrentHashMap<>();
  private final AtomicInteger repeated = new AtomicInteger();
  private final AtomicLong longestNanos = new AtomicLong();

  SpreadKill(LocalCluster cluster, String topic) {
    this.cluster = cluster;
    this.topic = topic;
  }

  void run(int handleMillis) throws IOException, InterruptedException {
    int count = (int) (PER_SECOND * SECONDS);
    AtomicInteger errors = new AtomicInteger();
    AtomicLong longestPublishNanos = new AtomicLong();
    List<CompletableFuture<?>> answers = new ArrayList<>();
    try (TidewheelClient client =
        TidewheelClient.builder().endpoints(cluster.urls().toArray(String[]::new)).build()) {
      client
          .worker(topic, "s")
          .concurrency(WORKERS)
          .handler(delivery -> handle(delivery, handleMillis))
          .start();
      Publisher publisher = client.publisher(topic);
      long began = System.nanoTime();
      for (int i = 0; i < count; i++) {
        if (i == (int) (PER_SECOND * KILL_AFTER_SECONDS)) {
          killLater();
        }
        long due = began + (long) (i * 1e9 / PER_SECOND);
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        long at = System.nanoTime();
        byte[] payload = ByteBuffer.allocate(1024).putLong(at).putInt(i).array();
        Message message = i % 2 == 0 ? Message.of(payload) : Message.of(payload).withKey("k" + i);
        answers.add(
            publisher
                .publish(message)
                .whenComplete(
                    (done, failure) -> {
                      errors.addAndGet(failure == null ? 0 : 1);
                      longestPublishNanos.accumulateAndGet(System.nanoTime() - at, Math::max);
                    }));
      }
      for (CompletableFuture<?> answer : answers) {
        answer.exceptionally(failure -> null).join();
      }
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_WAIT_SECONDS);
      while (handled.size() < count - errors.get() && System.nanoTime() - until < 0) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "kill   %,d messages at %.0f/s, broker 2 killed after %d s: %d publishes failed, lost %d,"
            + " handled again %d, longest publish %.1f s, longest from publish to handler %.1f s%n",
        count,
        PER_SECOND,
        KILL_AFTER_SECONDS,
        errors.get(),
        Math.max(0, count - errors.get() - handled.size()),
        repeated.get(),
        longestPublishNanos.get() / 1e9,
        longestNanos.get() / 1e9);
  }

  private void killLater() {
    Thread thread =
        new Thread(
            () -> {
              try {
                cluster.command("kill", "2", "--down", "120");
              } catch (IOException e) {
                System.err.println("spread-test: broker 2 was not killed: " + e.getMessage());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "kill");
    thread.setDaemon(true);
    thread.start();
  }

  private Outcome handle(Delivery delivery, int handleMillis) {
    ByteBuffer payload = ByteBuffer.wrap(delivery.payload());
    long took = System.nanoTime() - payload.getLong();
    if (handled.putIfAbsent(payload.getInt(), true) == null) {
      longestNanos.accumulateAndGet(took, Math::max);
    } else {
      repeated.incrementAndGet();
    }
    long done = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(handleMillis);
    for (long left = done - System.nanoTime(); left > 0; left = done - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    return Outcome.ack();
  }
}
