package io.tidewheel.cli;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.worker.Consumer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Workers in this process that pull and ack until nothing is left. Every message is accounted for:
 * what was published and not acked is missing, and so is a gap between offsets; no message may be
 * acked twice.
 */
final class InProcessDrain {
  private static final int EMPTY_PULLS = 3;
  private static final int MAX_PULL_BYTES = 4 << 20;

  private final Terminal terminal;
  private final BenchOptions bench;
  private final Consumer consumer;
  private final Topic topic;
  private final Topic.Subscription subscription;
  private final long expected;
  private final Consumer.PullRequest request;

  /** Offsets that were acked, by queue. */
  @GuardedBy("acked")
  private final Map<Integer, BitSet> acked = new HashMap<>();

  private final AtomicLong ackedCount = new AtomicLong();
  private final AtomicLong ackedTwice = new AtomicLong();
  private final AtomicLong deliveredCount = new AtomicLong();
  private final AtomicLong nackedCount = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicInteger workers = new AtomicInteger();
  private final AtomicInteger emptyPulls = new AtomicInteger();
  private volatile long firstNanos;
  private volatile long lastAckNanos;

  /**
   * A drain that has not begun.
   *
   * @param expected how many messages there are; negative if that is not known
   */
  InProcessDrain(
      Terminal terminal,
      BenchOptions bench,
      Consumer consumer,
      Topic topic,
      Topic.Subscription subscription,
      long expected) {
    this.terminal = terminal;
    this.bench = bench;
    this.consumer = consumer;
    this.topic = topic;
    this.subscription = subscription;
    this.expected = expected;
    this.request =
        new Consumer.PullRequest(
            bench.pullMax,
            MAX_PULL_BYTES,
            OptionValues.duration("--wait", bench.wait),
            null,
            "bench",
            null);
  }

  /** Drains; {@code nodeStartNanos} is when the start of the broker began. */
  void run(Map<String, Double> figures, long nodeStartNanos) throws InterruptedException {
    ProgressLine progress = new ProgressLine(terminal);
    long startNanos = now();
    lastAckNanos = startNanos;
    long cpu = InProcessBench.cpuNanos();
    workers.set(bench.consumerCount());
    for (int i = 0; i < bench.consumerCount(); i++) {
      pull(new SplittableRandom(bench.seed + i));
    }
    while (workers.get() > 0) {
      TimeUnit.MILLISECONDS.sleep(Math.min(250, progress.interval().toMillis()));
      long count = ackedCount.get();
      double part = expected <= 0 ? -1 : count / (double) expected;
      progress.show(String.format(Locale.ROOT, "drained %,d messages", count), count, part);
    }
    progress.clear();
    cpu = InProcessBench.cpuNanos() - cpu;
    double seconds = Math.max(1e-3, (lastAckNanos - startNanos) / 1e9);
    figures.put("drained", ackedCount.doubleValue());
    figures.put("drainSeconds", seconds);
    figures.put("rate", ackedCount.get() / seconds);
    figures.put("drainCpu", cpu / 1e3 / Math.max(1, ackedCount.get()));
    figures.put("delivered", deliveredCount.doubleValue());
    figures.put("nacked", nackedCount.doubleValue());
    figures.put("notSettled", failed.doubleValue());
    figures.put("missing", (double) missing());
    figures.put("ackedTwice", ackedTwice.doubleValue());
    if (firstNanos != 0) {
      figures.put("firstDeliverySeconds", (firstNanos - nodeStartNanos) / 1e9);
    }
  }

  private long missing() {
    if (expected >= 0) {
      return Math.max(0, expected - ackedCount.get());
    }
    long gaps = 0;
    synchronized (acked) {
      for (BitSet offsets : acked.values()) {
        gaps += offsets.length() - offsets.nextSetBit(0) - offsets.cardinality();
      }
    }
    return gaps;
  }

  private void pull(SplittableRandom random) {
    if (isDone()) {
      workers.decrementAndGet();
      return;
    }
    consumer
        .pull(topic, subscription, request)
        .whenComplete(
            (deliveries, failure) -> pulled(deliveries == null ? List.of() : deliveries, random));
  }

  private boolean isDone() {
    return (expected >= 0 && ackedCount.get() >= expected)
        || emptyPulls.get() >= EMPTY_PULLS * bench.consumerCount();
  }

  private void pulled(List<Delivery> deliveries, SplittableRandom random) {
    if (deliveries.isEmpty()) {
      emptyPulls.incrementAndGet();
      pull(random);
      return;
    }
    emptyPulls.set(0);
    if (firstNanos == 0) {
      firstNanos = now();
    }
    deliveredCount.addAndGet(deliveries.size());
    List<Receipt> acks = new ArrayList<>(deliveries.size());
    List<Receipt> nacks = new ArrayList<>();
    for (Delivery delivery : deliveries) {
      boolean isNacked = bench.nackShare > 0 && random.nextDouble() < bench.nackShare;
      (isNacked ? nacks : acks).add(delivery.receipt());
    }
    if (!nacks.isEmpty()) {
      var unused =
          consumer
              .settle(
                  topic,
                  subscription,
                  new SettleAction.Nack(
                      OptionValues.duration("--nack-delay", bench.nackDelay), null),
                  nacks,
                  InProcessBench.TIMEOUT)
              .thenAccept(statuses -> nackedCount.addAndGet(count(statuses, SettleStatus.NACKED)));
    }
    if (acks.isEmpty()) {
      pull(random);
      return;
    }
    consumer
        .settle(topic, subscription, new SettleAction.Ack(), acks, InProcessBench.TIMEOUT)
        .whenComplete(
            (statuses, failure) -> {
              settled(acks, statuses == null ? List.of() : statuses);
              pull(random);
            });
  }

  private static long count(List<SettleStatus> statuses, SettleStatus wanted) {
    return statuses.stream().filter(status -> status == wanted).count();
  }

  private void settled(List<Receipt> receipts, List<SettleStatus> statuses) {
    int done = 0;
    synchronized (acked) {
      for (int i = 0; i < statuses.size(); i++) {
        if (statuses.get(i) == SettleStatus.ACKED) {
          Receipt receipt = receipts.get(i);
          BitSet offsets = acked.computeIfAbsent(receipt.queue(), queue -> new BitSet());
          int offset = Math.toIntExact(receipt.offset());
          if (offsets.get(offset)) {
            ackedTwice.incrementAndGet();
          } else {
            offsets.set(offset);
            done++;
          }
        }
      }
    }
    failed.addAndGet(receipts.size() - count(statuses, SettleStatus.ACKED));
    if (done > 0) {
      ackedCount.addAndGet(done);
      lastAckNanos = now();
    }
  }

  private long now() {
    return terminal.nanoTime().getAsLong();
  }
}
