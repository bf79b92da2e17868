package io.tidewheel.cli;

import com.fasterxml.jackson.core.JacksonException;
import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the lines of a stream: one thread reads, each lane sends. What is read and not yet
 * settled is bounded in bytes, so a file of any size takes the same memory.
 */
final class PublishRun {
  /** Payload bytes between reader and broker; the largest message fits several times. */
  private static final int MAX_OPEN_BYTES = 64 << 20;

  private static final int LINE_OVERHEAD_BYTES = 256;
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";
  private static final String BYTES = "application/octet-stream";

  /**
   * How to publish.
   *
   * @param idPrefix in front of the line number; together they are the id
   * @param contentType of every message; null to choose text or bytes by the line
   * @param isJson whether every line must be a JSON value
   */
  record Plan(
      String topic,
      KeyRule keyRule,
      int batchSize,
      int laneCount,
      Duration retryFor,
      String idPrefix,
      @Nullable String contentType,
      boolean isJson) {}

  private final Terminal terminal;
  private final BrokerConnection connection;
  private final Plan plan;
  private final PublishTotals totals = new PublishTotals();
  private final List<PublishLane> lanes = new ArrayList<>();
  private final Semaphore openBytes = new Semaphore(MAX_OPEN_BYTES);
  private final CountDownLatch lanesOpen;
  private final AtomicReference<@Nullable CommandFailure> failure = new AtomicReference<>();
  private volatile boolean isStopping;
  private volatile boolean isInputDone;
  private volatile long readBytes;

  PublishRun(Terminal terminal, BrokerConnection connection, Plan plan) {
    this.terminal = terminal;
    this.connection = connection;
    this.plan = plan;
    this.lanesOpen = new CountDownLatch(plan.laneCount());
    for (int i = 0; i < plan.laneCount(); i++) {
      lanes.add(new PublishLane(this));
    }
  }

  /** Starts reading and sending; returns at once. The stream is read to its end, not closed. */
  void start(InputStream in) {
    startThread("publish-reader", () -> read(in));
    for (int i = 0; i < lanes.size(); i++) {
      startThread("publish-lane-" + i, lanes.get(i));
    }
  }

  /** Whether everything is settled or given up within the time. */
  boolean await(Duration time) throws InterruptedException {
    return lanesOpen.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** No further batch is sent; those on their way are waited for by {@link #await}. */
  void stop() {
    isStopping = true;
  }

  /** Why it ended early; null if it did not. */
  @Nullable CommandFailure failure() {
    return failure.get();
  }

  PublishTotals totals() {
    return totals;
  }

  long readBytes() {
    return readBytes;
  }

  void abort(CommandFailure reason) {
    failure.compareAndSet(null, reason);
    stop();
  }

  boolean isStopping() {
    return isStopping;
  }

  boolean isInputDone() {
    return isInputDone;
  }

  int batchSize() {
    return plan.batchSize();
  }

  Duration retryFor() {
    return plan.retryFor();
  }

  Terminal terminal() {
    return terminal;
  }

  BrokerConnection connection() {
    return connection;
  }

  String batchPath() {
    return singlePath() + ":batch";
  }

  String singlePath() {
    return TopicCommand.path(plan.topic()) + "/messages";
  }

  void laneDone() {
    lanesOpen.countDown();
  }

  void free(OutgoingMessage message) {
    openBytes.release(weight(message));
  }

  private void read(InputStream in) {
    LineReader lines = new LineReader(in, Limits.MAX_PAYLOAD_BYTES);
    try {
      byte[] line = lines.next();
      while (line != null && !isStopping) {
        totals.read.increment();
        hand(message(totals.read.sum(), line));
        readBytes = lines.readBytes();
        line = lines.next();
      }
    } catch (IOException e) {
      abort(new CommandFailure(ExitCodes.FAILED, "cannot read the input: " + e.getMessage(), e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      isInputDone = true;
    }
  }

  private void hand(OutgoingMessage message) throws InterruptedException {
    if (plan.isJson() && !isJson(message.payload())) {
      totals.fail(message, "not one JSON value");
      return;
    }
    if (message.key() == null) {
      totals.withoutKey.increment();
    }
    openBytes.acquire(weight(message));
    long hash = message.key() == null ? message.line() : KeyHash.of(message.key());
    lanes.get(KeyHash.queueOf(hash, lanes.size())).put(message);
  }

  private OutgoingMessage message(long line, byte[] payload) {
    String contentType = plan.contentType();
    if (contentType == null) {
      contentType = plan.isJson() ? JSON : isUtf8(payload) ? TEXT : BYTES;
    }
    return new OutgoingMessage(
        line, plan.idPrefix() + '-' + line, plan.keyRule().keyOf(payload), contentType, payload);
  }

  private static int weight(OutgoingMessage message) {
    return LINE_OVERHEAD_BYTES + message.payload().length;
  }

  private static boolean isUtf8(byte[] payload) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(payload));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static boolean isJson(byte[] payload) {
    try {
      return !Json.MAPPER.readTree(payload).isMissingNode();
    } catch (JacksonException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void startThread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }
}
