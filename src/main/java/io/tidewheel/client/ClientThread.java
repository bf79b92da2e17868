package io.tidewheel.client;

/** A thread of a client, on which its callers' callbacks may run: nothing may wait on it. */
final class ClientThread extends Thread {
  private ClientThread(Runnable body, String name) {
    super(body, name);
    setDaemon(true);
  }

  static ClientThread start(String name, Runnable body) {
    ClientThread thread = new ClientThread(body, name);
    thread.start();
    return thread;
  }

  /** Whether the caller is on one. */
  static boolean isCurrent() {
    return Thread.currentThread() instanceof ClientThread;
  }
}
