package io.tidewheel.journal;

import static io.tidewheel.journal.PluginSystem.PATIENCE;
import static io.tidewheel.journal.PluginSystem.atomic;
import static io.tidewheel.journal.PluginSystem.event;
import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.JournalProtocol;
import akka.persistence.PersistentRepr;
import akka.testkit.javadsl.TestKit;
import io.tidewheel.journal.PluginSystem.Replayed;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of Akka's journal plugins, asked with the messages persistent actors send. */
public abstract class JournalContract {
  /** Tests may share a store: their actors have names of their own. */
  private final String prefix = UUID.randomUUID() + "-";

  protected final String actorId = prefix + "p-1";
  protected PluginSystem plugins;

  /** The store of the test, with what it held before. */
  protected abstract PluginSystem open();

  @BeforeEach
  void fiveEvents() {
    plugins = open();
    plugins.writeEvents(actorId, 1, 5);
  }

  @AfterEach
  void stop() {
    plugins.close();
  }

  @Test
  void replaysAllEventsWithTheirMetadata() {
    Replayed replayed = plugins.replayAll(actorId);
    assertThat(replayed.numbers()).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(replayed.highestSeqNr()).isEqualTo(5);
    PersistentRepr third = replayed.events().get(2);
    assertThat(third.payload()).isEqualTo("a-3");
    assertThat(third.persistenceId()).isEqualTo(actorId);
    assertThat(third.writerUuid()).isEqualTo(PluginSystem.WRITER);
    assertThat(third.manifest()).isEmpty();
    assertThat(third.deleted()).isFalse();
    assertThat(third.sender()).isNull();
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
    Replayed replayed = plugins.replay(actorId, 6, Long.MAX_VALUE, Long.MAX_VALUE);
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
    plugins.delete(actorId, 3);
    assertThat(plugins.replayAll(actorId).numbers()).containsExactly(4L, 5L);
    plugins.delete(actorId, 2);
    assertThat(plugins.replayAll(actorId).numbers()).containsExactly(4L, 5L);
  }

  @Test
  void deletesNothingOfOtherActors() {
    plugins.writeEvents(prefix + "p-10", 1, 3);
    plugins.writeEvents(prefix + "p", 1, 3);
    plugins.delete(actorId, Long.MAX_VALUE);
    assertThat(plugins.replayAll(prefix + "p-10").numbers()).containsExactly(1L, 2L, 3L);
    assertThat(plugins.replayAll(prefix + "p").numbers()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void keepsTheHighestNumberWhenEverythingIsDeleted() {
    plugins.delete(actorId, Long.MAX_VALUE);
    assertThat(plugins.replayAll(actorId)).isEqualTo(new Replayed(List.of(), 5));
    restart();
    assertThat(plugins.replayAll(actorId)).isEqualTo(new Replayed(List.of(), 5));
    plugins.writeEvents(actorId, 6, 7);
    assertThat(plugins.replayAll(actorId).numbers()).containsExactly(6L, 7L);
  }

  @Test
  void deletesAndReplaysAcrossRestarts() {
    plugins.writeEvents(actorId, 6, 700);
    plugins.delete(actorId, 600);
    restart();
    Replayed replayed = plugins.replayAll(actorId);
    assertThat(replayed.numbers()).isEqualTo(LongStream.rangeClosed(601, 700).boxed().toList());
    assertThat(replayed.highestSeqNr()).isEqualTo(700);
  }

  @Test
  void storesSeveralEventsOfOneWrite() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(
        actor,
        atomic(event(actorId, 6, "b-6"), event(actorId, 7, "b-7"), event(actorId, 8, "b-8")),
        atomic(event(actorId, 9, "b-9")));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    for (long seqNr = 6; seqNr <= 9; seqNr++) {
      assertStored(actor, seqNr);
    }
    assertThat(plugins.replayAll(actorId).numbers())
        .isEqualTo(LongStream.rangeClosed(1, 9).boxed().toList());
  }

  @Test
  void storesSmallAndLargeEvents() {
    TestKit actor = new TestKit(plugins.system);
    int[] sizes = {0, 1, 1_000, 1_024, 70_000, 1 << 20, 5 << 20};
    for (int i = 0; i < sizes.length; i++) {
      byte[] payload = payload(i, sizes[i]);
      plugins.write(actor, atomic(event(prefix + "large", i + 1, payload)));
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    }
    restart();
    List<PersistentRepr> events = plugins.replayAll(prefix + "large").events();
    assertThat(events).hasSize(sizes.length);
    for (int i = 0; i < sizes.length; i++) {
      assertThat((byte[]) events.get(i).payload()).isEqualTo(payload(i, sizes[i]));
    }
  }

  @Test
  void keepsTheOrderOfEachOfManyActors() {
    List<TestKit> actors =
        IntStream.range(0, 20).mapToObj(i -> new TestKit(plugins.system)).toList();
    for (long seqNr = 1; seqNr <= 50; seqNr++) {
      for (int i = 0; i < actors.size(); i++) {
        plugins.write(actors.get(i), atomic(event(prefix + "many-" + i, seqNr, "e-" + seqNr)));
      }
    }
    for (TestKit actor : actors) {
      for (long seqNr = 1; seqNr <= 50; seqNr++) {
        actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
        assertStored(actor, seqNr);
      }
    }
    for (int i = 0; i < actors.size(); i++) {
      assertThat(plugins.replayAll(prefix + "many-" + i).numbers())
          .isEqualTo(LongStream.rangeClosed(1, 50).boxed().toList());
    }
  }

  @Test
  void readsTheHighestNumberBehindWritesUnderWay() {
    TestKit actor = new TestKit(plugins.system);
    for (long seqNr = 6; seqNr <= 105; seqNr++) {
      plugins.write(actor, atomic(event(actorId, seqNr, "b-" + seqNr)));
    }
    // A restarted actor recovers while its old writes are still waiting.
    assertThat(plugins.replayAll(actorId).highestSeqNr()).isEqualTo(105);
  }

  @Test
  void keepsActorsWithSimilarNamesApart() {
    for (String name : List.of("a", "a|1", "a\u0001", "aa", "ä", "a b")) {
      plugins.writeEvents(prefix + name, 1, 2);
    }
    for (String name : List.of("a", "a|1", "a\u0001", "aa", "ä", "a b")) {
      assertThat(plugins.replayAll(prefix + name).numbers()).containsExactly(1L, 2L);
    }
  }

  private static void assertStored(TestKit actor, long seqNr) {
    PersistentRepr stored =
        actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class).persistent();
    assertThat(stored.sequenceNr()).isEqualTo(seqNr);
  }

  protected final List<Long> numbers(long from, long to, long max) {
    return plugins.replay(actorId, from, to, max).numbers();
  }

  private void restart() {
    plugins.close();
    plugins = open();
  }

  private static byte[] payload(int seed, int bytes) {
    byte[] payload = new byte[bytes];
    new Random(seed).nextBytes(payload);
    return payload;
  }
}
