package io.tidewheel.session;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.stream.javadsl.Flow;
import akka.util.ByteString;
import io.tidewheel.session.frame.CloseCode;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** All sessions of a node, a bounded number. Safe for any thread. */
public final class NodeSessions implements Sessions {
  private final ActorSystem<?> system;
  private final SessionBroker broker;
  private final SessionLimits limits;
  private final Map<SessionId, ActorRef<Session.Command>> running = new ConcurrentHashMap<>();
  private final AtomicInteger openCount = new AtomicInteger();
  private final AtomicLong startCount = new AtomicLong();
  private final AtomicLong holderCount = new AtomicLong();
  private volatile boolean isStopping;

  /** The sessions of a node that has none yet. */
  public NodeSessions(ActorSystem<?> system, SessionBroker broker, SessionLimits limits) {
    this.system = system;
    this.broker = broker;
    this.limits = limits;
  }

  @Override
  public @Nullable Flow<ByteString, ByteString, NotUsed> open() {
    if (isStopping || openCount.get() >= limits.maxSessions()) {
      return null;
    }
    return Flow.fromGraph(new SessionSocket(limits, broker.nanoTime(), this::start));
  }

  /** Connections with a session. */
  public int openCount() {
    return openCount.get();
  }

  @Override
  public void stop() {
    isStopping = true;
    running.values().forEach(session -> session.tell(new Session.Leave()));
  }

  private SessionSocket.Owner start(SessionSocket.Line line) {
    openCount.incrementAndGet();
    ActorRef<Session.Command> session =
        system.systemActorOf(
            Session.create(broker, limits, new Register(), line),
            "session-" + startCount.incrementAndGet(),
            Props.empty());
    return new SessionSocket.Owner() {
      @Override
      public void onMessage(byte[] message) {
        session.tell(new Session.Received(message));
      }

      @Override
      public void onDrained() {
        session.tell(new Session.Drained());
      }

      @Override
      public void onEnd(CloseCode code) {
        openCount.decrementAndGet();
        session.tell(new Session.Ended(code));
      }
    };
  }

  /** Where running sessions are found by their names. */
  final class Register {
    void began(SessionId id, ActorRef<Session.Command> session) {
      running.put(id, session);
      if (isStopping) {
        session.tell(new Session.Leave());
      }
    }

    void ended(SessionId id) {
      running.remove(id);
    }

    /** Its client has come back; false if it is not known: it has ended, or was on another node. */
    boolean adopt(SessionId id, ActorRef<Session.Command> by) {
      ActorRef<Session.Command> session = running.get(id);
      if (session != null) {
        session.tell(new Session.Adopted(by));
      }
      return session != null;
    }

    /** Whose end ends the leases of a session; not its child, as it may outlive it. */
    ActorRef<Holder.HandedTo> holder(ActorRef<Session.Command> session) {
      return system.systemActorOf(
          Holder.create(session), "holder-" + holderCount.incrementAndGet(), Props.empty());
    }
  }
}
