package io.tidewheel.journal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link Encoder} wrote. Every read is checked against the end of the bytes: damaged
 * input ends in a {@link DecodingException}, never in a wrong value's worth of memory.
 */
public final class Decoder {
  private final byte[] bytes;
  private int position;

  public Decoder(byte[] bytes) {
    this.bytes = bytes;
  }

  public int readByte() {
    require(1);
    return bytes[position++] & 0xff;
  }

  public long readUnsigned() {
    long value = readGroups();
    if (value < 0) {
      throw new DecodingException("a negative number at byte " + position);
    }
    return value;
  }

  /** A number that counts or measures something in these bytes, or in memory: it fits an int. */
  public int readCount() {
    long value = readUnsigned();
    if (value > Integer.MAX_VALUE) {
      throw new DecodingException("a count of " + value + " at byte " + position);
    }
    return (int) value;
  }

  /** A count of things that take at least one byte each, so it can't exceed what is left. */
  public int readSize() {
    int size = readCount();
    require(size);
    return size;
  }

  public long readSigned() {
    long value = readGroups();
    return (value >>> 1) ^ -(value & 1);
  }

  public long readFixed64() {
    require(8);
    long value = 0;
    for (int i = 0; i < 8; i++) {
      value = (value << 8) | (bytes[position++] & 0xff);
    }
    return value;
  }

  public byte[] readBlob() {
    int size = readSize();
    byte[] blob = Arrays.copyOfRange(bytes, position, position + size);
    position += size;
    return blob;
  }

  public String readText() {
    int size = readSize();
    String text = new String(bytes, position, size, StandardCharsets.UTF_8);
    position += size;
    return text;
  }

  public @Nullable String readNullableText() {
    int sizePlusOne = readCount();
    if (sizePlusOne == 0) {
      return null;
    }
    require(sizePlusOne - 1);
    String text = new String(bytes, position, sizePlusOne - 1, StandardCharsets.UTF_8);
    position += sizePlusOne - 1;
    return text;
  }

  public Map<String, String> readTexts() {
    int count = readSize();
    if (count == 0) {
      return Map.of();
    }
    Map<String, String> texts = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String name = readText();
      texts.put(name, readText());
    }
    return texts;
  }

  /** Ends the reading: bytes left over mean that writer and reader disagree. */
  public void expectEnd() {
    if (position != bytes.length) {
      throw new DecodingException((bytes.length - position) + " bytes left over");
    }
  }

  private long readGroups() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int octet = readByte();
      value |= (long) (octet & 0x7f) << shift;
      if (octet < 0x80) {
        return value;
      }
    }
    throw new DecodingException("a number of more than ten bytes at byte " + position);
  }

  private void require(int more) {
    if (bytes.length - position < more) {
      throw new DecodingException(
          "expected " + more + " bytes at byte " + position + " of " + bytes.length);
    }
  }
}
