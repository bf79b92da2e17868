package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A worker that runs: takes deliveries in every session, has them handled, settles them.
 *
 * <ol>
 *   <li>As many are handled at a time as was asked for; beyond that about what can be handled in
 *       {@link Appetite#HORIZON_NANOS} is held.
 *   <li>Leases are made longer while a delivery is held.
 *   <li>A settle is sent until it is answered, in the session through which the delivery came, or
 *       another one when that has ended.
 * </ol>
 */
final class WorkerRun {
  private static final long REFUSED_NANOS = 1_000_000_000L;

  private final Worker.Plan plan;
  private final int ref;
  private final Brokers brokers;
  private final Executor threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Session, Seat> seats = new HashMap<>();
  private final InHand inHand = new InHand();
  private final Appetite appetite;

  /** To be settled as soon as there is a session for it. */
  private final List<Settles.Call> unsettled = new ArrayList<>();

  private int underWay;
  private int settling;
  private boolean isDraining;

  /** A subscription in a session. */
  private static final class Seat {
    private boolean isOpen;
    private int wanted;
    private long leaseNanos;
    private long retryNanos;
    private boolean isRefused;
  }

  WorkerRun(Worker.Plan plan, Brokers brokers, Executor threads) {
    this.plan = plan;
    this.ref = brokers.newRef();
    this.brokers = brokers;
    this.threads = threads;
    this.appetite = new Appetite(plan.concurrency(), plan.maxInHand());
  }

  int ref() {
    return ref;
  }

  /** There is a session. */
  void onOpen(Session session) {
    lock.lock();
    try {
      seats.put(session, new Seat());
    } finally {
      lock.unlock();
    }
    session.send(subscribe());
  }

  private Frame.Subscribe subscribe() {
    return new Frame.Subscribe(
        ref, plan.topic(), plan.subscription(), plan.leaseMillis(), plan.name(), plan.version());
  }

  void onSubscribed(Session session, long leaseMillis) {
    lock.lock();
    try {
      Seat seat = seats.get(session);
      if (seat != null) {
        seat.isOpen = true;
        seat.leaseNanos = leaseMillis * 1_000_000;
        settleAgain();
        want();
      }
    } finally {
      lock.unlock();
    }
  }

  void onRefused(Session session, Frame.Failure failure) {
    lock.lock();
    try {
      Seat seat = seats.get(session);
      if (seat != null) {
        seat.isOpen = false;
        seat.wanted = 0;
        seat.isRefused = true;
        seat.retryNanos = now() + REFUSED_NANOS;
      }
    } finally {
      lock.unlock();
    }
    TidewheelException problem =
        failure.isRetryable()
            ? new RetryableException(failure.type(), failure.detail())
            : new PermanentException(failure.type(), failure.detail());
    threads.execute(() -> plan.problems().accept(problem));
  }

  /** A session has ended; what came through it is held on. */
  void onEnd(Session session) {
    lock.lock();
    try {
      seats.remove(session);
      want();
    } finally {
      lock.unlock();
    }
  }

  void onDeliveries(Session session, List<Frame.Delivered> deliveries) {
    List<Held> begun = new ArrayList<>();
    lock.lock();
    try {
      Seat seat = seats.get(session);
      if (seat == null) {
        return;
      }
      seat.wanted = Math.max(0, seat.wanted - deliveries.size());
      long leaseEnd = now() + seat.leaseNanos;
      for (Frame.Delivered delivered : deliveries) {
        Held held = new Held(delivered, session, leaseEnd);
        if (isDraining) {
          settle(Outcome.release().kind(ref), held);
        } else {
          inHand.add(held);
        }
      }
      while (underWay < plan.concurrency() && inHand.hasReady()) {
        Held next = inHand.take();
        if (next != null) {
          underWay++;
          begun.add(next);
        }
      }
    } finally {
      lock.unlock();
    }
    begun.forEach(held -> threads.execute(() -> handle(held)));
  }

  /** Handles one after the other, until there is none or one is to be waited for. */
  private void handle(Held first) {
    for (Held held = first; held != null; ) {
      long began = now();
      CompletionStage<Outcome> stage;
      try {
        stage = plan.handlers().handle(new Delivery(held.delivered()));
      } catch (Throwable e) {
        // Whatever a handler throws is a failed attempt of this one, and no reason to stop.
        held = done(held, failed(e), now() - began);
        continue;
      }
      Outcome[] early = new Outcome[1];
      boolean[] isLate = new boolean[1];
      Held current = held;
      stage.whenComplete(
          (outcome, failure) -> {
            Outcome is = failure == null && outcome != null ? outcome : failed(failure);
            synchronized (early) {
              if (!isLate[0]) {
                early[0] = is;
                return;
              }
            }
            onLate(current, is, now() - began);
          });
      Outcome outcome;
      synchronized (early) {
        outcome = early[0];
        isLate[0] = outcome == null;
      }
      held = outcome == null ? null : done(held, outcome, now() - began);
    }
  }

  private void onLate(Held held, Outcome outcome, long tookNanos) {
    Held next = done(held, outcome, tookNanos);
    if (next != null) {
      threads.execute(() -> handle(next));
    }
  }

  private static Outcome failed(@Nullable Throwable failure) {
    String text = failure == null ? "the handler gave no outcome" : failure.toString();
    return Outcome.retry(text.length() > 200 ? text.substring(0, 200) : text);
  }

  /** Settles it, and gives the next to be handled in its place; null if there is none now. */
  private @Nullable Held done(Held held, Outcome outcome, long tookNanos) {
    lock.lock();
    try {
      appetite.took(tookNanos);
      inHand.done(held, outcome.isGivingBack());
      settle(outcome.kind(ref), held);
      want();
      Held next = isDraining ? null : inHand.take();
      if (next == null) {
        underWay--;
        changed.signalAll();
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  private void settle(Settles.Kind kind, Held held) {
    settling++;
    send(kind, held);
  }

  private void send(Settles.Kind kind, Held held) {
    if (!trySend(kind, held)) {
      unsettled.add(new Settles.Call(kind, List.of(held)));
    }
  }

  private void settleAgain() {
    List<Settles.Call> calls = List.copyOf(unsettled);
    unsettled.clear();
    calls.forEach(call -> call.held().forEach(held -> send(call.kind(), held)));
  }

  /** The broker has answered. */
  void onSettled(Settles.Call call, List<Frame.Status> statuses) {
    lock.lock();
    try {
      long now = now();
      boolean isExtending = call.kind().action() == Frame.Action.EXTEND;
      for (int i = 0; i < Math.min(statuses.size(), call.held().size()); i++) {
        Held held = call.held().get(i);
        Frame.Status status = statuses.get(i);
        if (isExtending) {
          Seat seat = seats.get(held.session());
          long lease = seat == null ? REFUSED_NANOS : seat.leaseNanos;
          // One that can't be made longer is lost, and asked for no more.
          held.extended(now + (status == Frame.Status.EXPIRED ? Long.MAX_VALUE / 4 : lease));
        } else if (status == Frame.Status.RETRY && !held.isOver(now)) {
          unsettled.add(new Settles.Call(call.kind(), List.of(held)));
        } else {
          settling--;
        }
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The session ended before it was answered. */
  void onSettlesLost(Settles.Call call) {
    lock.lock();
    try {
      if (call.kind().action() == Frame.Action.EXTEND) {
        call.held().forEach(held -> held.extended(now()));
      } else {
        unsettled.add(call);
        settleAgain();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Asks for as much as there is room for, shared by all sessions; each may bring one at least. */
  private void want() {
    int room = appetite.wanted() - inHand.size();
    if (isDraining || room <= 0 || seats.isEmpty()) {
      return;
    }
    int share = Math.max(1, room / seats.size());
    for (Map.Entry<Session, Seat> each : seats.entrySet()) {
      Seat seat = each.getValue();
      int more = share - seat.wanted;
      // Few frames when much is wanted.
      if (seat.isOpen && more > 0 && (seat.wanted == 0 || more >= share / 4)) {
        seat.wanted += more;
        each.getKey().send(new Frame.Want(ref, more));
      }
    }
  }

  /** Makes leases longer, and does again what could not be done. */
  void tick(long now) {
    lock.lock();
    try {
      settleAgain();
      for (Map.Entry<Session, Seat> each : seats.entrySet()) {
        Seat seat = each.getValue();
        if (seat.isRefused && seat.retryNanos - now <= 0 && !isDraining) {
          seat.isRefused = false;
          each.getKey().send(subscribe());
        }
      }
      extend(now);
      giveUp(now);
      want();
    } finally {
      lock.unlock();
    }
  }

  private void extend(long now) {
    for (Held held : inHand.all()) {
      Seat seat = seats.get(held.session());
      long lease = seat == null ? REFUSED_NANOS : seat.leaseNanos;
      if (held.beginExtending(lease / 2, now)
          && !trySend(new Settles.Kind(ref, Frame.Action.EXTEND, plan.extension(), null), held)) {
        held.extended(now);
      }
    }
  }

  private boolean trySend(Settles.Kind kind, Held held) {
    Seat own = seats.get(held.session());
    if (own != null && own.isOpen && held.session().settle(kind, held)) {
      return true;
    }
    for (Map.Entry<Session, Seat> other : seats.entrySet()) {
      if (other.getValue().isOpen && other.getKey().settle(kind, held)) {
        return true;
      }
    }
    return false;
  }

  /** What was never settled and whose lease is over is another's now. */
  private void giveUp(long now) {
    for (Iterator<Settles.Call> each = unsettled.iterator(); each.hasNext(); ) {
      Settles.Call call = each.next();
      if (call.held().stream().allMatch(held -> held.isOver(now))) {
        settling -= call.held().size();
        each.remove();
        changed.signalAll();
      }
    }
  }

  /**
   * Takes nothing more, gives back what is not begun, and waits for the rest; returns whether all
   * is settled.
   */
  boolean drain(long timeoutNanos) {
    lock.lock();
    try {
      isDraining = true;
      for (Map.Entry<Session, Seat> each : seats.entrySet()) {
        if (each.getValue().isOpen) {
          each.getKey().send(new Frame.Unsubscribe(ref));
        }
      }
      inHand.takeUnbegun().forEach(held -> settle(Outcome.release().kind(ref), held));
      long left = timeoutNanos;
      while ((underWay > 0 || settling > 0) && left > 0) {
        left = changed.awaitNanos(left);
      }
      return underWay == 0 && settling == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private long now() {
    return brokers.nanoTime().getAsLong();
  }
}
