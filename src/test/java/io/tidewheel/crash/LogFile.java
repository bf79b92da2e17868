package io.tidewheel.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * A file of the store's log, to be damaged. Records start at multiples of 4 KiB with a header of 32
 * bytes: magic (4 bytes), checksum (4), length of what follows the header (4), count (4), number of
 * the file (8), number of the record (8). Behind the last one lies what an earlier use of the file
 * has left.
 */
final class LogFile {
  private static final String SUFFIX = ".segment";
  private static final int MAGIC = 0x5457_4c31;
  private static final int HEADER_BYTES = 32;
  private static final int ALIGNMENT = 4096;

  private final Path path;

  private LogFile(Path path) {
    this.path = path;
  }

  /** The newest one below a data directory that has anything in it. */
  static LogFile newest(Path data) throws IOException {
    for (LogFile file : newestFirst(data)) {
      if (!file.records().isEmpty()) {
        return file;
      }
    }
    throw new IOException("no log file with records in " + data);
  }

  private static List<LogFile> newestFirst(Path data) throws IOException {
    try (Stream<Path> files = Files.list(data.resolve("log"))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(SUFFIX))
          .map(LogFile::new)
          .sorted(Comparator.comparingLong(LogFile::number).reversed())
          .toList();
    }
  }

  Path path() {
    return path;
  }

  private long number() {
    String name = path.getFileName().toString();
    return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
  }

  /** A record from its first byte to behind its last, without the zeros that fill its page. */
  record Range(long start, long end) {}

  /** The complete records, in order. */
  List<Range> records() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
    List<Range> records = new ArrayList<>();
    int position = 0;
    while (position + HEADER_BYTES <= bytes.capacity()
        && bytes.getInt(position) == MAGIC
        && bytes.getLong(position + 16) == number()) {
      int end = position + HEADER_BYTES + bytes.getInt(position + 8);
      if (end > bytes.capacity()) {
        break;
      }
      records.add(new Range(position, end));
      position = nextStart(end);
    }
    return records;
  }

  private static int nextStart(long end) {
    return (int) ((end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  }

  /** Adds the first bytes of a further record, as a crash in the middle of a write leaves it. */
  int appendTorn(SplittableRandom random) throws IOException {
    List<Range> records = records();
    Range last = records.get(records.size() - 1);
    byte[] before = Files.readAllBytes(path);
    int start = nextStart(last.end());
    int length = 20 + random.nextInt(2_000);
    ByteBuffer record = ByteBuffer.allocate(HEADER_BYTES + length);
    random.nextBytes(record.array());
    long lastNumber = ByteBuffer.wrap(before).getLong((int) last.start() + 24);
    record.putInt(0, MAGIC).putInt(8, length).putLong(16, number()).putLong(24, lastNumber + 1);
    // At least one byte of it, and at least one byte short.
    int torn = 1 + random.nextInt(record.capacity() - 1);
    byte[] after = Arrays.copyOf(before, Math.max(before.length, start + torn));
    System.arraycopy(record.array(), 0, after, start, torn);
    Files.write(path, after);
    return torn;
  }

  /** Turns one bit of a record over. */
  long flip(Range record, SplittableRandom random) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    int at = (int) random.nextLong(record.start(), record.end());
    bytes[at] ^= (byte) (1 << random.nextInt(8));
    Files.write(path, bytes);
    return at;
  }

  /** Ends the file in front of a record. */
  void cutBefore(Range record) throws IOException {
    cut(record.start());
  }

  private void cut(long length) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    Files.write(path, Arrays.copyOf(bytes, (int) Math.min(bytes.length, length)));
  }

  /**
   * Takes away what was written and not flushed, as a power failure does; the store's commit mark
   * says how far the log was flushed. Its two slots of 512 bytes hold: magic (4), turn (8), last
   * record (8), count (4), and for each log file number (8) and flushed length (8).
   */
  static void cutUnflushed(Path data) throws IOException {
    ByteBuffer mark = ByteBuffer.wrap(Files.readAllBytes(data.resolve("commit-mark")));
    int slot = mark.getLong(4) > mark.getLong(512 + 4) ? 0 : 512;
    int count = mark.getInt(slot + 20);
    long number = count == 0 ? 0 : mark.getLong(slot + 24 + (count - 1) * 16);
    long flushed = count == 0 ? 0 : mark.getLong(slot + 24 + (count - 1) * 16 + 8);
    for (LogFile file : newestFirst(data)) {
      if (file.number() > number) {
        file.cut(0);
      } else if (file.number() == number) {
        file.cut(flushed);
      }
    }
  }
}
