package io.tidewheel.fault;

import io.tidewheel.crash.BrokerClient;
import io.tidewheel.crash.MessageId;
import io.tidewheel.message.KeyHash;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Publishes at a fixed rate, whatever the answers are (an open model): each message at its time, on
 * a connection of its own if those before still wait.
 */
final class Workload implements Runnable {
  static final int QUEUES = 12;
  private static final int PAYLOAD_BYTES = 1024;
  private static final int MAX_OPEN = 4_000;
  private static final String TIME_LIMIT = "5s";
  private static final Duration TRY_TIMEOUT = Duration.ofSeconds(7);
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long RETRY_PAUSE_MILLIS = 200;

  private final Brokers brokers;
  private final FaultHistory history;
  private final String topicPath;
  private final int rate;
  private final List<AtomicInteger> counters = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();
  private final Semaphore open = new Semaphore(MAX_OPEN);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "retries");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean isEnding;
  private int skipped;

  Workload(Brokers brokers, FaultHistory history, String topicPath, int rate) {
    this.brokers = brokers;
    this.history = history;
    this.topicPath = topicPath;
    this.rate = rate;
    for (int i = 0; i < CallKind.values().length; i++) {
      counters.add(new AtomicInteger());
    }
  }

  @Override
  public void run() {
    long start = System.nanoTime();
    for (long number = 0; !isEnding; number++) {
      long due = start + number * 1_000_000_000L / rate;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      if (open.tryAcquire()) {
        publish(CallKind.ofLoad(number), brokers.next(0));
      } else {
        skipped++;
      }
    }
  }

  /** One message to this broker and no other. */
  void probe(int broker) {
    if (open.tryAcquire()) {
      publish(CallKind.PROBE, broker);
    }
  }

  /** No more of them; waits until all are decided. */
  void end(Thread runner) throws InterruptedException {
    isEnding = true;
    runner.join();
    if (!open.tryAcquire(MAX_OPEN, RETRY_NANOS * 2, TimeUnit.NANOSECONDS)) {
      throw new IllegalStateException("publishes did not end within a minute");
    }
    timer.shutdownNow();
  }

  synchronized List<Call> calls() {
    return List.copyOf(calls);
  }

  /** Messages that were not sent because too many waited for their answers. */
  int skipped() {
    return skipped;
  }

  private void publish(CallKind kind, int broker) {
    MessageId id = new MessageId(kind.number(), counters.get(kind.number()).getAndIncrement());
    new Attempt(kind, id, broker).send(broker);
  }

  /** A message on its way, over all its tries. */
  private final class Attempt {
    private final CallKind kind;
    private final MessageId id;
    private final int boundTo;
    private final int firstBroker;
    private final long startNanos = System.nanoTime();
    private int tries;

    Attempt(CallKind kind, MessageId id, int broker) {
      this.kind = kind;
      this.id = id;
      this.firstBroker = broker;
      String place = kind.hasKey() ? key() : kind.hasId() ? id.text() : null;
      this.boundTo = place == null ? -1 : KeyHash.queueOf(KeyHash.of(place), QUEUES);
    }

    private String key() {
      return "k" + CallKind.keyOf(id);
    }

    void send(int broker) {
      tries++;
      BrokerClient client = brokers.client(broker);
      HttpRequest.Builder request =
          client
              .request(topicPath + "/messages")
              .timeout(TRY_TIMEOUT)
              .header("Tidewheel-Timeout", TIME_LIMIT)
              .header("Content-Type", "application/octet-stream")
              .POST(BodyPublishers.ofByteArray(id.payload(PAYLOAD_BYTES)));
      if (kind.hasId()) {
        request.header("Idempotency-Key", id.text());
      }
      if (kind.hasKey()) {
        request.header("Tidewheel-Key", key());
      }
      history.publishing(id, broker);
      var unused =
          client.sendAsync(request).whenComplete((reply, error) -> answered(broker, reply, error));
    }

    private void answered(
        int broker, BrokerClient.@Nullable Reply reply, @Nullable Throwable error) {
      if (reply != null && reply.status() < 300) {
        int queue = reply.body().path("queue").asInt();
        history.published(id, queue, reply.body().path("offset").asLong());
        done(reply.status(), true, queue);
        return;
      }
      boolean isRefused;
      String reason;
      if (reply != null) {
        isRefused = reply.body().path("outcome").asText().equals("not_stored");
        reason = reply.status() + " " + reply.body().path("type").asText();
      } else {
        Throwable cause = error instanceof CompletionException ? error.getCause() : error;
        // Nobody listened, so it cannot have been stored.
        isRefused =
            cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
        reason = String.valueOf(cause);
        if (isRefused && kind != CallKind.PROBE) {
          brokers.refused(broker);
        }
      }
      if (isRefused) {
        history.refused(id, reason);
      } else {
        history.unknown(id, reason);
      }
      boolean isTimeLeft = System.nanoTime() - startNanos < RETRY_NANOS;
      if (kind.isRetried() && isTimeLeft) {
        var unused =
            timer.schedule(
                () -> send(brokers.next(broker)), RETRY_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
      } else {
        done(reply == null ? 0 : reply.status(), false, -1);
      }
    }

    private void done(int status, boolean isOk, int queue) {
      Call call =
          new Call(
              kind,
              boundTo,
              firstBroker,
              startNanos,
              System.nanoTime(),
              isOk && tries == 1,
              isOk,
              queue,
              status);
      synchronized (Workload.this) {
        calls.add(call);
      }
      open.release();
    }
  }
}
