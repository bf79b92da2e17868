package io.tidewheel.journal.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** The end of the log, where blocks are added. Writer thread only. */
final class LogWriter implements AutoCloseable {
  private final LogSegments segments;
  private final Runnable routine;
  private LogPosition next;
  private @Nullable FileChannel channel;

  /**
   * Goes on at the end of a log.
   *
   * @param routine called once for each segment that fills, early enough to have the next one
   *     prepared; a store that hardly writes needs no spare
   */
  LogWriter(LogSegments segments, LogPosition end, Runnable routine) {
    this.segments = segments;
    this.next = end;
    this.routine = routine;
  }

  /** Where the next block will start; begins a new segment if the last one is full. */
  LogPosition next() throws IOException {
    if (next.offset() >= segments.sealAtBytes()) {
      FileChannel begun = segments.begin(next.segment() + 1);
      close();
      channel = begun;
      segments.seal(next.segment(), next.offset());
      next = new LogPosition(next.segment() + 1, 0, next.sequence());
    }
    return next;
  }

  /** The end of the log, wherever the next block will be. */
  LogPosition end() {
    return next;
  }

  /**
   * Writes a block at {@link #next()}. After a failure the next block is written over it.
   *
   * @param flush whether it must be on disk when this returns
   */
  void write(ByteBuffer block, boolean flush) throws IOException {
    FileChannel out = channel;
    if (out == null) {
      out =
          segments.exists(next.segment())
              ? segments.openToWrite(next.segment())
              : segments.begin(next.segment());
      channel = out;
    }
    long at = next.offset();
    while (block.hasRemaining()) {
      at += out.write(block, at);
    }
    if (flush) {
      out.force(false);
    }
    boolean isRoutineDue =
        next.offset() < segments.prepareAtBytes() && at >= segments.prepareAtBytes();
    next = new LogPosition(next.segment(), at, next.sequence() + 1);
    if (isRoutineDue) {
      routine.run();
    }
  }

  /** Puts everything that was written on disk; sealed segments are already. */
  void flush() throws IOException {
    if (channel != null) {
      channel.force(false);
    }
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.force(false);
      channel.close();
      channel = null;
    }
  }
}
