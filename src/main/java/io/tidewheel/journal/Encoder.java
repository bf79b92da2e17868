package io.tidewheel.journal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the binary form of rows and snapshots: numbers as LEB128 groups of seven bits, texts and
 * blobs behind their length. Grows as needed; not thread-safe.
 */
public final class Encoder {
  private byte[] bytes;
  private int length;

  /** An encoder that does not grow while at most {@code expectedBytes} are written. */
  public Encoder(int expectedBytes) {
    this.bytes = new byte[Math.max(32, expectedBytes)];
  }

  public void writeByte(int value) {
    ensure(1);
    bytes[length++] = (byte) value;
  }

  /** A number that is never negative: 1 byte below 128, at most 9. */
  public void writeUnsigned(long value) {
    if (value < 0) {
      throw new IllegalArgumentException("expected a number >= 0, but got " + value);
    }
    ensure(10);
    long rest = value;
    while (rest >= 0x80) {
      bytes[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  /** A number that may be negative: small magnitudes take few bytes (zigzag). */
  public void writeSigned(long value) {
    ensure(10);
    long rest = (value << 1) ^ (value >> 63);
    while ((rest & ~0x7fL) != 0) {
      bytes[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  /** Eight bytes, big end first: hashes, which no variable form makes shorter. */
  public void writeFixed64(long value) {
    ensure(8);
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes[length++] = (byte) (value >>> shift);
    }
  }

  public void writeBlob(byte[] blob) {
    writeUnsigned(blob.length);
    ensure(blob.length);
    System.arraycopy(blob, 0, bytes, length, blob.length);
    length += blob.length;
  }

  public void writeText(String text) {
    writeBlob(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A text or its absence: null and the empty text stay different. */
  public void writeNullableText(@Nullable String text) {
    if (text == null) {
      writeByte(0);
      return;
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    writeUnsigned(utf8.length + 1L);
    ensure(utf8.length);
    System.arraycopy(utf8, 0, bytes, length, utf8.length);
    length += utf8.length;
  }

  /** Texts by name, in the order of the map. */
  public void writeTexts(Map<String, String> texts) {
    writeUnsigned(texts.size());
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      writeText(entry.getKey());
      writeText(entry.getValue());
    }
  }

  public int length() {
    return length;
  }

  /** What was written; the encoder must not be used afterwards. */
  public byte[] toByteArray() {
    return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
  }

  private void ensure(int more) {
    if (bytes.length - length < more) {
      int wanted = Math.addExact(length, more);
      bytes =
          Arrays.copyOf(
              bytes, Math.max(wanted, (int) Math.min(Integer.MAX_VALUE - 8L, bytes.length * 2L)));
    }
  }
}
