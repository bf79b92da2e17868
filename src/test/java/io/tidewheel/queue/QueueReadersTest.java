package io.tidewheel.queue;

import static io.tidewheel.queue.QueueFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.Topic.StartPosition;
import io.tidewheel.journal.MemoryStore.Step;
import io.tidewheel.queue.Queue.CloseSubscription;
import io.tidewheel.queue.Queue.OpenSubscription;
import io.tidewheel.queue.Queue.StoredInLog;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How a queue treats the subscriptions that read it. */
class QueueReadersTest {
  private static final SenderId SENDER = new SenderId(1, 1);

  private final QueueFixture fixture = new QueueFixture();
  private final TestProbe<Reader.Command> readers = fixture.readers;
  private final TestProbe<Queue.SubscriptionReply> changes = fixture.changes;

  /** Says what became of it. */
  record Ask(ActorRef<String> replyTo) implements Reader.Command {
    @Override
    public void onNoReader() {
      replyTo.tell("no reader");
    }

    @Override
    public void onNotNow() {
      replyTo.tell("not now");
    }
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void passesBatchesOnAfterTheyAreStored() {
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, 5, StartPosition.EARLIEST, 0);
    append(queue, 1, "a");
    MessageBatch batch = ((Reader.Appended) readers.receiveMessage()).batch();
    assertThat(batch.firstOffset()).isZero();
    assertThat(batch.atMillis()).isEqualTo(1_000_000);
    assertThat(batch.messages()).containsExactly(text("a"));
  }

