package io.tidewheel.cli;

import io.tidewheel.client.Delivery;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.Published;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.client.Worker;
import io.tidewheel.message.Message;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.jspecify.annotations.Nullable;

/**
 * Measures a broker through the Java client: callers that publish, each with one publish on its way
 * or at fixed times, and a worker that acks at once, or after a while.
 */
final class ClientBench {
  private static final long MAX_NANOS = TimeUnit.MINUTES.toNanos(10);
  private static final Duration CATCH_UP = Duration.ofSeconds(30);
  private static final int STAMP_BYTES = 16;

  private final Terminal terminal;
  private final BenchOptions bench;
  private final URI broker;
  private final String topic;
  private final ServerProbe probe;
  private final byte[] payload;
  private final long handleNanos;
  private final AtomicLong open;
  private final AtomicLong confirmed = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong handled = new AtomicLong();
  private final AtomicInteger callers = new AtomicInteger();
  private final AtomicInteger underWay = new AtomicInteger();
  private final ConcurrentHistogram publishes = new ConcurrentHistogram(1_000, MAX_NANOS, 3);
  private final ConcurrentHistogram endToEnd = new ConcurrentHistogram(1_000, MAX_NANOS, 3);
  private volatile long measuredFromNanos = Long.MAX_VALUE;
  private volatile boolean isStopping;

  ClientBench(Terminal terminal, BenchOptions bench, URI broker, String topic, ServerProbe probe) {
    this.terminal = terminal;
    this.bench = bench;
    this.handleNanos = bench.handled().toNanos();
    this.broker = broker;
    this.topic = topic;
    this.probe = probe;
    this.payload = new byte[bench.payloadBytes()];
    new SplittableRandom(bench.seed).nextBytes(payload);
    this.open = new AtomicLong(bench.messages == null ? Long.MAX_VALUE / 4 : bench.messages);
  }

  /** Figures by name, in the order in which they are shown. */
  Map<String, Double> measure() throws InterruptedException {
    try (TidewheelClient client =
        TidewheelClient.builder().endpoints(broker.toString()).name("bench").build()) {
      if (bench.isConsuming()) {
        Worker worker =
            client
                .worker(topic, bench.subscriptions().get(0))
                .concurrency(Math.min(1_000, Math.max(1, bench.consumerCount())))
                .handler(this::onDelivery);
        worker.start();
      }
      return measure(client.publisher(topic));
    }
  }

  private Map<String, Double> measure(Publisher publisher) throws InterruptedException {
    ProgressLine progress = new ProgressLine(terminal);
    Double rate = bench.rate;
    Thread pacer = new Thread(() -> pace(publisher, rate == null ? 0 : rate), "bench-pace");
    if (rate != null) {
      callers.set(1);
      pacer.start();
    } else if (bench.isProducing()) {
      callers.set(bench.producerCount());
      for (int i = 0; i < bench.producerCount(); i++) {
        SplittableRandom random = new SplittableRandom(bench.seed + i);
        ForkJoinPool.commonPool().execute(() -> next(publisher, random));
      }
    }
    long warmUntil = now() + bench.warmedUp().toNanos();
    waitUntil(warmUntil, progress, "warm-up");
    ServerProbe.Usage before = probe.read();
    long ownCpu = InProcessBench.cpuNanos();
    long publishedBefore = bench.warmedUp().isZero() ? 0 : confirmed.get();
    long handledBefore = bench.warmedUp().isZero() ? 0 : handled.get();
    long fromNanos = now();
    measuredFromNanos = bench.warmedUp().isZero() ? 0 : fromNanos;
    waitUntil(fromNanos + bench.measured().toNanos(), progress, "measuring");
    double seconds = Math.max(1e-3, (now() - fromNanos) / 1e9);
    long published = confirmed.get() - publishedBefore;
    long taken = handled.get() - handledBefore;
    ServerProbe.Usage after = probe.read();
    ownCpu = InProcessBench.cpuNanos() - ownCpu;
    isStopping = true;
    while (callers.get() > 0 || underWay.get() > 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    long missing = catchUp();
    progress.clear();
    return figures(seconds, published, taken, before, after, ownCpu, missing);
  }

  private Map<String, Double> figures(
      double seconds,
      long published,
      long taken,
      ServerProbe.Usage before,
      ServerProbe.Usage after,
      long ownCpu,
      long missing) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("seconds", seconds);
    figures.put("errors", failed.doubleValue());
    long count = Math.max(published, taken);
    if (bench.isProducing()) {
      figures.put("published", (double) published);
      figures.put("publishRate", published / seconds);
      percentiles(figures, "publish.", publishes);
    }
    if (bench.isConsuming()) {
      figures.put("handled", (double) taken);
      figures.put("rate", taken / seconds);
      percentiles(figures, "", endToEnd);
      figures.put("missing", (double) missing);
    } else {
      figures.put("rate", published / seconds);
      percentiles(figures, "", publishes);
    }
    put(figures, "cpu", (after.cpuSeconds() - before.cpuSeconds()) * 1e6 / Math.max(1, count));
    put(figures, "cores", (after.cpuSeconds() - before.cpuSeconds()) / seconds);
    put(figures, "rss", after.residentBytes() / (1 << 20));
    figures.put("generatorCpu", ownCpu / 1e3 / Math.max(1, count));
    figures.put("generatorCores", ownCpu / 1e9 / seconds);
    return figures;
  }

