package io.tidewheel.journal.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import akka.Done;
import io.tidewheel.journal.embedded.ActorPositions.Position;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store of one data directory: events and snapshots of all persistent actors of a node.
 *
 * <ol>
 *   <li>Whoever holds the open store holds the directory: no other process writes to it.
 *   <li>A write is answered after it has been flushed to disk. Writes of one actor keep their
 *       order; their numbers have no gaps and are never given twice.
 *   <li>What has been answered is there after a restart, or the store does not open and says what
 *       is missing. A row that is damaged fails the read of it and is named.
 *   <li>The highest number of an actor never gets smaller, whatever is trimmed.
 *   <li>Everything that waits is bounded; over the bound a write is refused at once.
 * </ol>
 *
 * <p>All failures are {@link StoreException}s. Safe for use by many threads.
 */
public final class EmbeddedStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedStore.class);
  private static final int MAX_NAME_BYTES = 255;
  private static final byte META_NAMED_VALUE = 'v';
  private static final long RECLAIM_TICK_SECONDS = 10;

  private final DataDirectory directory;
  private final Database database;
  private final CommitMark mark;
  private final LogWriter log;
  private final StoreWriter writer;
  private final SpaceReclaimer reclaimer;
  private final EventReader events;
  private final SnapshotReader snapshots;
  private final EmbeddedStoreSettings settings;
  private final ScheduledExecutorService clockwork;

  /** Read side: anything that touches RocksDB. Write side: closing it. */
  private final ReentrantReadWriteLock inUse = new ReentrantReadWriteLock();

  private volatile boolean isClosed;

  private EmbeddedStore(DataDirectory directory, Opened opened, EmbeddedStoreSettings settings) {
    this.directory = directory;
    this.database = opened.database();
    this.mark = opened.mark();
    this.settings = settings;
    LogSegments segments = opened.segments();
    this.log = new LogWriter(segments, opened.end(), this::onGrown);
    this.writer = new StoreWriter(database, settings, mark, log, opened.format());
    this.reclaimer =
        new SpaceReclaimer(database, segments, writer, settings, opened.checkpoint().from());
    this.events = new EventReader(database, segments);
    this.snapshots = new SnapshotReader(database);
    this.clockwork =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "tidewheel-store-clock");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Opens the store of a directory, which is created if it does not exist or is empty.
   *
   * @throws StoreException LOCKED, FOREIGN, NEWER_FORMAT, CORRUPT, LOST_WRITES or IO
   */
  public static EmbeddedStore open(Path path, EmbeddedStoreSettings settings) {
    DataDirectory directory = DataDirectory.open(path);
    boolean opened = false;
    try {
      EmbeddedStore store = open(directory, settings);
      store.start();
      opened = true;
      return store;
    } finally {
      if (!opened) {
        directory.close();
      }
    }
  }

  private static EmbeddedStore open(DataDirectory directory, EmbeddedStoreSettings settings) {
    return new EmbeddedStore(directory, Opened.from(directory, settings), settings);
  }

  private void start() {
    if (settings.unsafeAnswerBeforeFlush()) {
      LOG.warn(
          "tidewheel.journal.embedded.unsafe-answer-before-flush is on: writes are answered before"
              + " they are on disk and WILL BE LOST in a crash. For testing the crash checker only.");
      var unused =
          clockwork.scheduleWithFixedDelay(
              writer::flushSoon,
              StoreWriter.FLUSH_EVERY_MILLIS,
              StoreWriter.FLUSH_EVERY_MILLIS,
              TimeUnit.MILLISECONDS);
    }
    var unused = clockwork.scheduleWithFixedDelay(this::forceMark, 1, 1, TimeUnit.SECONDS);
    unused =
        clockwork.scheduleWithFixedDelay(
            reclaimer::onTick, RECLAIM_TICK_SECONDS, RECLAIM_TICK_SECONDS, TimeUnit.SECONDS);
    writer.start();
  }

  private void onGrown() {
    reclaimer.onGrown(log.end().segment());
  }

  private void forceMark() {
    try {
      mark.force();
    } catch (UncheckedIOException e) {
      // The log itself is flushed; the mark is then further behind after a power failure.
      LOG.warn("The commit mark could not be put on disk: {}", e.getMessage());
    }
  }

  /** The directory this store owns. */
  public Path directory() {
    return directory.path();
  }

  /**
   * Answers the named value, first storing what {@code fresh} gives if there is none. Blocks until
   * it is flushed; meant for the start of a node.
   *
   * @param name 1 to 255 bytes in UTF-8
   */
  public byte[] readOrCreate(String name, Supplier<byte[]> fresh) {
    byte[] bytes = name.getBytes(UTF_8);
    if (bytes.length == 0 || bytes.length > MAX_NAME_BYTES) {
      throw new StoreException(Kind.BAD_NAME, "a name has 1 to 255 bytes: '" + name + "'");
    }
    byte[] key = new byte[bytes.length + 1];
    key[0] = META_NAMED_VALUE;
    System.arraycopy(bytes, 0, key, 1, bytes.length);
    // Made here: an exception on the writer's thread would end it.
    byte[] candidate = fresh.get();
    try {
      return writer.submit(new StoreOperation.ReadOrCreate(key, candidate)).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException failure) {
        throw failure;
      }
      throw e;
    }
  }

  /** What waits and what has been done, for metrics. */
  public Stats stats() {
    return new Stats(
        writer.pendingWrites(), writer.pendingBytes(), writer.flushes(), writer.writtenBytes());
  }

  /**
   * Counters of a store.
   *
   * @param pendingWriteCount writes that wait for the writer
   * @param pendingBytes their bytes, with those being written
   * @param flushCount flushes since the store was opened
   * @param writtenBytes bytes of rows written since then
   */
  public record Stats(
      int pendingWriteCount, long pendingBytes, long flushCount, long writtenBytes) {}

  EmbeddedStoreSettings settings() {
    return settings;
  }

  /**
   * Stores rows of one actor together or not at all; done when they are flushed.
   *
   * @param previousSeqNr the highest number stored before; CONFLICT if it is not
   */
  CompletableFuture<Done> append(String persistenceId, long previousSeqNr, List<EncodedRow> rows) {
    return append(persistenceId, previousSeqNr, rows, false);
  }

  /**
   * The same.
   *
   * @param mayWait whether they may be kept back for a moment, to be written with others
   */
  CompletableFuture<Done> append(
      String persistenceId, long previousSeqNr, List<EncodedRow> rows, boolean mayWait) {
    return writer.submit(new StoreOperation.Append(persistenceId, previousSeqNr, rows, mayWait));
  }

  /** Estimates the bytes a trim would remove, from a few rows; waits for the disk. */
  long estimateBytes(String persistenceId, long toSeqNr) {
    return reading(() -> events.estimateBytes(persistenceId, toSeqNr));
  }

  /**
   * Removes the rows of an actor up to a number.
   *
   * @param bytes what that is about; when enough has come together space is reclaimed
   */
  CompletableFuture<Done> trim(String persistenceId, long toSeqNr, long bytes) {
    return writer
        .submit(new StoreOperation.Trim(persistenceId, toSeqNr))
        .thenApply(
            trimmed -> {
              trimmed.ifPresent(range -> reclaimer.trimmed(range, bytes));
              return Done.getInstance();
            });
  }

  /** Done when everything handed over before is done. */
  CompletableFuture<Done> barrier() {
    return writer.submit(new StoreOperation.Barrier());
  }

  /** The highest number an actor ever stored, 0 if none. Reads, so it may wait for the disk. */
  long highestSeqNr(String persistenceId) {
    byte[] prefix = RowKey.prefix(persistenceId);
    return reading(
        () -> {
          try {
            Position position = ActorPositions.read(database, prefix);
            return position.highest();
          } catch (RocksDBException e) {
            throw StoreException.of("the last row of " + persistenceId + " cannot be read", e);
          }
        });
  }

  /** Reads events in order until {@code each} answers false; waits for the disk. */
  void readEvents(String persistenceId, long fromSeqNr, long toSeqNr, Predicate<StoredRow> each) {
    reading(
        () -> {
          events.read(persistenceId, fromSeqNr, toSeqNr, each);
          return true;
        });
  }

  CompletableFuture<Done> saveSnapshot(EncodedRow row) {
    return writer.submit(new StoreOperation.SaveSnapshot(row));
  }

  CompletableFuture<Done> deleteSnapshots(List<byte[]> keys) {
    return writer.submit(new StoreOperation.DeleteSnapshots(keys));
  }

  /** Reads snapshots, newest number first, until {@code each} answers false. */
  void readSnapshots(
      String persistenceId, long maxSeqNr, long minSeqNr, Predicate<StoredRow> each) {
    reading(
        () -> {
          snapshots.readDown(persistenceId, maxSeqNr, minSeqNr, each);
          return true;
        });
  }

  /** RocksDB must not be closed while it is read: its native side would crash the process. */
  private <T> T reading(Supplier<T> read) {
    inUse.readLock().lock();
    try {
      if (isClosed) {
        throw new StoreException(Kind.CLOSED, "the store is closed");
      }
      return read.get();
    } finally {
      inUse.readLock().unlock();
    }
  }

  /** Finishes what waits, closes the files and gives the directory free. */
  @Override
  public void close() {
    inUse.writeLock().lock();
    try {
      if (isClosed) {
        return;
      }
      isClosed = true;
      writer.close();
      clockwork.shutdownNow();
      log.close();
      reclaimer.close(log.end());
      forceMark();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(Kind.IO, "interrupted while the store was closed", e);
    } catch (IOException e) {
      LOG.warn("A log file could not be closed: {}", e.getMessage());
    } finally {
      inUse.writeLock().unlock();
    }
    database.close();
    directory.close();
  }
}
