package io.tidewheel.journal.embedded;

import akka.Done;
import akka.actor.Cancellable;
import akka.persistence.AtomicWrite;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.japi.AsyncWriteJournal;
import com.typesafe.config.Config;
import io.tidewheel.journal.LogRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Akka's journal plugin {@code tidewheel.journal.embedded}.
 *
 * <ol>
 *   <li>A write that is answered is flushed; an atomic write is stored whole or not at all.
 *   <li>Rejected is only what was never handed to the store: it could not be serialized or is too
 *       large. Every other trouble fails the write, and whether it was stored is then unknown.
 *   <li>Replays give the rows in order without leaving any out; a row that can't be read fails the
 *       replay.
 *   <li>The highest number is read after all writes that were under way, and never gets smaller.
 * </ol>
 */
public final class EmbeddedJournal extends AsyncWriteJournal {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedJournal.class);
  private static final int MAX_REJECTED_ACTORS = 1024;

  /** How late a write that hangs may fail. */
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);

  private final EmbeddedStore store;
  private final EventSerialization serialization;
  private final StoreReads reads;
  private final WriteDeadlines deadlines;
  private final Cancellable expiring;

  /** Numbers of an actor that were rejected last; its next row follows the one before them. */
  private final LinkedHashMap<String, Numbers> rejected =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Numbers> eldest) {
          return size() > MAX_REJECTED_ACTORS;
        }
      };

  private record Numbers(long first, long last) {}

  /** Called by Akka with the plugin's settings and their path. */
  public EmbeddedJournal(Config config, String configPath) {
    EmbeddedStoreExtension extension = EmbeddedStoreExtension.get(context().system());
    LOG.debug("Journal {} over {}", configPath, extension.store().directory());
    this.store = extension.store();
    this.serialization = extension.serialization();
    this.reads = extension.reads();
    this.deadlines = new WriteDeadlines(config.getDuration("write-timeout"), System::nanoTime);
    this.expiring =
        context()
            .system()
            .scheduler()
            .scheduleWithFixedDelay(
                LOOK_INTERVAL, LOOK_INTERVAL, deadlines::expire, context().dispatcher());
  }

  @Override
  public void postStop() {
    expiring.cancel();
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> results = new ArrayList<>();
    List<CompletableFuture<?>> writes = new ArrayList<>();
    for (AtomicWrite write : messages) {
      try {
        writes.add(append(write));
        results.add(Optional.empty());
      } catch (Exception e) {
        // Serializers throw what they like; nothing has been handed to the store.
        reject(write);
        results.add(Optional.of(e));
      }
    }
    return StoreReads.toScala(
        CompletableFuture.allOf(writes.toArray(CompletableFuture<?>[]::new))
            .thenApply(stored -> results));
  }

  private CompletableFuture<?> append(AtomicWrite write) {
    String persistenceId = write.persistenceId();
    byte[] prefix = RowKey.prefix(persistenceId);
    Numbers gap = rejected.get(persistenceId);
    long first = write.lowestSequenceNr();
    long before = gap != null && gap.last() == first - 1 ? gap.first() - 1 : first - 1;
    long previous = before;
    List<EncodedRow> rows = new ArrayList<>(write.size());
    boolean mayWait = true;
    for (PersistentRepr event : CollectionConverters.asJava(write.payload())) {
      rows.add(serialization.encode(prefix, previous, event));
      previous = event.sequenceNr();
      mayWait = mayWait && mayWait(event);
    }
    if (gap != null) {
      rejected.remove(persistenceId);
    }
    CompletableFuture<?> stored = store.append(persistenceId, before, List.copyOf(rows), mayWait);
    deadlines.add(stored);
    return stored;
  }

  private static boolean mayWait(PersistentRepr row) {
    return row.payload() instanceof LogRow.Entry<?> entry && entry.event().mayWait();
  }

  private void reject(AtomicWrite write) {
    Numbers numbers = new Numbers(write.lowestSequenceNr(), write.highestSequenceNr());
    rejected.merge(
        write.persistenceId(),
        numbers,
        (old, more) ->
            old.last() == more.first() - 1 ? new Numbers(old.first(), more.last()) : more);
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return StoreReads.toScalaVoid(
        reads
            .run(() -> store.estimateBytes(persistenceId, toSequenceNr))
            .thenCompose(bytes -> store.trim(persistenceId, toSequenceNr, bytes)));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replayCallback) {
    return StoreReads.toScalaVoid(
        reads.run(
            () -> {
              replay(persistenceId, fromSequenceNr, toSequenceNr, max, replayCallback);
              return Done.getInstance();
            }));
  }

  private void replay(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> callback) {
    if (max <= 0) {
      return;
    }
    store.readEvents(
        persistenceId,
        from,
        to,
        new java.util.function.Predicate<>() {
          private long left = max;

          @Override
          public boolean test(StoredRow row) {
            callback.accept(serialization.decode(persistenceId, row));
            left--;
            return left > 0;
          }
        });
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return StoreReads.toScala(
        store.barrier().thenCompose(before -> reads.run(() -> store.highestSeqNr(persistenceId))));
  }
}
