package io.tidewheel.journal;

import static io.tidewheel.journal.PluginSystem.PATIENCE;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.OptionConverters;

/** The contract of Akka's snapshot plugins, asked with the messages persistent actors send. */
public abstract class SnapshotContract {
  private final String prefix = UUID.randomUUID() + "-";
  protected final String actorId = prefix + "p-1";

  private PluginSystem plugins;
  private TestKit actor;

  /** Of the snapshots 1 to 5, with the times the store gave them. */
  protected List<SnapshotMetadata> saved;

  /** The store of the test, with what it held before. */
  protected abstract PluginSystem open();

  @BeforeEach
  void fiveSnapshots() {
    plugins = open();
    actor = new TestKit(plugins.system);
    saved = new ArrayList<>();
    for (long seqNr = 1; seqNr <= 5; seqNr++) {
      saved.add(save(actorId, seqNr, "s-" + seqNr));
    }
  }

  @AfterEach
  void stop() {
    plugins.close();
  }

  @Test
  void loadsNoneOfAnActorItDoesNotKnow() {
    assertThat(load(prefix + "unknown", SnapshotSelectionCriteria.latest(), Long.MAX_VALUE))
        .isEmpty();
    assertThat(load(prefix + "p", SnapshotSelectionCriteria.latest(), Long.MAX_VALUE)).isEmpty();
  }

  @Test
  void loadsNoneWhenNoneMatches() {
    assertThat(load(criteria(6, Long.MAX_VALUE, 6, 0))).isEmpty();
    assertThat(load(criteria(Long.MAX_VALUE, 100, 0, 0))).isEmpty();
    assertThat(load(actorId, SnapshotSelectionCriteria.latest(), 0)).isEmpty();
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
    assertThat(load(actorId, SnapshotSelectionCriteria.latest(), 2).orElseThrow().snapshot())
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
  void deletesThoseThatMatch() {
    save(prefix + "p-10", 1, "other");
    SnapshotMetadata third = saved.get(2);
    deleteAll(criteria(third.sequenceNr(), Long.MAX_VALUE, 0, 0));
    assertThat(load(criteria(3, Long.MAX_VALUE, 0, 0))).isEmpty();
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot()).isEqualTo("s-5");
    assertThat(load(criteria(4, Long.MAX_VALUE, 0, 0)).orElseThrow().snapshot()).isEqualTo("s-4");
    assertThat(load(prefix + "p-10", SnapshotSelectionCriteria.latest(), Long.MAX_VALUE))
        .isPresent();
  }

  @Test
  void deletesNoneBelowTheLowerBounds() {
    deleteAll(criteria(4, Long.MAX_VALUE, 3, 0));
    assertThat(load(criteria(4, Long.MAX_VALUE, 0, 0)).orElseThrow().snapshot()).isEqualTo("s-2");
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot()).isEqualTo("s-5");
  }

  @Test
  void replacesOneOfTheSameNumber() {
    SnapshotMetadata again = save(actorId, 5, "s-5-again");
    SelectedSnapshot found = load(SnapshotSelectionCriteria.latest()).orElseThrow();
    assertThat(found.snapshot()).isEqualTo("s-5-again");
    assertThat(found.metadata()).isEqualTo(again);
  }

  @Test
  void storesALargeOneAndKeepsItOverARestart() {
    byte[] large = new byte[5 << 20];
    save(actorId, 6, large);
    plugins.close();
    plugins = open();
    actor = new TestKit(plugins.system);
    assertThat((byte[]) load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot())
        .isEqualTo(large);
  }

  @Test
  void keepsMetadataOfTheSnapshot() {
    SnapshotMetadata described =
        new SnapshotMetadata(actorId, 6, 0, OptionConverters.toScala(Optional.<Object>of("extra")));
    plugins.snapshots.tell(new SnapshotProtocol.SaveSnapshot(described, "s-6"), actor.getRef());
    actor.expectMsgClass(PATIENCE, SaveSnapshotSuccess.class);
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().metadata().metadata().get())
        .isEqualTo("extra");
  }

  @Test
  void failsToSaveWhatCannotBeSerialized() {
    plugins.snapshots.tell(
        new SnapshotProtocol.SaveSnapshot(SnapshotMetadata.apply(actorId, 6, 0), new Object()),
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

  protected final Optional<SelectedSnapshot> load(SnapshotSelectionCriteria criteria) {
    return load(actorId, criteria, Long.MAX_VALUE);
  }

  private Optional<SelectedSnapshot> load(
      String persistenceId, SnapshotSelectionCriteria criteria, long toSeqNr) {
    plugins.snapshots.tell(
        new SnapshotProtocol.LoadSnapshot(persistenceId, criteria, toSeqNr), actor.getRef());
    return OptionConverters.toJava(
        actor.expectMsgClass(PATIENCE, SnapshotProtocol.LoadSnapshotResult.class).snapshot());
  }

  protected final void delete(SnapshotMetadata metadata) {
    plugins.snapshots.tell(new SnapshotProtocol.DeleteSnapshot(metadata), actor.getRef());
    actor.expectMsgClass(PATIENCE, DeleteSnapshotSuccess.class);
  }

  private void deleteAll(SnapshotSelectionCriteria criteria) {
    plugins.snapshots.tell(new SnapshotProtocol.DeleteSnapshots(actorId, criteria), actor.getRef());
    actor.expectMsgClass(PATIENCE, DeleteSnapshotsSuccess.class);
  }

  private static SnapshotSelectionCriteria criteria(
      long maxSeqNr, long maxTime, long minSeqNr, long minTime) {
    return SnapshotSelectionCriteria.create(maxSeqNr, maxTime, minSeqNr, minTime);
  }
}
