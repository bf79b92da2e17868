package io.tidewheel.queue;

import static io.tidewheel.queue.QueueFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorSelection;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.javadsl.SnapshotTestKit;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.Topic.StartPosition;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.MemoryStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is trimmed, refused and put to sleep. */
class QueueUpkeepTest {
  private static final SenderId SENDER = new SenderId(1, 1);
  private static final int STEP_SECONDS = 3;
  private static final long FIRST = 31;
  private static final long SECOND = 32;

  private final QueueFixture fixture = new QueueFixture();
  private final TestProbe<AppendReply> replies = fixture.replies;
  private long number;

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void trimsWhatEverySubscriptionHasSettled() {
    settings(Duration.ZERO, 1 << 30, 1 << 30, null);
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    open(queue, SECOND);
    publish(queue, 5);
    report(queue, FIRST, 5, true);
    report(queue, SECOND, 3, false);
    pass(queue, 30, STEP_SECONDS);
    assertThat(status(queue).startOffset()).isZero();
    assertThat(fixture.batches()).hasSize(5);

    report(queue, SECOND, 5, true);
    until(() -> status(queue).startOffset() == 5);
    until(() -> fixture.batches().isEmpty());
    assertThat(trims())
        .anyMatch(trimmed -> trimmed.startOffset() == 5 && trimmed.startBytes() == 5);
    assertThat(status(queue).bytes()).isZero();
  }

  @Test
  void keepsWhatIsWithinTheRetentionTime() {
    settings(Duration.ofMinutes(10), 1 << 30, 1 << 30, null);
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    publish(queue, 3);
    report(queue, FIRST, 3, true);
    pass(queue, 120, 30);
    assertThat(status(queue).startOffset()).isZero();
    pass(queue, 600, 30);
    until(() -> status(queue).startOffset() == 3);
  }

  @Test
  void keepsTheRetentionBytesAndNoMoreWithoutSubscriptions() {
    settings(Duration.ofDays(7), 100_000, 1 << 30, null);
    fixture.checkpoints = new CheckpointPolicy(1 << 20, 10);
    ActorRef<Queue.Command> queue = fixture.start();
    for (int i = 0; i < 60; i++) {
      append(queue, "x".repeat(10_000));
    }
    until(() -> status(queue).startOffset() > 10);
    assertThat(status(queue).bytes()).isGreaterThanOrEqualTo(100_000);
  }

  /** Guards the order of the two: rows are only deleted when the log says that they are. */
  @Test
  void aTrimThatACrashCutShortIsFinished() {
    settings(Duration.ZERO, 1 << 30, 1 << 30, null);
    fixture.store.loseDeletions(true);
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    publish(queue, 4);
    report(queue, FIRST, 4, true);
    until(() -> status(queue).startOffset() == 4);
    assertThat(fixture.batches()).hasSize(4);
    fixture.stop(queue);

    fixture.store.loseDeletions(false);
    ActorRef<Queue.Command> again = fixture.start();
    until(() -> fixture.batches().isEmpty());
    assertThat(status(again).startOffset()).isEqualTo(4);
    publish(again, 1);
    assertThat(status(again).nextOffset()).isEqualTo(5);
  }

  /** Guards against rows that are gone while the stored state still says that they are there. */
  @Test
  void rowsStayUntilTheTrimIsStored() {
    settings(Duration.ZERO, 1 << 30, 1 << 30, null);
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    publish(queue, 4);
    MemoryStore.Step[] held = new MemoryStore.Step[10];
    Arrays.fill(held, MemoryStore.Step.HOLD);
    fixture.store.script(held);
    report(queue, FIRST, 4, true);
    until(() -> fixture.store.heldCount() == 1);
    while (!fixture.batches().isEmpty()) {
      if (fixture.store.heldCount() == 1) {
        pass(queue, 3, STEP_SECONDS);
        assertKeptUnlessTrimmed(4);
        fixture.store.release();
      }
      pass(queue, 1, 1);
    }
    assertKeptUnlessTrimmed(4);
    until(() -> status(queue).startOffset() == 4);
  }

  @Test
  void readsBeginBehindWhatIsTrimmed() {
    settings(Duration.ZERO, 1 << 30, 1 << 30, null);
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    publish(queue, 4);
    report(queue, FIRST, 4, true);
    until(() -> status(queue).startOffset() == 4);
    publish(queue, 2);
    open(queue, SECOND);
    Reader.Context second = fixture.readerContexts.get(1);
    assertThat(second.startOffset()).as("clamped to what is kept").isEqualTo(4);
    assertThat(second.log().startOffset()).isEqualTo(4);
    fixture.stop(queue);

    fixture.start();
    until(() -> fixture.readerContexts.size() == 4);
    MessageLog log = fixture.readerContexts.get(2).log();
    List<MessageBatch> read = log.read(0, 6, 1 << 20).toCompletableFuture().join();
    assertThat(read.get(0).firstOffset()).isEqualTo(4);
  }

