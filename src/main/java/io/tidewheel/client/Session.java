package io.tidewheel.client;

import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.session.frame.FrameWriter;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One session with one broker, from its connection to its end. Read on one thread, written on
 * another; what comes meanwhile travels together. Safe for any thread.
 *
 * <p>Keeps within the bounds that the broker named. What was sent and not answered when it ends is
 * handed back.
 */
final class Session implements Connection.Listener {
  /** Frames of one websocket message, nearly. */
  private static final int MESSAGE_BYTES = 256 << 10;

  private final long id;
  private final Connection connection;
  private final Events events;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();

  /** These are used with the lock. */
  private final Deque<Frame.FromClient> frames = new ArrayDeque<>();

  private final Deque<Lane> lanes = new ArrayDeque<>();
  private final Settles settles = new Settles();
  private boolean isEnded;

  private final SentBatches sent = new SentBatches();
  private final Set<Integer> opened = ConcurrentHashMap.newKeySet();

  /** Lanes that something was decided of, while what came is read; used by the reader alone. */
  private final Set<Lane> touched = new LinkedHashSet<>();

  private boolean isReading;
  private volatile @Nullable Thread reader;

  private volatile Frame.@Nullable Welcome welcome;
  private volatile boolean isDuplicate;

  /** Who owns publishers and workers. Called on the thread that reads. */
  interface Events {
    /** Returns whether there is a use for this session. */
    boolean onWelcome(Session session, Frame.Welcome welcome);

    void onMembers(List<Frame.Member> members);

    void onRefused(Session session, Frame.Refused refused);

    @Nullable Publisher publisher(int ref);

    @Nullable WorkerRun worker(int ref);

    @Nullable WatchRun watch(int ref);
  }

  Session(long id, Connection connection, Events events, LongSupplier nanoTime) {
    this.id = id;
    this.connection = connection;
    this.events = events;
    this.nanoTime = nanoTime;
  }

  /** Tells it from all other sessions of this client. */
  long id() {
    return id;
  }

  /** The welcome of the broker; null before it. */
  Frame.@Nullable Welcome welcome() {
    return welcome;
  }

  /** Whether it was ended because there is another one with the same node. */
  boolean isDuplicate() {
    return isDuplicate;
  }

  /** The name of the broker's node; empty before its welcome. */
  String node() {
    Frame.Welcome known = welcome;
    return known == null ? "" : known.node();
  }

  /** Whether a publisher may publish on it. */
  boolean isOpen(int ref) {
    return opened.contains(ref);
  }

