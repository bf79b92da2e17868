package io.tidewheel.journal.embedded;

import akka.Done;
import io.tidewheel.journal.embedded.ActorPositions.Position;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.rocksdb.RocksDBException;

/**
 * Something the writer thread does, in the order of arrival: it is staged into the next write, or
 * refused, and {@link #done} is completed when the write has been flushed.
 */
abstract sealed class StoreOperation<T> {

  /** Fails with a {@link StoreException} and nothing else. */
  final CompletableFuture<T> done = new CompletableFuture<>();

  final long bytes;

  private StoreOperation(long bytes) {
    this.bytes = bytes;
  }

  /**
   * Adds this to the next write. A refusal throws; what it had staged is taken back.
   *
   * @return completes {@link #done} after the flush
   */
  abstract Runnable stage(Staging staging) throws RocksDBException;

  /** Whether this may be kept back for a moment, to be written with others. */
  boolean mayWait() {
    return false;
  }

  /** Whether this failed when the write it was staged into failed. */
  boolean needsWrite() {
    return true;
  }

  final Runnable complete(T result) {
    return () -> done.complete(result);
  }

  /** Events of one actor, stored together or not at all. */
  static final class Append extends StoreOperation<Done> {
    private final String persistenceId;
    private final byte[] prefix;
    private final long previousSeqNr;
    private final List<EncodedRow> rows;
    private final boolean mayWait;

    Append(String persistenceId, long previousSeqNr, List<EncodedRow> rows, boolean mayWait) {
      super(rows.stream().mapToLong(EncodedRow::bytes).sum());
      this.persistenceId = persistenceId;
      this.prefix = RowKey.prefix(persistenceId);
      this.previousSeqNr = previousSeqNr;
      this.rows = rows;
      this.mayWait = mayWait;
    }

    @Override
    boolean mayWait() {
      return mayWait;
    }

    @Override
    Runnable stage(Staging staging) throws RocksDBException {
      Position position = staging.positions().get(persistenceId, prefix);
      if (position.highest() != previousSeqNr) {
        throw new StoreException(
            Kind.CONFLICT,
            persistenceId
                + " writes number "
                + rows.get(0).seqNr()
                + " after "
                + previousSeqNr
                + ", but the highest stored is "
                + position.highest()
                + ": somebody else wrote");
      }
      for (EncodedRow row : rows) {
        staging.putEvent(row);
      }
      long highest = rows.get(rows.size() - 1).seqNr();
      staging.positions().put(persistenceId, new Position(highest, position.trimmedTo()));
      return complete(Done.getInstance());
    }
  }

  /** Removes the events of an actor up to a number; the highest number stays. Answers what went. */
  static final class Trim extends StoreOperation<Optional<KeyRange>> {
    /** Up to this many rows are deleted one by one: range tombstones slow down every read. */
    private static final long POINT_DELETES = 256;

    private final String persistenceId;
    private final byte[] prefix;
    private final long toSeqNr;

    Trim(String persistenceId, long toSeqNr) {
      super(RowKey.MAX_ID_BYTES);
      this.persistenceId = persistenceId;
      this.prefix = RowKey.prefix(persistenceId);
      this.toSeqNr = toSeqNr;
    }

    @Override
    Runnable stage(Staging staging) throws RocksDBException {
      Position position = staging.positions().get(persistenceId, prefix);
      long from = position.trimmedTo() + 1;
      long to = Math.min(toSeqNr, position.highest());
      if (to < from) {
        return complete(Optional.empty());
      }
      if (to - from < POINT_DELETES) {
        for (long seqNr = from; seqNr <= to; seqNr++) {
          staging.deleteEvent(RowKey.of(prefix, seqNr));
        }
      } else {
        staging.deleteEvents(RowKey.of(prefix, from), RowKey.of(prefix, to + 1));
      }
      Position trimmed = new Position(position.highest(), to);
      staging.putMeta(ActorPositions.metaKey(prefix), ActorPositions.metaRow(trimmed));
      staging.positions().put(persistenceId, trimmed);
      return complete(
          Optional.of(new KeyRange(RowKey.of(prefix, from), RowKey.of(prefix, to + 1))));
    }
  }

  /** Stores a snapshot; one with the same number is replaced. */
  static final class SaveSnapshot extends StoreOperation<Done> {
    private final EncodedRow row;

    SaveSnapshot(EncodedRow row) {
      super(row.bytes());
      this.row = row;
    }

    @Override
    Runnable stage(Staging staging) throws RocksDBException {
      staging.putSnapshot(row);
      return complete(Done.getInstance());
    }
  }

  /** Removes snapshots. */
  static final class DeleteSnapshots extends StoreOperation<Done> {
    private final List<byte[]> keys;

    DeleteSnapshots(List<byte[]> keys) {
      super(keys.stream().mapToLong(key -> key.length).sum());
      this.keys = keys;
    }

    @Override
    Runnable stage(Staging staging) throws RocksDBException {
      for (byte[] key : keys) {
        staging.deleteSnapshot(key);
      }
      return complete(Done.getInstance());
    }
  }

  /** Answers a named value; stores it first if there is none. */
  static final class ReadOrCreate extends StoreOperation<byte[]> {
    private final byte[] key;
    private final byte[] fresh;

    ReadOrCreate(byte[] key, byte[] fresh) {
      super(key.length + fresh.length);
      this.key = key;
      this.fresh = fresh;
    }

    @Override
    Runnable stage(Staging staging) throws RocksDBException {
      byte[] stored = staging.getMeta(key);
      if (stored != null) {
        return complete(stored);
      }
      staging.putMeta(key, fresh);
      return complete(fresh);
    }
  }

  /** Answers a position before which everything is in the log and in the index. */
  static final class Where extends StoreOperation<LogPosition> {
    Where() {
      super(0);
    }

    @Override
    Runnable stage(Staging staging) {
      return complete(staging.start());
    }

    @Override
    boolean needsWrite() {
      return false;
    }
  }

  /** Writes an event to the end of the log, unless it was trimmed or moved meanwhile. */
  static final class Move extends StoreOperation<Done> {
    private final byte[] key;
    private final byte[] pointer;
    private final byte[] row;

    /**
     * A move.
     *
     * @param pointer what the index held when the row was read
     */
    Move(byte[] key, RowPointer pointer, byte[] row) {
      super(row.length);
      this.key = key;
      this.pointer = pointer.encoded();
      this.row = row;
    }

    @Override
    Runnable stage(Staging staging) throws RocksDBException {
      byte[] prefix = Arrays.copyOf(key, key.length - Long.BYTES);
      Position position = staging.positions().get(RowKey.persistenceId(prefix), prefix);
      // A trim may be in this very write: the index does not show it yet.
      if (RowKey.seqNr(key) > position.trimmedTo()
          && Arrays.equals(staging.getEvent(key), pointer)) {
        staging.moveEvent(key, row);
      }
      return complete(Done.getInstance());
    }
  }

  /** Done when everything that arrived before it is done, well or not. */
  static final class Barrier extends StoreOperation<Done> {
    Barrier() {
      super(0);
    }

    @Override
    Runnable stage(Staging staging) {
      return complete(Done.getInstance());
    }

    @Override
    boolean needsWrite() {
      return false;
    }
  }

  /** The last operation of a store that closes. */
  static final class Stop extends StoreOperation<Done> {
    Stop() {
      super(0);
    }

    @Override
    Runnable stage(Staging staging) {
      return complete(Done.getInstance());
    }

    @Override
    boolean needsWrite() {
      return false;
    }
  }
}
