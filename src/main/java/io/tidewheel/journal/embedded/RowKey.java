package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Keys of rows: the persistence id in UTF-8, a zero byte, the sequence number big-endian. Rows of
 * one persistent actor are neighbours, in the order of their numbers.
 */
final class RowKey {
  /** More than any persistence id of the broker; it is repeated in every key. */
  static final int MAX_ID_BYTES = 1024;

  private RowKey() {}

  /** The part before the number, zero byte included. */
  static byte[] prefix(String persistenceId) {
    byte[] id = persistenceId.getBytes(StandardCharsets.UTF_8);
    if (id.length == 0 || id.length > MAX_ID_BYTES || persistenceId.indexOf('\0') >= 0) {
      throw new StoreException(
          Kind.BAD_NAME,
          "a persistence id has 1 to " + MAX_ID_BYTES + " bytes and no zero byte: " + id.length);
    }
    return Arrays.copyOf(id, id.length + 1);
  }

  /** What {@link #prefix} was made from. */
  static String persistenceId(byte[] prefix) {
    return new String(prefix, 0, prefix.length - 1, StandardCharsets.UTF_8);
  }

  static byte[] of(byte[] prefix, long seqNr) {
    byte[] key = Arrays.copyOf(prefix, prefix.length + Long.BYTES);
    ByteBuffer.wrap(key).putLong(prefix.length, seqNr);
    return key;
  }

  static boolean hasPrefix(byte[] key, byte[] prefix) {
    return key.length == prefix.length + Long.BYTES
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  static long seqNr(byte[] key) {
    return ByteBuffer.wrap(key).getLong(key.length - Long.BYTES);
  }
}
