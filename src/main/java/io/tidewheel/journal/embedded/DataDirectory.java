package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A data directory: locked, and known to be ours by its identity file. An empty directory becomes
 * one; a directory with anything else in it is refused.
 */
final class DataDirectory implements AutoCloseable {
  static final String IDENTITY_FILE = "tidewheel.store";
  static final int FORMAT = 2;

  /** What may lie in a directory whose creation did not come to its end. */
  private static final Set<String> BEFORE_IDENTITY =
      Set.of(DirectoryLock.FILE, CommitMark.FILE, IDENTITY_FILE + ".new", "lost+found");

  private final Path path;
  private final String id;
  private final DirectoryLock lock;

  private DataDirectory(Path path, String id, DirectoryLock lock) {
    this.path = path;
    this.id = id;
    this.lock = lock;
  }

  /**
   * Opens or creates a data directory.
   *
   * @throws StoreException LOCKED, FOREIGN, NEWER_FORMAT or IO; the directory is then unchanged
   *     except for its lock file
   */
  static DataDirectory open(Path directory) {
    Path path;
    try {
      Files.createDirectories(directory);
      path = directory.toRealPath();
      refuseForeign(path);
    } catch (IOException e) {
      throw new StoreException(Kind.IO, "data directory " + directory + " cannot be used: " + e, e);
    }
    DirectoryLock lock = DirectoryLock.acquire(path);
    boolean opened = false;
    try {
      if (Files.exists(path.resolve(IDENTITY_FILE))) {
        checkFormat(path);
      } else {
        CommitMark.create(path);
        writeIdentity(path);
      }
      opened = true;
      return new DataDirectory(path, identity(path, "id"), lock);
    } catch (IOException e) {
      throw new StoreException(Kind.IO, "data directory " + path + " cannot be used: " + e, e);
    } finally {
      if (!opened) {
        lock.close();
      }
    }
  }

  private static void refuseForeign(Path path) throws IOException {
    if (Files.exists(path.resolve(IDENTITY_FILE))) {
      return;
    }
    try (Stream<Path> files = Files.list(path)) {
      files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !BEFORE_IDENTITY.contains(name))
          .findFirst()
          .ifPresent(
              name -> {
                throw new StoreException(
                    Kind.FOREIGN,
                    path
                        + " is not a Tidewheel data directory: it holds '"
                        + name
                        + "' and no "
                        + IDENTITY_FILE
                        + "; give an empty directory or one that Tidewheel made");
              });
    }
  }

  private static void checkFormat(Path path) throws IOException {
    String format = identity(path, "format");
    int number;
    try {
      number = Integer.parseInt(format);
    } catch (NumberFormatException e) {
      throw new StoreException(
          Kind.FOREIGN,
          path + " is not a Tidewheel data directory: its " + IDENTITY_FILE + " names no format");
    }
    if (number < FORMAT) {
      throw new StoreException(
          Kind.FOREIGN,
          "data directory " + path + " has format " + number + ", which no release has written");
    }
    if (number > FORMAT) {
      throw new StoreException(
          Kind.NEWER_FORMAT,
          "data directory "
              + path
              + " has format "
              + number
              + ", this release reads up to "
              + FORMAT
              + ": use the release that wrote it or a later one");
    }
  }

  /** What the identity file says about a key, empty if nothing. */
  private static String identity(Path path, String key) throws IOException {
    return Files.readAllLines(path.resolve(IDENTITY_FILE)).stream()
        .filter(line -> line.startsWith(key + "="))
        .map(line -> line.substring(key.length() + 1).strip())
        .findFirst()
        .orElse("");
  }

  /**
   * The time is that of the lock file, which has just been made; the id is a digest of what no two
   * directories share: place, time in nanoseconds, file and process.
   */
  private static void writeIdentity(Path path) throws IOException {
    BasicFileAttributes made =
        Files.readAttributes(path.resolve(DirectoryLock.FILE), BasicFileAttributes.class);
    String facts =
        path + " " + made.lastModifiedTime() + " " + made.fileKey() + " " + processStart();
    String text =
        "format="
            + FORMAT
            + "\nid="
            + UUID.nameUUIDFromBytes(facts.getBytes(StandardCharsets.UTF_8))
            + "\ncreated="
            + made.lastModifiedTime()
            + "\n";
    Path fresh = path.resolve(IDENTITY_FILE + ".new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      channel.force(true);
    }
    Files.move(fresh, path.resolve(IDENTITY_FILE), StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static String processStart() {
    ProcessHandle process = ProcessHandle.current();
    return process.pid() + " " + process.info().startInstant().map(Object::toString).orElse("");
  }

  Path path() {
    return path;
  }

  /** What no other data directory has. */
  String id() {
    return id;
  }

  /** Where the files of the log are. */
  Path log() {
    return path.resolve("log");
  }

  /** Where RocksDB keeps the files of the index. */
  Path database() {
    return path.resolve("db");
  }

  @Override
  public void close() {
    lock.close();
  }
}
