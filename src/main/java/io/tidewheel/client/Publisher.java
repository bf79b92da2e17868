package io.tidewheel.client;

import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.message.MessageRules;
import io.tidewheel.session.frame.Frame;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Publishes to one topic. Safe for any thread.
 *
 * <ol>
 *   <li>What is published while a batch is on its way travels together in the next.
 *   <li>A message is stored once, however often the connection breaks: each batch has a number for
 *       its queue, and is sent again with it until it is decided or its deadline is over.
 *   <li>Messages of a key are stored in the order in which they were published here.
 *   <li>What waits is bounded; at the bound a publish waits for room, or fails, as the client was
 *       built.
 * </ol>
 *
 * <p>Answers come on a thread of the client: what hangs on them must not block, or asks for another
 * thread ({@code thenApplyAsync}). A publish from there never waits for room, but fails.
 */
public final class Publisher {
  private final String topic;
  private final int ref;
  private final long senderHigh;
  private final long senderLow;
  private final Brokers brokers;
  private final RetryBudget retries;
  private final Backoff backoff;
  private final Room room;
  private final AtomicInteger turn = new AtomicInteger();

  /** Until it is known how many queues there are; guarded by this object. */
  private final Deque<Pending> unplaced = new ArrayDeque<>();

  private volatile Lane[] lanes = {};
  private volatile int maxMessageBytes = Limits.MAX_PAYLOAD_BYTES;
  private volatile long reopenNanos;
  private volatile boolean isRefused;
  private volatile boolean isClosed;

  Publisher(String topic, Brokers brokers, RetryBudget retries, Backoff backoff) {
    this.topic = topic;
    this.ref = brokers.newRef();
    this.brokers = brokers;
    this.retries = retries;
    this.backoff = backoff;
    this.room = new Room(brokers.settings().maxPendingBytes());
    synchronized (brokers.random()) {
      this.senderHigh = brokers.random().nextLong();
      this.senderLow = brokers.random().nextLong();
    }
  }

  /**
   * Publishes a message.
   *
   * @return complete when it is stored and flushed; fails with a {@link TidewheelException}
   */
  public CompletableFuture<Published> publish(Message message) {
    return take(message, deadline());
  }

  /** Publishes messages, in order; each is answered on its own. */
  public List<CompletableFuture<Published>> publish(List<Message> messages) {
    long deadlineNanos = deadline();
    List<CompletableFuture<Published>> answers = new ArrayList<>(messages.size());
    for (Message message : messages) {
      answers.add(take(message, deadlineNanos));
    }
    return answers;
  }

  private long deadline() {
    return now() + brokers.settings().deadline().toNanos();
  }

  private CompletableFuture<Published> take(Message message, long deadlineNanos) {
    String wrong = MessageRules.violation(message);
    if (wrong != null) {
      return refused(new PermanentException("not-accepted", wrong));
    }
    if (message.payload().length > maxMessageBytes) {
      return refused(
          new PermanentException(
              "too-large",
              "a payload of "
                  + message.payload().length
                  + " bytes; the topic takes at most "
                  + maxMessageBytes));
    }
    if (isClosed) {
      return refused(new PermanentException("closed", "the client is closed"));
    }
    boolean mayWait = brokers.settings().isBlocking() && !ClientThread.isCurrent();
    int weight = message.weight();
    if (!room.take(weight, mayWait ? deadlineNanos - now() : 0)) {
      return refused(
          new RetryableException("over-limit", "too much waits in the publisher of " + topic));
    }
    CompletableFuture<Published> answer = new Answer(room, weight);
    place(new Pending(message, deadlineNanos, answer));
    return answer;
  }

  private static CompletableFuture<Published> refused(TidewheelException failure) {
    return CompletableFuture.failedFuture(failure);
  }

  /** Gives its room back when it is decided, whatever its caller does with it. */
  private static final class Answer extends CompletableFuture<Published> {
    private final Room room;
    private final int weight;

    Answer(Room room, int weight) {
      this.room = room;
      this.weight = weight;
    }

    @Override
    public boolean complete(Published published) {
      giveBack();
      return super.complete(published);
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
      giveBack();
      return super.completeExceptionally(failure);
    }

    /** First of all: what hangs on this answer may publish at once. */
    private void giveBack() {
      if (!isDone()) {
        room.giveBack(weight);
      }
    }

    /** What is on its way is stored or not, whoever waits for it. */
    @Override
    public boolean cancel(boolean mayInterrupt) {
      return false;
    }

    /** What hangs on an answer is no answer itself. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new CompletableFuture<>();
    }
  }

  private void place(Pending pending) {
    Lane[] known = lanes;
    if (known.length == 0) {
      synchronized (this) {
        known = lanes;
        if (known.length == 0) {
          unplaced.addLast(pending);
          return;
        }
      }
    }
    Lane lane = laneFor(pending, known);
    lane.add(pending);
    if (lane.queue() < lanes.length) {
      route(lane);
    } else {
      // The topic was made anew with fewer queues meanwhile.
      lane.takeWaiting().forEach(this::place);
    }
  }

  /** By key, else by id, else any, best one whose node a session goes to. */
  private Lane laneFor(Pending pending, Lane[] known) {
    Message message = pending.message();
    String where = message.key() != null ? message.key() : message.id();
    if (where != null) {
      return known[KeyHash.queueOf(KeyHash.of(where), known.length)];
    }
    int first = Math.floorMod(turn.getAndIncrement(), known.length);
    for (int i = 0; i < known.length && known.length > 1; i++) {
      Lane lane = known[(first + i) % known.length];
      if (brokers.isNear(lane.home())) {
        return lane;
      }
    }
    return known[first];
  }

