package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.Frame.BacklogPlace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A watch that runs, in one session at a time. Holds every row it was told, and of each that its
 * listener has not heard of what it is now.
 */
final class WatchRun {
  private static final System.Logger LOG = System.getLogger(WatchRun.class.getName());
  private static final long REFUSED_NANOS = 1_000_000_000L;

  private final BacklogWatch.Plan plan;
  private final int ref;
  private final Brokers brokers;
  private final Executor threads;
  private final CompletableFuture<Void> seen = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();

  private Map<BacklogPlace, BacklogRow> rows = new LinkedHashMap<>();

  /** What a session tells at first, until that is all; null once it is. */
  private @Nullable Map<BacklogPlace, BacklogRow> arriving;

  private final Map<BacklogPlace, BacklogRow> changed = new LinkedHashMap<>();
  private final Map<BacklogPlace, BacklogRow> gone = new LinkedHashMap<>();
  private @Nullable Session session;
  private long retryNanos;
  private boolean isRefused;
  private boolean isTelling;
  private boolean isClosed;

  WatchRun(BacklogWatch.Plan plan, Brokers brokers, Executor threads) {
    this.plan = plan;
    this.ref = brokers.newRef();
    this.brokers = brokers;
    this.threads = threads;
  }

  int ref() {
    return ref;
  }

  CompletableFuture<Void> seen() {
    return seen.copy();
  }

  List<BacklogRow> rows() {
    lock.lock();
    try {
      return List.copyOf(rows.values());
    } finally {
      lock.unlock();
    }
  }

  boolean isCurrent() {
    lock.lock();
    try {
      return session != null && arriving == null && !isClosed;
    } finally {
      lock.unlock();
    }
  }

  /** There is a session, or there are some. */
  void onOpen() {
    lock.lock();
    try {
      if (session == null && !isRefused) {
        begin();
      }
    } finally {
      lock.unlock();
    }
  }

  private void begin() {
    List<Session> open = List.copyOf(brokers.sessions());
    if (isClosed || open.isEmpty()) {
      return;
    }
    Session chosen = open.get(brokers.random().nextInt(open.size()));
    session = chosen;
    arriving = new LinkedHashMap<>();
    chosen.send(new Frame.Watch(ref, plan.topic(), plan.subscription(), plan.node(), plan.min()));
  }

  /** A session has ended. */
  void onEnd(Session ended) {
    lock.lock();
    try {
      if (ended == session) {
        session = null;
        begin();
      }
    } finally {
      lock.unlock();
    }
  }

  void onRefused(Session by, Frame.Failure failure) {
    lock.lock();
    try {
      if (by != session) {
        return;
      }
      session = null;
      isRefused = true;
      retryNanos = brokers.nanoTime().getAsLong() + REFUSED_NANOS;
    } finally {
      lock.unlock();
    }
    threads.execute(() -> plan.problems().accept(Refusal.of(failure)));
  }

  void tick(long now) {
    lock.lock();
    try {
      if (isRefused && retryNanos - now <= 0) {
        isRefused = false;
        begin();
      }
    } finally {
      lock.unlock();
    }
  }

  void onBacklog(Session by, Frame.Backlog told) {
    lock.lock();
    try {
      if (by != session || isClosed) {
        return;
      }
      if (told.isReset()) {
        arriving = new LinkedHashMap<>();
      }
      Map<BacklogPlace, BacklogRow> first = arriving;
      if (first == null) {
        told.rows().forEach(row -> put(row.place(), BacklogRow.of(row)));
        told.gone().forEach(this::remove);
      } else {
        told.rows().forEach(row -> first.put(row.place(), BacklogRow.of(row)));
        told.gone().forEach(first::remove);
        if (!told.isPart()) {
          arriving = null;
          replace(first);
        }
      }
      tellLater();
    } finally {
      lock.unlock();
    }
    if (!seen.isDone() && isCurrent()) {
      threads.execute(() -> seen.complete(null));
    }
  }

  private void replace(Map<BacklogPlace, BacklogRow> all) {
    for (BacklogPlace place : List.copyOf(rows.keySet())) {
      if (!all.containsKey(place)) {
        remove(place);
      }
    }
    all.forEach(this::put);
  }

  private void put(BacklogPlace place, BacklogRow row) {
    if (!row.equals(rows.put(place, row))) {
      gone.remove(place);
      changed.put(place, row);
    }
  }

  private void remove(BacklogPlace place) {
    BacklogRow known = rows.remove(place);
    if (known != null) {
      changed.remove(place);
      gone.put(place, known);
    }
  }

  private void tellLater() {
    if (!isTelling && !(changed.isEmpty() && gone.isEmpty())) {
      isTelling = true;
      threads.execute(this::tell);
    }
  }

  private void tell() {
    for (BacklogChange change = take(); change != null; change = take()) {
      try {
        plan.listener().accept(change);
      } catch (Throwable e) {
        // An Error too: it would end this thread, and the listener would never be called again.
        LOG.log(System.Logger.Level.ERROR, "a listener of the backlog", e);
      }
    }
  }

  private @Nullable BacklogChange take() {
    lock.lock();
    try {
      if (isClosed || (changed.isEmpty() && gone.isEmpty())) {
        isTelling = false;
        return null;
      }
      BacklogChange change =
          new BacklogChange(new ArrayList<>(changed.values()), new ArrayList<>(gone.values()));
      changed.clear();
      gone.clear();
      return change;
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      isClosed = true;
      Session current = session;
      if (current != null) {
        current.send(new Frame.Unsubscribe(ref));
      }
      session = null;
    } finally {
      lock.unlock();
    }
    seen.completeExceptionally(new CancellationException("the watch was closed"));
  }
}
