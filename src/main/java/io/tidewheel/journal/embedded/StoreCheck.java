package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.ActorPositions.Position;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/**
 * Reads all of a data directory that no broker uses, to find damage. Where the store stops at the
 * first damaged row, this goes on behind it. It holds the lock of the directory and writes nothing
 * but what a start would: the index is brought up to date with the log.
 *
 * <p>Used by one thread.
 */
public final class StoreCheck implements AutoCloseable {
  private static final byte META_ACTOR = 'p';

  private final DataDirectory directory;
  private final Opened opened;

  private StoreCheck(DataDirectory directory, Opened opened) {
    this.directory = directory;
    this.opened = opened;
  }

  /** What an actor has stored: the highest number ever, and up to which rows were deleted. */
  public record Extent(long highestSeqNr, long trimmedTo) {}

  /**
   * A stored row or snapshot whose checksum is right.
   *
   * @param bytes stored size
   */
  @SuppressWarnings("ArrayRecordComponent") // Read once and passed on.
  public record Row(long seqNr, int serializerId, String manifest, byte[] payload, int bytes) {}

  /** Takes what is found. */
  public interface Visitor {
    void onRow(Row row);

    /** Rows that are missing or cannot be read; {@code what} says which and how. */
    void onDamage(String what);
  }

  /** Whether a directory has been made by a store. */
  public static boolean isDataDirectory(Path path) {
    return Files.exists(path.resolve(DataDirectory.IDENTITY_FILE));
  }

  /**
   * Opens an existing data directory.
   *
   * @throws StoreException LOCKED if it is in use, CORRUPT or LOST_WRITES if a start would refuse
   *     it, FOREIGN, NEWER_FORMAT or IO
   */
  public static StoreCheck open(Path path, EmbeddedStoreSettings settings) {
    if (!isDataDirectory(path)) {
      throw new StoreException(Kind.FOREIGN, path + " is not a Tidewheel data directory");
    }
    DataDirectory directory = DataDirectory.open(path);
    boolean isOpened = false;
    try {
      StoreCheck check = new StoreCheck(directory, Opened.from(directory, settings));
      isOpened = true;
      return check;
    } finally {
      if (!isOpened) {
        directory.close();
      }
    }
  }

