package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Fails writes that the store has not answered in time, so that no actor waits forever for a disk
 * that hangs; whether they will be stored is unknown. Safe for any thread.
 *
 * <p>Akka's circuit breaker can do this, with a timer for each write that is kept for as long as a
 * write may take: at 2,000 messages a second the timers of 80,000 writes that were done long ago.
 * The store answers in the order of arrival, so one look now and then at those that came first is
 * enough.
 */
final class WriteDeadlines {
  private final Duration timeout;
  private final LongSupplier nanoTime;
  private final ArrayDeque<Pending> pending = new ArrayDeque<>();

  private record Pending(CompletableFuture<?> write, long sinceNanos) {}

  /**
   * No writes yet.
   *
   * @param timeout how long a write may take
   * @param nanoTime a monotonic clock
   */
  WriteDeadlines(Duration timeout, LongSupplier nanoTime) {
    this.timeout = timeout;
    this.nanoTime = nanoTime;
  }

  /** Watches a write that was handed to the store just now. */
  synchronized void add(CompletableFuture<?> write) {
    dropDone();
    pending.addLast(new Pending(write, nanoTime.getAsLong()));
  }

  /** Fails what is overdue. To be called now and then. */
  void expire() {
    for (CompletableFuture<?> overdue = nextOverdue(); overdue != null; overdue = nextOverdue()) {
      overdue.completeExceptionally(
          new StoreException(
              Kind.IO,
              "the store has not answered a write for "
                  + timeout.toSeconds()
                  + " s; it may be stored or not"));
    }
  }

  synchronized int size() {
    dropDone();
    return pending.size();
  }

  private synchronized @Nullable CompletableFuture<?> nextOverdue() {
    dropDone();
    Pending first = pending.peekFirst();
    return first == null || nanoTime.getAsLong() - first.sinceNanos < timeout.toNanos()
        ? null
        : first.write;
  }

  private void dropDone() {
    while (!pending.isEmpty() && pending.getFirst().write.isDone()) {
      pending.removeFirst();
    }
  }
}
