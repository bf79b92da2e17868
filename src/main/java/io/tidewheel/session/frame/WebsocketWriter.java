package io.tidewheel.session.frame;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Makes the frames of one side of a websocket; none is ever cut in pieces. */
public final class WebsocketWriter {
  private static final byte[] NOTHING = {};
  private static final int MASKED = 0x80;

  /** Null on the side of the server, which does not mask. */
  private final @Nullable RandomGenerator masks;

  private WebsocketWriter(@Nullable RandomGenerator masks) {
    this.masks = masks;
  }

  /** For the side that accepted the connection. */
  public static WebsocketWriter server() {
    return new WebsocketWriter(null);
  }

  /** For the side that made the connection, which masks what it sends. */
  public static WebsocketWriter client(RandomGenerator masks) {
    return new WebsocketWriter(masks);
  }

  /** A whole binary message. */
  public byte[] binary(byte[] message) {
    return frame(Websocket.BINARY, message);
  }

  public byte[] ping() {
    return frame(Websocket.PING, NOTHING);
  }

  /** The answer to a ping. */
  public byte[] pong(byte[] payload) {
    return frame(Websocket.PONG, payload);
  }

  /** The last frame; the reason is cut to what fits. */
  public byte[] close(int code, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, Websocket.MAX_CONTROL_BYTES - 2);
    while (length > 0 && length < text.length && (text[length] & 0xc0) == 0x80) {
      length--;
    }
    byte[] payload = new byte[length + 2];
    payload[0] = (byte) (code >> 8);
    payload[1] = (byte) code;
    System.arraycopy(text, 0, payload, 2, length);
    return frame(Websocket.CLOSE, payload);
  }

  private byte[] frame(int opcode, byte[] payload) {
    int length = payload.length;
    int lengthBytes = length < 126 ? 1 : length <= 0xffff ? 3 : 9;
    RandomGenerator random = masks;
    int start = 1 + lengthBytes + (random == null ? 0 : 4);
    byte[] frame = new byte[start + length];
    int masked = random == null ? 0 : MASKED;
    frame[0] = (byte) (0x80 | opcode);
    if (lengthBytes == 1) {
      frame[1] = (byte) (masked | length);
    } else {
      frame[1] = (byte) (masked | (lengthBytes == 3 ? 126 : 127));
      for (int i = 0; i < lengthBytes - 1; i++) {
        frame[lengthBytes - i] = (byte) ((long) length >>> (8 * i));
      }
    }
    System.arraycopy(payload, 0, frame, start, length);
    if (random != null) {
      int key = random.nextInt();
      for (int i = 0; i < 4; i++) {
        frame[start - 1 - i] = (byte) (key >>> (8 * i));
      }
      Websocket.mask(frame, start, frame.length, key, 0);
    }
    return frame;
  }
}
