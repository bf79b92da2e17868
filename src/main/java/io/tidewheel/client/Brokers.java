package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The brokers that a client knows, a session with each, and who uses them. Safe for any thread.
 *
 * <ol>
 *   <li>The endpoints that the client was given are tried as long as it lives. Members that brokers
 *       name are added, and dropped when they are members no longer and do not answer.
 *   <li>A node has one session, however many addresses lead to it.
 * </ol>
 */
final class Brokers implements Session.Events {
  private static final long RECONNECT_MIN_MILLIS = 50;
  private static final long RECONNECT_MAX_MILLIS = 2_000;
  private static final int MAX_BROKERS = 256;
  private static final long GOODBYE_NANOS = 1_000_000_000L;

  private final ClientSettings settings;
  private final RandomGenerator random;
  private final LongSupplier nanoTime;
  private final Backoff reconnects;
  private final AtomicLong lastSession = new AtomicLong();
  private final AtomicInteger lastRef = new AtomicInteger();
  private final Map<String, Session> byNode = new ConcurrentHashMap<>();
  private final List<Session> open = new CopyOnWriteArrayList<>();
  private final List<Broker> brokers = new CopyOnWriteArrayList<>();
  private final Map<Integer, Publisher> publishers = new ConcurrentHashMap<>();
  private final Map<Integer, WorkerRun> workers = new ConcurrentHashMap<>();
  private final Map<Integer, WatchRun> watches = new ConcurrentHashMap<>();
  private volatile Set<String> members = Set.of();
  private volatile String trouble = "no broker was reached yet";
  private boolean isClosed;

  Brokers(ClientSettings settings, RandomGenerator random, LongSupplier nanoTime) {
    this.settings = settings;
    this.random = random;
    this.nanoTime = nanoTime;
    this.reconnects = new Backoff(RECONNECT_MIN_MILLIS, RECONNECT_MAX_MILLIS, random);
  }

  /** Connects to all endpoints; returns at once. */
  synchronized void start() {
    settings.endpoints().forEach(url -> add(new Broker(url, "", true, this)));
  }

  private void add(Broker broker) {
    if (!isClosed && brokers.size() < MAX_BROKERS) {
      brokers.add(broker);
      broker.start();
    }
  }

  ClientSettings settings() {
    return settings;
  }

  RandomGenerator random() {
    return random;
  }

  LongSupplier nanoTime() {
    return nanoTime;
  }

  Backoff reconnects() {
    return reconnects;
  }

  Session session(Connection connection) {
    return new Session(lastSession.incrementAndGet(), connection, this, nanoTime);
  }

  int newRef() {
    return lastRef.incrementAndGet();
  }

  /** From now on it is opened in every session. */
  void add(Publisher publisher) {
    publishers.put(publisher.ref(), publisher);
    open.forEach(session -> session.send(publisher.opening()));
  }

  /** From now on it subscribes in every session. */
  void add(WorkerRun worker) {
    workers.put(worker.ref(), worker);
    open.forEach(worker::onOpen);
  }

  void remove(WorkerRun worker) {
    workers.remove(worker.ref());
  }

  /** From now on it watches in one of the sessions. */
  void add(WatchRun watch) {
    watches.put(watch.ref(), watch);
    watch.onOpen();
  }

  void remove(WatchRun watch) {
    watches.remove(watch.ref());
  }

  @Override
  public @Nullable Publisher publisher(int ref) {
    return publishers.get(ref);
  }

  @Override
  public @Nullable WorkerRun worker(int ref) {
    return workers.get(ref);
  }

  @Override
  public @Nullable WatchRun watch(int ref) {
    return watches.get(ref);
  }

  Collection<Publisher> publishers() {
    return publishers.values();
  }

  Collection<WorkerRun> workers() {
    return workers.values();
  }

  Collection<WatchRun> watches() {
    return watches.values();
  }

