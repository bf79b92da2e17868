package io.tidewheel.journal.embedded;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * The next write while it is put together. Rows go through one direct buffer, so that the native
 * side takes them without a copy of its own. Writer thread only.
 */
final class Staging implements AutoCloseable {
  private static final int FIRST_ROW_BYTES = 1 << 20;

  private final Database database;
  private final ActorPositions positions;
  private final WriteBatch batch = new WriteBatch();
  private final ByteBuffer key = ByteBuffer.allocateDirect(2 * RowKey.MAX_ID_BYTES);
  private ByteBuffer value = ByteBuffer.allocateDirect(FIRST_ROW_BYTES);

  Staging(Database database, ActorPositions positions) {
    this.database = database;
    this.positions = positions;
  }

  ActorPositions positions() {
    return positions;
  }

  WriteBatch batch() {
    return batch;
  }

  void putEvent(EncodedRow row) throws RocksDBException {
    put(database.events(), row);
  }

  void putSnapshot(EncodedRow row) throws RocksDBException {
    put(database.snapshots(), row);
  }

  void deleteEvent(byte[] eventKey) throws RocksDBException {
    batch.delete(database.events(), eventKey);
  }

  void deleteEvents(byte[] fromKey, byte[] untilKey) throws RocksDBException {
    batch.deleteRange(database.events(), fromKey, untilKey);
  }

  void deleteSnapshot(byte[] snapshotKey) throws RocksDBException {
    batch.delete(database.snapshots(), snapshotKey);
  }

  void putMeta(byte[] metaKey, byte[] row) throws RocksDBException {
    batch.put(database.meta(), metaKey, row);
  }

  byte @Nullable [] getMeta(byte[] metaKey) throws RocksDBException {
    return database.db().get(database.meta(), metaKey);
  }

  private void put(ColumnFamilyHandle family, EncodedRow row) throws RocksDBException {
    if (value.capacity() < row.bytes()) {
      value = ByteBuffer.allocateDirect(Integer.highestOneBit(row.bytes()) << 1);
    }
    value.clear().put(row.head()).put(row.payload()).flip();
    key.clear().put(row.key()).flip();
    batch.put(family, key, value);
  }

  @Override
  public void close() {
    batch.close();
  }
}
