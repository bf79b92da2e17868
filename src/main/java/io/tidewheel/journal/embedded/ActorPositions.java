package io.tidewheel.journal.embedded;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/**
 * For each persistent actor the highest number it ever stored and how far its rows are trimmed.
 *
 * <p>The truth is in the database: the last row, and a row in {@code meta} written with each trim,
 * so that the highest number outlives the rows. The writer keeps the recently used ones in memory.
 */
final class ActorPositions {

  /** Both 0 for an actor that never stored anything. */
  record Position(long highest, long trimmedTo) {}

  private static final byte META_ACTOR = 'p';
  private static final long MAX_KEY = -1L;

  private final Database database;
  private final int capacity;
  private final LinkedHashMap<String, Position> recent = new LinkedHashMap<>(256, 0.75f, true);

  ActorPositions(Database database, int capacity) {
    this.database = database;
    this.capacity = capacity;
  }

  /** Writer thread only: what the actor will have once everything staged is written. */
  Position get(String persistenceId, byte[] prefix) throws RocksDBException {
    Position known = recent.get(persistenceId);
    if (known == null) {
      known = read(database, prefix);
      recent.put(persistenceId, known);
    }
    return known;
  }

  /** Writer thread only. */
  void put(String persistenceId, Position position) {
    recent.put(persistenceId, position);
  }

  /** Writer thread only: what was staged may not have been written, ask the database again. */
  void forgetAll() {
    recent.clear();
  }

  /** Writer thread only: between two writes, so that nothing staged is dropped. */
  void shrink() {
    Iterator<Map.Entry<String, Position>> eldest = recent.entrySet().iterator();
    while (recent.size() > capacity) {
      eldest.next();
      eldest.remove();
    }
  }

  /** Any thread: the stored position. */
  static Position read(Database database, byte[] prefix) throws RocksDBException {
    long highest = 0;
    long trimmedTo = 0;
    byte[] meta = database.db().get(database.meta(), metaKey(prefix));
    if (meta != null) {
      ByteBuffer row = ByteBuffer.wrap(meta);
      highest = row.getLong();
      trimmedTo = row.getLong();
    }
    Optional<Long> last = lastRow(database, prefix);
    return new Position(Math.max(highest, last.orElse(0L)), trimmedTo);
  }

  private static Optional<Long> lastRow(Database database, byte[] prefix) throws RocksDBException {
    try (Slice from = new Slice(prefix);
        ReadOptions options = new ReadOptions().setIterateLowerBound(from);
        RocksIterator rows = database.db().newIterator(database.events(), options)) {
      rows.seekForPrev(RowKey.of(prefix, MAX_KEY));
      if (!rows.isValid()) {
        rows.status();
        return Optional.empty();
      }
      byte[] key = rows.key();
      return RowKey.hasPrefix(key, prefix) ? Optional.of(RowKey.seqNr(key)) : Optional.empty();
    }
  }

  static byte[] metaKey(byte[] prefix) {
    byte[] key = new byte[prefix.length + 1];
    key[0] = META_ACTOR;
    System.arraycopy(prefix, 0, key, 1, prefix.length);
    return key;
  }

  static byte[] metaRow(Position position) {
    return ByteBuffer.allocate(2 * Long.BYTES)
        .putLong(position.highest())
        .putLong(position.trimmedTo())
        .array();
  }
}
