package io.tidewheel.journal.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** What the index points to, found by reading all of it; about a second for a million rows. */
final class LiveRows {
  private LiveRows() {}

  /** Takes a row that is pointed to. */
  interface Visitor {
    void onRow(byte[] key, RowPointer pointer) throws IOException;
  }

  /** Bytes that are pointed to, by segment; none for a segment that may be dropped. */
  static Map<Long, Long> bytesBySegment(Database database) throws RocksDBException {
    Map<Long, Long> bytes = new HashMap<>();
    // Reused: a log of single messages has millions of rows.
    ByteBuffer value = ByteBuffer.allocateDirect(RowPointer.BYTES);
    byte[] pointer = new byte[RowPointer.BYTES];
    try (ReadOptions options = new ReadOptions().setFillCache(false);
        RocksIterator rows = database.db().newIterator(database.events(), options)) {
      for (rows.seekToFirst(); rows.isValid(); rows.next()) {
        if (rows.value(value.clear()) == RowPointer.BYTES) {
          value.rewind().get(pointer);
          if (RowPointer.isPointer(pointer)) {
            RowPointer row = RowPointer.decode(pointer);
            bytes.merge(row.segment(), (long) row.length(), Long::sum);
          }
        }
      }
      rows.status();
    }
    return bytes;
  }

  /** Visits the rows that lie in some segments. */
  static void visit(Database database, Set<Long> segments, Visitor visitor)
      throws RocksDBException, IOException {
    try (ReadOptions options = new ReadOptions().setFillCache(false);
        RocksIterator rows = database.db().newIterator(database.events(), options)) {
      for (rows.seekToFirst(); rows.isValid(); rows.next()) {
        byte[] value = rows.value();
        if (RowPointer.isPointer(value)) {
          RowPointer pointer = RowPointer.decode(value);
          if (segments.contains(pointer.segment())) {
            visitor.onRow(rows.key(), pointer);
          }
        }
      }
      rows.status();
    }
  }
}
