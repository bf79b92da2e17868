package io.tidewheel.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * A write-ahead log file of RocksDB, to be damaged. Blocks of 32 KiB hold fragments, each with a
 * header: checksum (4 bytes), length (2), type (1: whole, 2: first, 3: middle, 4: last; recyclable
 * types have 4 bytes more). A header never crosses the end of a block; what is left is zeros.
 */
final class LogFile {
  private static final int BLOCK_BYTES = 32 << 10;
  private static final int HEADER_BYTES = 7;
  private static final int WHOLE = 1;
  private static final int FIRST = 2;
  private static final int LAST = 4;

  private final Path path;

  private LogFile(Path path) {
    this.path = path;
  }

  /** The newest one below a data directory that has anything in it. */
  static LogFile newest(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      return files
          .filter(file -> file.getFileName().toString().matches("[0-9]+\\.log"))
          .filter(file -> file.toFile().length() > 0)
          .max(Comparator.comparing((Path file) -> file.getFileName().toString()))
          .map(LogFile::new)
          .orElseThrow(() -> new IOException("no log file with records in " + data));
    }
  }

  Path path() {
    return path;
  }

  /** A record from its first byte to behind its last. */
  record Range(long start, long end) {}

  /** The complete records, in order. */
  List<Range> records() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
    List<Range> records = new ArrayList<>();
    int position = 0;
    int recordStart = 0;
    while (position + HEADER_BYTES <= bytes.capacity()) {
      int leftInBlock = BLOCK_BYTES - position % BLOCK_BYTES;
      if (leftInBlock < HEADER_BYTES) {
        position += leftInBlock;
        continue;
      }
      int length = (bytes.get(position + 4) & 0xff) | (bytes.get(position + 5) & 0xff) << 8;
      int type = bytes.get(position + 6) & 0xff;
      int headerBytes = type >= 5 && type <= 8 ? HEADER_BYTES + 4 : HEADER_BYTES;
      int kind = type >= 5 && type <= 8 ? type - 4 : type;
      int end = position + headerBytes + length;
      if (type == 0 || end > bytes.capacity()) {
        break;
      }
      if (kind == WHOLE || kind == FIRST) {
        recordStart = position;
      }
      if (kind == WHOLE || kind == LAST) {
        records.add(new Range(recordStart, end));
      }
      position = end;
    }
    return records;
  }

  /** Appends the first bytes of a further record, as a crash in the middle of a write leaves it. */
  int appendTorn(SplittableRandom random) throws IOException {
    long size = Files.size(path);
    int leftInBlock = (int) (BLOCK_BYTES - size % BLOCK_BYTES);
    int padding = leftInBlock < HEADER_BYTES ? leftInBlock : 0;
    int room = (padding > 0 ? BLOCK_BYTES : leftInBlock) - HEADER_BYTES;
    int wanted = 20 + random.nextInt(2_000);
    int length = Math.min(wanted, room);
    byte[] record = new byte[HEADER_BYTES + length];
    random.nextBytes(record);
    record[4] = (byte) length;
    record[5] = (byte) (length >> 8);
    record[6] = (byte) (length == wanted ? WHOLE : FIRST);
    // At least one byte of it, and at least one byte short.
    int cut = 1 + random.nextInt(Math.max(1, record.length - 1));
    ByteBuffer torn = ByteBuffer.allocate(padding + cut).position(padding).put(record, 0, cut);
    Files.write(path, torn.array(), StandardOpenOption.APPEND);
    return padding + cut;
  }

  /**
   * Turns one bit of a record over, in its first fragment: behind it may be zeros that say nothing.
   */
  long flip(Range record, SplittableRandom random) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    long blockEnd = (record.start() / BLOCK_BYTES + 1) * BLOCK_BYTES;
    int at = (int) random.nextLong(record.start(), Math.min(record.end(), blockEnd));
    bytes[at] ^= (byte) (1 << random.nextInt(8));
    Files.write(path, bytes);
    return at;
  }

  /** Ends the file in front of a record. */
  void cutBefore(Range record) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    Files.write(path, Arrays.copyOf(bytes, (int) record.start()));
  }
}
