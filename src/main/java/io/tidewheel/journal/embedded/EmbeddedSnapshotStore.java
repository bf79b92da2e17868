package io.tidewheel.journal.embedded;

import akka.Done;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotSelectionCriteria;
import akka.persistence.snapshot.japi.SnapshotStore;
import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import scala.concurrent.Future;
import scala.jdk.javaapi.OptionConverters;

/**
 * Akka's snapshot plugin {@code tidewheel.journal.embedded-snapshots}: snapshots lie in the same
 * store and pass the same writer as events, so they are flushed when they are answered and keep
 * their order with what was asked before. A damaged snapshot fails the load; an older one is never
 * taken instead, because events may have been trimmed.
 */
public final class EmbeddedSnapshotStore extends SnapshotStore {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedSnapshotStore.class);

  private final EmbeddedStore store;
  private final EventSerialization serialization;
  private final StoreReads reads;

  /** Called by Akka with the plugin's settings and their path. */
  public EmbeddedSnapshotStore(Config config, String configPath) {
    EmbeddedStoreExtension extension = EmbeddedStoreExtension.get(context().system());
    LOG.debug("Snapshots {} over {}", configPath, extension.store().directory());
    this.store = extension.store();
    this.serialization = extension.serialization();
    this.reads = extension.reads();
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return StoreReads.toScala(
        store.barrier().thenCompose(before -> reads.run(() -> load(persistenceId, criteria))));
  }

  private Optional<SelectedSnapshot> load(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    List<StoredRow> found = new ArrayList<>(1);
    store.readSnapshots(
        persistenceId,
        criteria.maxSequenceNr(),
        criteria.minSequenceNr(),
        row -> {
          if (matches(criteria).test(row)) {
            found.add(row);
          }
          return found.isEmpty();
        });
    return found.stream().findFirst().map(row -> selected(persistenceId, row));
  }

  private SelectedSnapshot selected(String persistenceId, StoredRow row) {
    Option<Object> metadata = OptionConverters.toScala(serialization.metadata(persistenceId, row));
    SnapshotMetadata described =
        new SnapshotMetadata(persistenceId, row.seqNr(), row.timestampMillis(), metadata);
    return SelectedSnapshot.create(described, serialization.payload(persistenceId, row));
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    return StoreReads.toScalaVoid(
        store.saveSnapshot(
            serialization.encodeSnapshot(
                metadata.persistenceId(),
                metadata.sequenceNr(),
                metadata.timestamp(),
                metadata.metadata(),
                snapshot)));
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    long seqNr = metadata.sequenceNr();
    // A time of 0 is Akka's way to say that any will do.
    return delete(
        metadata.persistenceId(),
        seqNr,
        seqNr,
        row -> metadata.timestamp() == 0 || metadata.timestamp() == row.timestampMillis());
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return delete(
        persistenceId, criteria.maxSequenceNr(), criteria.minSequenceNr(), matches(criteria));
  }

  private Future<Void> delete(
      String persistenceId, long maxSeqNr, long minSeqNr, Predicate<StoredRow> which) {
    CompletableFuture<Done> deleted =
        store
            .barrier()
            .thenCompose(before -> reads.run(() -> keys(persistenceId, maxSeqNr, minSeqNr, which)))
            .thenCompose(store::deleteSnapshots);
    return StoreReads.toScalaVoid(deleted);
  }

  private List<byte[]> keys(
      String persistenceId, long maxSeqNr, long minSeqNr, Predicate<StoredRow> which) {
    byte[] prefix = RowKey.prefix(persistenceId);
    List<byte[]> keys = new ArrayList<>();
    store.readSnapshots(
        persistenceId,
        maxSeqNr,
        minSeqNr,
        row -> {
          if (which.test(row)) {
            keys.add(RowKey.of(prefix, row.seqNr()));
          }
          return true;
        });
    return keys;
  }

  private static Predicate<StoredRow> matches(SnapshotSelectionCriteria criteria) {
    return row ->
        row.timestampMillis() <= criteria.maxTimestamp()
            && row.timestampMillis() >= criteria.minTimestamp();
  }
}
