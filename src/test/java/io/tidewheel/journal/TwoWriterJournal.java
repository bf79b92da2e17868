package io.tidewheel.journal;

import akka.dispatch.Futures;
import akka.persistence.AtomicWrite;
import akka.persistence.PersistentImpl;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.japi.AsyncWriteJournal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import scala.concurrent.Future;

/**
 * A journal that, like a replicated store, keeps both rows when two writers used one number, and
 * replays them in the order in which the test put them.
 */
public final class TwoWriterJournal extends AsyncWriteJournal {
  static final List<PersistentRepr> ROWS = new CopyOnWriteArrayList<>();

  public TwoWriterJournal() {}

  static void put(String persistenceId, long seqNr, LogRow<?> row) {
    ROWS.add(
        new PersistentImpl(
            row, seqNr, persistenceId, "", false, null, "", 0, scala.Option.empty()));
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> results = new ArrayList<>();
    for (AtomicWrite write : messages) {
      scala.jdk.javaapi.CollectionConverters.asJava(write.payload()).forEach(ROWS::add);
      results.add(Optional.empty());
    }
    return Futures.successful(results);
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return Futures.successful(null);
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> replay) {
    for (PersistentRepr row : ROWS) {
      boolean isInRange = row.sequenceNr() >= from && row.sequenceNr() <= to;
      if (isInRange && row.persistenceId().equals(persistenceId)) {
        replay.accept(row);
      }
    }
    return Futures.successful(null);
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long from) {
    return Futures.successful(
        ROWS.stream()
            .filter(row -> row.persistenceId().equals(persistenceId))
            .mapToLong(PersistentRepr::sequenceNr)
            .max()
            .orElse(0));
  }
}
