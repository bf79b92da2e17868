package io.tidewheel.cli.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A request whose body has another length each time. Its memory is used again. */
final class RequestBuffer {
  private static final int MAX_LENGTH_DIGITS = 10;

  private final byte[] head;
  private ByteBuffer bytes = ByteBuffer.allocateDirect(4 << 10);

  RequestBuffer(String path, String host) {
    this.head =
        ("POST "
                + path
                + " HTTP/1.1\r\nHost: "
                + host
                + "\r\nContent-Type: application/json\r\nContent-Length: ")
            .getBytes(StandardCharsets.US_ASCII);
  }

  ByteBuffer fill(byte[] body, int length) {
    int needed = head.length + MAX_LENGTH_DIGITS + 4 + length;
    if (bytes.capacity() < needed) {
      bytes = ByteBuffer.allocateDirect(Math.max(needed, bytes.capacity() * 2));
    }
    bytes.clear();
    bytes.put(head).put(Integer.toString(length).getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) '\r').put((byte) '\n').put((byte) '\r').put((byte) '\n');
    return bytes.put(body, 0, length).flip();
  }
}
