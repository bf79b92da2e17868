package io.tidewheel;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Passes connections on to a port, and breaks them off when a test says so. */
final class CutProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger taken = new AtomicInteger();
  private volatile int target;
  private volatile boolean isCut;

  CutProxy(int target) {
    this.target = target;
    try {
      listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    run("proxy", this::accept);
  }

  String url() {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  /** Connections taken so far. */
  int takenCount() {
    return taken.get();
  }

  /** Where further connections go. */
  void goTo(int port) {
    target = port;
  }

  /** Breaks off all connections, without a word. */
  void cut() {
    open.forEach(CutProxy::close);
  }

  /** Breaks off all connections, and takes none until {@link #mend}. */
  void cutUntilMended() {
    isCut = true;
    cut();
  }

  void mend() {
    isCut = false;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        if (isCut) {
          close(client);
          continue;
        }
        client.setTcpNoDelay(true);
        open.add(client);
        Socket broker = new Socket(InetAddress.getLoopbackAddress(), target);
        broker.setTcpNoDelay(true);
        open.add(broker);
        taken.incrementAndGet();
        run("proxy-to", () -> copy(client, broker));
        run("proxy-from", () -> copy(broker, client));
      } catch (IOException e) {
        // The broker is not there, or the proxy is closed: the next connection finds out.
        cut();
      }
    }
  }

  private void copy(Socket from, Socket to) {
    byte[] bytes = new byte[64 << 10];
    try (InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        out.write(bytes, 0, count);
      }
    } catch (IOException e) {
      // One side is gone, and so is the other.
    } finally {
      close(from);
      close(to);
      open.remove(from);
      open.remove(to);
    }
  }

  private static void run(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    cut();
  }
}
