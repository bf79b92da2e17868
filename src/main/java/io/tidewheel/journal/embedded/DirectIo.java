package io.tidewheel.journal.embedded;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Whether a directory takes writes that pass the page cache by; memory file systems do not. */
final class DirectIo {
  private static final String PROBE = "direct-io.probe";

  private DirectIo() {}

  static boolean isPossibleIn(Path directory) throws IOException {
    Path probe = directory.resolve(PROBE);
    try (FileChannel opened =
        FileChannel.open(
            probe,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            ExtendedOpenOption.DIRECT)) {
      return opened.isOpen();
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    } finally {
      Files.deleteIfExists(probe);
    }
  }
}
