package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.EmbeddedStoreSettings.Recovery;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of a store whose index has caught up with its log, and whose log holds everything that
 * was acknowledged.
 *
 * @param end where the log goes on
 */
record Opened(
    Database database,
    CommitMark mark,
    LogSegments segments,
    LogBlock format,
    Checkpoint checkpoint,
    LogPosition end) {
  private static final Logger LOG = LoggerFactory.getLogger(Opened.class);

  /**
   * Opens the parts, replays the log and checks it.
   *
   * @throws StoreException CORRUPT, LOST_WRITES or IO
   */
  static Opened from(DataDirectory directory, EmbeddedStoreSettings settings) {
    boolean acceptLoss = settings.recovery() == Recovery.ACCEPT_LOSS;
    CommitMark mark = CommitMark.open(directory.path(), acceptLoss);
    boolean isFresh = mark.position().sequence() == 0;
    Database database = Database.open(directory.database(), settings, isFresh || acceptLoss);
    boolean isComplete = false;
    try {
      Opened opened = replay(directory, settings, mark, database);
      isComplete = true;
      return opened;
    } catch (RocksDBException e) {
      throw StoreException.of("the index of " + directory.path() + " cannot be read", e);
    } catch (IOException e) {
      throw StoreException.of("the log of " + directory.path() + " cannot be used", e);
    } finally {
      if (!isComplete) {
        database.close();
      }
    }
  }

  private static Opened replay(
      DataDirectory directory, EmbeddedStoreSettings settings, CommitMark mark, Database database)
      throws RocksDBException, IOException {
    LogSegments segments = new LogSegments(directory.log(), settings.segmentBytes());
    LogBlock format = new LogBlock(directory.id());
    Checkpoint checkpoint = Checkpoint.read(database);
    LogReplay replay = new LogReplay(segments, format);
    checkpoint.sealed().forEach(segments::seal);
    LogPosition end;
    try (Staging staging =
        new Staging(
            database,
            new ActorPositions(database, settings.cachedActors()),
            format,
            settings.maxInlineBytes())) {
      end = replay.apply(checkpoint.from(), staging, database);
    }
    List<String> missing = new ArrayList<>(LogCheck.missing(segments, checkpoint));
    missing.addAll(LogCheck.missing(segments, replay, end, mark.position()));
    if (!missing.isEmpty()) {
      if (settings.recovery() == Recovery.STRICT) {
        throw LogCheck.refusal(directory.path(), missing);
      }
      missing.forEach(finding -> LOG.error("Acknowledged writes lost and accepted: {}", finding));
      for (long behind : segments.filesBehind(end.segment())) {
        Files.delete(segments.path(behind));
      }
      // What lies behind the end in its file would follow on what is written now.
      segments.seal(end.segment(), end.offset());
      end = new LogPosition(end.segment() + 1, 0, end.sequence());
      checkpoint = new Checkpoint(end, segments.sealedBefore(end.segment()));
      checkpoint.save(database);
    }
    if (mark.position().sequence() != end.sequence() - 1) {
      mark.restart(end.sequence() - 1);
    }
    return new Opened(database, mark, segments, format, checkpoint, end);
  }
}
