package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.queue.Inspector.QueueStatus;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class QueueDescriptionTest {
  private static final ActorTestKit KIT = ActorTestKit.create();

  private final TestProbe<Reader.Command> first = KIT.createTestProbe();
  private final TestProbe<Reader.Command> second = KIT.createTestProbe();
  private final TestProbe<Queue.Command> queue = KIT.createTestProbe();
  private final TestProbe<QueueStatus> asker = KIT.createTestProbe();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  /** Guards sums in which a queue that was just woken counted as if nothing were settled. */
  @Test
  void waitsForAReaderThatDoesNotKnowItsStateYet() {
    describe(List.of(first, second));
    answer(first, 1, null);
    answer(second, 2, Reader.Status.RECOVERING);
    answer(first, 1, null);
    answer(second, 2, null);
    assertThat(said())
        .extracting(Reader.Status::subscriptionUid, Reader.Status::isRecovering)
        .containsExactly(tuple(1L, false), tuple(2L, false));
  }

  @Test
  void saysWhoDoesNotKnowItInTimeAndLeavesOutWhoIsSilent() {
    describe(List.of(first, second));
    answer(first, 1, Reader.Status.RECOVERING);
    assertThat(said())
        .extracting(Reader.Status::subscriptionUid, Reader.Status::isRecovering)
        .containsExactly(tuple(1L, true));
  }

  @Test
  void answersAtOnceForAQueueThatNobodyReads() {
    describe(List.of());
    assertThat(said()).isEmpty();
  }

  private void describe(List<TestProbe<Reader.Command>> readers) {
    var unused =
        KIT.spawn(
            QueueDescription.create(
                readers.stream().map(TestProbe::getRef).toList(), asker.getRef(), queue.getRef()));
  }

  private List<Reader.Status> said() {
    Queue.Described described = queue.expectMessageClass(Queue.Described.class);
    assertThat(described.replyTo()).isEqualTo(asker.getRef());
    return described.readers();
  }

  private static void answer(TestProbe<Reader.Command> reader, long uid, String stopReason) {
    reader
        .expectMessageClass(Reader.Describe.class)
        .replyTo()
        .tell(
            new Reader.Status(
                uid,
                0,
                1,
                0,
                0,
                9,
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
                stopReason,
                Reader.Reconciliation.UNKNOWN));
  }
}
