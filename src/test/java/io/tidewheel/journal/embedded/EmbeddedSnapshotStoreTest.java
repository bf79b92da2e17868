package io.tidewheel.journal.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotSelectionCriteria;
import io.tidewheel.journal.PluginSystem;
import io.tidewheel.journal.SnapshotContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of Akka's snapshot plugins, and what this one promises beyond it. */
class EmbeddedSnapshotStoreTest extends SnapshotContract {
  @TempDir Path temp;

  @Override
  protected PluginSystem open() {
    return PluginSystem.embedded(temp.resolve("data"));
  }

  @Test
  void deletesNoneOfAnotherTime() {
    delete(SnapshotMetadata.apply(actorId, 5, 1));
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().snapshot()).isEqualTo("s-5");
  }

  @Test
  void deletesOneByItsNumberAlone() {
    delete(SnapshotMetadata.apply(actorId, 5, 0));
    assertThat(load(SnapshotSelectionCriteria.latest()).orElseThrow().metadata())
        .isEqualTo(saved.get(3));
  }
}
