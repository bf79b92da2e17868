package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the log. Each is written once, from its start to its end, and read wherever a row
 * is. What becomes free is kept as a spare and written over: a flush of bytes that exist already
 * has no metadata of the file system to commit, which halves its time (docs/decisions/0006).
 *
 * <p>Thread-safe; a segment is begun by the writer and dropped by the reclaimer only.
 */
final class LogSegments {
  private static final int MAX_SPARES = 2;
  private static final Logger LOG = LoggerFactory.getLogger(LogSegments.class);
  private static final String SUFFIX = ".segment";
  private static final String SPARE = "spare-";
  static final String UNFINISHED = "unfinished-spare";

  private final Path directory;
  private final long segmentBytes;

  /** With which files are written. */
  private final Set<OpenOption> writing = new HashSet<>(Set.of(StandardOpenOption.WRITE));

  /** Sealed segments with their lengths. */
  private final ConcurrentSkipListMap<Long, Long> sealed = new ConcurrentSkipListMap<>();

  /**
   * The files of a directory, which is made if there is none.
   *
   * @param segmentBytes size of a spare, a multiple of 1 MiB
   */
  LogSegments(Path directory, long segmentBytes) {
    this.directory = directory;
    this.segmentBytes = segmentBytes;
    try {
      Files.createDirectories(directory);
      Files.deleteIfExists(directory.resolve(UNFINISHED));
      Optional<OpenOption> direct = direct();
      if (direct.isPresent() && isPossible(direct.get())) {
        writing.add(direct.get());
      }
    } catch (IOException e) {
      throw new StoreException(Kind.IO, directory + " cannot be used: " + e.getMessage(), e);
    }
  }

  /** A segment is sealed after the block that reaches this; a block that is no giant then fits. */
  long sealAtBytes() {
    return segmentBytes / 16 * 15;
  }

  /** Grown to this, a segment will soon be followed by another one. */
  long prepareAtBytes() {
    return segmentBytes / 4;
  }

  Path path(long segment) {
    return directory.resolve(String.format("%012d%s", segment, SUFFIX));
  }

  boolean exists(long segment) {
    return Files.exists(path(segment));
  }

  /** Bytes of a file, 0 if there is none. */
  long fileBytes(long segment) throws IOException {
    return exists(segment) ? Files.size(path(segment)) : 0;
  }

  /** Opens a segment to read it. */
  FileChannel openToRead(long segment) throws IOException {
    return FileChannel.open(path(segment), StandardOpenOption.READ);
  }

  /**
   * Opens the segment that is written to, which may hold blocks already. Where the file system can,
   * writes pass the page cache by: the copy into it cost more than all the rest of a write.
   */
  FileChannel openToWrite(long segment) throws IOException {
    return FileChannel.open(path(segment), writing);
  }

  /**
   * What asks for writes past the page cache. By its name: it is not in Java's specification, and
   * newer compilers warn of every use.
   */
  private static Optional<OpenOption> direct() {
    try {
      return Arrays.stream(Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
          .filter(option -> option.toString().equals("DIRECT"))
          .map(OpenOption.class::cast)
          .findFirst();
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
  }

  /** Memory file systems do not take it, for example. */
  private boolean isPossible(OpenOption direct) throws IOException {
    Path probe = directory.resolve(UNFINISHED);
    Set<OpenOption> options = Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, direct);
    try (FileChannel opened = FileChannel.open(probe, options)) {
      ByteBuffer page = pages(LogBlock.ALIGNMENT);
      return opened.write(page, 0) == page.capacity();
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    } finally {
      Files.deleteIfExists(probe);
    }
  }

  /** A buffer that can be written past the page cache. */
  static ByteBuffer pages(int bytes) {
    return ByteBuffer.allocateDirect(LogBlock.aligned(bytes) + LogBlock.ALIGNMENT)
        .alignedSlice(LogBlock.ALIGNMENT);
  }

  /** Makes the file of a new segment, from a spare if there is one, and opens it. */
  FileChannel begin(long segment) throws IOException {
    Path path = path(segment);
    Optional<Path> spare = spares().findFirst();
    if (spare.isPresent()) {
      Files.move(spare.get(), path, StandardCopyOption.ATOMIC_MOVE);
    } else if (!Files.exists(path)) {
      Files.createFile(path);
    }
    forceDirectory();
    return openToWrite(segment);
  }

  /** Notes that a segment has come to its end. */
  void seal(long segment, long bytes) {
    sealed.put(segment, bytes);
  }

  /** Sealed segments before one, with their lengths. */
  Map<Long, Long> sealedBefore(long segment) {
    return Map.copyOf(sealed.headMap(segment));
  }

  /** Length of all sealed segments together. */
  long sealedBytes() {
    long bytes = 0;
    for (long length : sealed.values()) {
      bytes += length;
    }
    return bytes;
  }

  /** Segments behind one that have a file, in order. */
  List<Long> filesBehind(long segment) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.matches("\\d{12,18}" + SUFFIX))
          .map(name -> Long.parseLong(name.substring(0, name.length() - SUFFIX.length())))
          .filter(number -> number > segment)
          .sorted()
          .toList();
    }
  }

  /**
   * Gives up a segment that nobody needs: it becomes a spare, or is deleted if there are enough.
   */
  void drop(long segment) throws IOException {
    sealed.remove(segment);
    Path path = path(segment);
    if (spares().count() < MAX_SPARES && fileBytes(segment) >= segmentBytes) {
      Files.move(path, directory.resolve(SPARE + segment), StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.deleteIfExists(path);
    }
  }

  /** Makes sure that a spare is there for the next segment; slow. */
  void prepareSpare() {
    Path unfinished = directory.resolve(UNFINISHED);
    try {
      if (spares().findAny().isPresent()) {
        return;
      }
      fill(unfinished);
      Files.move(unfinished, directory.resolve(SPARE + "0"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.debug("No spare log file: {}", e.getMessage());
      deleteQuietly(unfinished);
    }
  }

  /** Written for good: a hole would be allocated by the first flush, which is what this avoids. */
  private void fill(Path file) throws IOException {
    ByteBuffer zeros = pages(1 << 20);
    Set<OpenOption> options = new HashSet<>(writing);
    options.add(StandardOpenOption.CREATE);
    try (FileChannel channel = FileChannel.open(file, options)) {
      for (long at = 0; at < segmentBytes; at += 1 << 20) {
        // Little by little, so that the writer's flushes do not queue behind all of it.
        channel.write(zeros.clear().limit(1 << 20), at);
      }
      channel.force(true);
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.debug("{} stays: {}", file, e.getMessage());
    }
  }

  private Stream<Path> spares() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).startsWith(SPARE))
          .toList()
          .stream();
    }
  }

  private void forceDirectory() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