  /** Sends a frame that is no publish and no settle. */
  void send(Frame.FromClient frame) {
    lock.lock();
    try {
      frames.add(frame);
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends what is ready in a lane. What is published because of what was read waits until all that
   * came is looked at, and travels together.
   */
  void offer(Lane lane) {
    if (Thread.currentThread() == reader && isReading) {
      touched.add(lane);
      return;
    }
    if (!lane.isQueued().compareAndSet(false, true)) {
      return;
    }
    lock.lock();
    try {
      if (isEnded) {
        // Found just before the end: the next tick finds another session.
        lane.isQueued().set(false);
      } else {
        lanes.add(lane);
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Settles a delivery, together with others; false if the session has ended. */
  boolean settle(Settles.Kind kind, Held held) {
    lock.lock();
    try {
      if (isEnded) {
        return false;
      }
      settles.add(kind, held);
      work.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Writes until the session ends; the body of a thread. */
  void write() {
    try {
      for (FrameWriter message = next(); message != null; message = next()) {
        connection.send(message);
      }
    } catch (IOException e) {
      connection.close();
    }
  }

  private @Nullable FrameWriter next() {
    FrameWriter message = new FrameWriter(4 << 10);
    List<Frame.FromClient> now = new ArrayList<>();
    lock.lock();
    try {
      while (!isEnded && frames.isEmpty() && !settles.isReady() && (lanes.isEmpty() || isFull())) {
        work.awaitUninterruptibly();
      }
      if (isEnded) {
        return null;
      }
      now.addAll(frames);
      frames.clear();
      settles.take(now);
    } finally {
      lock.unlock();
    }
    now.forEach(message::write);
    long nanos = nanoTime.getAsLong();
    while (message.size() < MESSAGE_BYTES && !isFull()) {
      Lane lane = poll();
      if (lane == null) {
        break;
      }
      publish(lane, nanos, message);
    }
    return message;
  }

  private @Nullable Lane poll() {
    lock.lock();
    try {
      Lane lane = lanes.poll();
      if (lane != null) {
        lane.isQueued().set(false);
      }
      return lane;
    } finally {
      lock.unlock();
    }
  }

  private void publish(Lane lane, long nanos, FrameWriter message) {
    while (true) {
      if (message.size() >= MESSAGE_BYTES || isFull()) {
        offer(lane);
        return;
      }
      Batch batch = lane.next(id, nanos);
      if (batch == null) {
        return;
      }
      sent.add(lane, batch);
      if (isEnded()) {
        sent.handBack();
        return;
      }
      message.write(batch.frame(lane.publisher().ref(), nanos));
    }
  }

  private boolean isEnded() {
    lock.lock();
    try {
      return isEnded;
    } finally {
      lock.unlock();
    }
  }

  /** Whether another batch could be more than the broker allows. */
  private boolean isFull() {
    Frame.Welcome known = welcome;
    return known == null || sent.isFull(known.bounds());
  }

  @Override
  public void onFrame(Frame frame) {
    isReading = true;
    if (frame instanceof Frame.Published published) {
      SentBatches.Sent known = decided(published.ref(), published.queue(), published.number());
      if (known != null) {
        known.lane().publisher().onPublished(known.lane(), known.batch(), published);
        touched.add(known.lane());
      }
    } else if (frame instanceof Frame.Deliveries deliveries) {
      WorkerRun worker = events.worker(deliveries.ref());
      if (worker != null) {
        worker.onDeliveries(this, deliveries.deliveries());
      }
    } else if (frame instanceof Frame.Settled settled) {
      onSettled(settled);
    } else if (frame instanceof Frame.NotPublished not) {
      SentBatches.Sent known = decided(not.ref(), not.queue(), not.number());
      if (known != null) {
        known.lane().publisher().onNotPublished(known.lane(), known.batch(), not.failure());
        touched.add(known.lane());
      }
    } else if (frame instanceof Frame.Placement placement) {
      Publisher publisher = events.publisher(placement.ref());
      opened.add(placement.ref());
      if (publisher != null) {
        publisher.onPlacement(placement);
      }
    } else if (frame instanceof Frame.Subscribed subscribed) {
      WorkerRun worker = events.worker(subscribed.ref());
      if (worker != null) {
        worker.onSubscribed(this, subscribed.leaseMillis());
      }
    } else if (frame instanceof Frame.Refused refused) {
      events.onRefused(this, refused);
    } else if (frame instanceof Frame.Backlog backlog) {
      WatchRun watch = events.watch(backlog.ref());
      if (watch != null) {
        watch.onBacklog(this, backlog);
      }
    } else if (frame instanceof Frame.Members members) {
      events.onMembers(members.members());
    } else if (frame instanceof Frame.Welcome welcomed) {
      welcome = welcomed;
      reader = Thread.currentThread();
      if (!events.onWelcome(this, welcomed)) {
        isDuplicate = true;
        throw new FrameException(CloseCode.NORMAL, "there is a session with this node already");
      }
    } else {
      throw new FrameException(CloseCode.UNKNOWN_FRAME, "a frame that only a client sends");
    }
  }

  private void onSettled(Frame.Settled settled) {
    Settles.Call call;
    lock.lock();
    try {
      call = settles.answered(settled.request());
      if (settles.isReady()) {
        work.signal();
      }
    } finally {
      lock.unlock();
    }
    WorkerRun worker = events.worker(settled.ref());
    if (worker != null && call != null) {
      worker.onSettled(call, settled.statuses());
    }
  }

  private SentBatches.@Nullable Sent decided(int ref, int queue, long number) {
    SentBatches.Sent known = sent.remove(ref, queue, number);
    lock.lock();
    try {
      if (!lanes.isEmpty()) {
        // There may be room again for what waits.
        work.signal();
      }
    } finally {
      lock.unlock();
    }
    return known;
  }

  @Override
  public void onRead() {
    isReading = false;
    if (!touched.isEmpty()) {
      List<Lane> ready = List.copyOf(touched);
      touched.clear();
      ready.forEach(lane -> lane.publisher().route(lane));
    }
  }

  /** The connection is gone: gives everything back that is not answered. */
  void end() {
    isReading = false;
    List<Settles.Call> unsettled;
    List<Lane> left;
    lock.lock();
    try {
      isEnded = true;
      unsettled = settles.takeAll();
      left = List.copyOf(lanes);
      lanes.clear();
      work.signalAll();
    } finally {
      lock.unlock();
    }
    opened.clear();
    connection.close();
    for (Settles.Call call : unsettled) {
      WorkerRun worker = events.worker(call.kind().ref());
      if (worker != null) {
        worker.onSettlesLost(call);
      }
    }
    sent.handBack();
    for (Lane lane : left) {
      lane.isQueued().set(false);
      lane.publisher().route(lane);
    }
  }

  /**
   * Ends in order: what this client holds costs no attempt. The broker closes, once it has seen
   * that.
   */
  void goodbye() {
    try {
      FrameWriter last = new FrameWriter(64);
      last.write(new Frame.Goodbye());
      connection.send(last);
      connection.say(CloseCode.NORMAL);
    } catch (IOException e) {
      connection.close();
    }
  }

  /** Breaks it off. */
  void close() {
    connection.close();
  }
}
