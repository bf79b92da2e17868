package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.PluginSystem.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.DeleteSnapshotSuccess;
import akka.persistence.DeleteSnapshotsSuccess;
import akka.persistence.SaveSnapshotFailure;
import akka.persistence.SaveSnapshotSuccess;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotProtocol;
import akka.persistence.SnapshotSelectionCriteria;
import akka.testkit.javadsl.TestKit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.OptionConverters;

/** The contract of Akka's snapshot plugins, asked with the messages persistent actors send. */
class EmbeddedSnapshotStoreTest {
  private static final String ACTOR = "p-1";

  @TempDir Path temp;
  private PluginSystem plugins;
  private TestKit actor;

  /** Of the snapshots 1 to 5, with the times the store gave them. */
  private List<SnapshotMetadata> saved;

  @BeforeEach
  void fiveSnapshots() {
    plugins = new PluginSystem(temp.resolve("data"));
    actor = new TestKit(plugins.system);
    saved = new ArrayList<>();
    for (long seqNr = 1; seqNr <= 5; seqNr++) {
      saved.add(save(ACTOR, seqNr, "s-" + seqNr));
    }
  }

  @AfterEach
  void stop() {
    plugins.close();
  }

  @Test
  void loadsNoneOfAnActorItDoesNotKnow() {
    assertThat(load("unknown", SnapshotSelectionCriteria.latest(), Long.MAX_VALUE)).isEmpty();
    assertThat(load("p", SnapshotSelectionCriteria.latest(), Long.MAX_VALUE)).isEmpty();
  }

  @Test
  void loadsNoneWhenNoneMatches() {
    assertThat(load(criteria(6, Long.MAX_VALUE, 6, 0))).isEmpty();
    assertThat(load(criteria(Long.MAX_VALUE, 100, 0, 0))).isEmpty();
    assertThat(load(ACTOR, SnapshotSelectionCriteria.latest(), 0)).isEmpty();
  }

  @Test
  void loadsTheLatest() {
    SelectedSnapshot latest = load(SnapshotSelectionCriteria.latest()).orElseThrow();
    assertThat(latest.snapshot()).isEqualTo("s-5");
    assertThat(latest.metadata()).isEqualTo(saved.get(4));
  }

  @Test
  void loadsTheLatestUpToANumber() {
    assertThat(load(criteria(3, Long.MAX_VALUE, 0, 0)).orElseThrow().snapshot()).isEqualTo("s-3");
    assertThat(load(ACTOR, SnapshotSelectionCriteria.latest(), 2).orElseThrow().snapshot())
        .isEqualTo("s-2");
  }

  @Test
  void loadsTheLatestUpToANumberAndATime() {
    SnapshotMetadata third = saved.get(2);
    SelectedSnapshot found =
        load(criteria(third.sequenceNr(), third.timestamp(), 0, 0)).orElseThrow();
    assertThat(found.snapshot()).isEqualTo("s-3");
    assertThat(load(criteria(Long.MAX_VALUE, saved.get(0).timestamp() - 1, 0, 0))).isEmpty();
  }

