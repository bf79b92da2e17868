package io.tidewheel.dispatch;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of threads on one queue, first in first out, that wakes a thread only when those
 * that are awake have enough to do already. An actor that tells another one something is mostly
 * done itself, so the thread it ran on can run the other one next; to wake a second thread for that
 * costs more than the work it takes over.
 *
 * <ol>
 *   <li>A task is never left waiting with no thread awake.
 *   <li>Beyond {@link #TASKS_PER_THREAD} waiting tasks for each thread awake, another one wakes.
 *   <li>A thread that stays in one task holds up what waits for at most {@link #LOOK_NANOS}, or
 *       {@link #IDLE_LOOK_NANOS} if none was awake before: one of those that sleep looks out.
 * </ol>
 */
final class SparingExecutor extends AbstractExecutorService {
  /** Waiting tasks that a thread is trusted with; each is some ten microseconds of an actor. */
  static final int TASKS_PER_THREAD = 4;

  /** How often one that sleeps looks whether work waits, while others are awake. */
  static final long LOOK_NANOS = 5_000_000;

  /** The same while none is awake, when whoever adds a task wakes one. */
  static final long IDLE_LOOK_NANOS = 50_000_000;

  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger awake = new AtomicInteger();
  private final ConcurrentLinkedDeque<Worker> asleep = new ConcurrentLinkedDeque<>();
  private final AtomicReference<@Nullable Worker> lookout = new AtomicReference<>();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final ThreadFactory factory;
  private final CountDownLatch ended;
  private final long lookNanos;
  private final long idleLookNanos;
  private volatile boolean isShutDown;

  /**
   * Starts the threads.
   *
   * @param size how many
   * @param lookNanos {@link #LOOK_NANOS}
   * @param idleLookNanos {@link #IDLE_LOOK_NANOS}
   */
  SparingExecutor(int size, ThreadFactory factory, long lookNanos, long idleLookNanos) {
    this.lookNanos = lookNanos;
    this.idleLookNanos = idleLookNanos;
    ended = new CountDownLatch(size);
    awake.set(size);
    this.factory = factory;
    for (int i = 0; i < size; i++) {
      startWorker();
    }
  }

  private void startWorker() {
    Thread thread = factory.newThread(new Worker());
    threads.add(thread);
    thread.start();
  }

  @Override
  public void execute(Runnable task) {
    waiting.incrementAndGet();
    tasks.add(task);
    // Looked at afterwards: the last thread may have gone between a look before and the task.
    if (isShutDown && tasks.remove(task)) {
      waiting.decrementAndGet();
      throw new RejectedExecutionException("the executor is shut down");
    }
    if (waiting.get() > TASKS_PER_THREAD * awake.get()) {
      wakeOne();
    }
  }

  /** Threads that are not asleep, for tests. */
  int awakeCount() {
    return awake.get();
  }

  private void wakeOne() {
    Worker worker = asleep.pollFirst();
    if (worker != null) {
      // Counted from here on, or everything that is added until it runs would wake one more.
      awake.incrementAndGet();
      worker.wake();
    }
  }

  @Override
  public void shutdown() {
    isShutDown = true;
    threads.forEach(LockSupport::unpark);
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown();
    List<Runnable> left = new ArrayList<>();
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      waiting.decrementAndGet();
      left.add(task);
    }
    threads.forEach(Thread::interrupt);
    return left;
  }

  @Override
  public boolean isShutdown() {
    return isShutDown;
  }

  @Override
  public boolean isTerminated() {
    return ended.getCount() == 0;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return ended.await(timeout, unit);
  }

  private final class Worker implements Runnable {
    private volatile @Nullable Thread thread;
    private volatile boolean isWoken;

    @Override
    public void run() {
      Thread current = Thread.currentThread();
      thread = current;
      boolean isDone = false;
      try {
        work();
        isDone = true;
      } finally {
        threads.remove(current);
        if (isDone) {
          ended.countDown();
        } else {
          // A task threw; what it threw goes to the thread's handler, and another thread goes on.
          startWorker();
        }
      }
    }

    private void work() {
      while (!isShutDown || !tasks.isEmpty()) {
        Runnable task = tasks.poll();
        if (task == null) {
          sleep();
        } else {
          waiting.decrementAndGet();
          task.run();
          // An interrupt that it leaves is not meant for the next one.
          Thread.interrupted();
        }
      }
    }

    void wake() {
      isWoken = true;
      LockSupport.unpark(thread);
    }

    private void sleep() {
      isWoken = false;
      boolean isLookout = lookout.compareAndSet(null, this);
      if (isLookout) {
        // Behind the others, so that it is woken last.
        asleep.addLast(this);
      } else {
        asleep.addFirst(this);
      }
      awake.decrementAndGet();
      // What is added from here on finds this thread asleep; what was added before is seen here.
      // An interrupt would end every further sleep at once: it is taken off.
      while (!isWoken && !isShutDown && tasks.isEmpty() && !Thread.interrupted()) {
        // Who looked out may have gone while this thread lay down.
        isLookout = isLookout || lookout.compareAndSet(null, this);
        if (isLookout) {
          LockSupport.parkNanos(this, awake.get() > 0 ? lookNanos : idleLookNanos);
        } else {
          LockSupport.park(this);
        }
      }
      if (asleep.remove(this)) {
        awake.incrementAndGet();
      }
      if (isLookout) {
        lookout.set(null);
      }
      Worker next = lookout.get() == null ? asleep.peekLast() : null;
      if (next != null) {
        // Another one looks out while this one works.
        LockSupport.unpark(next.thread);
      }
    }
  }
}
