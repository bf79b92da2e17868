package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.PluginSystem.PATIENCE;
import static io.tidewheel.journal.PluginSystem.atomic;
import static io.tidewheel.journal.PluginSystem.event;
import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.JournalProtocol;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.Tagged;
import akka.testkit.javadsl.TestKit;
import io.tidewheel.journal.JournalContract;
import io.tidewheel.journal.PluginSystem;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of Akka's journal plugins, and what this one promises beyond it. */
class EmbeddedJournalTest extends JournalContract {
  @TempDir Path temp;

  /** Payload that no serializer takes while Java serialization is off. */
  private static final class NotSerializable {}

  @Override
  protected PluginSystem open() {
    return PluginSystem.embedded(temp.resolve("data"));
  }

  @Test
  void keepsTheTimeOfEvents() {
    assertThat(plugins.replayAll(actorId).events().get(2).timestamp()).isEqualTo(3_000);
  }

  @Test
  void flushesWritesTogether() {
    TestKit actor = new TestKit(plugins.system);
    for (long seqNr = 6; seqNr <= 505; seqNr++) {
      plugins.write(actor, atomic(event(actorId, seqNr, "b-" + seqNr)));
    }
    assertThat(plugins.replayAll(actorId).highestSeqNr()).isEqualTo(505);
    EmbeddedStore store = EmbeddedStoreExtension.get(plugins.system).store();
    assertThat(store.stats().flushCount()).isLessThan(500);
  }

  @Test
  void rejectsWhatCannotBeSerializedAndStoresTheRest() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(
        actor,
        atomic(event(actorId, 6, "b-6")),
        atomic(event(actorId, 7, new NotSerializable())),
        atomic(event(actorId, 8, "b-8")));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    JournalProtocol.WriteMessageRejected rejected =
        actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class);
    assertThat(rejected.message().sequenceNr()).isEqualTo(7);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);

    assertThat(plugins.replayAll(actorId).numbers()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 8L);
    assertThat(numbers(7, 8, Long.MAX_VALUE)).containsExactly(8L);
  }

  @Test
  void rejectsAnAtomicWriteAsAWhole() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(
        actor, atomic(event(actorId, 6, "b-6"), event(actorId, 7, new NotSerializable())));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class);
    assertThat(plugins.replayAll(actorId).highestSeqNr()).isEqualTo(5);
    // The numbers were not used up: a restarted actor starts again from what is stored.
    plugins.writeEvents(actorId, 6, 6);
    assertThat(plugins.replayAll(actorId).highestSeqNr()).isEqualTo(6);
  }

  @Test
  void rejectsARowThatIsTooLarge() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(actorId, 6, new byte[17 << 20])));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    assertThat(actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageRejected.class).cause())
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TOO_LARGE))
        .hasMessageContaining("max-row-size");
  }

  @Test
  void failsTheWriteOfASecondWriter() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(actorId, 5, "other")));
    assertThat(actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesFailed.class).cause())
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
    assertThat(plugins.replayAll(actorId).events().get(4).payload()).isEqualTo("a-5");
  }

  @Test
  void failsAWriteThatLeavesAGap() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(actorId, 7, "b-7")));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesFailed.class);
    assertThat(plugins.replayAll(actorId).highestSeqNr()).isEqualTo(5);
  }

  @Test
  void keepsTimeWriterAndMetadata() {
    TestKit actor = new TestKit(plugins.system);
    PersistentRepr event =
        PersistentRepr.apply("x", 6, actorId, "adapter", false, null, "another-writer")
            .withMetadata("meta");
    plugins.write(actor, atomic(event));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    JournalProtocol.WriteMessageSuccess written =
        actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    PersistentRepr read = plugins.replay(actorId, 6, 6, 1).events().get(0);
    assertThat(read.metadata().get()).isEqualTo("meta");
    assertThat(read.writerUuid()).isEqualTo("another-writer");
    assertThat(read.manifest()).isEqualTo("adapter");
    assertThat(read)
        .isEqualTo(written.persistent().update(6, actorId, false, null, read.writerUuid()));
  }

  @Test
  void storesThePayloadOfATaggedEvent() {
    TestKit actor = new TestKit(plugins.system);
    plugins.write(actor, atomic(event(actorId, 6, new Tagged("inside", Set.of("tag")))));
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
    actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    assertThat(plugins.replay(actorId, 6, 6, 1).events().get(0).payload()).isEqualTo("inside");
  }
}
