package io.tidewheel.journal.embedded;

import akka.Done;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens to the log behind its end, in the background: checkpoints, spare files, and the
 * return of the space of trimmed rows.
 *
 * <p>A segment is dropped when the index points to nothing in it. After enough has been trimmed the
 * index is read to find those. Which rows share a segment is chance; so when at least a third of
 * what is left is still garbage, the rows that stay in the emptiest segments are written to the end
 * of the log again. So space is at most one and a half times the live rows plus the threshold, and
 * a byte freed costs at most two bytes copied.
 */
final class SpaceReclaimer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpaceReclaimer.class);

  /** Above this many trimmed actors one range over all of them is compacted instead. */
  private static final int MAX_RANGES = 64;

  /** Less is not worth reading the index for, however long nothing more is trimmed. */
  private static final long MIN_IDLE_BYTES = 16L << 20;

  private final Database database;
  private final LogSegments segments;
  private final StoreWriter writer;
  private final long threshold;
  private final long maxReplayBytes;
  private final ExecutorService executor;

  @GuardedBy("this")
  private final TreeMap<byte[], KeyRange> ranges = new TreeMap<>(Arrays::compareUnsigned);

  @GuardedBy("this")
  private long trimmedBytes;

  @GuardedBy("this")
  private long trimmedBytesAtTick;

  /** Of the compaction that runs, to cancel it. */
  @GuardedBy("this")
  private @Nullable CompactRangeOptions running;

  /** Executor only. */
  private LogPosition checkpointed;

  SpaceReclaimer(
      Database database,
      LogSegments segments,
      StoreWriter writer,
      EmbeddedStoreSettings settings,
      LogPosition checkpointed) {
    this.database = database;
    this.segments = segments;
    this.writer = writer;
    this.threshold = settings.reclaimAfterBytes();
    this.maxReplayBytes = settings.maxReplayBytes();
    this.checkpointed = checkpointed;
    this.executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "tidewheel-store-reclaim");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** The log has grown into a segment: sees to the next one, and to a checkpoint when it is due. */
  void onGrown(long segment) {
    submit(
        () -> {
          segments.prepareSpare();
          if ((segment - checkpointed.segment()) * segments.sealAtBytes() >= maxReplayBytes) {
            checkpoint();
          }
        });
  }

  /** Notes a trim; starts to reclaim when enough has come together. */
  void trimmed(KeyRange range, long bytes) {
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
      if (trimmedBytes >= Math.max(threshold, segments.sealedBytes() / 3)) {
        start();
      }
    }
  }

  /** Called every few seconds: starts to reclaim when trimming has come to rest. */
  void onTick() {
    synchronized (this) {
      if (trimmedBytes == trimmedBytesAtTick
          && trimmedBytes >= Math.min(MIN_IDLE_BYTES, threshold)) {
        start();
      }
      trimmedBytesAtTick = trimmedBytes;
    }
  }

  @GuardedBy("this")
  private void start() {
    List<KeyRange> due = new ArrayList<>(ranges.values());
    ranges.clear();
    trimmedBytes = 0;
    submit(() -> reclaim(due));
  }

  /** What runs in the background; a failure is logged, the next round tries again. */
  private interface Task {
    void run() throws RocksDBException, IOException;
  }

  private void submit(Task task) {
    synchronized (this) {
      if (!executor.isShutdown()) {
        executor.execute(() -> run(task));
      }
    }
  }

  private void run(Task task) {
    try {
      task.run();
    } catch (RocksDBException | IOException | CompletionException | StoreException e) {
      if (executor.isShutdown()) {
        LOG.debug("Tidying up the log ended early", e);
      } else {
        LOG.warn("The log could not be tidied up; it is tried again later: {}", e.getMessage());
      }
    }
  }

  private void checkpoint() throws RocksDBException {
    checkpoint(writer.submit(new StoreOperation.Where()).join());
  }

  private void checkpoint(LogPosition from) throws RocksDBException {
    new Checkpoint(from, segments.sealedBefore(from.segment())).save(database);
    checkpointed = from;
  }

  private void reclaim(List<KeyRange> due) throws RocksDBException, IOException {
    long before = segments.sealedBytes();
    checkpoint();
    Map<Long, Long> candidates = segments.sealedBefore(checkpointed.segment());
    Map<Long, Long> live = LiveRows.bytesBySegment(database);
    Set<Long> dead = new TreeSet<>(candidates.keySet());
    dead.removeAll(live.keySet());
    drop(dead);
    List<SegmentUse> uses = new ArrayList<>();
    live.forEach(
        (segment, bytes) -> {
          Long length = candidates.get(segment);
          if (length != null) {
            uses.add(new SegmentUse(segment, length, bytes));
          }
        });
    Set<Long> sparse = SegmentUse.sparse(uses, threshold / 2);
    if (!sparse.isEmpty()) {
      move(sparse);
      // The copies are in the log behind the checkpoint: only then are the originals not needed.
      checkpoint();
      drop(sparse);
    }
    compact(due);
    LOG.info("Reclaimed space: log {} -> {} bytes", before, segments.sealedBytes());
  }

  private void move(Set<Long> chosen) throws RocksDBException, IOException {
    try (SegmentReader reader = new SegmentReader(segments);
        Moves moves = new Moves(writer)) {
      LiveRows.visit(
          database,
          chosen,
          (key, pointer) -> {
            Optional<byte[]> row = reader.read(pointer);
            if (row.isEmpty() || !RowCodec.isWhole(key, row.get())) {
              throw new IOException("a row in segment " + pointer.segment() + " is damaged");
            }
            moves.add(new StoreOperation.Move(key, pointer, row.get()));
          });
    }
  }

  /** Moves on their way, a few together: they share the writer with those who publish. */
  private static final class Moves implements AutoCloseable {
    private static final long MAX_BYTES = 1 << 20;
    private final StoreWriter writer;
    private final List<CompletableFuture<Done>> open = new ArrayList<>();
    private long bytes;

    Moves(StoreWriter writer) {
      this.writer = writer;
    }

    void add(StoreOperation.Move move) {
      open.add(writer.submit(move));
      bytes += move.bytes;
      if (bytes >= MAX_BYTES) {
        close();
      }
    }

    /** Waits for all of them. */
    @Override
    public void close() {
      CompletableFuture.allOf(open.toArray(CompletableFuture<?>[]::new)).join();
      open.clear();
      bytes = 0;
    }
  }

  /** Nothing points to these any more; a start must not miss them. */
  private void drop(Set<Long> gone) throws RocksDBException, IOException {
    if (gone.isEmpty()) {
      return;
    }
    Map<Long, Long> kept = new HashMap<>(segments.sealedBefore(checkpointed.segment()));
    kept.keySet().removeAll(gone);
    new Checkpoint(checkpointed, kept).save(database);
    for (long segment : gone) {
      segments.drop(segment);
    }
  }

  /** Takes the trimmed rows out of the tables of the index. */
  private void compact(List<KeyRange> due) throws RocksDBException {
    try (CompactRangeOptions compact =
        new CompactRangeOptions().setExclusiveManualCompaction(false)) {
      synchronized (this) {
        running = compact;
      }
      for (KeyRange range : due) {
        database.db().compactRange(database.events(), range.from(), range.until(), compact);
      }
    } finally {
      synchronized (this) {
        running = null;
      }
    }
  }

  /**
   * Stops what runs and waits for it; then takes a last checkpoint, so that the next start has
   * nothing to replay.
   *
   * @param end of the log, which nobody writes to any more
   */
  void close(LogPosition end) {
    close();
    if (!end.equals(checkpointed)) {
      run(() -> checkpoint(end));
    }
  }

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
        LOG.warn("Waiting for the log to be tidied up");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
