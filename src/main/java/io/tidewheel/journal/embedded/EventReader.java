package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.ActorPositions.Position;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.util.function.Predicate;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Status;

/**
 * Reads the events of one actor in order. Each row names the one before it, so a row that is
 * missing or cannot be read ends the read with its number; it is never skipped.
 */
final class EventReader {
  private static final long READAHEAD_BYTES = 1 << 20;

  private final Database database;

  EventReader(Database database) {
    this.database = database;
  }

  /**
   * Reads from {@code fromSeqNr} up to {@code toSeqNr}, both inclusive, until {@code each} answers
   * false. Starts behind what has been trimmed.
   */
  void read(String persistenceId, long fromSeqNr, long toSeqNr, Predicate<StoredRow> each) {
    byte[] prefix = RowKey.prefix(persistenceId);
    try {
      Position position = ActorPositions.read(database, prefix);
      long from = Math.max(Math.max(fromSeqNr, 1), position.trimmedTo() + 1);
      long to = Math.min(toSeqNr, position.highest());
      if (from <= to) {
        read(persistenceId, prefix, from, to, each);
      }
    } catch (RocksDBException e) {
      throw StoreException.of("the rows of " + persistenceId + " cannot be read", e);
    }
  }

  private void read(
      String persistenceId, byte[] prefix, long from, long to, Predicate<StoredRow> each) {
    try (Slice lower = new Slice(RowKey.of(prefix, from));
        Slice upper = new Slice(RowKey.of(prefix, to + 1));
        ReadOptions options =
            new ReadOptions()
                .setVerifyChecksums(true)
                .setReadaheadSize(READAHEAD_BYTES)
                .setIterateLowerBound(lower)
                .setIterateUpperBound(upper);
        RocksIterator rows = database.db().newIterator(database.events(), options)) {
      long last = from - 1;
      for (rows.seek(RowKey.of(prefix, from)); rows.isValid(); rows.next()) {
        StoredRow row = RowCodec.decode(persistenceId, rows.key(), rows.value());
        if (row.previousSeqNr() > last) {
          throw missing(persistenceId, last + 1, row.seqNr());
        }
        last = row.seqNr();
        if (!each.test(row)) {
          return;
        }
      }
      checkStatus(rows, persistenceId, last + 1);
      // The highest number was seen before; a row at the end that has gone since was trimmed.
      if (last < to && !isTrimmed(prefix, to)) {
        throw missing(persistenceId, last + 1, to + 1);
      }
    } catch (RocksDBException e) {
      throw StoreException.of("the rows of " + persistenceId + " cannot be read", e);
    }
  }

  private boolean isTrimmed(byte[] prefix, long seqNr) throws RocksDBException {
    return ActorPositions.read(database, prefix).trimmedTo() >= seqNr;
  }

  private static void checkStatus(RocksIterator rows, String persistenceId, long next) {
    try {
      rows.status();
    } catch (RocksDBException e) {
      Status status = e.getStatus();
      if (status != null && status.getCode() == Status.Code.Corruption) {
        throw new StoreException(
            Kind.CORRUPT,
            "stored row "
                + next
                + " of "
                + persistenceId
                + " is damaged: "
                + e.getMessage()
                + "; nothing was skipped",
            e);
      }
      throw StoreException.of("stored row " + next + " of " + persistenceId, e);
    }
  }

  private static StoreException missing(String persistenceId, long from, long until) {
    return new StoreException(
        Kind.CORRUPT,
        "stored rows "
            + from
            + " to "
            + (until - 1)
            + " of "
            + persistenceId
            + " are missing; nothing was skipped");
  }

  /** Estimates the bytes of a range from a few of its rows. */
  long estimateBytes(String persistenceId, long toSeqNr) {
    byte[] prefix = RowKey.prefix(persistenceId);
    try {
      Position position = ActorPositions.read(database, prefix);
      long from = position.trimmedTo() + 1;
      long count = Math.min(toSeqNr, position.highest()) - from + 1;
      if (count <= 0) {
        return 0;
      }
      long sampled = Math.min(count, 4);
      long bytes = 0;
      byte[] none = new byte[0];
      for (long i = 0; i < sampled; i++) {
        byte[] key = RowKey.of(prefix, from + i * count / sampled);
        bytes += Math.max(0, database.db().get(database.events(), key, none));
      }
      return bytes / sampled * count;
    } catch (RocksDBException e) {
      throw StoreException.of("the rows of " + persistenceId + " cannot be read", e);
    }
  }
}