  /** Guards the reserve of a full disk: each checkpoint is a row, and frees nothing then. */
  @Test
  void takesFewCheckpointsWhileSnapshotsFail() {
    settings(Duration.ZERO, 1 << 30, 1 << 30, null);
    SnapshotTestKit snapshots = SnapshotTestKit.create(fixture.kit.system());
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    publish(queue, 4);
    snapshots.failNextNPersisted(Integer.MAX_VALUE);
    report(queue, FIRST, 4, true);
    until(() -> fixture.checkpointCount() > 0);
    pass(queue, 20, STEP_SECONDS);
    assertThat(fixture.checkpointCount()).isLessThan(20);
    assertThat(status(queue).startOffset()).isZero();
    snapshots.resetPolicy();
    until(() -> status(queue).startOffset() == 4);
  }

  @Test
  void refusesPublishesOverTheBacklogAndSaysWhoHoldsIt() {
    settings(Duration.ZERO, 1 << 30, 1_000, null);
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    open(queue, SECOND);
    append(queue, "x".repeat(1_200));
    report(queue, FIRST, 1, true);
    until(() -> status(queue).pinnedBy() == SECOND);
    queue.tell(fixture.append(SENDER, ++number, text("more")));
    AppendReply.NotStored refused = (AppendReply.NotStored) replies.receiveMessage();
    assertThat(refused.reason()).isEqualTo(PublishResult.Reason.OVER_LIMIT);
    assertThat(refused.detail()).contains("second", "1200 bytes", "maxBacklogBytes");
    assertThat(status(queue).pinnedBytes()).isEqualTo(1_200);

    report(queue, SECOND, 1, true);
    until(() -> status(queue).pinnedBytes() == 0);
    queue.tell(fixture.append(SENDER, number, text("more")));
    assertThat(fixture.await(replies)).isInstanceOf(AppendReply.Decided.class);
  }

  @Test
  void aBlockingSubscriptionBoundsItsOwnLag() {
    settings(
        Duration.ofDays(1), 1 << 30, 1 << 30, new SubscriptionSettings.MaxLag(null, 2L, false));
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    publish(queue, 2);
    queue.tell(fixture.append(SENDER, ++number, text("third")));
    AppendReply.NotStored refused = (AppendReply.NotStored) replies.receiveMessage();
    assertThat(refused.detail()).contains("first", "maxLag");
    report(queue, FIRST, 1, false);
    until(() -> status(queue).pinnedBytes() == 1);
    publish(queue, 1);
  }