  /** Bytes of all files of the log that are in use. */
  public long logBytes() {
    return lengths().values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Reads every block of the log.
   *
   * @param finding takes what is wrong, a sentence each
   * @param read takes bytes as they have been read
   */
  public void scanLog(Consumer<String> finding, LongConsumer read) {
    try {
      LogReplay blocks = new LogReplay(opened.segments(), opened.format());
      new LogScan(opened.segments(), blocks).scan(lengths(), finding, read);
    } catch (IOException e) {
      throw StoreException.of("the log cannot be read", e);
    }
  }

  private SortedMap<Long, Long> lengths() {
    LogPosition end = opened.end();
    SortedMap<Long, Long> lengths = new TreeMap<>(opened.segments().sealedBefore(end.segment()));
    if (end.offset() > 0) {
      lengths.put(end.segment(), end.offset());
    }
    return lengths;
  }

  /** Reads every table of the index and compares its checksums. */
  public void scanIndex(Consumer<String> finding) {
    try {
      opened.database().db().verifyChecksum();
    } catch (RocksDBException e) {
      finding.accept("the index is damaged: " + e.getMessage());
    }
  }

  /** All that have stored something, also if nothing is left of it. */
  public SortedSet<String> persistenceIds() {
    SortedSet<String> ids = new TreeSet<>();
    Database database = opened.database();
    try {
      addIds(database.events(), new byte[0], Long.BYTES, ids);
      addIds(database.snapshots(), new byte[0], Long.BYTES, ids);
      addIds(database.meta(), new byte[] {META_ACTOR}, 0, ids);
    } catch (RocksDBException e) {
      throw StoreException.of("the index cannot be read", e);
    }
    return ids;
  }

  private void addIds(ColumnFamilyHandle family, byte[] before, int behind, SortedSet<String> ids)
      throws RocksDBException {
    try (ReadOptions options = new ReadOptions().setFillCache(false);
        RocksIterator keys = opened.database().db().newIterator(family, options)) {
      keys.seek(before);
      while (keys.isValid()) {
        byte[] key = keys.key();
        if (!startsWith(key, before)) {
          break;
        }
        byte[] prefix = Arrays.copyOfRange(key, before.length, key.length - behind);
        ids.add(RowKey.persistenceId(prefix));
        if (behind == 0) {
          keys.next();
        } else {
          keys.seek(Arrays.copyOf(RowKey.of(prefix, -1L), key.length + 1));
        }
      }
      keys.status();
    }
  }

  private static boolean startsWith(byte[] key, byte[] prefix) {
    return key.length > prefix.length
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  /** How far an actor is. */
  public Extent extent(String persistenceId) {
    try {
      Position position = ActorPositions.read(opened.database(), RowKey.prefix(persistenceId));
      return new Extent(position.highest(), position.trimmedTo());
    } catch (RocksDBException e) {
      throw StoreException.of("the rows of " + persistenceId + " cannot be read", e);
    }
  }

  /** Visits the events of an actor in order; what is missing or damaged is named in between. */
  public void visitEvents(String persistenceId, Visitor visitor) {
    Extent extent = extent(persistenceId);
    byte[] prefix = RowKey.prefix(persistenceId);
    long next = extent.trimmedTo() + 1;
    try (Slice lower = new Slice(RowKey.of(prefix, next));
        Slice upper = new Slice(RowKey.of(prefix, -1L));
        ReadOptions options = options().setIterateLowerBound(lower).setIterateUpperBound(upper);
        SegmentReader log = new SegmentReader(opened.segments());
        RocksIterator rows =
            opened.database().db().newIterator(opened.database().events(), options)) {
      for (rows.seekToFirst(); rows.isValid(); rows.next()) {
        long seqNr = RowKey.seqNr(rows.key());
        StoredRow row = row(persistenceId, rows.key(), rows.value(), log, visitor);
        long previous = row == null ? seqNr - 1 : row.previousSeqNr();
        if (previous >= next) {
          visitor.onDamage(missing(persistenceId, next, previous));
        }
        next = seqNr + 1;
        if (row != null) {
          visitor.onRow(toRow(row));
        }
      }
      rows.status();
      if (next <= extent.highestSeqNr()) {
        visitor.onDamage(missing(persistenceId, next, extent.highestSeqNr()));
      }
    } catch (RocksDBException e) {
      visitor.onDamage(
          "rows of " + persistenceId + " from " + next + " on cannot be read: " + e.getMessage());
    } catch (IOException e) {
      throw StoreException.of("the log cannot be read", e);
    }
  }

  /** Visits the snapshots of an actor, the oldest first. */
  public void visitSnapshots(String persistenceId, Visitor visitor) {
    byte[] prefix = RowKey.prefix(persistenceId);
    try (Slice lower = new Slice(prefix);
        Slice upper = new Slice(RowKey.of(prefix, -1L));
        ReadOptions options = options().setIterateLowerBound(lower).setIterateUpperBound(upper);
        RocksIterator rows =
            opened.database().db().newIterator(opened.database().snapshots(), options)) {
      for (rows.seekToFirst(); rows.isValid(); rows.next()) {
        try {
          visitor.onRow(toRow(RowCodec.decode(persistenceId, rows.key(), rows.value())));
        } catch (StoreException e) {
          visitor.onDamage("snapshot: " + e.getMessage());
        }
      }
      rows.status();
    } catch (RocksDBException e) {
      visitor.onDamage("snapshots of " + persistenceId + " cannot be read: " + e.getMessage());
    }
  }

  private static ReadOptions options() {
    return new ReadOptions().setVerifyChecksums(true).setFillCache(false);
  }

  private static @Nullable StoredRow row(
      String persistenceId, byte[] key, byte[] indexed, SegmentReader log, Visitor visitor)
      throws IOException {
    byte[] value = indexed;
    if (RowPointer.isPointer(indexed)) {
      RowPointer pointer = RowPointer.decode(indexed);
      Optional<byte[]> bytes = log.read(pointer);
      if (bytes.isEmpty()) {
        visitor.onDamage(
            "stored row %d of %s is missing: log file %d is cut off or gone"
                .formatted(RowKey.seqNr(key), persistenceId, pointer.segment()));
        return null;
      }
      value = bytes.get();
    }
    try {
      return RowCodec.decode(persistenceId, key, value);
    } catch (StoreException e) {
      visitor.onDamage(String.valueOf(e.getMessage()));
      return null;
    }
  }

  private static Row toRow(StoredRow row) {
    byte[] payload = new byte[row.payload().bytes().remaining()];
    row.payload().bytes().duplicate().get(payload);
    return new Row(
        row.seqNr(), row.payload().serializerId(), row.payload().manifest(), payload, row.bytes());
  }

  private static String missing(String persistenceId, long from, long to) {
    return from == to
        ? "stored row " + from + " of " + persistenceId + " is missing"
        : "stored rows " + from + " to " + to + " of " + persistenceId + " are missing";
  }

  @Override
  public void close() {
    opened.database().close();
    directory.close();
  }
}
