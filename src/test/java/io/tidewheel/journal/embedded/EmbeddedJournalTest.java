package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.PluginSystem.PATIENCE;
import static io.tidewheel.journal.embedded.PluginSystem.atomic;
import static io.tidewheel.journal.embedded.PluginSystem.event;
import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.JournalProtocol;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.Tagged;
import akka.testkit.javadsl.TestKit;
import io.tidewheel.journal.embedded.PluginSystem.Replayed;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of Akka's journal plugins, asked with the messages persistent actors send. */
class EmbeddedJournalTest {
  private static final String ACTOR = "p-1";

  @TempDir Path temp;
  private PluginSystem plugins;

  /** Payload that no serializer takes while Java serialization is off. */
  private static final class NotSerializable {}

  @BeforeEach
  void fiveEvents() {
    plugins = new PluginSystem(temp.resolve("data"));
    plugins.writeEvents(ACTOR, 1, 5);
  }

  @AfterEach
  void stop() {
    plugins.close();
  }

  @Test
  void replaysAllEventsWithTheirMetadata() {
    Replayed replayed = plugins.replayAll(ACTOR);
    assertThat(replayed.numbers()).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(replayed.highestSeqNr()).isEqualTo(5);
    PersistentRepr third = replayed.events().get(2);
    assertThat(third.payload()).isEqualTo("a-3");
    assertThat(third.persistenceId()).isEqualTo(ACTOR);
    assertThat(third.writerUuid()).isEqualTo(PluginSystem.WRITER);
    assertThat(third.manifest()).isEmpty();
    assertThat(third.deleted()).isFalse();
    assertThat(third.sender()).isNull();
    assertThat(third.timestamp()).isEqualTo(3_000);
  }

  @Test
  void replaysFromALowerBound() {
    assertThat(numbers(3, Long.MAX_VALUE, Long.MAX_VALUE)).containsExactly(3L, 4L, 5L);
  }

  @Test
  void replaysUpToAnUpperBound() {
    assertThat(numbers(1, 3, Long.MAX_VALUE)).containsExactly(1L, 2L, 3L);
  }

  @Test
  void replaysUpToALimit() {
    assertThat(numbers(1, Long.MAX_VALUE, 3)).containsExactly(1L, 2L, 3L);
    assertThat(numbers(1, Long.MAX_VALUE, 0)).isEmpty();
    assertThat(numbers(1, Long.MAX_VALUE, 100)).hasSize(5);
  }

  @Test
  void replaysARange() {
    assertThat(numbers(2, 4, Long.MAX_VALUE)).containsExactly(2L, 3L, 4L);
  }

  @Test
  void replaysARangeUpToALimit() {
    assertThat(numbers(2, 5, 2)).containsExactly(2L, 3L);
  }

  @Test
  void replaysOneEventWhenTheBoundsAreEqual() {
    assertThat(numbers(2, 2, Long.MAX_VALUE)).containsExactly(2L);
    assertThat(numbers(2, 2, 1)).containsExactly(2L);
  }

  @Test
  void replaysNothingWhenTheBoundsAreCrossed() {
    assertThat(numbers(3, 2, Long.MAX_VALUE)).isEmpty();
  }

  @Test
  void replaysNothingBeyondTheLastEvent() {
    Replayed replayed = plugins.replay(ACTOR, 6, Long.MAX_VALUE, Long.MAX_VALUE);
    assertThat(replayed.numbers()).isEmpty();
    assertThat(replayed.highestSeqNr()).isEqualTo(5);
  }

  @Test
  void answersZeroForAnActorItDoesNotKnow() {
    Replayed replayed = plugins.replayAll("unknown");
    assertThat(replayed.numbers()).isEmpty();
    assertThat(replayed.highestSeqNr()).isZero();
  }

  @Test
  void deletesOnlyUpToTheGivenNumber() {
    plugins.delete(ACTOR, 3);
    assertThat(plugins.replayAll(ACTOR).numbers()).containsExactly(4L, 5L);
    plugins.delete(ACTOR, 2);
    assertThat(plugins.replayAll(ACTOR).numbers()).containsExactly(4L, 5L);
  }

