package io.tidewheel.fault;

import io.tidewheel.crash.Threads;
import java.util.ArrayList;
import java.util.List;

/** Threads that work beside a run until it is over. */
final class Crew {
  private final List<Thread> threads = new ArrayList<>();
  private final List<Runnable> ends = new ArrayList<>();

  /**
   * Starts one.
   *
   * @param end tells it to end soon
   */
  void start(String name, Runnable task, Runnable end) {
    threads.add(Threads.start(name, task));
    ends.add(end);
  }

  /** Tells all to end, and waits until they have. */
  void end() throws InterruptedException {
    ends.forEach(Runnable::run);
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