  @Test
  void aFullDiskRefusesPublishesUntilThereIsSpaceAgain() {
    ActorRef<Queue.Command> queue = fixture.start();
    publish(queue, 1);
    fixture.isDiskFull.set(true);
    queue.tell(fixture.append(SENDER, ++number, text("no room")));
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(number, PublishResult.Reason.DISK_FULL));
    fixture.isDiskFull.set(false);
    queue.tell(fixture.append(SENDER, number, text("no room")));
    assertThat(fixture.await(replies)).isInstanceOf(AppendReply.Decided.class);
    assertThat(fixture.stored()).containsExactly("0", "no room");
  }

  @Test
  void fallsAsleepWhenEveryReaderIsAtRest() {
    settings(Duration.ofHours(1), 1 << 30, 1 << 30, null);
    fixture.idle = new QueueIdle(Duration.ofSeconds(10), Duration.ofSeconds(30));
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    publish(queue, 2);
    pass(queue, 120, 10);
    assertThat(fixture.sleeps).as("a message waits").isEmpty();
    report(queue, FIRST, 2, false);
    pass(queue, 120, 10);
    assertThat(fixture.sleeps).as("something is in flight").isEmpty();
    report(queue, FIRST, 2, true);
    until(() -> !fixture.sleeps.isEmpty());
    assertThat(fixture.sleeps.get(0) - fixture.millis.get())
        .as("woken when the retention time is over")
        .isBetween(3_000_000L, 3_600_000L);
  }

  /** Guards the gap between falling asleep and the stop: what comes in it is not slept over. */
  @Test
  void whatComesBeforeTheStopWakesTheQueueAgain() {
    settings(Duration.ofHours(1), 1 << 30, 1 << 30, null);
    fixture.idle = new QueueIdle(Duration.ofSeconds(10), Duration.ofSeconds(30));
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, FIRST);
    report(queue, FIRST, 0, true);
    until(() -> !fixture.sleeps.isEmpty());
    int before = fixture.sleeps.size();
    publish(queue, 1);
    fixture.stop(queue);
    assertThat(fixture.sleeps).hasSizeGreaterThan(before);
    assertThat(fixture.sleeps.get(fixture.sleeps.size() - 1))
        .isLessThanOrEqualTo(fixture.millis.get());
  }

  @Test
  void aRestingCoreStoresTheNextMessage() {
    fixture.idle = new QueueIdle(Duration.ofSeconds(10), Duration.ofHours(1));
    ActorRef<Queue.Command> queue = fixture.start();
    publish(queue, 1);
    until(() -> !hasCore(queue));
    publish(queue, 1);
    assertThat(fixture.stored()).containsExactly("0", "1");
    long openings =
        fixture.store.events(QueueLog.persistenceId(QueueFixture.TOPIC, 0)).stream()
            .filter(row -> row instanceof LogRow.Opened<?>)
            .count();
    assertThat(openings).as("the core was stopped in between").isEqualTo(2);
  }

  private void settings(
      Duration retention,
      long retentionBytes,
      long maxBacklogBytes,
      SubscriptionSettings.@Nullable MaxLag maxLag) {
    TopicSettings defaults = TopicSettings.defaults(1);
    TopicSettings settings =
        new TopicSettings(
            1,
            retention,
            retentionBytes,
            defaults.maxMessageBytes(),
            maxBacklogBytes,
            defaults.dedupWindow(),
            defaults.dedupIds(),
            null);
    SubscriptionSettings bounded = Changed.in(SubscriptionSettings.DEFAULTS, "maxLag", maxLag);
    Map<String, Topic.Subscription> subscriptions =
        Map.of(
            "first", subscription(FIRST, "first", bounded),
            "second", subscription(SECOND, "second", SubscriptionSettings.DEFAULTS));
    Topic topic = new Topic(QueueFixture.TOPIC, "orders", 1, 0, settings, false, subscriptions);
    fixture.catalog.set(CatalogSnapshot.of(1, new TreeMap<>(Map.of("orders", topic))));
  }

  private static Topic.Subscription subscription(
      long uid, String name, SubscriptionSettings settings) {
    return new Topic.Subscription(
        uid, name, 1, 0, settings, StartPosition.EARLIEST, 0, Topic.Stage.OPEN, false);
  }

  private void open(ActorRef<Queue.Command> queue, long uid) {
    queue.tell(
        new Queue.OpenSubscription(uid, StartPosition.EARLIEST, 0, fixture.changes.getRef()));
    fixture.await(fixture.changes);
  }

  private void publish(ActorRef<Queue.Command> queue, int count) {
    for (int i = 0; i < count; i++) {
      append(queue, Long.toString(number % 10));
    }
  }

  private void append(ActorRef<Queue.Command> queue, String payload) {
    queue.tell(fixture.append(SENDER, ++number, text(payload)));
    assertThat(fixture.await(replies)).isInstanceOf(AppendReply.Decided.class);
  }

  private static void report(
      ActorRef<Queue.Command> queue, long uid, long floor, boolean isAtRest) {
    new ReaderProgress(uid, queue).report(floor, isAtRest);
  }

  private Inspector.QueueStatus status(ActorRef<Queue.Command> queue) {
    TestProbe<Inspector.QueueStatus> statuses = fixture.kit.createTestProbe();
    queue.tell(new Queue.Describe(true, statuses.getRef()));
    return fixture.await(statuses);
  }

  private List<QueueEvent.Trimmed> trims() {
    return fixture.store.written(QueueLog.persistenceId(QueueFixture.TOPIC, 0)).stream()
        .filter(row -> row instanceof LogRow.Entry<?>)
        .map(row -> ((LogRow.Entry<?>) row).event())
        .filter(event -> event instanceof QueueEvent.Trimmed)
        .map(event -> (QueueEvent.Trimmed) event)
        .toList();
  }

  /** Rows first: a trim may be stored in between, and then it may have deleted them or not. */
  private void assertKeptUnlessTrimmed(int count) {
    int kept = fixture.batches().size();
    assertThat(kept == count || !trims().isEmpty()).as("%s rows and no trim", kept).isTrue();
  }

  /** Whether the first core of the queue is there. */
  private boolean hasCore(ActorRef<Queue.Command> queue) {
    ActorSelection core =
        fixture.kit.system().classicSystem().actorSelection(queue.path().child("core-1"));
    return core.resolveOne(Duration.ofHours(1))
        .handle((found, missing) -> missing == null)
        .toCompletableFuture()
        .join();
  }

  /**
   * Lets seconds of virtual time pass. After each step the queue has done what it was told before,
   * so the timers it sets ring in a later step.
   */
  private void pass(ActorRef<Queue.Command> queue, int seconds, int stepSeconds) {
    var unused = status(queue);
    for (int passed = 0; passed < seconds; passed += stepSeconds) {
      fixture.advance(Duration.ofSeconds(stepSeconds));
      unused = status(queue);
    }
  }

  private void until(BooleanSupplier condition) {
    for (int i = 0; i < 1_000 && !condition.getAsBoolean(); i++) {
      fixture.advance(Duration.ofSeconds(STEP_SECONDS));
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }
}
