package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/**
 * Reads the log from a position to its end and applies it to the index.
 *
 * <p>The end is the first block that is not whole or does not follow; such a block may be torn, or
 * be left from an earlier life of its file. Whether something acknowledged lay behind is for {@link
 * CommitMark} to tell, and a later block that is whole tells it too.
 */
final class LogReplay {
  private static final int FIRST_BYTES = 1 << 20;

  private final LogSegments segments;
  private final LogBlock format;
  private ByteBuffer block = ByteBuffer.allocateDirect(FIRST_BYTES);

  LogReplay(LogSegments segments, LogBlock format) {
    this.segments = segments;
    this.format = format;
  }

  /** Applies all whole blocks from a position on and answers where the log ends. */
  LogPosition apply(LogPosition from, Staging staging, Database database) {
    LogPosition next = from;
    try (WriteOptions options = new WriteOptions().setDisableWAL(true)) {
      LogPosition end = applySegment(next, staging, database, options);
      while (startsAt(new LogPosition(end.segment() + 1, 0, end.sequence()))) {
        segments.seal(end.segment(), end.offset());
        next = new LogPosition(end.segment() + 1, 0, end.sequence());
        end = applySegment(next, staging, database, options);
      }
      return end;
    } catch (RocksDBException e) {
      throw StoreException.of("the log cannot be replayed", e);
    } catch (IOException e) {
      throw new StoreException(Kind.IO, "the log cannot be read: " + e.getMessage(), e);
    }
  }

  private LogPosition applySegment(
      LogPosition from, Staging staging, Database database, WriteOptions options)
      throws IOException, RocksDBException {
    if (!segments.exists(from.segment())) {
      return from;
    }
    LogPosition next = from;
    try (FileChannel channel = segments.openToRead(from.segment())) {
      Optional<LogBlock.Header> header = blockAt(channel, next.offset());
      while (header.isPresent() && header.get().isAt(next)) {
        staging.begin(next);
        for (int i = 0; i < header.get().entryCount(); i++) {
          staging.replay(LogEntry.read(block), next);
        }
        database.db().write(options, staging.index());
        next =
            new LogPosition(
                next.segment(), next.offset() + header.get().blockBytes(), next.sequence() + 1);
        header = blockAt(channel, next.offset());
      }
    }
    return next;
  }

  private boolean startsAt(LogPosition position) throws IOException {
    return firstOf(position.segment()).filter(first -> first.isAt(position)).isPresent();
  }

  /** The first block of a segment, if it is whole and the segment's own. */
  Optional<LogBlock.Header> firstOf(long segment) throws IOException {
    if (!segments.exists(segment)) {
      return Optional.empty();
    }
    try (FileChannel channel = segments.openToRead(segment)) {
      return blockAt(channel, 0).filter(first -> first.segment() == segment);
    }
  }

  /** Reads a block, ready to read its entries; empty if it is not whole. */
  Optional<LogBlock.Header> blockAt(FileChannel channel, long at) throws IOException {
    long left = channel.size() - at;
    if (left < LogBlock.HEADER_BYTES) {
      return Optional.empty();
    }
    fill(channel, at, 0, LogBlock.HEADER_BYTES);
    Optional<LogBlock.Header> header =
        LogBlock.header(block).filter(found -> found.entryBytes() <= left - LogBlock.HEADER_BYTES);
    if (header.isPresent()) {
      int end = LogBlock.HEADER_BYTES + header.get().entryBytes();
      if (block.capacity() < end) {
        block = ByteBuffer.allocateDirect(end);
      }
      fill(channel, at, 0, end);
    }
    return header.filter(found -> format.isWhole(block, found));
  }

  private void fill(FileChannel channel, long at, int from, int end) throws IOException {
    block.clear().position(from).limit(end);
    while (block.hasRemaining()) {
      if (channel.read(block, at + block.position()) < 0) {
        throw new IOException("a log file became shorter while it was read");
      }
    }
    block.position(Math.min(LogBlock.HEADER_BYTES, end));
  }
}
