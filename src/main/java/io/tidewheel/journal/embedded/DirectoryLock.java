package io.tidewheel.journal.embedded;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lock of a data directory, held for the life of the store. The operating system gives it back
 * when the process ends, however it ends; the process id inside is for people only.
 */
final class DirectoryLock implements AutoCloseable {
  static final String FILE = "tidewheel.lock";

  /**
   * Directories this process holds. Asked before the lock file is touched: closing any channel of a
   * file gives up all locks of the process on it.
   */
  @GuardedBy("HELD")
  private static final Set<Path> HELD = new HashSet<>();

  private final Path directory;
  private final FileChannel channel;

  private DirectoryLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @param directory an existing directory, as its real path
   * @throws StoreException {@link Kind#LOCKED} if it is held, {@link Kind#IO} if it can't be taken
   */
  static DirectoryLock acquire(Path directory) {
    synchronized (HELD) {
      if (HELD.contains(directory)) {
        throw new StoreException(
            Kind.LOCKED, "data directory " + directory + " is already open in this process");
      }
      FileChannel channel = null;
      try {
        channel =
            FileChannel.open(
                directory.resolve(FILE),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock();
        if (lock == null) {
          channel.close();
          throw new StoreException(
              Kind.LOCKED,
              "data directory " + directory + " is in use by another process" + holder(directory));
        }
        channel.truncate(0);
        channel.write(
            ByteBuffer.wrap(
                (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)),
            0);
        HELD.add(directory);
        return new DirectoryLock(directory, channel);
      } catch (IOException e) {
        closeQuietly(channel);
        throw new StoreException(
            Kind.IO, "data directory " + directory + " cannot be locked: " + e.getMessage(), e);
      }
    }
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException ignored) {
        // The failure that led here is reported.
      }
    }
  }

  private static String holder(Path directory) {
    try {
      String pid = Files.readString(directory.resolve(FILE)).strip();
      return pid.isEmpty() ? "" : " (process " + pid + ")";
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public void close() {
    synchronized (HELD) {
      HELD.remove(directory);
      closeQuietly(channel);
    }
  }
}
