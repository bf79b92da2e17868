package io.tidewheel.journal.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The form of a block: what one drain of the writer stored together, with one flush.
 *
 * <p>A header of 32 bytes, big-endian: magic (4), CRC32C (4), bytes of the entries (4), number of
 * the entries (4), segment (8), sequence (8). Then the entries, see {@link LogEntry}, then zeros up
 * to a multiple of 4 KiB, where the next block starts: whole pages are written, so that none has to
 * be read for it. The check covers the store's id, the header behind it and the entries.
 *
 * <p>A log file is used again after its rows are gone, so it may hold whole blocks of its earlier
 * life: those name another segment. No payload can pass for a block: the store's id is in no file
 * of the log.
 */
final class LogBlock {
  static final int HEADER_BYTES = 32;
  static final int ALIGNMENT = 4096;
  private static final int MAGIC = 0x5457_4c31;
  private static final int CHECKED_FROM = 8;

  private final byte[] storeId;

  /**
   * Header of a block.
   *
   * @param entryBytes bytes of the entries
   * @param entryCount number of the entries
   */
  record Header(int entryBytes, int entryCount, long segment, long sequence) {
    boolean isAt(LogPosition position) {
      return segment == position.segment() && sequence == position.sequence();
    }

    /** Length of the whole block. */
    int blockBytes() {
      return aligned(HEADER_BYTES + entryBytes);
    }
  }

  LogBlock(String storeId) {
    this.storeId = storeId.getBytes(UTF_8);
  }

  static int aligned(int bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Writes the header into the first bytes of a block whose entries end at {@code end}. */
  void seal(ByteBuffer block, int end, int entryCount, LogPosition position) {
    block.putInt(0, MAGIC);
    block.putInt(8, end - HEADER_BYTES);
    block.putInt(12, entryCount);
    block.putLong(16, position.segment());
    block.putLong(24, position.sequence());
    block.putInt(4, checksum(block, end));
  }

  /** Reads the first 32 bytes of what may be a block; nothing is known before {@link #isWhole}. */
  static Optional<Header> header(ByteBuffer bytes) {
    int entryBytes = bytes.getInt(8);
    if (bytes.getInt(0) != MAGIC || entryBytes < 0 || entryBytes > Integer.MAX_VALUE / 2) {
      return Optional.empty();
    }
    return Optional.of(
        new Header(entryBytes, bytes.getInt(12), bytes.getLong(16), bytes.getLong(24)));
  }

  /** Whether a block, from its header to the end of its entries, is as it was written. */
  boolean isWhole(ByteBuffer block, Header header) {
    return block.getInt(4) == checksum(block, HEADER_BYTES + header.entryBytes());
  }

  private int checksum(ByteBuffer block, int end) {
    CRC32C crc = new CRC32C();
    crc.update(storeId);
    crc.update(block.duplicate().limit(end).position(CHECKED_FROM));
    return (int) crc.getValue();
  }
}
