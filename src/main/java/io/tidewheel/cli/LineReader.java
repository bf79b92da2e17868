package io.tidewheel.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream into lines without looking at their encoding. A line ends before its line feed and
 * keeps everything else, also a carriage return; a line feed at the very end begins no further
 * line. Holds one line and one buffer in memory.
 */
final class LineReader {
  private static final int BUFFER_BYTES = 64 << 10;

  private final InputStream in;
  private final int maxLineBytes;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int position;
  private int limit;
  private long readBytes;
  private long lineCount;

  LineReader(InputStream in, int maxLineBytes) {
    this.in = in;
    this.maxLineBytes = maxLineBytes;
  }

  /** The next line; null at the end. */
  byte @Nullable [] next() throws IOException {
    line.reset();
    boolean isStarted = false;
    while (true) {
      if (position == limit && !fill()) {
        return isStarted ? finish() : null;
      }
      isStarted = true;
      int start = position;
      while (position < limit && buffer[position] != '\n') {
        position++;
      }
      if (line.size() + position - start > maxLineBytes) {
        throw new IOException(
            "line "
                + (lineCount + 1)
                + " is longer than a message may be: "
                + maxLineBytes
                + " bytes");
      }
      line.write(buffer, start, position - start);
      if (position < limit) {
        position++;
        return finish();
      }
    }
  }

  /** Bytes taken from the stream by the lines so far. */
  long readBytes() {
    return readBytes - (limit - position);
  }

  private byte[] finish() {
    lineCount++;
    return line.toByteArray();
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = Math.max(0, in.read(buffer));
    readBytes += limit;
    return limit > 0;
  }
}
