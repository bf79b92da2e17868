package io.tidewheel.cli.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A body that names receipts: {@code {"receipts":["…","…"]}}. Its memory is used again. */
final class ReceiptList {
  private static final byte[] BEGIN = "{\"receipts\":[".getBytes(StandardCharsets.US_ASCII);

  private final byte[] end;
  private byte[] bytes = new byte[16 << 10];
  private int length;
  private int count;

  /** An empty list; {@code fields} stand behind it, such as {@code ,"delay":"1s"}. */
  ReceiptList(String fields) {
    this.end = (']' + fields + '}').getBytes(StandardCharsets.US_ASCII);
    clear();
  }

  void clear() {
    System.arraycopy(BEGIN, 0, bytes, 0, BEGIN.length);
    length = BEGIN.length;
    count = 0;
  }

  /** Adds a receipt without its quotes. */
  void add(byte[] source, int from, int to) {
    int more = to - from + 3;
    if (length + more + end.length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more + end.length));
    }
    if (count > 0) {
      bytes[length++] = ',';
    }
    bytes[length++] = '"';
    System.arraycopy(source, from, bytes, length, to - from);
    length += to - from;
    bytes[length++] = '"';
    count++;
  }

  int count() {
    return count;
  }

  byte[] bytes() {
    System.arraycopy(end, 0, bytes, length, end.length);
    return bytes;
  }

  /** Of the whole body. */
  int length() {
    return length + end.length;
  }

  /** How many receipts a body names. */
  static int count(byte[] body) {
    int count = 1;
    for (byte octet : body) {
      count += octet == ',' ? 1 : 0;
    }
    return count;
  }

  /** Leaves the first receipts of a body without other fields, and gives its new length. */
  static int cut(byte[] body, int count) {
    int seen = 0;
    for (int i = 0; i < body.length; i++) {
      if (body[i] == ',' && ++seen == count) {
        body[i] = ']';
        body[i + 1] = '}';
        return i + 2;
      }
    }
    return body.length;
  }

  byte[] copy() {
    return Arrays.copyOf(bytes(), length());
  }
}
