package io.tidewheel.journal.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads rows from the log, for one read of the store: it keeps the file that is open and reads
 * ahead, since the small rows of a queue lie near each other. Not thread-safe.
 *
 * <p>A segment may be dropped and written over while it is read. So what comes back may be
 * anything; the check of the row finds that out, and the index then tells whether the row has
 * moved.
 */
final class SegmentReader implements AutoCloseable {
  private static final int WINDOW_BYTES = 128 << 10;

  private final LogSegments segments;
  private final byte[] window = new byte[WINDOW_BYTES];
  private @Nullable FileChannel channel;
  private long segment;
  private long windowAt;
  private int windowBytes;

  SegmentReader(LogSegments segments) {
    this.segments = segments;
  }

  /** The bytes a pointer points to; empty if the file is gone or shorter. */
  Optional<byte[]> read(RowPointer pointer) throws IOException {
    try {
      if (channel == null || segment != pointer.segment()) {
        close();
        channel = segments.openToRead(pointer.segment());
        segment = pointer.segment();
        windowBytes = 0;
      }
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    int length = pointer.length();
    if (length > WINDOW_BYTES / 2) {
      byte[] row = new byte[length];
      return fill(row, pointer.offset()) == length ? Optional.of(row) : Optional.empty();
    }
    if (pointer.offset() < windowAt || pointer.offset() + length > windowAt + windowBytes) {
      windowAt = pointer.offset();
      windowBytes = fill(window, windowAt);
      if (windowBytes < length) {
        windowBytes = 0;
        return Optional.empty();
      }
    }
    int from = (int) (pointer.offset() - windowAt);
    return Optional.of(Arrays.copyOfRange(window, from, from + length));
  }

  private int fill(byte[] bytes, long at) throws IOException {
    FileChannel in = channel;
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (in != null && buffer.hasRemaining()) {
      if (in.read(buffer, at + buffer.position()) < 0) {
        break;
      }
    }
    return buffer.position();
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
      channel = null;
    }
  }
}
