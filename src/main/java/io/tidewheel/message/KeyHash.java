package io.tidewheel.message;

/**
 * The hash that places keys and ids on queues. Its values are part of the stored order of a key and
 * must never change.
 *
 * <p>FNV-1a over the UTF-8 bytes (64 bit, offset basis and prime as published by Fowler, Noll and
 * Vo), then the 64-bit finalizer of MurmurHash3, because the low bits of FNV alone spread short
 * keys badly. Half of a surrogate pair counts as {@code ?}, as Java encodes it.
 */
public final class KeyHash {
  private static final long OFFSET_BASIS = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;

  private KeyHash() {}

  public static long of(String text) {
    long hash = OFFSET_BASIS;
    int length = text.length();
    for (int i = 0; i < length; ) {
      int codePoint = text.codePointAt(i);
      i += Character.charCount(codePoint);
      if (codePoint < 0x80) {
        hash = step(hash, codePoint);
      } else if (Character.getType(codePoint) == Character.SURROGATE) {
        hash = step(hash, '?');
      } else if (codePoint < 0x800) {
        hash = step(hash, 0xc0 | (codePoint >> 6));
        hash = step(hash, 0x80 | (codePoint & 0x3f));
      } else if (codePoint < 0x10000) {
        hash = step(hash, 0xe0 | (codePoint >> 12));
        hash = step(hash, 0x80 | ((codePoint >> 6) & 0x3f));
        hash = step(hash, 0x80 | (codePoint & 0x3f));
      } else {
        hash = step(hash, 0xf0 | (codePoint >> 18));
        hash = step(hash, 0x80 | ((codePoint >> 12) & 0x3f));
        hash = step(hash, 0x80 | ((codePoint >> 6) & 0x3f));
        hash = step(hash, 0x80 | (codePoint & 0x3f));
      }
    }
    return mix(hash);
  }

  /** Spreads the bits of a number (finalizer of MurmurHash3); a bijection. */
  public static long mix(long value) {
    long mixed = value;
    mixed ^= mixed >>> 33;
    mixed *= 0xff51afd7ed558ccdL;
    mixed ^= mixed >>> 33;
    mixed *= 0xc4ceb9fe1a85ec53L;
    return mixed ^ (mixed >>> 33);
  }

  /** The queue, from 0, that a hash belongs to. */
  public static int queueOf(long hash, int queues) {
    return (int) Long.remainderUnsigned(hash, queues);
  }

  private static long step(long hash, int octet) {
    return (hash ^ octet) * PRIME;
  }
}
