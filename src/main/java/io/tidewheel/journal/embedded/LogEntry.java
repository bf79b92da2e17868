package io.tidewheel.journal.embedded;

import java.nio.ByteBuffer;

/**
 * One change of the index, as a block of the log holds it: kind (1), family (1), length of the key
 * (2) and of the value (4), key, value. Applied once more, an entry changes nothing, so the log may
 * be replayed from any block before what the index lost.
 */
final class LogEntry {
  static final int HEADER_BYTES = 2 + Short.BYTES + Integer.BYTES;

  /** What is done. */
  enum Kind {
    PUT('p'),
    DELETE('d'),
    DELETE_RANGE('r');

    private final byte code;

    Kind(char code) {
      this.code = (byte) code;
    }
  }

  /** Where it is done. */
  enum Family {
    EVENTS('e'),
    SNAPSHOTS('s'),
    META('m');

    private final byte code;

    Family(char code) {
      this.code = (byte) code;
    }
  }

  private static final Kind[] KINDS = Kind.values();
  private static final Family[] FAMILIES = Family.values();

  private final Kind kind;
  private final Family family;
  private final byte[] key;
  private final int valueOffset;
  private final ByteBuffer value;

  private LogEntry(Kind kind, Family family, byte[] key, int valueOffset, ByteBuffer value) {
    this.kind = kind;
    this.family = family;
    this.key = key;
    this.valueOffset = valueOffset;
    this.value = value;
  }

  Kind kind() {
    return kind;
  }

  Family family() {
    return family;
  }

  byte[] key() {
    return key;
  }

  /** Where in the block the value starts. */
  int valueOffset() {
    return valueOffset;
  }

  /**
   * Of a {@link Kind#PUT} the row, of a {@link Kind#DELETE_RANGE} the first key that stays; a view
   * into the block.
   */
  ByteBuffer value() {
    return value;
  }

  /** Reads the next entry of a block that is whole. */
  static LogEntry read(ByteBuffer block) {
    Kind kind = kind(block.get());
    Family family = family(block.get());
    byte[] key = new byte[Short.toUnsignedInt(block.getShort())];
    int valueBytes = block.getInt();
    block.get(key);
    int valueOffset = block.position();
    block.position(valueOffset + valueBytes);
    return new LogEntry(kind, family, key, valueOffset, block.slice(valueOffset, valueBytes));
  }

  private static Kind kind(byte code) {
    for (Kind kind : KINDS) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw unknown("kind", code);
  }

  private static Family family(byte code) {
    for (Family family : FAMILIES) {
      if (family.code == code) {
        return family;
      }
    }
    throw unknown("family", code);
  }

  /** The block is whole, so somebody else wrote it. */
  private static StoreException unknown(String what, byte code) {
    return new StoreException(
        StoreException.Kind.NEWER_FORMAT,
        "an entry of the log has " + what + " " + code + ", which this release does not know");
  }

  /** Writes the part before the value. */
  static void writeHead(ByteBuffer block, Kind kind, Family family, byte[] key, int valueBytes) {
    block.put(kind.code).put(family.code);
    block.putShort((short) key.length).putInt(valueBytes).put(key);
  }
}
