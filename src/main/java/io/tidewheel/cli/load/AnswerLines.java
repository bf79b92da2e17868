package io.tidewheel.cli.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Takes an answer of HTTP/1.1 apart that comes in chunks while the request is still being sent:
 * lines of JSON, each of them the outcome of one line of the request.
 */
final class AnswerLines {
  private static final int MAX_HEAD_BYTES = 64 << 10;
  private static final byte[] ERROR = "\"error\":".getBytes(StandardCharsets.US_ASCII);

  /** Takes lines as they are complete. */
  @FunctionalInterface
  interface Listener {
    void onLine(boolean isError);
  }

  private enum Part {
    HEAD,
    SIZE,
    DATA,
    DATA_END,
    DONE
  }

  private final Listener listener;
  private final ByteArrayOutputStream head = new ByteArrayOutputStream();
  private Part part = Part.HEAD;
  private int status;
  private int chunkBytes;
  private boolean isInExtension;
  private int matched;
  private boolean isError;

  AnswerLines(Listener listener) {
    this.listener = listener;
  }

  /** Of the answer; 0 while its head is not complete. */
  int status() {
    return status;
  }

  /** Whether the last chunk has come. */
  boolean isDone() {
    return part == Part.DONE;
  }

  /**
   * Takes the next bytes.
   *
   * @throws IOException if they are no answer in chunks
   */
  void accept(byte[] bytes, int length) throws IOException {
    int i = 0;
    while (i < length && part != Part.DONE) {
      switch (part) {
        case HEAD -> head(bytes[i++]);
        case SIZE -> size(bytes[i++]);
        case DATA -> {
          int end = Math.min(length, i + chunkBytes);
          chunkBytes -= end - i;
          while (i < end) {
            data(bytes[i++]);
          }
          if (chunkBytes == 0) {
            part = Part.DATA_END;
          }
        }
        default -> {
          if (bytes[i++] == '\n') {
            part = Part.SIZE;
          }
        }
      }
    }
  }

  private void head(byte octet) throws IOException {
    head.write(octet);
    if (octet != '\n') {
      return;
    }
    String text = head.toString(StandardCharsets.US_ASCII);
    if (text.length() > MAX_HEAD_BYTES) {
      throw new IOException("the head of the answer is too long");
    }
    if (!text.endsWith("\r\n\r\n")) {
      return;
    }
    if (!text.matches("(?s)HTTP/1\\.1 [0-9]{3}.*")) {
      throw new IOException("no answer of HTTP/1.1");
    }
    status = Integer.parseInt(text.substring(9, 12));
    if (status != 200) {
      throw new IOException("HTTP " + status);
    }
    part = Part.SIZE;
  }

  private void size(byte octet) throws IOException {
    if (octet == '\n') {
      part = chunkBytes == 0 ? Part.DONE : Part.DATA;
      isInExtension = false;
      return;
    }
    int digit = isInExtension ? -1 : Character.digit(octet, 16);
    if (digit >= 0) {
      if (chunkBytes >= 1 << 26) {
        throw new IOException("a chunk of the answer is too long");
      }
      chunkBytes = chunkBytes * 16 + digit;
    } else {
      isInExtension = true;
    }
  }

  private void data(byte octet) {
    if (octet == '\n') {
      listener.onLine(isError);
      isError = false;
      matched = 0;
    } else if (octet == ERROR[matched]) {
      if (++matched == ERROR.length) {
        isError = true;
        matched = 0;
      }
    } else {
      matched = octet == ERROR[0] ? 1 : 0;
    }
  }
}