  @Test
  void deletesOneByItsMetadata() {
    delete(saved.get(4));
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().metadata())
        .isEqualTo(saved.get(3));
  }

  @Test
  void deletesOneByItsNumberAlone() {
    delete(SnapshotMetadata.apply(ACTOR, 5, 0));
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().metadata())
        .isEqualTo(saved.get(3));
  }

  @Test
  void deletesNoneOfAnotherTime() {
    delete(SnapshotMetadata.apply(ACTOR, 5, 1));
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot()).isEqualTo("s-5");
  }

  @Test
  void deletesThoseThatMatch() {
    save("p-10", 1, "other");
    SnapshotMetadata third = saved.get(2);
    deleteAll(criteria(third.sequenceNr(), Long.MAX_VALUE, 0, 0));
    assertThat(load(criteria(3, Long.MAX_VALUE, 0, 0))).isEmpty();
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot()).isEqualTo("s-5");
    assertThat(load(criteria(4, Long.MAX_VALUE, 0, 0)).orElseThrow().snapshot()).isEqualTo("s-4");
    assertThat(load("p-10", SnapshotSelectionCriteria.latest(), Long.MAX_VALUE)).isPresent();
  }

  @Test
  void deletesNoneBelowTheLowerBounds() {
    deleteAll(criteria(4, Long.MAX_VALUE, 3, 0));
    assertThat(load(criteria(4, Long.MAX_VALUE, 0, 0)).orElseThrow().snapshot()).isEqualTo("s-2");
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot()).isEqualTo("s-5");
  }

  @Test
  void replacesOneOfTheSameNumber() {
    SnapshotMetadata again = save(ACTOR, 5, "s-5-again");
    SelectedSnapshot found = load(SnapshotSelectionCriteria.latest()).orElseThrow();
    assertThat(found.snapshot()).isEqualTo("s-5-again");
    assertThat(found.metadata()).isEqualTo(again);
  }

  @Test
  void storesALargeOneAndKeepsItOverARestart() {
    byte[] large = StoreFixture.payload(7, 5 << 20);
    save(ACTOR, 6, large);
    plugins.close();
    plugins = new PluginSystem(temp.resolve("data"));
    actor = new TestKit(plugins.system);
    assertThat((byte[]) load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot())
        .isEqualTo(large);
  }

  @Test
  void keepsMetadataOfTheSnapshot() {
    SnapshotMetadata described =
        new SnapshotMetadata(ACTOR, 6, 0, OptionConverters.toScala(Optional.<Object>of("extra")));
    plugins.snapshots.tell(new SnapshotProtocol.SaveSnapshot(described, "s-6"), actor.getRef());
    actor.expectMsgClass(PATIENCE, SaveSnapshotSuccess.class);
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().metadata().metadata().get())
        .isEqualTo("extra");
  }

  @Test
  void failsToSaveWhatCannotBeSerialized() {
    plugins.snapshots.tell(
        new SnapshotProtocol.SaveSnapshot(SnapshotMetadata.apply(ACTOR, 6, 0), new Object()),
        actor.getRef());
    actor.expectMsgClass(PATIENCE, SaveSnapshotFailure.class);
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot()).isEqualTo("s-5");
  }

  private SnapshotMetadata save(String persistenceId, long seqNr, Object snapshot) {
    plugins.snapshots.tell(
        new SnapshotProtocol.SaveSnapshot(
            SnapshotMetadata.apply(persistenceId, seqNr, 0), snapshot),
        actor.getRef());
    return actor.expectMsgClass(PATIENCE, SaveSnapshotSuccess.class).metadata();
  }

  private Optional<SelectedSnapshot> load(SnapshotSelectionCriteria criteria) {
    return load(ACTOR, criteria, Long.MAX_VALUE);
  }

  private Optional<SelectedSnapshot> load(
      String persistenceId, SnapshotSelectionCriteria criteria, long toSeqNr) {
    plugins.snapshots.tell(
        new SnapshotProtocol.LoadSnapshot(persistenceId, criteria, toSeqNr), actor.getRef());
    return OptionConverters.toJava(
        actor.expectMsgClass(PATIENCE, SnapshotProtocol.LoadSnapshotResult.class).snapshot());
  }

  private void delete(SnapshotMetadata metadata) {
    plugins.snapshots.tell(new SnapshotProtocol.DeleteSnapshot(metadata), actor.getRef());
    actor.expectMsgClass(PATIENCE, DeleteSnapshotSuccess.class);
  }

  private void deleteAll(SnapshotSelectionCriteria criteria) {
    plugins.snapshots.tell(new SnapshotProtocol.DeleteSnapshots(ACTOR, criteria), actor.getRef());
    actor.expectMsgClass(PATIENCE, DeleteSnapshotsSuccess.class);
  }

  private static SnapshotSelectionCriteria criteria(
      long maxSeqNr, long maxTime, long minSeqNr, long minTime) {
    return SnapshotSelectionCriteria.create(maxSeqNr, maxTime, minSeqNr, minTime);
  }
}
