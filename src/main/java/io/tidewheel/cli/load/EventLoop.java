package io.tidewheel.cli.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One thread that serves its share of the connections. */
final class EventLoop implements Runnable {
  /**
   * The selector waits in milliseconds; what is due sooner is waited for in steps of this length.
   */
  private static final long STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

  private static final long MILLI_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long MAX_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long RECONNECT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long FINISH_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(75);

  /** So many failed connects in a row, and the run ends. */
  private static final int MAX_CONNECT_FAILURES = 50;

  /** A connection that waits before its next request. */
  private record Parked(long untilNanos, HttpConnection connection, boolean isClosed) {}

  private final LoadPlan plan;
  private final RunState state;
  private final LongSupplier nanoTime;
  private final List<HttpConnection> connections = new ArrayList<>();
  private final Deque<HttpConnection> idle = new ArrayDeque<>();
  private final PriorityQueue<Parked> parked =
      new PriorityQueue<>((a, b) -> Long.compare(a.untilNanos(), b.untilNanos()));
  private final @Nullable Pace pace;
  private int openScripts;
  private int connectFailures;
  private long nextSweepNanos;
  private @Nullable Selector selector;

  /**
   * A loop that has not begun.
   *
   * @param pace when requests start; null if none of the scripts is paced
   */
  EventLoop(
      LoadPlan plan,
      RunState state,
      List<Script> scripts,
      @Nullable Pace pace,
      LongSupplier nanoTime) {
    this.plan = plan;
    this.state = state;
    this.pace = pace;
    this.nanoTime = nanoTime;
    scripts.forEach(script -> connections.add(new HttpConnection(script)));
    this.openScripts = connections.size();
  }

  @Override
  public void run() {
    try (Selector opened = Selector.open()) {
      selector = opened;
      for (HttpConnection connection : connections) {
        connection.open(plan.address(), opened);
      }
      if (pace != null) {
        pace.start(nanoTime.getAsLong());
      }
      connections.forEach(connection -> proceed(connection, nanoTime.getAsLong()));
      while (openScripts > 0 && !state.isStopping()) {
        startDue();
        await(opened);
        sweep();
      }
      finish(opened);
    } catch (IOException e) {
      state.abort("cannot connect to " + plan.host() + ": " + e.getMessage());
    } finally {
      connections.forEach(HttpConnection::close);
    }
  }

  /** Requests on their way are waited for, long polls are not. */
  private void finish(Selector opened) throws IOException {
    skipDue();
    long end = nanoTime.getAsLong() + FINISH_NANOS;
    while (nanoTime.getAsLong() < end
        && connections.stream().anyMatch(c -> c.isBusy() && c.script().isAwaited())) {
      opened.select(this::onReady, 10);
    }
    for (HttpConnection connection : connections) {
      if (connection.isBusy() && connection.script().isAwaited()) {
        connection.script().lost("no answer at the end", nanoTime.getAsLong());
      }
    }
  }

  private void startDue() {
    long now = nanoTime.getAsLong();
    while (!parked.isEmpty() && parked.element().untilNanos() <= now) {
      Parked first = parked.remove();
      if (!first.isClosed()) {
        proceed(first.connection(), now);
      } else {
        reopen(first.connection(), now);
      }
    }
    while (pace != null && isDue(pace, now) && hasReady(now)) {
      start(idle.remove(), pace.dueNanos(), now);
      pace.advance();
    }
    if (state.isWindowOver()) {
      skipDue();
      openScripts -= idle.size();
      idle.clear();
    }
  }

  private boolean isDue(Pace of, long now) {
    return of.dueNanos() <= now && (!state.isWindowOver() || of.dueNanos() < state.endNanos());
  }

  /** What was due in the window and found no free connection until its end. */
  private void skipDue() {
    if (pace == null || !state.isWindowOver()) {
      return;
    }
    Script any =
        connections.stream()
            .map(HttpConnection::script)
            .filter(Script::isPaced)
            .findFirst()
            .orElse(null);
    while (any != null
        && pace.dueNanos() < state.endNanos()
        && any.unsent(pace.dueNanos(), state.endNanos())) {
      pace.advance();
    }
  }

  private boolean hasReady(long now) {
    HttpConnection first = idle.peek();
    return first != null && first.script().isReady(now);
  }

  private void await(Selector opened) throws IOException {
    long now = nanoTime.getAsLong();
    long wait = MAX_WAIT_NANOS;
    if (pace != null && !idle.isEmpty()) {
      long due = pace.dueNanos() - now;
      wait = Math.min(wait, due > 0 ? due : STEP_NANOS);
    }
    if (!parked.isEmpty()) {
      wait = Math.min(wait, parked.element().untilNanos() - now);
    }
    if (wait >= MILLI_NANOS) {
      opened.select(this::onReady, wait / MILLI_NANOS);
      return;
    }
    if (opened.selectNow(this::onReady) == 0 && wait > 0) {
      LockSupport.parkNanos(Math.min(wait, STEP_NANOS));
      opened.selectNow(this::onReady);
    }
  }

  private void onReady(SelectionKey key) {
    if (!(key.attachment() instanceof HttpConnection connection) || !key.isValid()) {
      return;
    }
    try {
      if (connection.proceed()) {
        long now = nanoTime.getAsLong();
        long pause = connection.script().answered(connection.answer(), now);
        if (pause > 0) {
          parked.add(new Parked(now + pause, connection, false));
        } else {
          proceed(connection, now);
        }
      }
    } catch (IOException e) {
      lost(connection, e);
    }
  }

  /** The connection is free: its next request starts now, or when the pace says so. */
  private void proceed(HttpConnection connection, long now) {
    if (connection.script().isPaced()) {
      if (state.isWindowOver()) {
        openScripts--;
      } else {
        idle.add(connection);
      }
    } else if (!connection.script().isReady(now)) {
      parked.add(new Parked(now + MILLI_NANOS, connection, false));
    } else {
      start(connection, now, now);
    }
  }

  private void start(HttpConnection connection, long startNanos, long now) {
    ByteBuffer request = connection.script().next(startNanos);
    if (request == null) {
      openScripts--;
      return;
    }
    try {
      connection.send(request, now);
    } catch (IOException e) {
      lost(connection, e);
    }
  }

  private void lost(HttpConnection connection, IOException reason) {
    if (connection.isBusy()) {
      connection.script().lost(String.valueOf(reason.getMessage()), nanoTime.getAsLong());
    }
    connection.close();
    parked.add(new Parked(nanoTime.getAsLong() + RECONNECT_NANOS, connection, true));
  }

  private void reopen(HttpConnection connection, long now) {
    Selector open = selector;
    try {
      if (open != null) {
        connection.open(plan.address(), open);
      }
      connectFailures = 0;
      proceed(connection, now);
    } catch (IOException e) {
      if (++connectFailures >= MAX_CONNECT_FAILURES) {
        state.abort("the broker at " + plan.host() + " is gone: " + e.getMessage());
      }
      parked.add(new Parked(nanoTime.getAsLong() + RECONNECT_NANOS, connection, true));
    }
  }

  private void sweep() {
    long now = nanoTime.getAsLong();
    if (now < nextSweepNanos) {
      return;
    }
    nextSweepNanos = now + TimeUnit.SECONDS.toNanos(1);
    for (HttpConnection connection : connections) {
      if (connection.isBusy() && now - connection.sentNanos() > ANSWER_NANOS) {
        lost(connection, new IOException("no answer within 75s"));
      }
    }
  }
}
