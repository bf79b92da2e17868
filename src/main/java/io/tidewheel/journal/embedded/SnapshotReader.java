package io.tidewheel.journal.embedded;

import java.util.function.Predicate;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/** Reads the snapshots of one actor, the newest number first. */
final class SnapshotReader {
  private final Database database;

  SnapshotReader(Database database) {
    this.database = database;
  }

  /** Reads numbers from {@code maxSeqNr} down to {@code minSeqNr} until {@code each} says false. */
  void readDown(String persistenceId, long maxSeqNr, long minSeqNr, Predicate<StoredRow> each) {
    byte[] prefix = RowKey.prefix(persistenceId);
    try (Slice lower = new Slice(RowKey.of(prefix, Math.max(minSeqNr, 0)));
        ReadOptions options =
            new ReadOptions().setVerifyChecksums(true).setIterateLowerBound(lower);
        RocksIterator rows = database.db().newIterator(database.snapshots(), options)) {
      for (rows.seekForPrev(RowKey.of(prefix, maxSeqNr)); rows.isValid(); rows.prev()) {
        byte[] key = rows.key();
        if (!RowKey.hasPrefix(key, prefix)
            || !each.test(RowCodec.decode(persistenceId, key, rows.value()))) {
          return;
        }
      }
      rows.status();
    } catch (RocksDBException e) {
      throw StoreException.of("the snapshots of " + persistenceId + " cannot be read", e);
    }
  }
}
