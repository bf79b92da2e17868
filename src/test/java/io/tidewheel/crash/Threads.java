package io.tidewheel.crash;

/** Threads of a test that runs as a program. */
public final class Threads {
  private Threads() {}

  /** Starts one that does not keep the program alive; what it throws ends the program, with 1. */
  public static Thread start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler(
        (dead, error) -> {
          error.printStackTrace();
          System.exit(1);
        });
    thread.start();
    return thread;
  }
}
