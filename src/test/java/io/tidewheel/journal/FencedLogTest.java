package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.journal.FencedLog.Answer;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.FencedLog.Done;
import io.tidewheel.journal.FencedLog.Ownership;
import io.tidewheel.journal.FencedLog.Request;
import io.tidewheel.journal.FencedLog.Stale;
import io.tidewheel.journal.FencedLog.Submit;
import io.tidewheel.journal.SumCodec.Added;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FencedLogTest {
  private static ActorTestKit kit;
  private static PersistenceTestKit store;

  private final String id = "sum-" + UUID.randomUUID();
  private final TestProbe<Answer<Long>> answers = kit.createTestProbe();

  /** What the fence says next; held when nothing is left. */
  private final Deque<Boolean> fence = new ArrayDeque<>();

  private final AtomicLong nanos = new AtomicLong();
  private final StoreTrouble trouble = new StoreTrouble(nanos::get);
  private CheckpointPolicy checkpoints = new CheckpointPolicy(1_000_000, 1_000_000);
  private final Semaphore leaving = new Semaphore(1);
  private boolean isTrimming;

  @BeforeAll
  static void start() {
    kit =
        ActorTestKit.create(
            PersistenceTestKitPlugin.getInstance()
                .config()
                .withFallback(PersistenceTestKitSnapshotPlugin.config())
                .withFallback(ConfigFactory.parseResources("journal-test.conf"))
                .withFallback(ConfigFactory.load()));
    store = PersistenceTestKit.create(kit.system());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private boolean isHeld() {
    synchronized (fence) {
      return fence.isEmpty() || fence.remove();
    }
  }

  private Ownership ownership() {
    Ownership counted = Ownerships.counted("n1", this::isHeld, checkpoints);
    return new Ownership(
        counted.node(),
        counted.fence(),
        counted.checkpoints(),
        counted.plugins(),
        counted.epochs(),
        trouble,
        leaving);
  }

  private ActorRef<Request<Integer, Long>> spawn() {
    return kit.spawn(SumLog.create(id, ownership(), isTrimming));
  }

  private void submit(ActorRef<Request<Integer, Long>> log, int number) {
    log.tell(new Submit<>(number, answers.getRef()));
  }

  private void assertDone(ActorRef<Request<Integer, Long>> log, int number, long sum) {
    submit(log, number);
    assertThat(answers.receiveMessage()).isEqualTo(new Done<>(sum));
  }

  private void stop(ActorRef<Request<Integer, Long>> log) {
    kit.stop(log);
  }

  private List<Object> rows() {
    return store.persistedInStorage(id);
  }

  private void script(Boolean... isHeld) {
    synchronized (fence) {
      fence.addAll(List.of(isHeld));
    }
  }

  @Test
  void opensBeforeItsFirstWriteAndOnlyOnce() {
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 0, 0);
    assertThat(rows()).isEmpty();

    assertDone(log, 5, 5);
    assertDone(log, 6, 11);
    assertThat(rows())
        .containsExactly(
            new LogRow.Opened<>(1, "n1", 0, 0),
            new LogRow.Entry<>(1, new Added(5)),
            new LogRow.Entry<>(1, new Added(6)));
  }

  @Test
  void eachIncarnationNamesTheEpochAndPositionThatItRead() {
    ActorRef<Request<Integer, Long>> first = spawn();
    assertDone(first, 5, 5);
    stop(first);
    ActorRef<Request<Integer, Long>> idle = spawn();
    assertDone(idle, 0, 5);
    stop(idle);
    ActorRef<Request<Integer, Long>> second = spawn();
    assertDone(second, 6, 11);

    assertThat(rows())
        .containsExactly(
            new LogRow.Opened<>(1, "n1", 0, 0),
            new LogRow.Entry<>(1, new Added(5)),
            new LogRow.Opened<>(2, "n1", 1, 5),
            new LogRow.Entry<>(2, new Added(6)));
  }

  @Test
  void storesNothingWithoutTheFence() {
    script(false);
    ActorRef<Request<Integer, Long>> log = spawn();
    submit(log, 5);
    assertThat(answers.receiveMessage()).isEqualTo(new Stale<>(false));
    assertThat(rows()).isEmpty();
    assertDone(log, 6, 6);
  }

  @Test
  void saysNothingWithoutTheFence() {
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 5, 5);
    script(false);
    submit(log, 0);
    assertThat(answers.receiveMessage()).isEqualTo(new Stale<>(false));
  }

  @Test
  void storesNoFactWhenTheFenceIsLostWhileItOpens() {
    script(true, false);
    ActorRef<Request<Integer, Long>> log = spawn();
    submit(log, 5);
    assertThat(answers.receiveMessage()).isEqualTo(new Stale<>(false));
    assertThat(rows()).hasSize(1);
    assertDone(log, 6, 6);
    assertThat(rows()).hasSize(2);
  }

  @Test
  void confirmsNothingWhenTheFenceIsLostDuringThePersist() {
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 5, 5);
    script(true, false);
    submit(log, 6);
    assertThat(answers.receiveMessage()).isEqualTo(new Stale<>(true));
    assertDone(log, 0, 11);
  }

  @Test
  void checkpointsAfterSoManyRowsAndRecoversFromThere() {
    checkpoints = new CheckpointPolicy(1_000_000, 3);
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 1, 1);
    assertDone(log, 2, 3);
    answers.awaitAssert(() -> assertThat(rows()).hasSize(4));
    assertThat(rows().get(3)).isEqualTo(new LogRow.Checkpoint<>(1));
    assertDone(log, 3, 6);
    stop(log);

    ActorRef<Request<Integer, Long>> next = spawn();
    assertDone(next, 4, 10);
    assertThat(rows().get(5)).isEqualTo(new LogRow.Opened<>(2, "n1", 1, 6));
  }

  @Test
  void checkpointsAfterSoManyBytes() {
    checkpoints = new CheckpointPolicy(100, 1_000_000);
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 99, 99);
    assertDone(log, 1, 100);
    answers.awaitAssert(() -> assertThat(rows()).contains(new LogRow.Checkpoint<>(1)));
    assertDone(log, 99, 199);
    assertThat(rows().stream().filter(LogRow.Checkpoint.class::isInstance)).hasSize(1);
  }

  /** Guards the time until the next owner serves: it reads a snapshot, not a thousand rows. */
  @Test
  void leavesACheckpointBehindIfTheLogHasGrown() {
    ActorRef<Request<Integer, Long>> log = spawn();
    for (int i = 1; i <= 98; i++) {
      assertDone(log, 1, i);
    }
    assertLeft(log);
    assertThat(rows()).as("an Opened and 98 entries").hasSize(99);
    assertDone(log, 1, 99);
    assertLeft(log);
    assertThat(rows()).hasSize(101).last().isEqualTo(new LogRow.Checkpoint<>(1));
    assertLeft(log);
    assertThat(rows()).hasSize(101);
    assertDone(log, 1, 100);
    stop(log);
    assertDone(spawn(), 0, 100);
  }

  @Test
  void leavesNothingBehindWithoutTheFence() {
    ActorRef<Request<Integer, Long>> log = spawn();
    for (int i = 1; i <= 99; i++) {
      assertDone(log, 1, i);
    }
    script(false);
    assertLeft(log);
    assertThat(rows()).hasSize(100);
  }

  /** The others of a node that stops leave without one. */
  @Test
  void leavesOneCheckpointForEachPermitAtATime() {
    ActorRef<Request<Integer, Long>> log = spawn();
    for (int i = 1; i <= 99; i++) {
      assertDone(log, 1, i);
    }
    leaving.acquireUninterruptibly();
    assertLeft(log);
    assertThat(rows()).hasSize(100);
    leaving.release();
    assertLeft(log);
    assertThat(rows()).hasSize(101);
    assertThat(leaving.availablePermits()).isZero();
    stop(log);
    answers.awaitAssert(() -> assertThat(leaving.availablePermits()).isOne());
  }

  @Test
  void givesThePermitBackAndBlamesNobodyIfItsLastCheckpointIsNotStored() {
    ActorRef<Request<Integer, Long>> log = spawn();
    for (int i = 1; i <= 99; i++) {
      assertDone(log, 1, i);
    }
    store.failNextPersisted(id);
    log.tell(new FencedLog.Leave<>(answers.getRef()));
    answers.expectTerminated(log);
    assertThat(trouble.isOpen()).isFalse();
    answers.awaitAssert(() -> assertThat(leaving.availablePermits()).isOne());
  }

  private void assertLeft(ActorRef<Request<Integer, Long>> log) {
    log.tell(new FencedLog.Leave<>(answers.getRef()));
    assertThat(answers.receiveMessage()).isEqualTo(new FencedLog.Left<>());
  }

  /** The fence is asked at each persist and answer: of Opened, the entry, and the checkpoint. */
  @Test
  void takesNoCheckpointWithoutTheFence() {
    checkpoints = new CheckpointPolicy(1, 1);
    script(true, true, true, false);
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 5, 5);
    assertDone(log, 0, 5);
    assertThat(rows()).hasSize(2);
  }

  @Test
  void trimsWhatTwoSnapshotsCoverAndStillRecovers() {
    checkpoints = new CheckpointPolicy(1_000_000, 2);
    isTrimming = true;
    ActorRef<Request<Integer, Long>> log = spawn();
    for (int i = 1; i <= 20; i++) {
      assertDone(log, 1, i);
    }
    answers.awaitAssert(() -> assertThat(rows().size()).isLessThanOrEqualTo(8));
    stop(log);
    assertDone(spawn(), 0, 20);
  }

  @Test
  void aFailedPersistStopsItAndTheNextIncarnationGoesOn() {
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 5, 5);
    store.failNextPersisted(id);
    submit(log, 6);
    answers.expectTerminated(log, Duration.ofSeconds(5));
    answers.expectNoMessage(Duration.ZERO);

    assertDone(spawn(), 0, 5);
  }

  @Test
  void aPersistThatFailedButWasStoredIsSeenByTheNextIncarnation() {
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 5, 5);
    store.failNextPersisted(id);
    submit(log, 6);
    answers.expectTerminated(log, Duration.ofSeconds(5));
    store.persistForRecovery(id, List.of(new LogRow.Entry<>(1, new Added(6))));

    ActorRef<Request<Integer, Long>> next = spawn();
    assertDone(next, 0, 11);
    assertDone(next, 1, 12);
    assertThat(rows()).contains(new LogRow.Opened<>(2, "n1", 1, 11));
  }

  /** Guards the end of an outage: what could only not be read is over when it can be read. */
  @Test
  void aFailedReadIsNoFailedWrite() {
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 5, 5);
    stop(log);
    store.failNextRead(id);
    ActorRef<Request<Integer, Long>> failing = spawn();
    submit(failing, 6);
    answers.expectTerminated(failing, Duration.ofSeconds(5));
    assertThat(trouble.isOpen()).isTrue();
    nanos.addAndGet(2 * StoreTrouble.QUIET_NANOS);
    assertDone(spawn(), 0, 5);
    assertThat(trouble.isOpen()).isFalse();
  }

  @Test
  void aFailedWriteIsOverWhenSomethingIsStored() {
    ActorRef<Request<Integer, Long>> log = spawn();
    assertDone(log, 5, 5);
    store.failNextPersisted(id);
    submit(log, 6);
    answers.expectTerminated(log, Duration.ofSeconds(5));
    assertThat(trouble.isOpen()).isTrue();
    nanos.addAndGet(2 * StoreTrouble.QUIET_NANOS);
    ActorRef<Request<Integer, Long>> next = spawn();
    assertDone(next, 0, 5);
    assertThat(trouble.isOpen()).as("it was only read").isTrue();
    assertDone(next, 1, 6);
    assertThat(trouble.isOpen()).isFalse();
    stop(next);
    assertThat(trouble.isOpen()).as("nothing was under way").isFalse();
  }

  @Test
  void aBrokenChainIsNotServed() {
    store.persistForRecovery(
        id, List.of(new LogRow.Opened<>(1, "n1", 0, 0), new LogRow.Entry<>(7, new Added(6))));
    answers.expectTerminated(spawn(), Duration.ofSeconds(5));
  }
}
