package io.tidewheel.fault;

import io.tidewheel.crash.DeliveryChecker;
import io.tidewheel.crash.MessageId;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.zip.GZIPOutputStream;

/**
 * Everything the clients saw, in one order: told to the checkers, and written to a file, one JSON
 * object a line. {@code type} is {@code invoke} before a request leaves, and {@code ok}, {@code
 * fail} (surely not done) or {@code unknown} after it. Safe for any thread.
 */
final class FaultHistory implements AutoCloseable {
  private static final long LEASE_NANOS = FaultWorker.LEASE_SECONDS * 1_000_000_000L;

  private final Map<String, DeliveryChecker> checkers = new LinkedHashMap<>();
  private final AckOrderChecker order = new AckOrderChecker(CallKind::keyOf);
  private final Writer file;
  private final long startNanos = System.nanoTime();
  private long lastDeliveryNanos = startNanos;
  private long acked;
  private final List<Acknowledged> acknowledged = new ArrayList<>();

  private record Acknowledged(MessageId id, int queue, long offset) {}

  /** Takes what was acknowledged, and where. */
  @FunctionalInterface
  interface AcknowledgedVisitor {
    void visit(int queue, long offset, String id);
  }

  FaultHistory(Path path, List<String> subscriptions) throws IOException {
    subscriptions.forEach(
        name -> checkers.put(name, new DeliveryChecker(CallKind::keyOf, CallKind::mayRepeat)));
    Files.createDirectories(path.getParent());
    file =
        new BufferedWriter(
            new OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(path)), StandardCharsets.UTF_8));
  }

  /** A publish is about to be sent; also each further try. */
  synchronized void publishing(MessageId id, int broker) {
    checkers.values().forEach(checker -> checker.publishing(id));
    order.publishing(id);
    write("publish", "invoke", id, ",\"broker\":" + broker);
  }

  synchronized void published(MessageId id, int queue, long offset) {
    checkers.values().forEach(checker -> checker.published(id, queue, offset));
    order.published(id, queue, offset);
    acknowledged.add(new Acknowledged(id, queue, offset));
    write("publish", "ok", id, ",\"queue\":" + queue + ",\"offset\":" + offset);
  }

  synchronized void refused(MessageId id, String reason) {
    checkers.values().forEach(checker -> checker.refused(id));
    write("publish", "fail", id, ",\"reason\":\"" + plain(reason) + '"');
  }

  synchronized void unknown(MessageId id, String reason) {
    write("publish", "unknown", id, ",\"reason\":\"" + plain(reason) + '"');
  }

  /** Which delivery of this message to this subscription it is. */
  synchronized int delivered(
      String subscription, MessageId id, int queue, long offset, boolean isWhole, long askedNanos) {
    long now = System.nanoTime();
    lastDeliveryNanos = now;
    write(
        "deliver",
        "ok",
        id,
        ",\"subscription\":\"" + subscription + "\",\"queue\":" + queue + ",\"offset\":" + offset);
    return checker(subscription)
        .delivered(id, queue, offset, isWhole, askedNanos, now, LEASE_NANOS);
  }

  synchronized void acking(String subscription, MessageId id, int delivery) {
    checker(subscription).acking(id, delivery);
    write("ack", "invoke", id, ",\"subscription\":\"" + subscription + '"');
  }

  synchronized void acked(String subscription, MessageId id, int delivery) {
    acked++;
    checker(subscription).acked(id, delivery);
    write("ack", "ok", id, ",\"subscription\":\"" + subscription + '"');
  }

  synchronized void ackRefused(String subscription, MessageId id, int delivery) {
    checker(subscription).ackRefused(id, delivery);
    write("ack", "fail", id, ",\"subscription\":\"" + subscription + '"');
  }

  /** Something that happens to the cluster. */
  synchronized void note(String text) {
    line("\"op\":\"fault\",\"detail\":\"" + plain(text) + '"');
  }

  /** What was leased by a process may be given out again, because it is gone. */
  synchronized void leasesLost() {
    checkers.values().forEach(DeliveryChecker::killed);
  }

  /** Adds up over the subscriptions. */
  synchronized long sum(ToLongFunction<DeliveryChecker> count) {
    return checkers.values().stream().mapToLong(count).sum();
  }

  /** All publishes that were answered as stored. */
  synchronized void forEachAcknowledged(AcknowledgedVisitor visitor) {
    acknowledged.forEach(one -> visitor.visit(one.queue, one.offset, one.id.text()));
  }

  /** Asks about publishes, which all subscriptions know. */
  synchronized <T> T ask(Function<DeliveryChecker, T> question) {
    return question.apply(checkers.values().iterator().next());
  }

  synchronized void forEach(Consumer<DeliveryChecker> action) {
    checkers.values().forEach(action);
  }

  synchronized List<String> orderViolations() {
    return order.violations();
  }

  synchronized long lastDeliveryNanos() {
    return lastDeliveryNanos;
  }

  synchronized long acked() {
    return acked;
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }

  private DeliveryChecker checker(String subscription) {
    DeliveryChecker checker = checkers.get(subscription);
    if (checker == null) {
      throw new IllegalArgumentException("no subscription " + subscription);
    }
    return checker;
  }

  private static String plain(String text) {
    return text.replaceAll("[\"\\\\\\p{Cntrl}]", " ");
  }

  private void write(String operation, String type, MessageId id, String more) {
    line(
        "\"op\":\""
            + operation
            + "\",\"type\":\""
            + type
            + "\",\"id\":\""
            + id.text()
            + '"'
            + more);
  }

  private void line(String fields) {
    try {
      file.write("{\"nanos\":" + (System.nanoTime() - startNanos) + ',' + fields + "}\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
