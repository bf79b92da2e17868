package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.ActorPositions.Position;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
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
  private final LogSegments segments;

  EventReader(Database database, LogSegments segments) {
    this.database = database;
    this.segments = segments;
  }

  /**
   * Reads from {@code fromSeqNr} up to {@code toSeqNr}, both inclusive, until {@code each} answers
   * false. Starts behind what has been trimmed, before or meanwhile.
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
    } catch (IOException e) {
      throw StoreException.of("the rows of " + persistenceId + " cannot be read", e);
    }
  }

  private void read(
      String persistenceId, byte[] prefix, long from, long to, Predicate<StoredRow> each)
      throws IOException {
    try (Slice lower = new Slice(RowKey.of(prefix, from));
        Slice upper = new Slice(RowKey.of(prefix, to + 1));
        ReadOptions options =
            new ReadOptions()
                .setVerifyChecksums(true)
                .setReadaheadSize(READAHEAD_BYTES)
                .setIterateLowerBound(lower)
                .setIterateUpperBound(upper);
        SegmentReader log = new SegmentReader(segments);
        RocksIterator rows = database.db().newIterator(database.events(), options)) {
      long last = from - 1;
      for (rows.seek(RowKey.of(prefix, from)); rows.isValid(); rows.next()) {
        StoredRow row = row(persistenceId, rows.key(), rows.value(), log);
        if (row == null) {
          // Trimmed since the read began: as if it had begun behind it.
          last = RowKey.seqNr(rows.key());
          continue;
        }
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

  /** A row, from the index or the log; null if it has been trimmed meanwhile. */
  private @Nullable StoredRow row(
      String persistenceId, byte[] key, byte[] indexed, SegmentReader log)
      throws RocksDBException, IOException {
    byte[] value = indexed;
    while (RowPointer.isPointer(value)) {
      Optional<byte[]> bytes = log.read(RowPointer.decode(value));
      if (bytes.isPresent() && RowCodec.isWhole(key, bytes.get())) {
        return RowCodec.decode(persistenceId, key, bytes.get());
      }
      // Damaged, or the place was given up: then the index says where the row is now.
      byte[] now = database.db().get(database.events(), key);
      if (now == null) {
        return null;
      }
      if (Arrays.equals(now, value)) {
        throw RowCodec.damaged(
            persistenceId,
            RowKey.seqNr(key),
            bytes.isPresent() ? "its checksum does not match" : "its log file is cut off or gone");
      }
      value = now;
    }
    return RowCodec.decode(persistenceId, key, value);
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
      for (long i = 0; i < sampled; i++) {
        byte[] key = RowKey.of(prefix, from + i * count / sampled);
        byte[] value = database.db().get(database.events(), key);
        bytes += value == null ? 0 : RowPointer.rowBytes(value);
      }
      return bytes / sampled * count;
    } catch (RocksDBException e) {
      throw StoreException.of("the rows of " + persistenceId + " cannot be read", e);
    }
  }
}
