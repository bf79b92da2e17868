package io.tidewheel.cli;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Publisher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * Callers that publish from this process, each with one publish on its way. Everything is stored
 * and flushed before it counts.
 */
final class InProcessPublish {
  private static final long MAX_NANOS = TimeUnit.MINUTES.toNanos(10);

  private final Terminal terminal;
  private final BenchOptions bench;
  private final Publisher publisher;
  private final Topic topic;
  private final byte[] payload;
  private final AtomicLong open;
  private final AtomicLong confirmed = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicInteger callers = new AtomicInteger();
  private final ConcurrentHistogram latencies = new ConcurrentHistogram(1_000, MAX_NANOS, 3);
  private volatile long measuredFromNanos;
  private volatile boolean isStopping;
  private volatile long firstTenthNanos;
  private volatile long lastTenthNanos;
  private volatile long lastNanos;

  InProcessPublish(Terminal terminal, BenchOptions bench, Publisher publisher, Topic topic) {
    this.terminal = terminal;
    this.bench = bench;
    this.publisher = publisher;
    this.topic = topic;
    this.payload = new byte[bench.payloadBytes()];
    new SplittableRandom(bench.seed).nextBytes(payload);
    this.open = new AtomicLong(bench.messages == null ? Long.MAX_VALUE / 4 : bench.messages);
  }

  /** Publishes, and gives how many messages were stored, warm-up included. */
  long run(Map<String, Double> figures) throws InterruptedException {
    ProgressLine progress = new ProgressLine(terminal);
    long startNanos = now();
    measuredFromNanos = Long.MAX_VALUE;
    long warmUntil = startNanos + bench.warmedUp().toNanos();
    if (bench.warmedUp().isZero()) {
      measuredFromNanos = startNanos;
    }
    callers.set(bench.producerCount());
    for (int i = 0; i < bench.producerCount(); i++) {
      SplittableRandom random = new SplittableRandom(bench.seed + i);
      // Not on this thread: it ends callers that only get refusals.
      ForkJoinPool.commonPool().execute(() -> next(random));
    }
    waitUntil(warmUntil, progress, "warm-up");
    long cpu = InProcessBench.cpuNanos();
    long before = bench.warmedUp().isZero() ? 0 : confirmed.get();
    long fromNanos = bench.warmedUp().isZero() ? startNanos : now();
    measuredFromNanos = fromNanos;
    waitUntil(fromNanos + bench.measured().toNanos(), progress, "publish");
    boolean isAll = callers.get() == 0;
    long count = confirmed.get() - before;
    long endNanos = isAll ? lastNanos : now();
    cpu = InProcessBench.cpuNanos() - cpu;
    isStopping = true;
    while (callers.get() > 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    progress.clear();
    double seconds = Math.max(1e-3, (endNanos - fromNanos) / 1e9);
    figures.put("published", (double) count);
    figures.put("publishSeconds", seconds);
    figures.put("publishRate", count / seconds);
    figures.put("publishCpu", cpu / 1e3 / Math.max(1, count));
    figures.put("errors", failed.doubleValue());
    figures.put("p50", latencies.getValueAtPercentile(50) / 1e6);
    figures.put("p99", latencies.getValueAtPercentile(99) / 1e6);
    if (bench.messages != null && isAll && before == 0) {
      double tenth = bench.messages / 10.0;
      figures.put("firstTenthRate", tenth * 1e9 / Math.max(1, firstTenthNanos - startNanos));
      figures.put("lastTenthRate", tenth * 1e9 / Math.max(1, lastNanos - lastTenthNanos));
    }
    return confirmed.get();
  }

  private void waitUntil(long untilNanos, ProgressLine progress, String what)
      throws InterruptedException {
    while (callers.get() > 0 && now() < untilNanos) {
      long left = Math.max(1, untilNanos - now());
      TimeUnit.NANOSECONDS.sleep(Math.min(left, progress.interval().toNanos()));
      long count = confirmed.get();
      double part = bench.messages == null ? -1 : count / (double) bench.messages;
      progress.show(String.format(Locale.ROOT, "%s %,d messages", what, count), count, part);
    }
  }

  /** Goes on until an answer has to be waited for: what is refused is refused at once. */
  private void next(SplittableRandom random) {
    while (!isStopping && open.getAndAdd(-bench.batch) > 0) {
      long startNanos = now();
      CompletableFuture<List<PublishResult>> answer =
          publisher
              .publish(topic, messages(random), InProcessBench.TIMEOUT)
              .toCompletableFuture()
              .exceptionally(failure -> List.of());
      if (!answer.isDone()) {
        var unused =
            answer.thenAccept(
                results -> {
                  stored(results, startNanos);
                  next(random);
                });
        return;
      }
      stored(answer.join(), startNanos);
    }
    callers.decrementAndGet();
  }

  private List<Message> messages(SplittableRandom random) {
    List<Message> messages = new ArrayList<>(bench.batch);
    for (int i = 0; i < bench.batch; i++) {
      String key =
          bench.keyCount == null || bench.keyCount == 0
              ? null
              : "key-" + random.nextInt(bench.keyCount);
      messages.add(Message.of(null, key, Map.of(), null, payload, Message.FOR_ALL, Message.NEVER));
    }
    return messages;
  }

  private void stored(List<PublishResult> results, long startNanos) {
    int count = 0;
    for (PublishResult result : results) {
      count += result instanceof PublishResult.Stored ? 1 : 0;
    }
    long nanos = now();
    failed.addAndGet(bench.batch - count);
    long all = confirmed.addAndGet(count);
    lastNanos = nanos;
    if (startNanos >= measuredFromNanos) {
      latencies.recordValue(Math.min(MAX_NANOS, nanos - startNanos));
    }
    if (bench.messages != null) {
      long first = bench.messages / 10;
      long last = bench.messages - first;
      if (all >= first && all - count < first) {
        firstTenthNanos = nanos;
      }
      if (all >= last && all - count < last) {
        lastTenthNanos = nanos;
      }
    }
  }

  private long now() {
    return terminal.nanoTime().getAsLong();
  }
}
