package io.tidewheel.journal.embedded;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.CompactRangeOptions.BottommostLevelCompaction;
import org.rocksdb.FlushOptions;
import org.rocksdb.MutableColumnFamilyOptions;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the space of trimmed rows back to the file system.
 *
 * <p>RocksDB does not do so by itself: a deep log of large rows is few keys, so no compaction comes
 * by, and a blob file lives as long as one table refers to it. After enough has been trimmed, the
 * trimmed ranges are compacted; that touches tables of references only and frees the blob files
 * that nobody refers to any more. When at least a third of what is left is still garbage (blob
 * files shared with rows that stay), everything is compacted with blob garbage collection, which
 * copies the rows that stay. So space is at most one and a half times the live rows plus the
 * threshold, and a byte freed costs at most two bytes copied.
 */
final class SpaceReclaimer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpaceReclaimer.class);

  /** Above this many trimmed actors one range over all of them is compacted instead. */
  private static final int MAX_RANGES = 64;

  private static final String BLOB_BYTES = "rocksdb.live-blob-file-size";
  private static final String GARBAGE_BYTES = "rocksdb.live-blob-file-garbage-size";

  private final Database database;
  private final long threshold;
  private final ExecutorService executor;

  @GuardedBy("this")
  private final TreeMap<byte[], KeyRange> ranges = new TreeMap<>(Arrays::compareUnsigned);

  @GuardedBy("this")
  private long trimmedBytes;

  /** Of the compaction that runs, to cancel it. */
  @GuardedBy("this")
  private @Nullable CompactRangeOptions running;

  SpaceReclaimer(Database database, long threshold) {
    this.database = database;
    this.threshold = threshold;
    this.executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "tidewheel-store-reclaim");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Notes a trim; starts to reclaim in the background when enough has come together. */
  void trimmed(KeyRange range, long bytes) {
    List<KeyRange> due;
    synchronized (this) {
      // Trims of one actor follow each other, so the prefix of the key finds the one before.
      byte[] actor = Arrays.copyOf(range.from(), range.from().length - Long.BYTES);
      ranges.merge(actor, range, KeyRange::spanning);
      if (ranges.size() > MAX_RANGES) {
        byte[] first = ranges.firstKey();
        KeyRange all = ranges.values().stream().reduce(range, KeyRange::spanning);
        ranges.clear();
        ranges.put(first, all);
      }
      trimmedBytes += bytes;
      if (trimmedBytes < threshold || executor.isShutdown()) {
        return;
      }
      due = new ArrayList<>(ranges.values());
      ranges.clear();
      trimmedBytes = 0;
      executor.execute(() -> reclaim(due));
    }
  }

  private void reclaim(List<KeyRange> due) {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true);
        CompactRangeOptions compact =
            new CompactRangeOptions()
                .setExclusiveManualCompaction(false)
                .setBottommostLevelCompaction(BottommostLevelCompaction.kForceOptimized)) {
      synchronized (this) {
        running = compact;
      }
      try {
        reclaim(due, flush, compact);
      } catch (RocksDBException e) {
        // The rows are deleted either way; the next trim tries again.
        LOG.warn("Space of trimmed rows could not be reclaimed: {}", e.getMessage());
      } finally {
        synchronized (this) {
          running = null;
        }
      }
    }
  }

  private void reclaim(List<KeyRange> due, FlushOptions flush, CompactRangeOptions compact)
      throws RocksDBException {
    long before = blobBytes();
    database.db().flush(flush, database.events());
    for (KeyRange range : due) {
      database.db().compactRange(database.events(), range.from(), range.until(), compact);
    }
    long garbage = property(GARBAGE_BYTES);
    if (garbage >= threshold / 2 && garbage >= blobBytes() / 3) {
      collect(compact);
    }
    LOG.info("Reclaimed space: blob files {} -> {} bytes", before, blobBytes());
  }

  private void collect(CompactRangeOptions compact) throws RocksDBException {
    collection(true);
    try {
      database.db().compactRange(database.events(), null, null, compact);
    } finally {
      collection(false);
    }
  }

  private void collection(boolean isOn) throws RocksDBException {
    database
        .db()
        .setOptions(
            database.events(),
            MutableColumnFamilyOptions.builder().setEnableBlobGarbageCollection(isOn).build());
  }

  private long blobBytes() throws RocksDBException {
    return property(BLOB_BYTES);
  }

  private long property(String name) throws RocksDBException {
    return database.db().getLongProperty(database.events(), name);
  }

  /** Stops running compactions and waits for them to end. */
  @Override
  public void close() {
    synchronized (this) {
      executor.shutdownNow();
      if (running != null) {
        running.setCanceled(true);
      }
    }
    try {
      while (!executor.awaitTermination(1, TimeUnit.MINUTES)) {
        LOG.warn("Waiting for a compaction to end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
