package io.tidewheel.crash;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;

/**
 * Everything the clients saw, in one order: written to a file, one JSON object a line, and told to
 * the checker. Safe for any thread.
 */
final class History implements AutoCloseable {
  /** What callers and workers do; each must have worked at least once, or a run proves nothing. */
  enum Operation {
    PUBLISH_SINGLE,
    PUBLISH_BATCH,
    REPEAT,
    PULL,
    ACK,
    NACK,
    RELEASE
  }

  private final DeliveryChecker checker = new DeliveryChecker();
  private final Map<Operation, Long> successes = new EnumMap<>(Operation.class);
  private final Writer file;
  private final long startNanos = System.nanoTime();

  History(Path path) throws IOException {
    Files.createDirectories(path.getParent());
    file =
        new BufferedWriter(
            new OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(path)), StandardCharsets.UTF_8));
  }

  /** One event of a message, told to the checker and written. */
  synchronized void record(String event, MessageId id, Consumer<DeliveryChecker> told) {
    told.accept(checker);
    write("\"event\":\"" + event + "\",\"id\":\"" + id.text() + '"');
  }

  /** As {@link #record} for an event that has a place in the log; gives what the checker says. */
  synchronized <T> T record(
      String event, MessageId id, int queue, long offset, Function<DeliveryChecker, T> told) {
    T said = told.apply(checker);
    write(
        "\"event\":\"%s\",\"id\":\"%s\",\"queue\":%d,\"offset\":%d"
            .formatted(event, id.text(), queue, offset));
    return said;
  }

  /** Something that happens to the broker. */
  synchronized void note(String event, String detail) {
    if (event.equals("kill")) {
      checker.killed();
    }
    write("\"event\":\"%s\",\"detail\":\"%s\"".formatted(event, detail));
  }

  synchronized void succeeded(Operation operation) {
    successes.merge(operation, 1L, Long::sum);
    notifyAll();
  }

  synchronized long successCount(Operation operation) {
    return successes.getOrDefault(operation, 0L);
  }

  /** Waits until an operation has worked more often than before; false if it does not in time. */
  synchronized boolean awaitMore(Operation operation, long before, long timeoutMillis)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
    while (successCount(operation) <= before) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  /** Asks the checker. */
  synchronized <T> T ask(Function<DeliveryChecker, T> question) {
    return question.apply(checker);
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }

  private void write(String fields) {
    try {
      file.write("{\"nanos\":" + (System.nanoTime() - startNanos) + ',' + fields + "}\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