  @Override
  public boolean onWelcome(Session session, Frame.Welcome welcome) {
    synchronized (this) {
      if (isClosed || byNode.putIfAbsent(welcome.node(), session) != null) {
        return false;
      }
      open.add(session);
    }
    publishers.values().forEach(publisher -> session.send(publisher.opening()));
    workers.values().forEach(worker -> worker.onOpen(session));
    watches.values().forEach(WatchRun::onOpen);
    return true;
  }

  /** A session is over. */
  void ended(Session session) {
    synchronized (this) {
      byNode.remove(session.node(), session);
      open.remove(session);
      if (open.isEmpty()) {
        // Another way to a node may be the only one now.
        brokers.forEach(Broker::wake);
      }
    }
    workers.values().forEach(worker -> worker.onEnd(session));
    watches.values().forEach(watch -> watch.onEnd(session));
    session.end();
  }

  @Override
  public synchronized void onMembers(List<Frame.Member> seen) {
    members = seen.stream().map(Frame.Member::node).collect(Collectors.toUnmodifiableSet());
    for (Frame.Member member : seen) {
      String url = member.url();
      if (settings.isFollowing()
          && member.isHealthy()
          && url != null
          && !isKnown(member.node(), url)) {
        try {
          add(new Broker(URI.create(url), member.node(), false, this));
        } catch (IllegalArgumentException e) {
          trouble = member.node() + " has an address that is none: " + url;
        }
      }
    }
  }

  @Override
  public void onRefused(Session session, Frame.Refused refused) {
    Publisher publisher = publishers.get(refused.ref());
    WorkerRun worker = workers.get(refused.ref());
    WatchRun watch = watches.get(refused.ref());
    if (publisher != null) {
      publisher.onRefused(refused.failure());
    } else if (worker != null) {
      worker.onRefused(session, refused.failure());
    } else if (watch != null) {
      watch.onRefused(session, refused.failure());
    }
  }

  private boolean isKnown(String node, String url) {
    return byNode.containsKey(node)
        || brokers.stream()
            .anyMatch(each -> each.node().equals(node) || each.url().toString().equals(url));
  }

  boolean isMember(String node) {
    return members.contains(node);
  }

  /** A broker is not tried any more. */
  void gone(Broker broker) {
    brokers.remove(broker);
  }

  /** A broker could not be reached. */
  void onTrouble(URI url, Exception failure) {
    trouble = url + ": " + failure.getMessage();
  }

  /** Why there may be no session now, for people. */
  String trouble() {
    return open.isEmpty() ? trouble : "the broker did not confirm in time";
  }

  boolean isConnected() {
    return !open.isEmpty();
  }

  /** The sessions there are now. */
  List<Session> sessions() {
    return open;
  }

  /** Where a publisher best sends to a queue now; null if it can't send anything. */
  @Nullable Session route(int ref, String home, int queue) {
    Session best = byNode.get(home);
    if (best != null && best.isOpen(ref)) {
      return best;
    }
    List<Session> some = new ArrayList<>(open);
    for (int i = 0; i < some.size(); i++) {
      Session session = some.get((queue + i) % some.size());
      if (session.isOpen(ref)) {
        return session;
      }
    }
    return null;
  }

  /** Tells all brokers how busy this host is, if workers run here. */
  void tellBusy() {
    double busy = workers.isEmpty() ? -1 : settings.hostLoad().getAsDouble();
    if (busy >= 0) {
      Frame.Busy report = new Frame.Busy((int) Math.round(1_000 * Math.min(1, busy)));
      open.forEach(session -> session.send(report));
    }
  }

  /** Whether a session goes to the node itself. */
  boolean isNear(String node) {
    return byNode.containsKey(node);
  }

  /** Ends all sessions in order, or at once when that takes too long. */
  void close() {
    synchronized (this) {
      isClosed = true;
    }
    brokers.forEach(Broker::close);
    long untilNanos = nanoTime.getAsLong() + GOODBYE_NANOS;
    while (!open.isEmpty() && nanoTime.getAsLong() - untilNanos < 0) {
      LockSupport.parkNanos(1_000_000);
    }
    open.forEach(Session::close);
  }
}
