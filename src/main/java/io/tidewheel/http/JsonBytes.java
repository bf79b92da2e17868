package io.tidewheel.http;

import akka.util.ByteString;
import java.util.Arrays;
import java.util.Base64;

/**
 * Writes JSON straight into bytes, so that payloads are spliced in as they are. The caller writes
 * the structure; this class keeps texts well-formed.
 */
final class JsonBytes {
  private static final byte[] HEX = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
  };

  private byte[] buffer;
  private int length;

  JsonBytes(int expectedBytes) {
    this.buffer = new byte[Math.max(64, expectedBytes)];
  }

  int length() {
    return length;
  }

  /** ASCII that is JSON already. */
  @SuppressWarnings(
      "deprecation") // The low octets are what is wanted, and no other way is as fast.
  JsonBytes literal(String ascii) {
    int size = ascii.length();
    reserve(size);
    ascii.getBytes(0, size, buffer, length);
    length += size;
    return this;
  }

  /** Bytes that are one JSON value already, unchanged. */
  JsonBytes value(byte[] json) {
    reserve(json.length);
    System.arraycopy(json, 0, buffer, length, json.length);
    length += json.length;
    return this;
  }

  JsonBytes number(long value) {
    return literal(Long.toString(value));
  }

  /** A text with its quotes; half surrogate pairs become question marks. */
  JsonBytes string(String text) {
    int size = text.length();
    reserve(size + 2);
    put('"');
    for (int i = 0; i < size; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        putAscii((byte) c);
      } else if (c < 0x800) {
        reserve(2);
        put(0xc0 | (c >> 6));
        put(0x80 | (c & 0x3f));
      } else if (!Character.isSurrogate(c)) {
        reserve(3);
        put(0xe0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3f));
        put(0x80 | (c & 0x3f));
      } else if (Character.isHighSurrogate(c)
          && i + 1 < size
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        int codePoint = Character.toCodePoint(c, text.charAt(++i));
        reserve(4);
        put(0xf0 | (codePoint >> 18));
        put(0x80 | ((codePoint >> 12) & 0x3f));
        put(0x80 | ((codePoint >> 6) & 0x3f));
        put(0x80 | (codePoint & 0x3f));
      } else {
        putAscii((byte) '?');
      }
    }
    reserve(1);
    put('"');
    return this;
  }

  /** Bytes of valid UTF-8 as a text with its quotes. */
  JsonBytes utf8String(byte[] utf8) {
    reserve(utf8.length + 2);
    put('"');
    int from = 0;
    for (int i = 0; i < utf8.length; i++) {
      byte octet = utf8[i];
      if ((octet >= 0 && octet < 0x20) || octet == '"' || octet == '\\') {
        put(utf8, from, i);
        putAscii(octet);
        from = i + 1;
      }
    }
    put(utf8, from, utf8.length);
    reserve(1);
    put('"');
    return this;
  }

  /** Bytes in base64 as a text with its quotes. */
  JsonBytes base64String(byte[] bytes) {
    return literal("\"").value(Base64.getEncoder().encode(bytes)).literal("\"");
  }

  byte[] toByteArray() {
    return Arrays.copyOf(buffer, length);
  }

  /** What was written, without a copy: nothing may be written after this. */
  ByteString toByteString() {
    return ByteString.fromArrayUnsafe(buffer, 0, length);
  }

  /** One octet of a text: escaped where JSON asks for it, else as it is. */
  private void putAscii(byte octet) {
    if (octet >= 0 && octet < 0x20) {
      reserve(6);
      put('\\');
      switch (octet) {
        case '\n' -> put('n');
        case '\r' -> put('r');
        case '\t' -> put('t');
        default -> {
          put('u');
          put('0');
          put('0');
          put(HEX[octet >> 4]);
          put(HEX[octet & 0xf]);
        }
      }
    } else if (octet == '"' || octet == '\\') {
      reserve(2);
      put('\\');
      put(octet);
    } else {
      reserve(1);
      put(octet);
    }
  }

  private void put(byte[] octets, int from, int to) {
    reserve(to - from);
    System.arraycopy(octets, from, buffer, length, to - from);
    length += to - from;
  }

  private void put(int octet) {
    buffer[length++] = (byte) octet;
  }

  private void reserve(int more) {
    if (buffer.length - length < more) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, length + more));
    }
  }
}
