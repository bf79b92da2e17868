package io.tidewheel.journal.embedded;

import java.nio.ByteBuffer;

/**
 * Where in the log a row lies; what the index has in place of a large row.
 *
 * @param segment number of the file
 * @param offset of the row in it
 * @param length of the row
 */
record RowPointer(long segment, int offset, int length) {
  static final int BYTES = 1 + Long.BYTES + 2 * Integer.BYTES;

  /** First byte; no version of {@link RowCodec} has it. */
  private static final byte MARKER = 'P';

  static boolean isPointer(byte[] value) {
    return value.length == BYTES && value[0] == MARKER;
  }

  static RowPointer decode(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value, 1, BYTES - 1);
    return new RowPointer(in.getLong(), in.getInt(), in.getInt());
  }

  /** Size of the row that a value of the index stands for. */
  static int rowBytes(byte[] value) {
    return isPointer(value) ? decode(value).length() : value.length;
  }

  void encode(ByteBuffer out) {
    out.put(MARKER).putLong(segment).putInt(offset).putInt(length);
  }

  byte[] encoded() {
    ByteBuffer out = ByteBuffer.allocate(BYTES);
    encode(out);
    return out.array();
  }
}
