package io.tidewheel.http;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Cuts pieces of bytes into lines. A line is looked at where it lies if it is whole in one piece,
 * and put together if it is not. Of a line that is too long only its end is looked for. One user at
 * a time.
 */
final class LineSplitter {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long LINE_FEEDS = 0x0a0a0a0a0a0a0a0aL;
  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final int FIRST_BUFFER_BYTES = 4 << 10;

  private final int maxLineBytes;
  private byte[] piece = new byte[0];
  private int position;
  private byte[] begun = new byte[0];
  private int begunLength;
  private boolean isTooLong;

  private byte[] line = piece;
  private int lineStart;
  private int lineEnd;

  LineSplitter(int maxLineBytes) {
    this.maxLineBytes = maxLineBytes;
  }

  /** What {@link #next} found. */
  enum Found {
    /** A line, in {@link #bytes} from {@link #start} to {@link #end}. */
    LINE,
    /** The end of a line that is longer than lines may be. */
    TOO_LONG,
    /** Nothing: more bytes are needed. */
    NOTHING
  }

  /** Gives it more bytes; only when {@link #next} found nothing. They must not change. */
  void add(byte[] more) {
    piece = more;
    position = 0;
  }

  /** Finds the next line. */
  Found next() {
    int lineFeed = indexOfLineFeed(piece, position, piece.length);
    if (lineFeed < 0) {
      keep(position, piece.length);
      position = piece.length;
      return Found.NOTHING;
    }
    int from = position;
    position = lineFeed + 1;
    return found(from, lineFeed);
  }

  /** What is left when no more bytes come: the last line may go without its line feed. */
  Found last() {
    return begunLength == 0 && !isTooLong ? Found.NOTHING : found(0, 0);
  }

  private Found found(int from, int to) {
    if (begunLength == 0 && !isTooLong) {
      line = piece;
      lineStart = from;
      lineEnd = to;
      return to - from > maxLineBytes ? Found.TOO_LONG : Found.LINE;
    }
    keep(from, to);
    if (isTooLong) {
      isTooLong = false;
      return Found.TOO_LONG;
    }
    line = begun;
    lineStart = 0;
    lineEnd = begunLength;
    begun = new byte[0];
    begunLength = 0;
    return Found.LINE;
  }

  private void keep(int from, int to) {
    int needed = begunLength + to - from;
    if (isTooLong || needed > maxLineBytes) {
      isTooLong = true;
      begun = new byte[0];
      begunLength = 0;
      return;
    }
    if (needed > begun.length) {
      int capacity = Math.max(FIRST_BUFFER_BYTES, Math.max(needed, 2 * begun.length));
      begun = Arrays.copyOf(begun, capacity);
    }
    System.arraycopy(piece, from, begun, begunLength, to - from);
    begunLength = needed;
  }

  /** Whether a line has begun that has not ended. */
  boolean isInLine() {
    return begunLength > 0 || isTooLong;
  }

  /** Memory of the line that has begun. */
  int begunBytes() {
    return begun.length;
  }

  /** Forgets the line that has begun; its end will be found as that of one too long. */
  void giveUpLine() {
    isTooLong = true;
    begun = new byte[0];
    begunLength = 0;
  }

  /** Where the line is; only after {@link Found#LINE}, until the next call. */
  byte[] bytes() {
    return line;
  }

  int start() {
    return lineStart;
  }

  int end() {
    return lineEnd;
  }

  /** Whether there is nothing but white space in the line. */
  boolean isBlank() {
    for (int i = lineStart; i < lineEnd; i++) {
      if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  /** Eight bytes at a time, with the usual test for a zero byte. */
  static int indexOfLineFeed(byte[] bytes, int from, int to) {
    int i = from;
    for (; to - i >= Long.BYTES; i += Long.BYTES) {
      long differences = (long) LONGS.get(bytes, i) ^ LINE_FEEDS;
      long zeros = (differences - LOW_BITS) & ~differences & HIGH_BITS;
      if (zeros != 0) {
        return i + Long.numberOfTrailingZeros(zeros) / Byte.SIZE;
      }
    }
    for (; i < to; i++) {
      if (bytes[i] == '\n') {
        return i;
      }
    }
    return -1;
  }
}
