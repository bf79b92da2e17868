package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.MemoryStore;
import io.tidewheel.journal.Ownerships;
import io.tidewheel.message.Message;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Queues with their real cores on a scripted journal, in virtual time. What readers get goes to one
 * probe.
 */
final class QueueFixture implements AutoCloseable {
  static final long TOPIC = 7;
  static final long FOREVER = Long.MAX_VALUE;

  final ActorTestKit kit =
      ActorTestKit.create(
          ManualTime.config()
              .withFallback(MemoryStore.CONFIG)
              .withFallback(ConfigFactory.parseResources("tidewheel-akka.conf"))
              .withFallback(ConfigFactory.defaultReference())
              .resolve());
  final MemoryStore store = MemoryStore.of(kit.system());
  final ManualTime time = ManualTime.get(kit.system());
  final TestProbe<Reader.Command> readers = kit.createTestProbe();
  final TestProbe<AppendReply> replies = kit.createTestProbe();
  final TestProbe<Queue.SubscriptionReply> changes = kit.createTestProbe();
  final List<Reader.Context> readerContexts = new CopyOnWriteArrayList<>();
  final AtomicLong nanos = new AtomicLong(123);
  final AtomicLong millis = new AtomicLong(1_000_000);
  final AtomicBoolean isFenceHeld = new AtomicBoolean(true);
  final AtomicBoolean isDiskFull = new AtomicBoolean();

  /** What the queue's node knows of topics. */
  final AtomicReference<CatalogSnapshot> catalog = new AtomicReference<>(CatalogSnapshot.EMPTY);

  /** When the queue was to be woken, each time it fell asleep. */
  final List<Long> sleeps = new CopyOnWriteArrayList<>();

  QueueIdle idle = new QueueIdle(Duration.ofHours(1), Duration.ofHours(2));
  CheckpointPolicy checkpoints = new CheckpointPolicy(1 << 20, 1_000);
  long maxPendingBytes = 1 << 20;

  /** Makes a reader fail. */
  record Break() implements Reader.Command {}

  ActorRef<Queue.Command> start() {
    return kit.spawn(behavior());
  }

  Behavior<Queue.Command> behavior() {
    return Queue.create(
        TOPIC,
        0,
        new Queue.Dependencies(
            Ownerships.counted("node-1", isFenceHeld::get, checkpoints),
            new VirtualClock(millis),
            nanos::get,
            catalog::get,
            store,
            new TailCache(1 << 20, nanos::get),
            this::reader,
            maxPendingBytes,
            isDiskFull::get,
            idle,
            QueueMeter.NONE),
        (queue, dueMillis) -> sleeps.add(dueMillis));
  }

  private Behavior<Reader.Command> reader(Reader.Context place) {
    readerContexts.add(place);
    return Behaviors.receiveMessage(
        command -> {
          readers.getRef().tell(command);
          if (command instanceof Break) {
            throw new IllegalStateException("broken on purpose");
          }
          if (command instanceof Reader.Describe describe) {
            describe.replyTo().tell(status(place));
          }
          return command instanceof Reader.Stop ? Behaviors.stopped() : Behaviors.same();
        });
  }

  private static Reader.Status status(Reader.Context place) {
    long uid = place.subscriptionUid();
    return new Reader.Status(
        uid,
        place.queue(),
        1,
        0,
        uid,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        null,
        Reader.Reconciliation.UNKNOWN);
  }

  Queue.Append append(SenderId sender, long number, Message... messages) {
    return new Queue.Append(sender, number, List.of(messages), FOREVER, false, replies.getRef());
  }

  /** Virtual time for timers, time limits and the wall clock. */
  void advance(Duration duration) {
    nanos.addAndGet(duration.toNanos());
    millis.addAndGet(duration.toMillis());
    time.timePasses(duration);
  }

  /** Lets virtual time pass until something arrives: who sets a timer does so on its own thread. */
  <T> T await(TestProbe<T> probe) {
    for (int i = 0; i < 200; i++) {
      try {
        return probe.receiveMessage(Duration.ofMillis(50));
      } catch (AssertionError nothingYet) {
        advance(Duration.ofMillis(100));
      }
    }
    throw new AssertionError("nothing arrived in 20 s of virtual time");
  }

  /** Until the journal holds a write back. */
  void awaitHeld() {
    replies.awaitAssert(
        () -> {
          assertThat(store.heldCount()).isEqualTo(1);
          return true;
        });
  }

  /** Lets the write that is held back go on. */
  void release() {
    awaitHeld();
    store.release();
  }

  /** Stops a queue in the orderly way. */
  void stop(ActorRef<Queue.Command> queue) {
    TestProbe<Object> watcher = kit.createTestProbe();
    queue.tell(new Queue.Stop());
    watcher.expectTerminated(queue);
  }

  /** The batches in the log. */
  List<QueueEvent.MessagesAppended> batches() {
    return store.events(QueueLog.persistenceId(TOPIC, 0)).stream()
        .filter(row -> row instanceof LogRow.Entry<?>)
        .map(row -> ((LogRow.Entry<?>) row).event())
        .filter(event -> event instanceof QueueEvent.MessagesAppended)
        .map(event -> (QueueEvent.MessagesAppended) event)
        .toList();
  }

  /** How many checkpoints the log has. */
  long checkpointCount() {
    return store.events(QueueLog.persistenceId(TOPIC, 0)).stream()
        .filter(row -> row instanceof LogRow.Checkpoint<?>)
        .count();
  }

  /** The payloads of all stored messages, in order. */
  List<String> stored() {
    return batches().stream()
        .flatMap(batch -> batch.messages().stream())
        .map(message -> new String(message.payload(), StandardCharsets.UTF_8))
        .toList();
  }

  static Message text(String payload) {
    return Message.of(payload.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    store.release();
    kit.shutdownTestKit();
  }

  private record VirtualClock(AtomicLong now) implements InstantSource {
    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(now.get());
    }
  }
}
