package io.tidewheel.queue;

import static io.tidewheel.queue.QueueFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.Topic.StartPosition;
import io.tidewheel.journal.MemoryStore.Step;
import io.tidewheel.queue.Queue.OpenSubscription;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class QueueTest {
  private static final SenderId SENDER = new SenderId(1, 1);
  private static final SenderId OTHER = new SenderId(2, 2);

  private final QueueFixture fixture = new QueueFixture();
  private final TestProbe<AppendReply> replies = fixture.replies;

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void storesInOrderAndAnswersWithOffsets() {
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(fixture.append(SENDER, 1, text("a"), text("b")));
    queue.tell(fixture.append(OTHER, 1, text("c")));
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 2));
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 2, 1));
    assertThat(fixture.stored()).containsExactly("a", "b", "c");
  }

  @Test
  void whatArrivesDuringAWriteIsStoredTogether() {
    ActorRef<Queue.Command> queue = fixture.start();
    openWithHeldWrite(queue);
    for (int i = 1; i <= 10; i++) {
      queue.tell(fixture.append(SENDER, i, text("m" + i)));
    }
    replies.expectNoMessage(Duration.ofMillis(20));
    fixture.release();
    for (int i = 1; i <= 10; i++) {
      assertThat(replies.receiveMessage()).isEqualTo(stored(i, i - 1, 1));
    }
    assertThat(fixture.batches()).hasSize(1);
  }

  /**
   * Guards against a high-water mark: 1 is refused with OVER_LIMIT (429), 2 is stored, and the
   * repeat of 1 must be stored, not confirmed as a duplicate.
   */
  @Test
  void aRefusedNumberIsStoredWhenItIsRepeatedAfterItsSuccessor() {
    fixture.maxPendingBytes = 1_000;
    ActorRef<Queue.Command> queue = fixture.start();
    openWithHeldWrite(queue);
    queue.tell(fixture.append(OTHER, 1, text("x".repeat(900))));
    queue.tell(fixture.append(SENDER, 1, text("first")));
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(1, PublishResult.Reason.OVER_LIMIT));
    fixture.release();
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 1));
    queue.tell(fixture.append(SENDER, 2, text("second")));
    assertThat(replies.receiveMessage()).isEqualTo(stored(2, 1, 1));
    queue.tell(fixture.append(SENDER, 1, text("first")));
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 2, 1));
    assertThat(fixture.stored()).endsWith("second", "first");
  }

  /**
   * Guards against losing and doubling at a write that failed for its writer but was stored: the
   * answer is unknown, the repeat of the number gets the first result, and one copy is stored.
   */
  @Test
  void theRepeatOfAnUnconfirmedWriteGetsTheFirstResult() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "before");
    fixture.store.script(Step.STORE_AND_FAIL);
    queue.tell(fixture.append(SENDER, 2, text("once"), text("twice")));
    assertThat(fixture.await(replies)).isInstanceOf(AppendReply.Unknown.class);
    queue.tell(fixture.append(SENDER, 2, text("once"), text("twice")));
    assertThat(fixture.await(replies)).isEqualTo(stored(2, 1, 2));
    append(queue, 3, "after");
    assertThat(fixture.stored()).containsExactly("before", "once", "twice", "after");
  }

  @Test
  void theRepeatOfAFailedWriteIsStored() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "before");
    fixture.store.script(Step.FAIL);
    queue.tell(fixture.append(SENDER, 2, text("once")));
    assertThat(fixture.await(replies)).isInstanceOf(AppendReply.Unknown.class);
    queue.tell(fixture.append(SENDER, 2, text("once")));
    assertThat(fixture.await(replies)).isEqualTo(stored(2, 1, 1));
    assertThat(fixture.stored()).containsExactly("before", "once");
  }

  /** Guards the bitmap in events and snapshots: numbers and ids outlive the queue's actors. */
  @Test
  void numbersAndIdsAreKnownAfterARestart() {
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(fixture.append(SENDER, 1, text("a").withId("id-a")));
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 1));
    fixture.stop(queue);
    ActorRef<Queue.Command> again = fixture.start();
    again.tell(fixture.append(SENDER, 1, text("a").withId("id-a")));
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 1));
    again.tell(fixture.append(OTHER, 1, text("a").withId("id-a")));
    assertThat(replies.receiveMessage()).isEqualTo(duplicate(1, 0));
    assertThat(fixture.stored()).containsExactly("a");
  }

  /** Guards the pair of repeats that travel into one commit: only the first is stored. */
  @Test
  void aNumberTwiceInOneCommitIsStoredOnce() {
    ActorRef<Queue.Command> queue = fixture.start();
    openWithHeldWrite(queue);
    queue.tell(fixture.append(SENDER, 1, text("a")));
    queue.tell(fixture.append(SENDER, 1, text("a")));
    queue.tell(fixture.append(OTHER, 1, text("b")));
    fixture.release();
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 1));
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 1));
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 1, 1));
    assertThat(fixture.stored()).containsExactly("a", "b");
  }

  @Test
  void aNumberBelowTheFloorIsUnknownNeverADuplicate() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, NumberWindow.SIZE + 10, "late");
    queue.tell(fixture.append(SENDER, 10, text("early")));
    assertThat(replies.receiveMessage()).isInstanceOf(AppendReply.Unknown.class);
    assertThat(fixture.stored()).containsExactly("late");
  }

  @Test
  void aNumberWhoseResultsAreForgottenIsStoredBefore() {
    ActorRef<Queue.Command> queue = fixture.start();
    for (int number = 1; number <= 5; number++) {
      append(queue, number, "m" + number);
    }
    queue.tell(fixture.append(SENDER, 1, text("m1")));
    assertThat(replies.receiveMessage()).isEqualTo(new AppendReply.StoredBefore(1));
  }

  /** Guards the id within one batch. */
  @Test
  void anIdTwiceInOneBatchIsADuplicateOfTheFirst() {
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(
        fixture.append(
            SENDER, 1, text("x"), text("a").withId("i"), text("a").withId("i"), text("y")));
    AppendReply.Decided reply = (AppendReply.Decided) replies.receiveMessage();
    assertThat(reply.results().result(0, 1)).isEqualTo(new PublishResult.Stored(0, 1, false));
    assertThat(reply.results().result(0, 2)).isEqualTo(new PublishResult.Stored(0, 1, true));
    assertThat(reply.results().result(0, 3)).isEqualTo(new PublishResult.Stored(0, 2, false));
    assertThat(fixture.stored()).containsExactly("x", "a", "y");
  }

  /** Guards the id in the batch after, in the same commit and in the next one. */
  @Test
  void anIdInTheNextBatchIsADuplicate() {
    ActorRef<Queue.Command> queue = fixture.start();
    openWithHeldWrite(queue);
    queue.tell(fixture.append(SENDER, 1, text("a").withId("i")));
    queue.tell(fixture.append(OTHER, 1, text("a").withId("i")));
    fixture.release();
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 1));
    assertThat(replies.receiveMessage()).isEqualTo(duplicate(1, 0));
    queue.tell(fixture.append(OTHER, 2, text("a").withId("i")));
    assertThat(replies.receiveMessage()).isEqualTo(duplicate(2, 0));
    assertThat(fixture.stored()).containsExactly("a");
  }

  @Test
  void anIdWithAnotherBodyIsAConflict() {
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(fixture.append(SENDER, 1, text("a").withId("i"), text("b").withId("i")));
    AppendReply.Decided reply = (AppendReply.Decided) replies.receiveMessage();
    assertThat(((PublishResult.Refused) reply.results().result(0, 1)).reason())
        .isEqualTo(PublishResult.Reason.ID_CONFLICT);
    assertThat(fixture.stored()).containsExactly("a");
  }

  @Test
  void anIdOutOfItsWindowIsStoredAgain() {
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(fixture.append(SENDER, 1, text("a").withId("i")));
    replies.receiveMessage();
    fixture.advance(Duration.ofMinutes(10));
    queue.tell(fixture.append(SENDER, 2, text("a").withId("i")));
    assertThat(replies.receiveMessage()).isEqualTo(duplicate(2, 0));
    fixture.advance(Duration.ofMillis(1));
    queue.tell(fixture.append(SENDER, 3, text("a").withId("i")));
    assertThat(replies.receiveMessage()).isEqualTo(stored(3, 1, 1));
  }

  /** Guards publishers who were told that their time is over: nothing of them is stored later. */
  @Test
  void anExpiredAppendIsNotStored() {
    ActorRef<Queue.Command> queue = fixture.start();
    openWithHeldWrite(queue);
    queue.tell(
        new Queue.Append(SENDER, 1, List.of(text("late")), 100, false, fixture.replies.getRef()));
    queue.tell(fixture.append(SENDER, 2, text("in time")));
    settle(queue);
    fixture.advance(Duration.ofMillis(100));
    fixture.release();
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(1, PublishResult.Reason.EXPIRED));
    assertThat(replies.receiveMessage()).isEqualTo(stored(2, 0, 1));
    assertThat(fixture.stored()).containsExactly("in time");
  }

  @Test
  void withoutTheFenceNothingIsStoredAndTheAnswerIsDefinite() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    fixture.isFenceHeld.set(false);
    queue.tell(fixture.append(SENDER, 2, text("b")));
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(2, PublishResult.Reason.UNAVAILABLE));
    fixture.isFenceHeld.set(true);
    append(queue, 2, "b");
    assertThat(fixture.stored()).containsExactly("a", "b");
  }

  /** Guards the answer of a paused owner: stored, but nobody may confirm it. */
  @Test
  void aFenceLostDuringTheWriteMakesTheOutcomeUnknown() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    fixture.store.script(Step.HOLD);
    queue.tell(fixture.append(SENDER, 2, text("b")));
    fixture.awaitHeld();
    fixture.isFenceHeld.set(false);
    fixture.release();
    assertThat(replies.receiveMessage()).isInstanceOf(AppendReply.Unknown.class);
    fixture.isFenceHeld.set(true);
    queue.tell(fixture.append(SENDER, 2, text("b")));
    assertThat(replies.receiveMessage()).isEqualTo(stored(2, 1, 1));
  }

  /** Guards against a queue that stays mute when it wakes before its node holds the lease. */
  @Test
  void loadsWhenTheFenceIsBack() {
    fixture.isFenceHeld.set(false);
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(fixture.append(SENDER, 1, text("a")));
    replies.expectNoMessage(Duration.ofMillis(50));
    fixture.isFenceHeld.set(true);
    assertThat(fixture.await(replies)).isEqualTo(stored(1, 0, 1));
  }

  @Test
  void saysThatItIsAwakeOnceItsLogIsRead() {
    TestProbe<QueueWaker.IsAwake> awake = fixture.kit.createTestProbe();
    fixture.isFenceHeld.set(false);
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(new Queue.Wake(awake.getRef()));
    awake.expectNoMessage(Duration.ofMillis(50));
    fixture.isFenceHeld.set(true);
    QueueWaker.IsAwake yes = new QueueWaker.IsAwake(QueueFixture.TOPIC, 0);
    assertThat(fixture.await(awake)).isEqualTo(yes);
    queue.tell(new Queue.Wake(awake.getRef()));
    assertThat(awake.receiveMessage()).isEqualTo(yes);
  }

  /**
   * Guards late messages: a queue that nobody reads any more takes nothing, also after a restart.
   */
  @Test
  void aDeletedQueueRefusesForEver() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    fixture.store.script(Step.HOLD);
    queue.tell(new Queue.Delete(fixture.changes.getRef()));
    queue.tell(fixture.append(SENDER, 2, text("waits")));
    settle(queue);
    fixture.release();
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(2, PublishResult.Reason.TOPIC_GONE));
    assertThat(fixture.changes.receiveMessage()).isEqualTo(new Queue.StoredInLog(0));
    queue.tell(fixture.append(SENDER, 3, text("late")));
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(3, PublishResult.Reason.TOPIC_GONE));
    fixture.stop(queue);
    ActorRef<Queue.Command> again = fixture.start();
    again.tell(fixture.append(SENDER, 3, text("late")));
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(3, PublishResult.Reason.TOPIC_GONE));
    again.tell(new Queue.Delete(fixture.changes.getRef()));
    assertThat(fixture.changes.receiveMessage()).isEqualTo(new Queue.StoredInLog(0));
    again.tell(open(5, StartPosition.EARLIEST));
    assertThat(fixture.changes.receiveMessage()).isInstanceOf(Queue.NotNow.class);
  }

  /** A refusal would leave its publisher in doubt for ever: only the log can say. */
  @Test
  void aRepeatFindsOutWhatBecameOfItAlsoWhenTheDiskIsFull() {
    ActorRef<Queue.Command> queue = fixture.start();
    Queue.Append first = fixture.append(SENDER, 1, text("a"));
    queue.tell(first);
    AppendReply stored = fixture.await(fixture.replies);
    assertThat(stored).isInstanceOf(AppendReply.Decided.class);
    fixture.isDiskFull.set(true);
    queue.tell(first);
    assertThat(fixture.await(fixture.replies))
        .isEqualTo(AppendReply.refusal(1, PublishResult.Reason.DISK_FULL));
    queue.tell(
        new Queue.Append(
            SENDER, 1, first.messages(), QueueFixture.FOREVER, true, fixture.replies.getRef()));
    assertThat(fixture.await(fixture.replies)).isEqualTo(stored);
    assertThat(fixture.stored()).containsExactly("a");
  }

  /**
   * Guards the process: commands that wait in an event-sourced actor are taken up again one stack
   * frame each, and thousands of them end the JVM. Here the front holds them, and answers all.
   */
  @Test
  void aFloodOfCommandsDuringASlowWriteIsAnswered() {
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(open(1, StartPosition.EARLIEST));
    fixture.changes.receiveMessage();
    fixture.store.script(Step.HOLD);
    queue.tell(fixture.append(SENDER, 1, text("slow")));
    TestProbe<Inspector.QueueStatus> described = fixture.kit.createTestProbe();
    TestProbe<Reader.Status> routed = fixture.kit.createTestProbe();
    int each = 700;
    for (int i = 0; i < each; i++) {
      queue.tell(open(1_000 + i, StartPosition.LATEST));
      queue.tell(new Queue.ToReader(1, new Reader.Describe(routed.getRef())));
      queue.tell(new Queue.Describe(true, described.getRef()));
    }
    // Everything that needs no write is answered while the write is held back.
    routed.receiveSeveralMessages(each, Duration.ofSeconds(20));
    described.receiveSeveralMessages(each, Duration.ofSeconds(20));
    fixture.changes.expectNoMessage(Duration.ofMillis(20));
    fixture.advance(Duration.ofSeconds(2));
    fixture.release();
    assertThat(replies.receiveMessage()).isEqualTo(stored(1, 0, 1));
    assertThat(fixture.changes.receiveSeveralMessages(each, Duration.ofSeconds(20)))
        .allSatisfy(reply -> assertThat(reply).isEqualTo(new Queue.StoredInLog(1)));
    append(queue, 2, "alive");
  }

  @Test
  void changesBeyondTheirBoundAreRefusedAtOnce() {
    ActorRef<Queue.Command> queue = fixture.start();
    openWithHeldWrite(queue);
    for (int i = 0; i < QueueWriter.MAX_CHANGES + 1; i++) {
      queue.tell(open(10 + i, StartPosition.LATEST));
    }
    assertThat(fixture.changes.receiveMessage()).isInstanceOf(Queue.NotNow.class);
    fixture.changes.expectNoMessage(Duration.ofMillis(20));
  }

  @Test
  void aMovingQueueRefusesWhatWaitsAndFinishesWhatIsBeingStored() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    fixture.store.script(Step.HOLD);
    queue.tell(fixture.append(SENDER, 2, text("b")));
    queue.tell(fixture.append(SENDER, 3, text("c")));
    queue.tell(open(1, StartPosition.LATEST));
    TestProbe<Object> watcher = fixture.kit.createTestProbe();
    queue.tell(new Queue.Stop());
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(3, PublishResult.Reason.UNAVAILABLE));
    assertThat(fixture.changes.receiveMessage()).isInstanceOf(Queue.NotNow.class);
    queue.tell(fixture.append(SENDER, 4, text("d")));
    assertThat(replies.receiveMessage())
        .isEqualTo(AppendReply.refusal(4, PublishResult.Reason.UNAVAILABLE));
    fixture.release();
    assertThat(replies.receiveMessage()).isEqualTo(stored(2, 1, 1));
    watcher.expectTerminated(queue);
    assertThat(fixture.stored()).containsExactly("a", "b");
  }

  @Test
  void aWriteThatHangsDoesNotKeepAMovingQueue() {
    ActorRef<Queue.Command> queue = fixture.start();
    openWithHeldWrite(queue);
    queue.tell(new Queue.Stop());
    queue.tell(fixture.append(SENDER, 1, text("a")));
    replies.receiveMessage();
    TestProbe<Object> watcher = fixture.kit.createTestProbe();
    fixture.advance(Duration.ofSeconds(15));
    watcher.expectTerminated(queue);
  }

  /** Holds back the first write, so that what comes next has to wait. */
  private void openWithHeldWrite(ActorRef<Queue.Command> queue) {
    fixture.store.script(Step.HOLD);
    queue.tell(open(1, StartPosition.LATEST));
    settle(queue);
  }

  /** Until the queue has taken everything that was sent. */
  private void settle(ActorRef<Queue.Command> queue) {
    TestProbe<Inspector.QueueStatus> described = fixture.kit.createTestProbe();
    queue.tell(new Queue.Describe(true, described.getRef()));
    described.receiveMessage();
  }

  private void append(ActorRef<Queue.Command> queue, long number, String payload) {
    queue.tell(fixture.append(SENDER, number, text(payload)));
    assertThat(replies.receiveMessage()).isInstanceOf(AppendReply.Decided.class);
  }

  private OpenSubscription open(long uid, StartPosition start) {
    return new OpenSubscription(uid, start, 0, fixture.changes.getRef());
  }

  private static AppendReply stored(long number, long firstOffset, int count) {
    return new AppendReply.Decided(number, 0, AppendResults.stored(firstOffset, count));
  }

  private static AppendReply duplicate(long number, long offset) {
    long[] codes = {AppendResults.codeOfDuplicate(offset)};
    return new AppendReply.Decided(number, 0, AppendResults.ofCodes(codes));
  }
}
