package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The subscription of a worker in each session. Guarded by its worker. */
final class Seats {
  private static final long REFUSED_NANOS = 1_000_000_000L;

  private final int ref;
  private final Map<Session, Seat> bySession = new HashMap<>();

  private static final class Seat {
    private boolean isOpen;
    private int wanted;
    private long leaseNanos;
    private long retryNanos;
    private boolean isRefused;
  }

  Seats(int ref) {
    this.ref = ref;
  }

  /** It subscribes there. */
  void add(Session session) {
    bySession.put(session, new Seat());
  }

  void remove(Session session) {
    bySession.remove(session);
  }

  void opened(Session session, long leaseMillis) {
    Seat seat = bySession.get(session);
    if (seat != null) {
      seat.isOpen = true;
      seat.leaseNanos = leaseMillis * 1_000_000;
    }
  }

  /** It is to subscribe again after a moment. */
  void refused(Session session, long now) {
    Seat seat = bySession.get(session);
    if (seat != null) {
      seat.isOpen = false;
      seat.wanted = 0;
      seat.isRefused = true;
      seat.retryNanos = now + REFUSED_NANOS;
    }
  }

  /** Where it is time to subscribe again; each is named once. */
  List<Session> takeDue(long now) {
    List<Session> due = new ArrayList<>();
    bySession.forEach(
        (session, seat) -> {
          if (seat.isRefused && seat.retryNanos - now <= 0) {
            seat.isRefused = false;
            due.add(session);
          }
        });
    return due;
  }

  /** So many came; false if the session has ended. */
  boolean came(Session session, int count) {
    Seat seat = bySession.get(session);
    if (seat == null) {
      return false;
    }
    seat.wanted = Math.max(0, seat.wanted - count);
    return true;
  }

  /** How long a delivery is held; a moment if its session has ended. */
  long leaseNanos(Session session) {
    Seat seat = bySession.get(session);
    return seat == null ? REFUSED_NANOS : seat.leaseNanos;
  }

  /**
   * Settles through the session of the delivery, else through another one; false if none is open.
   */
  boolean settle(Settles.Kind kind, Held held) {
    if (settle(held.session(), bySession.get(held.session()), kind, held)) {
      return true;
    }
    for (Map.Entry<Session, Seat> other : bySession.entrySet()) {
      if (settle(other.getKey(), other.getValue(), kind, held)) {
        return true;
      }
    }
    return false;
  }

  private static boolean settle(
      Session session, @Nullable Seat seat, Settles.Kind kind, Held held) {
    return seat != null && seat.isOpen && session.settle(kind, held);
  }

  /** Tells one of the brokers something; false if there is none. */
  boolean tell(Frame.FromClient frame) {
    for (Map.Entry<Session, Seat> each : bySession.entrySet()) {
      if (each.getValue().isOpen) {
        each.getKey().send(frame);
        return true;
      }
    }
    return false;
  }

  /** Asks for as much as there is room for, shared by all sessions; each may bring one at least. */
  void want(int room) {
    if (room <= 0 || bySession.isEmpty()) {
      return;
    }
    int share = Math.max(1, room / bySession.size());
    for (Map.Entry<Session, Seat> each : bySession.entrySet()) {
      Seat seat = each.getValue();
      int more = share - seat.wanted;
      // Few frames when much is wanted.
      if (seat.isOpen && more > 0 && (seat.wanted == 0 || more >= share / 4)) {
        seat.wanted += more;
        each.getKey().send(new Frame.Want(ref, more));
      }
    }
  }

  /** Takes nothing more anywhere. */
  void unsubscribe() {
    bySession.forEach(
        (session, seat) -> {
          if (seat.isOpen) {
            session.send(new Frame.Unsubscribe(ref));
          }
        });
  }
}
