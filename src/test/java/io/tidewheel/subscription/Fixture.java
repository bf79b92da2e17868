package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.journal.Ownerships;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One subscription over an in-memory journal, a log in a list, and clocks that stand still. */
final class Fixture implements AutoCloseable {
  static final long TOPIC = 7;
  static final long UID = 70;
  static final int QUEUE = 2;
  private static final Duration SLACK = Duration.ofMillis(100);

  final ActorTestKit kit;
  final ManualTime time;
  final PersistenceTestKit journal;
  final MemoryLog log = new MemoryLog();
  final MemoryCatalog catalog = new MemoryCatalog();
  final DeadLetterQueue deadLetters = new DeadLetterQueue();
  final List<Subscription.Board.Row> rows = new ArrayList<>();
  final WaitingPulls waiting = new WaitingPulls();
  final AtomicBoolean isFenceHeld = new AtomicBoolean(true);
  long windowBytes = 8 << 20;

  /** How much the wall clock of the subscription's node is ahead. */
  long skewMillis;

  int maxDeferred = WindowBudget.MAX_DEFERRED;
  private final TestProbe<Subscription.Pulled> pulled;
  private final TestProbe<Subscription.Settled> settled;
  private final TestProbe<Reader.Status> status;
  private final TestProbe<Subscription.SeekReply> sought;
  final TestProbe<Subscription.Replayed> replayed;
  final TestProbe<Queue.Command> queue;
  private final AtomicLong nanos = new AtomicLong(1_000_000_000L);
  private int starts;
  private @Nullable ActorRef<Reader.Command> running;

  Fixture() {
    Config config =
        ManualTime.config()
            .withFallback(ConfigFactory.parseResources("manual-time.conf"))
            .withFallback(PersistenceTestKitPlugin.getInstance().config())
            .withFallback(PersistenceTestKitSnapshotPlugin.config())
            .withFallback(ConfigFactory.parseResources("subscription-test.conf"))
            .withFallback(ConfigFactory.defaultReference());
    kit = ActorTestKit.create("subscription", config.resolve());
    time = ManualTime.get(kit.system());
    journal = PersistenceTestKit.create(kit.system());
    pulled = kit.createTestProbe();
    settled = kit.createTestProbe();
    status = kit.createTestProbe();
    sought = kit.createTestProbe();
    replayed = kit.createTestProbe();
    queue = kit.createTestProbe();
  }

  Fixture settings(java.util.function.UnaryOperator<SubscriptionSettings> change) {
    catalog.change(change);
    return this;
  }

  /** Starts the subscription anew; what is stored stays. */
  ActorRef<Reader.Command> start() {
    Subscription.Dependencies deps =
        new Subscription.Dependencies(
            catalog,
            deadLetters,
            row -> {
              synchronized (rows) {
                rows.add(row);
              }
            },
            Ownerships.counted(
                "node-1", isFenceHeld::get, new FencedLog.CheckpointPolicy(1 << 20, 1_000)),
            () -> Instant.ofEpochMilli(millis() + skewMillis),
            nanos::get,
            new Random(starts + 1L),
            new WindowBudget(windowBytes, windowBytes, maxDeferred),
            new DequeueRates(),
            waiting);
    Reader.Context context =
        new Reader.Context(TOPIC, QUEUE, UID, 0, log.nextOffset(), log, queue.getRef());
    starts++;
    ActorRef<Reader.Command> ref =
        kit.spawn(Subscription.factory(deps).create(context), "reader-" + starts);
    running = ref;
    awaitKnown();
    return ref;
  }

  /** Ends the actor as a crash would: nothing is stored any more. */
  void kill() {
    kit.stop(ref());
  }

  void restart() {
    kill();
    start();
  }

  /** Ends the actor in order, as a move does, and starts it on a node with another wall clock. */
  void move(Duration takes, long newSkewMillis) {
    ref().tell(new Reader.Stop());
    queue.expectTerminated(ref());
    advance(takes);
    skewMillis = newSkewMillis;
    start();
  }

  ActorRef<Reader.Command> ref() {
    if (running == null) {
      throw new IllegalStateException("not started");
    }
    return running;
  }

  long millis() {
    return 1_700_000_000_000L + nanos.get() / 1_000_000;
  }

  void advance(Duration by) {
    nanos.addAndGet(by.toNanos());
    time.timePasses(by);
  }

  /** Past a time, by more than leases may end late. */
  void advancePast(Duration by) {
    // A delivery is answered before its timer is armed; the next answer comes after that.
    status();
    advance(by.plus(SLACK));
  }

  /** Stores a batch and passes it on, as a queue does. */
  MessageBatch publish(Message... messages) {
    MessageBatch batch = log.append(millis(), Arrays.asList(messages));
    ref().tell(new Reader.Appended(batch));
    return batch;
  }

