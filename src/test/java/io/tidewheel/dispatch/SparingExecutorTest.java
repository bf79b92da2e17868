package io.tidewheel.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SparingExecutorTest {
  private static final long NEVER = Long.MAX_VALUE;
  private static final Set<Thread.State> PARKED =
      Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);

  private final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();

  /** Of the current executor. */
  private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

  private SparingExecutor executor = executor(2, NEVER);

  @AfterEach
  void stop() throws InterruptedException {
    executor.shutdownNow();
    assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  private SparingExecutor executor(int size, long lookNanos) {
    return new SparingExecutor(
        size,
        task -> {
          Thread thread = new Thread(task, "sparing");
          thread.setDaemon(true);
          thread.setUncaughtExceptionHandler((which, failure) -> failures.add(failure));
          threads.add(thread);
          return thread;
        },
        lookNanos,
        lookNanos);
  }

  private void restart(int size, long lookNanos) {
    executor.shutdownNow();
    threads.clear();
    executor = executor(size, lookNanos);
  }

  private void awaitAwake(int count) {
    while (executor.awakeCount() != count) {
      Thread.onSpinWait();
    }
  }

  /** Until every thread is parked: one that is counted as asleep may still take a task first. */
  private void awaitAsleep() {
    awaitAwake(0);
    while (!threads.stream().map(Thread::getState).allMatch(PARKED::contains)) {
      Thread.onSpinWait();
    }
  }

  /** Without anybody looking out, a wake-up that is lost would be for ever. */
  @Test
  void neverLeavesATaskWithNobodyAwake() throws Exception {
    for (int i = 0; i < 20_000; i++) {
      CompletableFuture<Integer> done = new CompletableFuture<>();
      int number = i;
      executor.execute(() -> executor.execute(() -> done.complete(number)));
      assertThat(done.get(10, TimeUnit.SECONDS)).isEqualTo(number);
    }
  }

  @Test
  void runsEveryTaskOnceWhoeverAddsIt() throws Exception {
    restart(4, NEVER);
    int threads = 4;
    int chains = 500;
    int length = 50;
    CountDownLatch left = new CountDownLatch(threads * chains * length);
    AtomicInteger runs = new AtomicInteger();
    for (int i = 0; i < threads; i++) {
      new Thread(
              () ->
                  IntStream.range(0, chains)
                      .forEach(chain -> executor.execute(() -> link(length, left, runs))))
          .start();
    }
    assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(runs).hasValue(threads * chains * length);
    awaitAwake(0);
  }

  private void link(int length, CountDownLatch left, AtomicInteger runs) {
    runs.incrementAndGet();
    left.countDown();
    if (length > 1) {
      executor.execute(() -> link(length - 1, left, runs));
    }
  }

  @Test
  void whatATaskAddsRunsOnItsThread() throws Exception {
    awaitAsleep();
    CompletableFuture<Thread> first = new CompletableFuture<>();
    CompletableFuture<Thread> second = new CompletableFuture<>();
    executor.execute(
        () -> {
          executor.execute(() -> second.complete(Thread.currentThread()));
          first.complete(Thread.currentThread());
        });
    assertThat(second.get(10, TimeUnit.SECONDS)).isSameAs(first.get(10, TimeUnit.SECONDS));
  }

  @Test
  void wakesAnotherWhenMoreWaitsThanOneIsTrustedWith() throws Exception {
    awaitAsleep();
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    executor.execute(() -> await(held, hold));
    assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();
    CountDownLatch run = new CountDownLatch(SparingExecutor.TASKS_PER_THREAD + 1);
    for (int i = 0; i < SparingExecutor.TASKS_PER_THREAD; i++) {
      executor.execute(run::countDown);
    }
    assertThat(executor.awakeCount()).isEqualTo(1);
    executor.execute(run::countDown);
    assertThat(run.await(10, TimeUnit.SECONDS)).isTrue();
    hold.countDown();
  }

  @Test
  void somebodyLooksAfterWhatALongTaskHoldsUp() throws Exception {
    restart(3, 1_000_000);
    awaitAwake(0);
    for (int round = 0; round < 20; round++) {
      CountDownLatch hold = new CountDownLatch(1);
      CountDownLatch held = new CountDownLatch(1);
      executor.execute(() -> await(held, hold));
      CountDownLatch heldToo = new CountDownLatch(1);
      executor.execute(() -> await(heldToo, hold));
      CountDownLatch run = new CountDownLatch(1);
      executor.execute(run::countDown);
      assertThat(run.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(heldToo.await(10, TimeUnit.SECONDS)).isTrue();
      hold.countDown();
    }
  }

  private static void await(CountDownLatch held, CountDownLatch hold) {
    held.countDown();
    try {
      hold.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aTaskThatFailsCostsNoThread() throws Exception {
    restart(1, NEVER);
    executor.execute(
        () -> {
          throw new AssertionError("planted");
        });
    CountDownLatch run = new CountDownLatch(1);
    executor.execute(run::countDown);
    assertThat(run.await(10, TimeUnit.SECONDS)).isTrue();
    // The new thread may be there before the handler of the old one is done.
    assertThat(failures.poll(10, TimeUnit.SECONDS)).isInstanceOf(AssertionError.class);
    assertThat(failures).isEmpty();
  }

  /** Otherwise a thread would turn and turn instead of sleeping. */
  @Test
  void anInterruptThatATaskLeavesIsForgotten() throws Exception {
    restart(1, NEVER);
    executor.execute(() -> Thread.currentThread().interrupt());
    awaitAwake(0);
    CompletableFuture<Boolean> isInterrupted = new CompletableFuture<>();
    executor.execute(() -> isInterrupted.complete(Thread.currentThread().isInterrupted()));
    assertThat(isInterrupted.get(10, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void finishesWhatItHasWhenShutDown() throws Exception {
    restart(1, NEVER);
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch run = new CountDownLatch(2);
    executor.execute(() -> await(held, hold));
    executor.execute(run::countDown);
    executor.execute(run::countDown);
    executor.shutdown();
    assertThatThrownBy(() -> executor.execute(run::countDown))
        .isInstanceOf(RejectedExecutionException.class);
    assertThat(executor.isTerminated()).isFalse();
    hold.countDown();
    assertThat(run.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    assertThat(executor.isTerminated()).isTrue();
  }
}
