package io.tidewheel.journal.embedded;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/**
 * From where on the log is replayed at start, and the sealed segments before that with their
 * lengths. Stored in the index, which has no log of its own: what it holds is on disk only after a
 * flush, so everything is flushed first and the checkpoint after.
 */
record Checkpoint(LogPosition from, Map<Long, Long> sealed) {
  private static final byte[] KEY = {'c'};
  private static final int FIXED_BYTES = 3 * Long.BYTES + Integer.BYTES;

  /** Of a store that has none yet: everything is replayed. */
  static final Checkpoint NONE = new Checkpoint(LogPosition.START, Map.of());

  static Checkpoint read(Database database) throws RocksDBException {
    byte[] row = database.db().get(database.meta(), KEY);
    if (row == null) {
      return NONE;
    }
    ByteBuffer in = ByteBuffer.wrap(row);
    LogPosition from = new LogPosition(in.getLong(), in.getLong(), in.getLong());
    Map<Long, Long> sealed = new TreeMap<>();
    for (int count = in.getInt(); count > 0; count--) {
      sealed.put(in.getLong(), in.getLong());
    }
    return new Checkpoint(from, sealed);
  }

  /**
   * Stores this checkpoint; waits for the disk.
   *
   * @param database has applied everything before {@link #from}
   */
  void save(Database database) throws RocksDBException {
    ByteBuffer row = ByteBuffer.allocate(FIXED_BYTES + sealed.size() * 2 * Long.BYTES);
    row.putLong(from.segment()).putLong(from.offset()).putLong(from.sequence());
    row.putInt(sealed.size());
    sealed.forEach((segment, bytes) -> row.putLong(segment).putLong(bytes));
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true);
        WriteOptions options = new WriteOptions().setDisableWAL(true)) {
      database.db().flush(flush, List.of(database.events(), database.snapshots(), database.meta()));
      database.db().put(database.meta(), options, KEY, row.array());
      database.db().flush(flush, database.meta());
    }
  }
}
