package io.tidewheel.cli;

import io.tidewheel.config.Durations;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Consumes one subscription with several workers, each pulling, handling and settling in turn. What
 * is held longer than a third of its lease is extended; what is held at the end is released.
 */
final class ConsumeRun {
  /** Short, so that Ctrl-C is never kept waiting and no message is on its way when we end. */
  private static final String WAIT = "1s";

  /**
   * How to consume.
   *
   * @param max messages altogether
   * @param isFollowing whether to go on when there is nothing
   */
  record Plan(int workerCount, int batchSize, long max, boolean isFollowing, Duration lease) {}

  private final DeliveryChannel channel;
  private final MessageHandler handler;
  private final Plan plan;
  private final String lease;
  private final ConsumeTotals totals = new ConsumeTotals();
  private final Set<String> held = ConcurrentHashMap.newKeySet();
  private final AtomicInteger busyWorkers = new AtomicInteger();
  private final AtomicLong left;
  private final CountDownLatch workersOpen;
  private final AtomicReference<@Nullable CommandFailure> failure = new AtomicReference<>();
  private volatile boolean isStopping;

  ConsumeRun(DeliveryChannel channel, MessageHandler handler, Plan plan) {
    this.channel = channel;
    this.handler = handler;
    this.plan = plan;
    this.lease = Durations.format(plan.lease());
    this.left = new AtomicLong(plan.max());
    this.workersOpen = new CountDownLatch(plan.workerCount());
  }

  void start() {
    for (int i = 0; i < plan.workerCount(); i++) {
      startThread("consume-worker-" + i, this::work);
    }
    startThread("consume-leases", this::keepLeases);
  }

  boolean await(Duration time) throws InterruptedException {
    return workersOpen.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  void stop() {
    isStopping = true;
  }

  boolean isStopping() {
    return isStopping;
  }

  ConsumeTotals totals() {
    return totals;
  }

  /** Why it ended early; null if it did not. */
  @Nullable CommandFailure failure() {
    return failure.get();
  }

  private void work() {
    try {
      int wanted = reserve();
      while (wanted > 0 && !isStopping) {
        List<PulledMessage> messages = channel.pull(wanted, WAIT, lease, this::isStopping);
        left.addAndGet(wanted - messages.size());
        if (!messages.isEmpty()) {
          handleAll(messages);
        } else if (!plan.isFollowing() && busyWorkers.get() == 0) {
          return;
        }
        wanted = reserve();
      }
    } catch (CommandFailure e) {
      abort(e);
    } catch (IOException e) {
      abort(new CommandFailure(ExitCodes.FAILED, String.valueOf(e.getMessage()), e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      workersOpen.countDown();
    }
  }

  private void handleAll(List<PulledMessage> messages) throws IOException, InterruptedException {
    busyWorkers.incrementAndGet();
    messages.forEach(message -> held.add(message.receipt()));
    List<String> done = new ArrayList<>();
    try {
      for (PulledMessage message : messages) {
        if (isStopping) {
          break;
        }
        if (handle(message)) {
          done.add(message.receipt());
        }
      }
      handler.flush(messages);
      ack(done);
    } finally {
      try {
        release(messages);
      } finally {
        busyWorkers.decrementAndGet();
      }
    }
  }

  /** Whether the message is done and still to be acked. */
  private boolean handle(PulledMessage message) throws IOException, InterruptedException {
    totals.received.increment();
    totals.bytes.add(message.payload().length);
    MessageHandler.Verdict verdict = handler.handle(message);
    switch (verdict.outcome()) {
      case DONE -> {
        if (!handler.isSlow()) {
          return true;
        }
        ack(List.of(message.receipt()));
      }
      case FAILED -> {
        int nacked = settle("nack", List.of(message.receipt()), verdict.reason());
        totals.nacked.add(nacked);
      }
      // Still held: released with the others when this pull is through.
      case CUT_OFF -> {}
    }
    return false;
  }

  private void ack(List<String> receipts) throws InterruptedException {
    if (!receipts.isEmpty()) {
      totals.acked.add(settle("ack", receipts, null));
    }
  }

  private void release(List<PulledMessage> messages) throws InterruptedException {
    List<String> open =
        messages.stream().map(PulledMessage::receipt).filter(held::contains).toList();
    if (!open.isEmpty()) {
      totals.released.add(settle("release", open, null));
    }
  }

  private int settle(String verb, List<String> receipts, @Nullable String reason)
      throws InterruptedException {
    receipts.forEach(held::remove);
    int done = channel.settle(verb, receipts, reason);
    totals.expired.add((long) receipts.size() - done);
    return done;
  }

  /** Takes a share of what may still be consumed; 0 when nothing is left. */
  private int reserve() {
    long before = left.getAndUpdate(count -> Math.max(0, count - plan.batchSize()));
    return (int) Math.min(before, plan.batchSize());
  }

  private void keepLeases() {
    try {
      while (!await(plan.lease().dividedBy(3))) {
        List<String> receipts = List.copyOf(held);
        int size = Math.max(1, plan.batchSize());
        for (int i = 0; i < receipts.size(); i += size) {
          channel.settle("extend", receipts.subList(i, Math.min(i + size, receipts.size())), null);
        }
      }
    } catch (CommandFailure e) {
      abort(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void abort(CommandFailure reason) {
    failure.compareAndSet(null, reason);
    stop();
  }

  private static void startThread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }
}