  private static void put(Map<String, Double> figures, String name, double value) {
    if (!Double.isNaN(value)) {
      figures.put(name, value);
    }
  }

  private static void percentiles(
      Map<String, Double> figures, String prefix, ConcurrentHistogram latencies) {
    figures.put(prefix + "p50", latencies.getValueAtPercentile(50) / 1e6);
    figures.put(prefix + "p99", latencies.getValueAtPercentile(99) / 1e6);
    figures.put(prefix + "p99.9", latencies.getValueAtPercentile(99.9) / 1e6);
    figures.put(prefix + "max", latencies.getMaxValue() / 1e6);
  }

  private void waitUntil(long untilNanos, ProgressLine progress, String what)
      throws InterruptedException {
    while (now() - untilNanos < 0 && !isDone()) {
      long left = Math.max(1, untilNanos - now());
      TimeUnit.NANOSECONDS.sleep(Math.min(left, progress.interval().toNanos()));
      long count = bench.isConsuming() ? handled.get() : confirmed.get();
      double part = bench.messages == null ? -1 : count / (double) bench.messages;
      progress.show(String.format(Locale.ROOT, "%s %,d messages", what, count), count, part);
    }
  }

  private boolean isDone() {
    if (!bench.isProducing()) {
      return bench.messages != null && handled.get() >= bench.messages;
    }
    return callers.get() == 0 && (!bench.isConsuming() || handled.get() >= confirmed.get());
  }

  /** Waits for what was published; gives how much did not come. */
  private long catchUp() throws InterruptedException {
    if (!bench.isConsuming() || !bench.isProducing()) {
      return 0;
    }
    long until = now() + CATCH_UP.toNanos();
    while (handled.get() < confirmed.get() && now() - until < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return Math.max(0, confirmed.get() - handled.get());
  }

  /** A caller: publishes again when its last publish is decided. */
  private void next(Publisher publisher, SplittableRandom random) {
    if (isStopping || open.getAndAdd(-bench.batch) <= 0) {
      callers.decrementAndGet();
      return;
    }
    long startNanos = now();
    var unused =
        publish(publisher, random, startNanos)
            .whenComplete(
                (done, failure) -> {
                  decided(failure, startNanos);
                  next(publisher, random);
                });
  }

  private CompletableFuture<?> publish(Publisher publisher, SplittableRandom random, long atNanos) {
    if (bench.batch == 1) {
      return publisher.publish(message(random, atNanos));
    }
    List<Message> messages = new ArrayList<>(bench.batch);
    for (int i = 0; i < bench.batch; i++) {
      messages.add(message(random, atNanos));
    }
    List<CompletableFuture<Published>> answers = publisher.publish(messages);
    return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new));
  }

  /** Publishes at fixed times, whether the broker keeps up or not. */
  private void pace(Publisher publisher, double rate) {
    SplittableRandom random = new SplittableRandom(bench.seed);
    long beganNanos = now();
    for (long i = 0; !isStopping && open.getAndAdd(-bench.batch) > 0; i++) {
      long dueNanos = beganNanos + (long) (i * bench.batch * 1e9 / rate);
      for (long left = dueNanos - now(); left > 0; left = dueNanos - now()) {
        LockSupport.parkNanos(left);
      }
      underWay.incrementAndGet();
      var unused =
          publish(publisher, random, dueNanos)
              .whenComplete(
                  (done, failure) -> {
                    decided(failure, dueNanos);
                    underWay.decrementAndGet();
                  });
    }
    callers.decrementAndGet();
  }

  private Message message(SplittableRandom random, long atNanos) {
    byte[] bytes = payload.clone();
    if (bytes.length >= STAMP_BYTES) {
      ByteBuffer.wrap(bytes).putLong(atNanos);
    }
    Message message = Message.of(bytes);
    Integer keys = bench.keyCount;
    if (bench.hasIds) {
      message = message.withId(Long.toHexString(random.nextLong()));
    }
    return keys == null || keys == 0 ? message : message.withKey("key-" + random.nextInt(keys));
  }

  private void decided(@Nullable Throwable failure, long startNanos) {
    if (failure != null) {
      failed.addAndGet(bench.batch);
      return;
    }
    confirmed.addAndGet(bench.batch);
    if (startNanos >= measuredFromNanos) {
      publishes.recordValue(Math.min(MAX_NANOS, Math.max(0, now() - startNanos)));
    }
  }

  private Outcome onDelivery(Delivery delivery) {
    byte[] bytes = delivery.payload();
    if (bench.isProducing() && bytes.length >= STAMP_BYTES) {
      long atNanos = ByteBuffer.wrap(bytes).getLong();
      if (atNanos >= measuredFromNanos) {
        endToEnd.recordValue(Math.min(MAX_NANOS, Math.max(0, now() - atNanos)));
      }
    }
    long doneNanos = now() + handleNanos;
    for (long left = handleNanos; left > 0; left = doneNanos - now()) {
      LockSupport.parkNanos(left);
    }
    handled.incrementAndGet();
    return Outcome.ack();
  }

  private long now() {
    return terminal.nanoTime().getAsLong();
  }
}