  @Test
  void deletesNothingOfOtherActors() {
    plugins.writeEvents("p-10", 1, 3);
    plugins.writeEvents("p", 1, 3);
    plugins.delete(ACTOR, Long.MAX_VALUE);
    assertThat(plugins.replayAll("p-10").numbers()).containsExactly(1L, 2L, 3L);
    assertThat(plugins.replayAll("p").numbers()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void keepsTheHighestNumberWhenEverythingIsDeleted() {
    plugins.delete(ACTOR, Long.MAX_VALUE);
    assertThat(plugins.replayAll(ACTOR)).isEqualTo(new Replayed(List.of(), 5));
    restart();
    assertThat(plugins.replayAll(ACTOR)).isEqualTo(new Replayed(List.of(), 5));
    plugins.writeEvents(ACTOR, 6, 7);
    assertThat(plugins.replayAll(ACTOR).numbers()).containsExactly(6L, 7L);
  }

  @Test
  void deletesAndReplaysAcrossRestarts() {
    plugins.writeEvents(ACTOR, 6, 700);
    plugins.delete(ACTOR, 600);
    restart();
    Replayed replayed = plugins.replayAll(ACTOR);
    assertThat(replayed.numbers()).isEqualTo(LongStream.rangeClosed(601, 700).boxed().toList());
    assertThat(replayed.highestSeqNr()).isEqualTo(700);
  }

  @Test
  void storesSeveralEventsOfOneWrite() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(
        actor,
        atomic(event(ACTOR, 6, "b-6"), event(ACTOR, 7, "b-7"), event(ACTOR, 8, "b-8")),
        atomic(event(ACTOR, 9, "b-9")));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    for (long seqNr = 6; seqNr <= 9; seqNr++) {
      assertThat(
              actor
                  .expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class)
                  .persistent()
                  .sequenceNr())
          .isEqualTo(seqNr);
    }
    assertThat(plugins.replayAll(ACTOR).numbers())
        .isEqualTo(LongStream.rangeClosed(1, 9).boxed().toList());
  }