  /** Opening is repeatable: the first start offset holds, also when the end has moved. */
  @Test
  void aRepeatedOpeningGetsTheFirstStart() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    open(queue, 5, StartPosition.LATEST, 1);
    append(queue, 2, "b");
    open(queue, 5, StartPosition.LATEST, 1);
    assertThat(fixture.readerContexts).hasSize(1);
    assertThat(fixture.readerContexts.get(0).startOffset()).isEqualTo(1);
  }

  /** Guards a subscription made while its queue sleeps: it must not begin before the backlog. */
  @Test
  void latestInASleepingQueueIsTheEndOfItsLog() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    fixture.stop(queue);
    open(fixture.start(), 5, StartPosition.LATEST, 1);
  }

  @Test
  void opensAtATime() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    fixture.advance(Duration.ofSeconds(10));
    append(queue, 2, "b");
    queue.tell(new OpenSubscription(5, StartPosition.TIME, 1_000_001, changes.getRef()));
    assertThat(changes.receiveMessage()).isEqualTo(new StoredInLog(1));
    queue.tell(new OpenSubscription(6, StartPosition.TIME, 9_999_999, changes.getRef()));
    assertThat(changes.receiveMessage()).isEqualTo(new StoredInLog(2));
  }

  @Test
  void openSubscriptionsAreReadAgainAfterARestart() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    open(queue, 5, StartPosition.EARLIEST, 0);
    fixture.stop(queue);
    assertThat(readers.receiveMessage()).isInstanceOf(Reader.Stop.class);
    fixture.readerContexts.clear();
    append(fixture.start(), 2, "b");
    assertThat(fixture.readerContexts).hasSize(1);
    assertThat(fixture.readerContexts.get(0).nextOffset()).isEqualTo(1);
    assertThat(((Reader.Appended) readers.receiveMessage()).batch().firstOffset()).isEqualTo(1);
  }

  /**
   * Guards the hand-over by reference: a batch whose write failed for the core but was stored is
   * found by the core's restart, and readers must hear of it without another append.
   */
  @Test
  void aRecoveredBatchReachesTheReaders() {
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, 5, StartPosition.EARLIEST, 0);
    append(queue, 1, "a");
    assertThat(readers.receiveMessage()).isInstanceOf(Reader.Appended.class);
    fixture.store.script(Step.STORE_AND_FAIL);
    queue.tell(fixture.append(SENDER, 2, text("b"), text("c")));
    assertThat(fixture.await(fixture.replies)).isInstanceOf(AppendReply.Unknown.class);
    assertThat(fixture.await(readers)).isEqualTo(new Reader.Extended(3));
    List<MessageBatch> read =
        fixture.readerContexts.get(0).log().read(1, 3, 1 << 20).toCompletableFuture().join();
    assertThat(read.get(0).messages()).containsExactly(text("b"), text("c"));
  }

  /** Guards a reader that fails: it begins with the end that was known when it was first made. */
  @Test
  void aReaderThatFailedHearsHowFarTheLogReachesNow() {
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, 5, StartPosition.EARLIEST, 0);
    append(queue, 1, "a");
    assertThat(readers.receiveMessage()).isInstanceOf(Reader.Appended.class);
    queue.tell(new Queue.ToReader(5, new QueueFixture.Break()));
    assertThat(readers.receiveMessage()).isInstanceOf(QueueFixture.Break.class);
    assertThat(fixture.await(readers)).isEqualTo(new Reader.Extended(1));
    assertThat(fixture.readerContexts).hasSize(2);
  }

  @Test
  void commandsWaitUntilTheQueueHasRecovered() {
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, 5, StartPosition.EARLIEST, 0);
    fixture.stop(queue);
    assertThat(readers.receiveMessage()).isInstanceOf(Reader.Stop.class);
    fixture.isFenceHeld.set(false);
    ActorRef<Queue.Command> again = fixture.start();
    TestProbe<String> answers = fixture.kit.createTestProbe();
    Ask ask = new Ask(answers.getRef());
    again.tell(new Queue.ToReader(5, ask));
    again.tell(new Queue.ToReader(6, ask));
    answers.expectNoMessage(Duration.ofMillis(20));
    fixture.isFenceHeld.set(true);
    assertThat(fixture.await(readers)).isEqualTo(ask);
    answers.expectMessage("no reader");
  }

  /** Guards a subscription that was opened on the queue's new node: it is not gone. */
  @Test
  void aNodeThatMayHaveLostTheQueueSaysNothingOfWhoReadsIt() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    TestProbe<Inspector.QueueStatus> described = fixture.kit.createTestProbe();
    TestProbe<String> answers = fixture.kit.createTestProbe();
    fixture.isFenceHeld.set(false);
    queue.tell(new Queue.Describe(true, described.getRef()));
    queue.tell(new Queue.ToReader(5, new Ask(answers.getRef())));
    answers.expectMessage("not now");
    described.expectNoMessage(Duration.ofMillis(20));
    fixture.isFenceHeld.set(true);
    queue.tell(new Queue.ToReader(5, new Ask(answers.getRef())));
    answers.expectMessage("no reader");
  }

  @Test
  void commandsBeyondTheBoundAreToldToComeBack() {
    fixture.isFenceHeld.set(false);
    ActorRef<Queue.Command> queue = fixture.start();
    TestProbe<String> answers = fixture.kit.createTestProbe();
    for (int i = 0; i < EarlyCommands.MOST + 1; i++) {
      queue.tell(new Queue.ToReader(5, new Ask(answers.getRef())));
    }
    answers.expectMessage("not now");
    answers.expectNoMessage(Duration.ofMillis(20));
  }

  /** Guards receipts and pulls during a move: the subscription is open, only not here any more. */
  @Test
  void aMovingQueueNeverSaysThatThereIsNoReader() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "a");
    fixture.store.script(Step.HOLD);
    open(queue, 5, StartPosition.LATEST);
    queue.tell(new Queue.Stop());
    TestProbe<String> answers = fixture.kit.createTestProbe();
    queue.tell(new Queue.ToReader(5, new Ask(answers.getRef())));
    answers.expectMessage("not now");
  }

  @Test
  void aReaderHandsOverBeforeItsClosingIsStored() {
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, 5, StartPosition.LATEST, 0);
    int writes = fixture.store.writeCount();
    queue.tell(new CloseSubscription(5, changes.getRef()));
    Reader.Close close = (Reader.Close) readers.receiveMessage();
    assertThat(fixture.store.writeCount()).isEqualTo(writes);
    close.replyTo().tell(new Reader.Gone(5));
    assertThat(changes.receiveMessage()).isEqualTo(new StoredInLog(0));
    assertThat(fixture.store.writeCount()).isEqualTo(writes + 1);
    queue.tell(new CloseSubscription(5, changes.getRef()));
    assertThat(changes.receiveMessage()).isEqualTo(new StoredInLog(0));
    assertThat(fixture.store.writeCount()).isEqualTo(writes + 1);
  }

  /** Guards two closings at a time: each is answered when its own subscription is closed. */
  @Test
  void closingsAreAnsweredToWhoAskedForThem() {
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, 5, StartPosition.LATEST, 0);
    open(queue, 6, StartPosition.LATEST, 0);
    TestProbe<Queue.SubscriptionReply> first = fixture.kit.createTestProbe();
    TestProbe<Queue.SubscriptionReply> second = fixture.kit.createTestProbe();
    queue.tell(new CloseSubscription(5, first.getRef()));
    queue.tell(new CloseSubscription(6, second.getRef()));
    ActorRef<Reader.Gone> gone = ((Reader.Close) readers.receiveMessage()).replyTo();
    readers.receiveMessage();
    gone.tell(new Reader.Gone(5));
    assertThat(first.receiveMessage()).isEqualTo(new StoredInLog(0));
    second.expectNoMessage(Duration.ofMillis(50));
    gone.tell(new Reader.Gone(6));
    assertThat(second.receiveMessage()).isEqualTo(new StoredInLog(0));
  }

  /** Guards a closing that waits while the core restarts and its reader with it. */
  @Test
  void aReaderStartedAgainBeforeItsClosingIsStoredIsStopped() {
    ActorRef<Queue.Command> queue = fixture.start();
    open(queue, 5, StartPosition.LATEST, 0);
    fixture.store.script(Step.FAIL);
    queue.tell(new CloseSubscription(5, changes.getRef()));
    Reader.Close close = (Reader.Close) readers.receiveMessage();
    queue.tell(fixture.append(SENDER, 1, text("a")));
    close.replyTo().tell(new Reader.Gone(5));
    assertThat(fixture.await(changes)).isEqualTo(new StoredInLog(0));
    assertThat(fixture.await(readers)).isInstanceOf(Reader.Stop.class);
  }

  /** Guards the log against a subscription nobody knows: it would pin it for ever. */
  @Test
  void anOpeningThatComesAfterItsClosingIsRefused() {
    ActorRef<Queue.Command> queue = fixture.start();
    queue.tell(new CloseSubscription(5, changes.getRef()));
    assertThat(changes.receiveMessage()).isEqualTo(new StoredInLog(0));
    queue.tell(new Queue.OpenSubscription(5, StartPosition.EARLIEST, 0, changes.getRef()));
    assertThat(changes.receiveMessage()).isInstanceOf(Queue.NotNow.class);
    fixture.stop(queue);
    queue = fixture.start();
    queue.tell(new Queue.OpenSubscription(5, StartPosition.EARLIEST, 0, changes.getRef()));
    assertThat(changes.receiveMessage()).isInstanceOf(Queue.NotNow.class);
    assertThat(fixture.readerContexts).isEmpty();
  }

  @Test
  void describesItselfAndItsReaders() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "abc");
    append(queue, 2, "de");
    open(queue, 1, StartPosition.EARLIEST, 0);
    open(queue, 2, StartPosition.EARLIEST, 0);
    TestProbe<Inspector.QueueStatus> described = fixture.kit.createTestProbe();
    queue.tell(new Queue.Describe(true, described.getRef()));
    Inspector.QueueStatus status = described.receiveMessage();
    assertThat(status.node()).isEqualTo("node-1");
    assertThat(status.nextOffset()).isEqualTo(2);
    assertThat(status.bytes()).isEqualTo(5);
    assertThat(status.readers()).hasSize(2);
    // The floor of each is its uid.
    assertThat(status.pinnedBy()).isEqualTo(1);
  }

  /** Guards figures: a queue that has not recovered must not report an empty log. */
  @Test
  void describesItselfOnlyWhenItHasRecovered() {
    ActorRef<Queue.Command> queue = fixture.start();
    append(queue, 1, "abc");
    fixture.stop(queue);
    fixture.isFenceHeld.set(false);
    ActorRef<Queue.Command> again = fixture.start();
    TestProbe<Inspector.QueueStatus> described = fixture.kit.createTestProbe();
    again.tell(new Queue.Describe(true, described.getRef()));
    described.expectNoMessage(Duration.ofMillis(20));
    fixture.isFenceHeld.set(true);
    assertThat(fixture.await(described).nextOffset()).isEqualTo(1);
  }

  private void open(ActorRef<Queue.Command> queue, long uid, StartPosition start, long expected) {
    open(queue, uid, start);
    assertThat(changes.receiveMessage()).isEqualTo(new StoredInLog(expected));
  }

  private void open(ActorRef<Queue.Command> queue, long uid, StartPosition start) {
    queue.tell(new OpenSubscription(uid, start, 0, changes.getRef()));
  }

  private void append(ActorRef<Queue.Command> queue, long number, String payload) {
    queue.tell(fixture.append(SENDER, number, text(payload)));
    assertThat(fixture.replies.receiveMessage()).isInstanceOf(AppendReply.Decided.class);
  }
}
