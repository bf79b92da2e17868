package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import io.tidewheel.journal.embedded.StoreOperation.Stop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of a store: takes everything that waits, writes it with one flush to disk, moves
 * the commit mark and then answers.
 *
 * <p>What waits is bounded in bytes and in number; over the bound a write is refused at once. A
 * write that fails is answered with the failure, and nothing is known about it; later writes are
 * tried, so the store goes on once its cause (a full disk) is gone.
 */
final class StoreWriter {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWriter.class);

  /** Only while answers go out before the flush: long enough that a kill surely finds some. */
  static final long FLUSH_EVERY_MILLIS = 1_000;

  private final Database database;
  private final EmbeddedStoreSettings settings;
  private final CommitMark mark;
  private final LogWriter log;
  private final LogBlock format;
  private final ActorPositions positions;
  private final WriteQueue queue;
  private final AtomicLong pendingBytes = new AtomicLong();
  private final AtomicLong writtenBytes = new AtomicLong();
  private final AtomicLong flushes = new AtomicLong();
  private final Thread thread;
  private volatile boolean isFlushDue;
  private boolean hasUnflushed;
  private boolean isFailing;
  private @Nullable StoreException closed;

  StoreWriter(
      Database database,
      EmbeddedStoreSettings settings,
      CommitMark mark,
      LogWriter log,
      LogBlock format) {
    this.database = database;
    this.settings = settings;
    this.mark = mark;
    this.log = log;
    this.format = format;
    this.positions = new ActorPositions(database, settings.cachedActors());
    this.queue = new WriteQueue(settings.maxPendingWrites(), System::nanoTime);
    this.thread = new Thread(this::run, "tidewheel-store-writer");
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Hands over an operation; refused ones fail at once. */
  <T> CompletableFuture<T> submit(StoreOperation<T> operation) {
    synchronized (this) {
      if (closed != null) {
        operation.done.completeExceptionally(closed);
      } else if (pendingBytes.get() + operation.bytes > settings.maxPendingBytes()
          || !queue.offer(operation)) {
        operation.done.completeExceptionally(
            new StoreException(
                Kind.OVERLOADED,
                "the store has " + pendingBytes.get() + " bytes waiting; nothing was stored"));
      } else {
        pendingBytes.addAndGet(operation.bytes);
      }
    }
    return operation.done;
  }

  /** Called now and then; only of use while answers go out before the flush. */
  void flushSoon() {
    isFlushDue = true;
  }

  long pendingBytes() {
    return pendingBytes.get();
  }

  int pendingWrites() {
    return queue.size();
  }

  long writtenBytes() {
    return writtenBytes.get();
  }

  long flushes() {
    return flushes.get();
  }

  /** Refuses new operations, finishes those that wait and ends the thread. */
  void close() throws InterruptedException {
    synchronized (this) {
      if (closed == null) {
        closed = new StoreException(Kind.CLOSED, "the store is closed");
      }
    }
    if (thread.isAlive()) {
      queue.put(new Stop());
    }
    thread.join();
  }

  private void run() {
    List<StoreOperation<?>> drained = new ArrayList<>();
    try (Staging staging = new Staging(database, positions, format, settings.maxInlineBytes());
        WriteOptions options = new WriteOptions().setDisableWAL(true)) {
      boolean isStopped = false;
      while (!isStopped) {
        isStopped = drain(drained);
        commit(drained, staging, options);
        drained.clear();
      }
      flushUnflushed();
    } catch (InterruptedException e) {
      end(drained, new StoreException(Kind.CLOSED, "the store's writer was interrupted", e));
    } catch (RuntimeException | Error e) {
      // Nothing may wait for a writer that is gone, whatever it was that ended it.
      LOG.error("The store's writer ended; every further write will fail", e);
      end(drained, new StoreException(Kind.IO, "the store's writer has failed: " + e, e));
      throw e;
    }
  }

  private void end(List<StoreOperation<?>> drained, StoreException reason) {
    synchronized (this) {
      closed = reason;
      queue.drainTo(drained);
    }
    drained.forEach(operation -> operation.done.completeExceptionally(reason));
  }

  /** Waits for work and takes all there is, up to the size of one write; whether it is the last. */
  private boolean drain(List<StoreOperation<?>> drained) throws InterruptedException {
    queue.take(
        drained,
        settings.maxDrainBytes(),
        hasUnflushed ? TimeUnit.MILLISECONDS.toNanos(FLUSH_EVERY_MILLIS) : Long.MAX_VALUE);
    return !drained.isEmpty() && drained.get(drained.size() - 1) instanceof Stop;
  }

  private void commit(List<StoreOperation<?>> drained, Staging staging, WriteOptions options) {
    List<StoreOperation<?>> staged = new ArrayList<>(drained.size());
    List<Runnable> answers = new ArrayList<>(drained.size());
    long bytes = 0;
    IOException noPlace = begin(staging);
    for (StoreOperation<?> operation : drained) {
      bytes += operation.bytes;
      try {
        staging.save();
        answers.add(operation.stage(staging));
        staged.add(operation);
      } catch (StoreException e) {
        takeBack(staging, operation, e);
      } catch (RocksDBException e) {
        takeBack(staging, operation, StoreException.of("the store cannot be read", e));
      }
    }
    try {
      if (noPlace != null) {
        throw noPlace;
      }
      write(staging, options);
      if (isFailing && !staging.isEmpty()) {
        isFailing = false;
        LOG.info("Writes succeed again");
      }
      writtenBytes.addAndGet(bytes);
      pendingBytes.addAndGet(-bytes);
      answers.forEach(Runnable::run);
    } catch (RocksDBException e) {
      fail(staged, answers, bytes, StoreException.of("the index takes no write", e));
    } catch (IOException e) {
      fail(staged, answers, bytes, StoreException.of("the log takes no write", e));
    }
    positions.shrink();
  }

  /** Answers why there is no place for a block, if so; everything is staged all the same. */
  private @Nullable IOException begin(Staging staging) {
    try {
      staging.begin(log.next());
      return null;
    } catch (IOException e) {
      staging.begin(log.end());
      return e;
    }
  }

  private static void takeBack(Staging staging, StoreOperation<?> operation, StoreException why) {
    try {
      staging.takeBack();
    } catch (RocksDBException e) {
      throw new IllegalStateException("a staged operation cannot be taken back", e);
    }
    operation.done.completeExceptionally(why);
  }

  private void fail(
      List<StoreOperation<?>> staged, List<Runnable> answers, long bytes, StoreException why) {
    if (!isFailing) {
      isFailing = true;
      LOG.error("Writes fail from here on: {}", why.getMessage());
    }
    positions.forgetAll();
    pendingBytes.addAndGet(-bytes);
    for (int i = 0; i < staged.size(); i++) {
      if (staged.get(i).needsWrite()) {
        staged.get(i).done.completeExceptionally(why);
      } else {
        answers.get(i).run();
      }
    }
  }

  private void write(Staging staging, WriteOptions options) throws RocksDBException, IOException {
    boolean isFlushed = !settings.unsafeAnswerBeforeFlush();
    if (!staging.isEmpty()) {
      log.write(staging.seal(), isFlushed);
      database.db().write(options, staging.index());
      if (isFlushed) {
        moveMark();
      } else {
        hasUnflushed = true;
      }
    }
    if (hasUnflushed && isFlushDue) {
      isFlushDue = false;
      flush();
    }
  }

  private void moveMark() {
    flushes.incrementAndGet();
    LogPosition end = log.end();
    mark.advance(end.sequence() - 1, end.segment(), end.offset());
  }

  private void flush() throws IOException {
    log.flush();
    hasUnflushed = false;
    moveMark();
  }

  private void flushUnflushed() {
    if (!hasUnflushed) {
      return;
    }
    try {
      flush();
    } catch (IOException e) {
      LOG.error("The last writes could not be flushed", e);
    }
  }
}