  static Message keyed(String key, String payload) {
    return Message.of(payload.getBytes(StandardCharsets.UTF_8)).withKey(key);
  }

  static Message free(String payload) {
    return Message.of(payload.getBytes(StandardCharsets.UTF_8));
  }

  List<Delivery> pull(int max) {
    return pull(max, null);
  }

  List<Delivery> pull(int max, @Nullable ActorRef<?> worker) {
    ref().tell(new Subscription.Pull(max, 4 << 20, 0, "worker", "1", worker, 1, pulled.getRef()));
    return pulled.receiveMessage().deliveries();
  }

  /** Leaves a pull for whichever queue has something first. */
  void waitForAny(int call, int max) {
    waiting.add(
        UID, new Subscription.Pull(max, 4 << 20, 0, "worker", "1", null, call, pulled.getRef()));
  }

  /** The answer to {@link #waitForAny}. */
  List<Delivery> awaitPulled(int call) {
    Subscription.Pulled answer = pulled.receiveMessage();
    assertThat(answer.call()).isEqualTo(call);
    return answer.deliveries();
  }

  Delivery pullOne() {
    List<Delivery> given = awaitPull(1);
    return given.get(0);
  }

  /** Pulls until something comes, for what needs a write or a read first. */
  List<Delivery> awaitPull(int max) {
    for (int i = 0; i < 500; i++) {
      List<Delivery> given = pull(max);
      if (!given.isEmpty()) {
        return given;
      }
      Thread.onSpinWait();
      status();
    }
    throw new AssertionError("nothing was given out: " + status());
  }

  /** Pulls and acks until the backlog is empty. */
  List<String> drainTexts() {
    List<String> texts = new java.util.ArrayList<>();
    while (status().backlog() > 0) {
      Delivery next = pullOne();
      texts.add(text(next));
      ack(next);
    }
    return texts;
  }

  List<SettleStatus> settle(SettleAction action, Delivery... deliveries) {
    return settle(action, Arrays.stream(deliveries).map(Delivery::receipt).toList());
  }

  List<SettleStatus> settle(SettleAction action, List<Receipt> receipts) {
    send(action, receipts);
    return settled.receiveMessage().statuses();
  }

  void send(SettleAction action, List<Receipt> receipts) {
    ref().tell(new Subscription.Settle(action, receipts, settled.getRef()));
  }

  SettleStatus ack(Delivery delivery) {
    return settle(new SettleAction.Ack(), delivery).get(0);
  }

  SettleStatus nack(Delivery delivery, @Nullable Duration delay) {
    return settle(new SettleAction.Nack(delay, "no luck"), delivery).get(0);
  }

  Subscription.SeekReply seek(Subscription.Position position) {
    ref().tell(new Subscription.Seek(position, sought.getRef()));
    return sought.receiveMessage();
  }

  Subscription.ReplayOutcome replay(long offset) {
    ref().tell(new Subscription.Replay(offset, replayed.getRef()));
    return replayed.receiveMessage().outcome();
  }

  /** Asks where messages are, or why. */
  <T extends Looks.Answer> T look(Looks.Question question, Class<T> type) {
    TestProbe<Looks.Answer> looked = kit.createTestProbe();
    ref().tell(new Looks.Look(question, looked.getRef()));
    return type.cast(looked.receiveMessage());
  }

  Sighting where(long offset) {
    return look(new Looks.Where(offset), Looks.Seen.class).sighting();
  }

  Looks.Held why() {
    return look(new Looks.Why(), Looks.Held.class);
  }

  Looks.Held why(long offset) {
    return look(new Looks.WhyOffset(offset), Looks.Held.class);
  }

  Reader.Status status() {
    ref().tell(new Reader.Describe(status.getRef()));
    return status.receiveMessage();
  }

  /** Waits for a state that is reached by messages on their way. */
  Reader.Status await(java.util.function.Predicate<Reader.Status> condition) {
    Reader.Status[] last = new Reader.Status[1];
    TestProbe<Reader.Status> probe = kit.createTestProbe();
    return probe.awaitAssert(
        Duration.ofSeconds(10),
        Duration.ofMillis(5),
        () -> {
          last[0] = status();
          if (!condition.test(last[0])) {
            throw new AssertionError("still " + last[0]);
          }
          return last[0];
        });
  }

  private void awaitKnown() {
    await(now -> !now.isRecovering());
  }

  String persistenceId() {
    return "subscription|" + TOPIC + "-" + QUEUE + "-" + UID;
  }

  static String text(Delivery delivery) {
    return new String(delivery.message().payload(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
