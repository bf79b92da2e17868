package io.tidewheel.journal;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the file system of a directory has room for more messages. A part of it is kept for what
 * must go on when publishers are refused: acks, checkpoints, and the work that gives space back.
 * Safe for any thread.
 */
public final class FreeSpace {
  /** How often {@link #look} is to be called: a fast disk takes far less than the reserve in it. */
  public static final Duration INTERVAL = Duration.ofMillis(200);

  private static final Logger LOG = LoggerFactory.getLogger(FreeSpace.class);

  private final Path directory;
  private final long reserveBytes;
  private volatile boolean isFull;
  private volatile boolean isUnknown;

  /** Found once: finding it reads the table of mounts, asking it is one system call. */
  private volatile @Nullable FileStore fileStore;

  /**
   * The free space of a directory, not looked at yet.
   *
   * @param reserveBytes that are not given to messages
   */
  public FreeSpace(Path directory, long reserveBytes) {
    this.directory = directory;
    this.reserveBytes = reserveBytes;
  }

  /** Whether nothing more may be published, as of the last look. */
  public boolean isFull() {
    return isFull;
  }

  /** Asks the file system; waits for it. */
  public void look() {
    try {
      if (fileStore == null) {
        fileStore = Files.getFileStore(directory);
      }
      long usable = fileStore.getUsableSpace();
      isUnknown = false;
      boolean isFullNow = usable < reserveBytes;
      if (isFullNow != isFull) {
        isFull = isFullNow;
        LOG.warn(
            "{} bytes are free in {}, {} are kept in reserve: messages are {}",
            usable,
            directory,
            reserveBytes,
            isFullNow ? "refused" : "taken again");
      }
    } catch (IOException e) {
      if (!isUnknown) {
        isUnknown = true;
        LOG.warn("the free space of {} is not known: {}", directory, e.getMessage());
      }
    }
  }
}
