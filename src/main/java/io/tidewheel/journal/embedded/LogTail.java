package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.CommitMark.LogLength;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of the log file that RocksDB writes to. RocksDB does not say which one that is: it is the
 * newest that has grown. Asked after each write by the only writer, so a file that did not grow has
 * been replaced. Writer thread only.
 */
final class LogTail implements AutoCloseable {
  private final Path database;
  private @Nullable FileChannel channel;
  private long number;
  private long bytes;

  LogTail(Path database) {
    this.database = database;
  }

  /** Number and length of the file that the last write went to. */
  LogLength afterWrite() throws IOException {
    FileChannel current = channel;
    long size = current == null ? 0 : current.size();
    if (current == null || size == bytes) {
      size = findNewest();
    }
    bytes = size;
    return new LogLength(number, size);
  }

  private long findNewest() throws IOException {
    close();
    List<LogFile> files = LogFile.list(database);
    for (int i = files.size() - 1; i >= 0; i--) {
      LogFile file = files.get(i);
      long size = Files.size(file.path());
      if (size > 0) {
        channel = FileChannel.open(file.path(), StandardOpenOption.READ);
        number = file.number();
        return size;
      }
    }
    throw new IOException("no log file with data in " + database);
  }

  @Override
  public void close() throws IOException {
    FileChannel current = channel;
    channel = null;
    if (current != null) {
      current.close();
    }
  }
}
