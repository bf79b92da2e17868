package io.tidewheel.journal.embedded;

import akka.actor.ClassicActorSystemProvider;
import io.tidewheel.journal.RowReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/** Reads rows of the embedded store back; at its bound on reads it fails with OVERLOADED. */
public final class EmbeddedRowReader implements RowReader {
  private final EmbeddedStore store;
  private final EventSerialization serialization;
  private final StoreReads reads;

  /** A reader over the store of an actor system. */
  public EmbeddedRowReader(ClassicActorSystemProvider system) {
    EmbeddedStoreExtension extension = EmbeddedStoreExtension.get(system);
    this.store = extension.store();
    this.serialization = extension.serialization();
    this.reads = extension.reads();
  }

  @Override
  public CompletionStage<List<Row>> read(
      String persistenceId, long fromSeqNr, long toSeqNr, long maxBytes) {
    return reads.run(
        () -> {
          Page page = new Page(persistenceId, maxBytes);
          store.readEvents(persistenceId, fromSeqNr, toSeqNr, page);
          return List.copyOf(page.rows);
        });
  }

  private final class Page implements Predicate<StoredRow> {
    private final String persistenceId;
    private final List<Row> rows = new ArrayList<>();
    private long bytesLeft;

    Page(String persistenceId, long maxBytes) {
      this.persistenceId = persistenceId;
      this.bytesLeft = maxBytes;
    }

    @Override
    public boolean test(StoredRow row) {
      rows.add(new Row(row.seqNr(), serialization.payload(persistenceId, row), row.bytes()));
      bytesLeft -= row.bytes();
      return bytesLeft > 0;
    }
  }
}
