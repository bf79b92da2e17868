package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.LogEntry.Family;
import io.tidewheel.journal.embedded.LogEntry.Kind;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * The next write while it is put together: the block for the log, and what it changes in the index.
 * Large rows go to the log only; the index points there. Writer thread only.
 */
final class Staging implements AutoCloseable {
  private static final int FIRST_BYTES = 1 << 20;

  /** A larger buffer is given back after its write. */
  private static final int MAX_KEPT_BYTES = 16 << 20;

  private final Database database;
  private final ActorPositions positions;
  private final LogBlock format;
  private final int maxInlineBytes;
  private final WriteBatch index = new WriteBatch();
  private final ByteBuffer indexKey = ByteBuffer.allocateDirect(2 * RowKey.MAX_ID_BYTES);
  private final ByteBuffer pointer = ByteBuffer.allocateDirect(RowPointer.BYTES);
  private ByteBuffer block = LogSegments.pages(FIRST_BYTES);
  private LogPosition start = LogPosition.START;
  private int entryCount;
  private int savedEnd;
  private int savedCount;

  /**
   * An empty write.
   *
   * @param maxInlineBytes rows above this are pointed to
   */
  Staging(Database database, ActorPositions positions, LogBlock format, int maxInlineBytes) {
    this.database = database;
    this.positions = positions;
    this.format = format;
    this.maxInlineBytes = maxInlineBytes;
  }

  /** Begins a write whose block will start at a position. */
  void begin(LogPosition position) {
    start = position;
    entryCount = 0;
    index.clear();
    if (block.capacity() > MAX_KEPT_BYTES) {
      block = LogSegments.pages(FIRST_BYTES);
    }
    block.clear().position(LogBlock.HEADER_BYTES);
  }

  /** Where the block of this write starts; all blocks before it are in the index. */
  LogPosition start() {
    return start;
  }

  ActorPositions positions() {
    return positions;
  }

  boolean isEmpty() {
    return entryCount == 0;
  }

  /** What the write changes in the index. */
  WriteBatch index() {
    return index;
  }

  /** Ends the block; from its start to its limit it is ready to be written. */
  ByteBuffer seal() {
    int end = block.position();
    int padded = LogBlock.aligned(end);
    reserve(padded - end);
    for (int i = end; i < padded; i++) {
      block.put((byte) 0);
    }
    format.seal(block, end, entryCount, start);
    return block.flip();
  }

  /** Remembers the state, for {@link #takeBack}. */
  void save() throws RocksDBException {
    index.setSavePoint();
    savedEnd = block.position();
    savedCount = entryCount;
  }

  /** Takes back everything since {@link #save}. */
  void takeBack() throws RocksDBException {
    index.rollbackToSavePoint();
    block.position(savedEnd);
    entryCount = savedCount;
  }

  void putEvent(EncodedRow row) throws RocksDBException {
    ByteBuffer value = add(Kind.PUT, Family.EVENTS, row.key(), row.head(), row.payload());
    putEvent(row.key(), value);
  }

  /** Stores the bytes of a row again, so that its old place becomes free. */
  void moveEvent(byte[] key, byte[] row) throws RocksDBException {
    putEvent(key, add(Kind.PUT, Family.EVENTS, key, row, new byte[0]));
  }

  private void putEvent(byte[] key, ByteBuffer value) throws RocksDBException {
    put(database.events(), key, indexed(start, block.position() - value.remaining(), value));
  }

  /** What stands in the index for a row that ends a block's entry. */
  private ByteBuffer indexed(LogPosition position, int offsetInBlock, ByteBuffer value) {
    if (value.remaining() <= maxInlineBytes) {
      return value;
    }
    new RowPointer(position.segment(), (int) (position.offset() + offsetInBlock), value.remaining())
        .encode(pointer.clear());
    return pointer.flip();
  }

  void putSnapshot(EncodedRow row) throws RocksDBException {
    ByteBuffer value = add(Kind.PUT, Family.SNAPSHOTS, row.key(), row.head(), row.payload());
    put(database.snapshots(), row.key(), value);
  }

  void deleteEvent(byte[] eventKey) throws RocksDBException {
    add(Kind.DELETE, Family.EVENTS, eventKey);
    index.delete(database.events(), eventKey);
  }

  void deleteEvents(byte[] fromKey, byte[] untilKey) throws RocksDBException {
    add(Kind.DELETE_RANGE, Family.EVENTS, fromKey, untilKey);
    index.deleteRange(database.events(), fromKey, untilKey);
  }

  void deleteSnapshot(byte[] snapshotKey) throws RocksDBException {
    add(Kind.DELETE, Family.SNAPSHOTS, snapshotKey);
    index.delete(database.snapshots(), snapshotKey);
  }

  void putMeta(byte[] metaKey, byte[] row) throws RocksDBException {
    add(Kind.PUT, Family.META, metaKey, row);
    index.put(database.meta(), metaKey, row);
  }

  byte @Nullable [] getMeta(byte[] metaKey) throws RocksDBException {
    return database.db().get(database.meta(), metaKey);
  }

  byte @Nullable [] getEvent(byte[] eventKey) throws RocksDBException {
    return database.db().get(database.events(), eventKey);
  }

  /** Adds what an entry of the log changes in the index: the same as when it was written. */
  void replay(LogEntry entry, LogPosition position) throws RocksDBException {
    byte[] key = entry.key();
    ColumnFamilyHandle family = database.family(entry.family());
    switch (entry.kind()) {
      case PUT -> {
        boolean isEvent = entry.family() == Family.EVENTS;
        ByteBuffer value = entry.value();
        put(family, key, isEvent ? indexed(position, entry.valueOffset(), value) : value);
      }
      case DELETE -> index.delete(family, key);
      case DELETE_RANGE -> {
        byte[] until = new byte[entry.value().remaining()];
        entry.value().get(until);
        index.deleteRange(family, key, until);
      }
    }
  }

  private void put(ColumnFamilyHandle family, byte[] key, ByteBuffer value)
      throws RocksDBException {
    index.put(family, indexKey.clear().put(key).flip(), value);
  }

  /** Appends an entry; answers its value as it lies in the block. */
  private ByteBuffer add(Kind kind, Family family, byte[] key, byte[]... parts) {
    int bytes = 0;
    for (byte[] part : parts) {
      bytes += part.length;
    }
    reserve(LogEntry.HEADER_BYTES + key.length + bytes);
    LogEntry.writeHead(block, kind, family, key, bytes);
    for (byte[] part : parts) {
      block.put(part);
    }
    entryCount++;
    return block.slice(block.position() - bytes, bytes);
  }

  private void reserve(int bytes) {
    if (block.remaining() < bytes) {
      int needed = Math.max(2 * block.capacity(), block.position() + bytes);
      block = LogSegments.pages(needed).put(block.flip());
    }
  }

  @Override
  public void close() {
    index.close();
  }
}
