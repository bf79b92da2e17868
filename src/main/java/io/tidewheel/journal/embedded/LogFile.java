package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A RocksDB log file, read only to see how far it is whole.
 *
 * <p>The format, as RocksDB documents it: blocks of 32 KiB; in them records of checksum (4 bytes,
 * masked CRC32C over type and data), length (2), type (1) and data; a record that does not fit is
 * split into first, middle and last. The data starts with the sequence number of its first entry
 * (8) and the number of entries (4).
 */
record LogFile(Path path, long number) {
  private static final int BLOCK_BYTES = 32 * 1024;
  private static final int HEADER_BYTES = 7;
  private static final int FULL = 1;
  private static final int FIRST = 2;
  private static final int LAST = 4;
  private static final int WRITE_HEADER_BYTES = 12;
  private static final int CHECKSUM_MASK = 0xa282ead8;

  /**
   * How far a log file is whole.
   *
   * @param bytes length up to and with the last whole record
   * @param sequence last sequence number up to there, 0 if there is no record
   */
  record Intact(long bytes, long sequence) {}

  /** The log files of a database, oldest first; none if the directory does not exist. */
  static List<LogFile> list(Path database) {
    if (!Files.isDirectory(database)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(database)) {
      return files
          .flatMap(file -> of(file).stream())
          .sorted(Comparator.comparingLong(LogFile::number))
          .toList();
    } catch (IOException e) {
      throw new StoreException(Kind.IO, database + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Optional<LogFile> of(Path file) {
    String name = String.valueOf(file.getFileName());
    if (!name.matches("\\d{1,18}\\.log")) {
      return Optional.empty();
    }
    return Optional.of(
        new LogFile(file, Long.parseLong(name.substring(0, name.length() - ".log".length()))));
  }

  /** Reads the file up to the first record that is not whole. */
  Intact inspect() {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer in =
          channel
              .map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
              .order(ByteOrder.LITTLE_ENDIAN);
      return inspect(in);
    } catch (IOException e) {
      throw new StoreException(Kind.IO, path + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Intact inspect(ByteBuffer in) {
    Intact whole = new Intact(0, 0);
    // A write's header may itself be split at the end of a block.
    ByteBuffer header = ByteBuffer.allocate(WRITE_HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (true) {
      int leftInBlock = BLOCK_BYTES - in.position() % BLOCK_BYTES;
      if (leftInBlock < HEADER_BYTES) {
        if (in.remaining() < leftInBlock) {
          return whole;
        }
        in.position(in.position() + leftInBlock);
        continue;
      }
      if (in.remaining() < HEADER_BYTES) {
        return whole;
      }
      int start = in.position();
      int checksum = in.getInt(start);
      int length = Short.toUnsignedInt(in.getShort(start + 4));
      int type = in.get(start + 6);
      if (in.remaining() < HEADER_BYTES + length
          || leftInBlock < HEADER_BYTES + length
          || checksum != masked(in.slice(start + 6, length + 1))) {
        return whole;
      }
      if (type == FULL || type == FIRST) {
        header.clear();
      }
      if (type >= FULL && type <= LAST) {
        header.put(in.slice(start + HEADER_BYTES, Math.min(length, header.remaining())));
      }
      in.position(start + HEADER_BYTES + length);
      if (type == FULL || type == LAST) {
        long last =
            header.hasRemaining()
                ? whole.sequence()
                : header.getLong(0) + Integer.toUnsignedLong(header.getInt(8)) - 1;
        whole = new Intact(in.position(), last);
      } else if (type < FULL || type > LAST) {
        // A note of RocksDB's own, such as the compression in use.
        whole = new Intact(in.position(), whole.sequence());
      }
    }
  }

  private static int masked(ByteBuffer typeAndData) {
    CRC32C crc = new CRC32C();
    crc.update(typeAndData);
    return Integer.rotateRight((int) crc.getValue(), 15) + CHECKSUM_MASK;
  }
}
