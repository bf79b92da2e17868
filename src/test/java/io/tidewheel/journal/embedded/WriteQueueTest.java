package io.tidewheel.journal.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the writer is woken for, and what it takes; its clock stands until the test moves it. */
class WriteQueueTest {
  private static final int MAX = 4;

  private final AtomicLong nanos = new AtomicLong(1);
  private final WriteQueue queue = new WriteQueue(MAX, nanos::get);
  private final StoreOperation<?> publish = operation(false, 10);
  private final StoreOperation<?> ack = operation(true, 10);
  private Thread writer;

  @AfterEach
  void stop() {
    if (writer != null) {
      writer.interrupt();
    }
  }

  @Test
  void anAckIsTakenAtOnceWhereNobodyPublishes() throws Exception {
    queue.offer(ack);
    assertThat(taken()).containsExactly(ack);
  }

  @Test
  void anAckWaitsForThePublishThatComesSoon() throws Exception {
    queue.offer(publish);
    assertThat(taken()).containsExactly(publish);
    CompletableFuture<List<StoreOperation<?>>> next = taking();
    awaitParked();
    queue.offer(ack);
    assertThat(queue.size()).isEqualTo(1);
    nanos.addAndGet(WriteQueue.PATIENCE_NANOS / 2);
    queue.offer(publish);
    assertThat(next.get()).containsExactly(ack, publish);
  }

  @Test
  void anAckWaitsNoLongerThanItMay() throws Exception {
    queue.offer(publish);
    taken();
    queue.offer(ack);
    CompletableFuture<List<StoreOperation<?>>> next = taking();
    awaitParked();
    assertThat(next).isNotDone();
    nanos.addAndGet(WriteQueue.PATIENCE_NANOS);
    assertThat(next.get()).containsExactly(ack);
  }

  @Test
  void anAckAloneIsTakenAtOnceWhenPublishesHaveCeased() throws Exception {
    queue.offer(publish);
    taken();
    nanos.addAndGet(WriteQueue.RECENT_NANOS);
    queue.offer(ack);
    assertThat(taken()).containsExactly(ack);
  }

  @Test
  void takesUpToASizeInTheOrderOfArrival() throws Exception {
    StoreOperation<?> large = operation(false, 100);
    queue.offer(ack);
    queue.offer(large);
    queue.offer(publish);
    List<StoreOperation<?>> drained = new ArrayList<>();
    queue.take(drained, 50, Long.MAX_VALUE);
    assertThat(drained).containsExactly(ack, large);
    assertThat(taken()).containsExactly(publish);
  }

  @Test
  void refusesBeyondItsBoundAndTakesTheLastOneAllTheSame() throws Exception {
    for (int i = 0; i < MAX; i++) {
      assertThat(queue.offer(publish)).isTrue();
    }
    assertThat(queue.offer(publish)).isFalse();
    queue.put(ack);
    assertThat(taken()).hasSize(MAX + 1).endsWith(ack);
  }

  @Test
  void comesBackWithNothingWhenItsTimeIsUp() throws Exception {
    CompletableFuture<List<StoreOperation<?>>> next = taking(1_000_000);
    awaitParked();
    nanos.addAndGet(1_000_000);
    assertThat(next.get()).isEmpty();
  }

  @Test
  void endsWhenTheWriterIsInterrupted() throws Exception {
    CompletableFuture<List<StoreOperation<?>>> next = taking();
    awaitParked();
    writer.interrupt();
    assertThatThrownBy(next::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(InterruptedException.class);
  }

  private List<StoreOperation<?>> taken() throws InterruptedException {
    List<StoreOperation<?>> drained = new ArrayList<>();
    queue.take(drained, Long.MAX_VALUE, Long.MAX_VALUE);
    return drained;
  }

  private CompletableFuture<List<StoreOperation<?>>> taking() {
    return taking(Long.MAX_VALUE);
  }

  private CompletableFuture<List<StoreOperation<?>>> taking(long maxNanos) {
    CompletableFuture<List<StoreOperation<?>>> taken = new CompletableFuture<>();
    writer =
        new Thread(
            () -> {
              List<StoreOperation<?>> drained = new ArrayList<>();
              try {
                queue.take(drained, Long.MAX_VALUE, maxNanos);
                taken.complete(drained);
              } catch (InterruptedException e) {
                taken.completeExceptionally(e);
              }
            });
    writer.start();
    return taken;
  }

  private void awaitParked() {
    while (LockSupport.getBlocker(writer) == null) {
      Thread.onSpinWait();
    }
  }

  private static StoreOperation<?> operation(boolean mayWait, int bytes) {
    byte[] key = new byte[8];
    EncodedRow row = new EncodedRow(1, key, new byte[bytes], new byte[0]);
    return new StoreOperation.Append("a", 0, List.of(row), mayWait);
  }
}