  /** Hands a lane to the session that is best for it; without one it waits for a session. */
  void route(Lane lane) {
    Session session = brokers.route(ref, lane.home(), lane.queue());
    if (session != null && lane.isReady(now())) {
      session.offer(lane);
    }
  }

  int ref() {
    return ref;
  }

  Frame.OpenPublisher opening() {
    return new Frame.OpenPublisher(ref, topic, senderHigh, senderLow);
  }

  void onPlacement(Frame.Placement placement) {
    isRefused = false;
    maxMessageBytes = placement.maxMessageBytes();
    List<Pending> homeless = new ArrayList<>();
    synchronized (this) {
      Lane[] old = lanes;
      Lane[] now = new Lane[placement.nodes().size()];
      for (int i = 0; i < now.length; i++) {
        now[i] = i < old.length ? old[i] : new Lane(this, i);
        now[i].moveTo(placement.nodes().get(i));
      }
      if (old.length != now.length) {
        // The topic was made anew with other queues: what is not sent yet finds its place again.
        for (Lane lane : old) {
          homeless.addAll(lane.takeWaiting());
        }
      }
      homeless.addAll(unplaced);
      unplaced.clear();
      lanes = now;
    }
    homeless.forEach(this::place);
    for (Lane lane : lanes) {
      route(lane);
    }
  }

  void onRefused(Frame.Failure failure) {
    if (failure.isRetryable()) {
      reopenNanos = now() + backoff.nanosAfter(3);
      isRefused = true;
      return;
    }
    List<Pending> all = new ArrayList<>();
    synchronized (this) {
      all.addAll(unplaced);
      unplaced.clear();
    }
    for (Lane lane : lanes) {
      all.addAll(lane.takeWaiting());
    }
    PermanentException why = new PermanentException(failure.type(), failure.detail());
    all.forEach(pending -> pending.answer().completeExceptionally(why));
    // The topic may be made later.
    reopenNanos = now() + backoff.maxNanos();
    isRefused = true;
  }

  void onPublished(Lane lane, Batch batch, Frame.Published published) {
    if (lane.close(batch)) {
      retries.succeeded();
      batch.complete(published);
    }
  }

  void onNotPublished(Lane lane, Batch batch, Frame.Failure failure) {
    if (failure.isRetryable()) {
      boolean mayBeStored = batch.mayBeStored() || failure.isUnknown();
      boolean isOfQueue = failure.type().equals("unavailable") && lanes.length > 1;
      if (isOfQueue && !mayBeStored && batch.parts().stream().allMatch(Pending::isFree)) {
        elsewhere(lane, batch, failure);
      } else {
        again(lane, batch, failure.isUnknown());
      }
      return;
    }
    if (failure.type().equals("topic-not-found")) {
      // It may have been made anew: then it is another one, with queues of its own.
      reopenNanos = now() + backoff.nanosAfter(1);
      isRefused = true;
    }
    if (!lane.close(batch)) {
      return;
    }
    if (batch.parts().size() > 1 && !batch.mayBeStored()) {
      lane.splitBack(batch);
    } else {
      batch.fail(failure.type(), failure.detail(), false);
    }
  }

  /** Not stored, and any queue will do. */
  private void elsewhere(Lane lane, Batch batch, Frame.Failure failure) {
    if (!retries.take()) {
      again(lane, batch, failure.isUnknown());
      return;
    }
    if (!lane.close(batch)) {
      return;
    }
    Lane[] known = lanes;
    int next = (lane.queue() + 1) % known.length;
    batch.parts().forEach(known[next]::add);
    route(known[next]);
  }

  /** Its connection is gone. */
  void onLost(Lane lane, Batch batch) {
    int failures = lane.retry(batch, true, now());
    if (!retries.take()) {
      lane.delay(batch, backoff.nanosAfter(failures));
    }
    route(lane);
  }

  private void again(Lane lane, Batch batch, boolean isUnknown) {
    int failures = lane.retry(batch, isUnknown, now());
    lane.delay(batch, retries.take() ? backoff.nanosAfter(failures) : backoff.maxNanos());
  }

  /** Gives up what is late, sends again what is due. */
  void tick(long now) {
    if (isRefused && reopenNanos - now <= 0) {
      isRefused = false;
      brokers.sessions().forEach(session -> session.send(opening()));
    }
    List<Pending> lateWaiting = new ArrayList<>();
    List<Batch> lateOpen = new ArrayList<>();
    synchronized (this) {
      while (!unplaced.isEmpty() && unplaced.getFirst().deadlineNanos() - now <= 0) {
        lateWaiting.add(unplaced.removeFirst());
      }
    }
    for (Lane lane : lanes) {
      if (!lane.isIdle()) {
        lane.expire(now, lateWaiting, lateOpen);
        route(lane);
      }
    }
    if (lateWaiting.isEmpty() && lateOpen.isEmpty()) {
      return;
    }
    String why = brokers.trouble();
    lateWaiting.forEach(
        pending ->
            pending
                .answer()
                .completeExceptionally(new RetryableException("timed-out", "not stored: " + why)));
    lateOpen.forEach(batch -> giveUp(batch, why));
  }

  private static void giveUp(Batch batch, @Nullable String why) {
    if (batch.connection() == Batch.NONE && !batch.mayBeStored()) {
      batch.fail("timed-out", "not stored: " + why, true);
    } else {
      batch.failUnknown("timed-out", "it may be stored: " + why);
    }
  }

  /** Whether nothing is under way. */
  boolean isIdle() {
    return room.isWhole();
  }

  /** Takes nothing more; what is under way goes on. */
  void close() {
    isClosed = true;
  }

  private long now() {
    return brokers.nanoTime().getAsLong();
  }
}
