package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
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
  private final Worker.Plan plan;
  private final int ref;
  private final Brokers brokers;
  private final Executor threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Seats seats;
  private final InHand inHand = new InHand();
  private final Appetite appetite;
  private final Spending spending = new Spending();

  /** To be settled as soon as there is a session for it. */
  private final List<Settles.Call> unsettled = new ArrayList<>();

  private int underWay;
  private int settling;
  private boolean isStarting;
  private boolean isDraining;

  WorkerRun(Worker.Plan plan, Brokers brokers, Executor threads) {
    this.plan = plan;
    this.ref = brokers.newRef();
    this.brokers = brokers;
    this.threads = threads;
    this.seats = new Seats(ref);
    this.appetite = new Appetite(plan.concurrency(), plan.maxInHand());
  }

  int ref() {
    return ref;
  }

  /** There is a session. */
  void onOpen(Session session) {
    lock.lock();
    try {
      seats.add(session);
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
      seats.opened(session, leaseMillis);
      claim(session);
      settleAgain();
      want();
    } finally {
      lock.unlock();
    }
  }

  /** Says what is held of an earlier session with this node: the rest never arrived. */
  private void claim(Session session) {
    long now = now();
    for (Held held : inHand.all()) {
      boolean isEarlier = held.session() != session && held.session().node().equals(session.node());
      if (isEarlier
          && held.beginExtending(Long.MAX_VALUE / 4, now)
          && !session.settle(extension(), held)) {
        held.extended(now);
      }
    }
  }

  private Settles.Kind extension() {
    return new Settles.Kind(ref, Frame.Action.EXTEND, plan.extension(), null);
  }

  void onRefused(Session session, Frame.Failure failure) {
    lock.lock();
    try {
      seats.refused(session, now());
    } finally {
      lock.unlock();
    }
    threads.execute(() -> plan.problems().accept(Refusal.of(failure)));
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
    lock.lock();
    try {
      if (!seats.came(session, deliveries.size())) {
        return;
      }
      long leaseEnd = now() + seats.leaseNanos(session);
      for (Frame.Delivered delivered : deliveries) {
        Held held = new Held(delivered, session, leaseEnd);
        if (isDraining) {
          settle(Outcome.release().kind(ref), held);
        } else {
          inHand.add(held);
        }
      }
      start();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has one more thread begin. It has the next one begin when it runs: a thread that runs already
   * handles short ones faster than others wake.
   */
  private void start() {
    if (!isStarting && underWay < plan.concurrency() && inHand.hasReady()) {
      isStarting = true;
      threads.execute(this::begin);
    }
  }

  private void begin() {
    Held first;
    lock.lock();
    try {
      isStarting = false;
      first = take();
      start();
    } finally {
      lock.unlock();
    }
    handle(first);
  }

  /** One more to be handled beside the others; null if there is none, or too many. */
  private @Nullable Held take() {
    Held next = underWay < plan.concurrency() ? inHand.take() : null;
    underWay += next == null ? 0 : 1;
    return next;
  }

  private @Nullable Held takeMore() {
    lock.lock();
    try {
      return take();
    } finally {
      lock.unlock();
    }
  }

  /** Handles one after the other, until there is none left. */
  private void handle(@Nullable Held first) {
    for (Held held = first; held != null; ) {
      long began = now();
      CompletionStage<Outcome> stage;
      try {
        stage = plan.handlers().handle(new Delivery(held.delivered()));
      } catch (Throwable e) {
        // Errors too: a delivery whose thread died would be held, and its lease made longer, for
        // ever.
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
      held = outcome == null ? takeMore() : done(held, outcome, now() - began);
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
      spending.add(outcome.cost());
      outcome.pushbacks().forEach((backend, said) -> seats.tell(said.frame(ref, backend)));
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
    if (!seats.settle(kind, held)) {
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
          long lease = seats.leaseNanos(held.session());
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

  private void want() {
    if (!isDraining) {
      seats.want(appetite.wanted() - inHand.size());
    }
  }

  /** Makes leases longer, and does again what could not be done. */
  void tick(long now) {
    lock.lock();
    try {
      settleAgain();
      if (!isDraining) {
        seats.takeDue(now).forEach(session -> session.send(subscribe()));
      }
      extend(now);
      giveUp(now);
      report(now, false);
      want();
    } finally {
      lock.unlock();
    }
  }

  private void report(long now, boolean isLast) {
    Frame.Cost cost = spending.take(ref, now, isLast);
    if (cost != null) {
      seats.tell(cost);
    }
  }

  private void extend(long now) {
    for (Held held : inHand.all()) {
      long lease = seats.leaseNanos(held.session());
      if (held.beginExtending(lease / 2, now) && !seats.settle(extension(), held)) {
        held.extended(now);
      }
    }
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
      seats.unsubscribe();
      inHand.takeUnbegun().forEach(held -> settle(Outcome.release().kind(ref), held));
      long left = timeoutNanos;
      while ((underWay > 0 || settling > 0) && left > 0) {
        left = changed.awaitNanos(left);
      }
      report(now(), true);
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