  @Test
  void rejectsWhatCannotBeSerializedAndStoresTheRest() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(
        actor,
        atomic(event(ACTOR, 6, "b-6")),
        atomic(event(ACTOR, 7, new NotSerializable())),
        atomic(event(ACTOR, 8, "b-8")));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    JournalProtocol.WriteMessageRejected rejected =
        actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class);
    assertThat(rejected.message().sequenceNr()).isEqualTo(7);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);

    assertThat(plugins.replayAll(ACTOR).numbers()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 8L);
    assertThat(numbers(7, 8, Long.MAX_VALUE)).containsExactly(8L);
  }

  @Test
  void rejectsAnAtomicWriteAsAWhole() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(ACTOR, 6, "b-6"), event(ACTOR, 7, new NotSerializable())));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class);
    assertThat(plugins.replayAll(ACTOR).highestSeqNr()).isEqualTo(5);
    // The numbers were not used up: a restarted actor starts again from what is stored.
    plugins.writeEvents(ACTOR, 6, 6);
    assertThat(plugins.replayAll(ACTOR).highestSeqNr()).isEqualTo(6);
  }

  @Test
  void rejectsARowThatIsTooLarge() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(ACTOR, 6, new byte[17 << 20])));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    assertThat(actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class).cause())
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TOO_LARGE))
        .hasMessageContaining("max-row-size");
  }

  @Test
  void failsTheWriteOfASecondWriter() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(ACTOR, 5, "other")));
    assertThat(actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesFailed.class).cause())
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
    assertThat(plugins.replayAll(ACTOR).events().get(4).payload()).isEqualTo("a-5");
  }

  @Test
  void failsAWriteThatLeavesAGap() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(ACTOR, 7, "b-7")));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesFailed.class);
    assertThat(plugins.replayAll(ACTOR).highestSeqNr()).isEqualTo(5);
  }

  @Test
  void keepsTimeWriterAndMetadata() {
    TestKit actor = new TestKit(plugins.system);
    PersistentRepr event =
        PersistentRepr.apply("x", 6, ACTOR, "adapter", false, null, "another-writer")
            .withMetadata("meta");
    plugins.write(actor, atomic(event));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    JournalProtocol.WriteMessageSuccess written =
        actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    PersistentRepr read = plugins.replay(ACTOR, 6, 6, 1).events().get(0);
    assertThat(read.metadata().get()).isEqualTo("meta");
    assertThat(read.writerUuid()).isEqualTo("another-writer");
    assertThat(read.manifest()).isEqualTo("adapter");
    assertThat(read)
        .isEqualTo(written.persistent().update(6, ACTOR, false, null, read.writerUuid()));
  }

  @Test
  void storesThePayloadOfATaggedEvent() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(ACTOR, 6, new Tagged("inside", Set.of("tag")))));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    assertThat(plugins.replay(ACTOR, 6, 6, 1).events().get(0).payload()).isEqualTo("inside");
  }

  @Test
  void storesSmallAndLargeEvents() {
    TestKit actor = new TestKit(plugins.system);
    int[] sizes = {0, 1, 1_000, 1_024, 70_000, 1 << 20, 5 << 20};
    for (int i = 0; i < sizes.length; i++) {
      byte[] payload = StoreFixture.payload(i, sizes[i]);
      plugins.write(actor, atomic(event("large", i + 1, payload)));
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    }
    restart();
    List<PersistentRepr> events = plugins.replayAll("large").events();
    assertThat(events).hasSize(sizes.length);
    for (int i = 0; i < sizes.length; i++) {
      assertThat((byte[]) events.get(i).payload()).isEqualTo(StoreFixture.payload(i, sizes[i]));
    }
  }

  @Test
  void keepsTheOrderOfEachOfManyActors() {
    List<TestKit> actors =
        IntStream.range(0, 20).mapToObj(i -> new TestKit(plugins.system)).toList();
    for (long seqNr = 1; seqNr <= 50; seqNr++) {
      for (int i = 0; i < actors.size(); i++) {
        plugins.write(actors.get(i), atomic(event("many-" + i, seqNr, "e-" + seqNr)));
      }
    }
    for (TestKit actor : actors) {
      for (long seqNr = 1; seqNr <= 50; seqNr++) {
        actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
        assertThat(
                actor
                    .expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class)
                    .persistent()
                    .sequenceNr())
            .isEqualTo(seqNr);
      }
    }
    for (int i = 0; i < actors.size(); i++) {
      assertThat(plugins.replayAll("many-" + i).numbers())
          .isEqualTo(LongStream.rangeClosed(1, 50).boxed().toList());
    }
    assertThat(plugins.store().stats().flushCount()).isLessThan(1_005);
  }

  @Test
  void readsTheHighestNumberBehindWritesUnderWay() {
    TestKit actor = new TestKit(plugins.system);
    for (long seqNr = 6; seqNr <= 105; seqNr++) {
      plugins.write(actor, atomic(event(ACTOR, seqNr, "b-" + seqNr)));
    }
    // A restarted actor recovers while its old writes are still waiting.
    assertThat(plugins.replayAll(ACTOR).highestSeqNr()).isEqualTo(105);
  }

  @Test
  void keepsActorsWithSimilarNamesApart() {
    for (String name : List.of("a", "a|1", "a\u0001", "aa", "ä", "a b")) {
      plugins.writeEvents(name, 1, 2);
    }
    for (String name : List.of("a", "a|1", "a\u0001", "aa", "ä", "a b")) {
      assertThat(plugins.replayAll(name).numbers()).containsExactly(1L, 2L);
    }
  }

  private List<Long> numbers(long from, long to, long max) {
    return plugins.replay(ACTOR, from, to, max).numbers();
  }

  private void restart() {
    plugins.close();
    plugins = new PluginSystem(temp.resolve("data"));
  }
}
