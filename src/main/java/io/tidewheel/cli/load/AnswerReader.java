package io.tidewheel.cli.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Collects the bytes of one answer of HTTP/1.1 and finds its end: by {@code Content-Length} or by
 * chunks. Answers are at most {@value #MAX_BYTES} bytes.
 */
final class AnswerReader {
  static final int MAX_BYTES = 64 << 20;
  private static final int FIRST_BYTES = 16 << 10;
  private static final byte[] LENGTH = lowerCase("content-length:");
  private static final byte[] CHUNKED = lowerCase("transfer-encoding:");

  private ByteBuffer buffer = ByteBuffer.allocate(FIRST_BYTES);
  private int status;
  private int bodyFrom = -1;
  private int bodyTo;
  private boolean isChunked;
  private int chunkAt;

  /** Forgets the answer; the next one begins. */
  void reset() {
    buffer.clear();
    bodyFrom = -1;
    isChunked = false;
  }

  /**
   * Reads what is there.
   *
   * @return whether the answer is complete
   * @throws IOException if the connection ended, or what came is no answer
   */
  boolean readFrom(ReadableByteChannel channel) throws IOException {
    if (!buffer.hasRemaining()) {
      grow();
    }
    int count = channel.read(buffer);
    if (count < 0) {
      throw new IOException("connection closed");
    }
    return count > 0 && isComplete();
  }

  int status() {
    return status;
  }

  /** The bytes among which the body stands. */
  byte[] bytes() {
    return buffer.array();
  }

  int bodyFrom() {
    return bodyFrom;
  }

  int bodyTo() {
    return bodyTo;
  }

  /** Where some ASCII text begins at or after an index of {@link #bytes}; -1 for nowhere. */
  int find(byte[] text, int from) {
    return find(buffer.array(), text, from, bodyTo);
  }

  /** How often some ASCII text stands in the body. */
  int count(byte[] text) {
    int count = 0;
    for (int at = find(text, bodyFrom); at >= 0; at = find(text, at + text.length)) {
      count++;
    }
    return count;
  }

  static int find(byte[] bytes, byte[] text, int from, int to) {
    int last = to - text.length;
    byte first = text[0];
    for (int i = from; i <= last; i++) {
      if (bytes[i] == first && Arrays.equals(bytes, i, i + text.length, text, 0, text.length)) {
        return i;
      }
    }
    return -1;
  }

  private boolean isComplete() throws IOException {
    if (bodyFrom < 0 && !readHead()) {
      return false;
    }
    return isChunked ? readChunks() : buffer.position() >= bodyTo;
  }

  private boolean readHead() throws IOException {
    byte[] bytes = buffer.array();
    int end = -1;
    for (int i = 3; i < buffer.position() && end < 0; i++) {
      if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n') {
        end = i + 1;
      }
    }
    if (end < 0) {
      return false;
    }
    if (bytes[0] != 'H' || bytes[8] != ' ') {
      throw new IOException("no answer of HTTP/1.1");
    }
    status = (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + bytes[11] - '0';
    bodyFrom = end;
    Long length = number(bytes, LENGTH, end, 10);
    isChunked = length == null && number(bytes, CHUNKED, end, 10) != null;
    chunkAt = end;
    if (length != null && length > MAX_BYTES) {
      throw new IOException("answer of " + length + " bytes");
    }
    bodyTo = isChunked || length == null ? end : end + length.intValue();
    return true;
  }

  /** Moves the content of complete chunks together; true when the last one is there. */
  private boolean readChunks() throws IOException {
    byte[] bytes = buffer.array();
    while (true) {
      int lineEnd = find(bytes, new byte[] {'\r', '\n'}, chunkAt, buffer.position());
      if (lineEnd < 0) {
        return false;
      }
      int size = Math.toIntExact(parse(bytes, chunkAt, lineEnd, 16));
      int next = lineEnd + 2 + size + 2;
      if (size < 0 || size > MAX_BYTES) {
        throw new IOException("chunk of " + size + " bytes");
      }
      if (buffer.position() < next) {
        return false;
      }
      System.arraycopy(bytes, lineEnd + 2, bytes, bodyTo, size);
      bodyTo += size;
      chunkAt = next;
      if (size == 0) {
        return true;
      }
    }
  }

  /** The number after a header's name; 0 if it has none, null if the header is not there. */
  private static @Nullable Long number(byte[] bytes, byte[] name, int end, int radix)
      throws IOException {
    for (int i = 0; i < end - name.length; i++) {
      if (bytes[i] == '\n' && startsWith(bytes, i + 1, name)) {
        int from = i + 1 + name.length;
        int to = from;
        while (bytes[to] != '\r') {
          to++;
        }
        return parse(bytes, from, to, radix);
      }
    }
    return null;
  }

  private static boolean startsWith(byte[] bytes, int from, byte[] name) {
    for (int i = 0; i < name.length; i++) {
      if ((bytes[from + i] | 0x20) != (name[i] | 0x20)) {
        return false;
      }
    }
    return true;
  }

  private static long parse(byte[] bytes, int from, int to, int radix) throws IOException {
    long number = 0;
    for (int i = from; i < to && bytes[i] != ';'; i++) {
      int digit = Character.digit(bytes[i], radix);
      if (digit >= 0) {
        number = number * radix + digit;
      }
      if (number > Integer.MAX_VALUE) {
        throw new IOException("a length in the answer is too large");
      }
    }
    return number;
  }

  private void grow() throws IOException {
    if (buffer.capacity() >= MAX_BYTES) {
      throw new IOException("answer of more than " + MAX_BYTES + " bytes");
    }
    buffer.flip();
    buffer = ByteBuffer.allocate(buffer.capacity() * 4).put(buffer);
  }

  private static byte[] lowerCase(String ascii) {
    return ascii.getBytes(StandardCharsets.US_ASCII);
  }
}
