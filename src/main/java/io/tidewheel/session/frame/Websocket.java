package io.tidewheel.session.frame;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** What both sides of a websocket share (RFC 6455): the handshake's answer, numbers and masks. */
public final class Websocket {
  /** The path of the broker's session endpoint. */
  public static final String PATH = "/v1/session";

  /** The name of the protocol, which a client may ask for in its handshake. */
  public static final String PROTOCOL = "tidewheel.v1";

  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int BINARY = 2;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  /** Control frames are small (RFC 6455, 5.5). */
  static final int MAX_CONTROL_BYTES = 125;

  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Websocket() {}

  /**
   * What a client begins with to open a session (RFC 6455, 4.1).
   *
   * @param authority host and port of the broker
   * @param key sixteen random bytes in Base64
   */
  public static byte[] request(String authority, String key) {
    return ("GET "
            + PATH
            + " HTTP/1.1\r\nHost: "
            + authority
            + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Protocol: "
            + PROTOCOL
            + "\r\nSec-WebSocket-Key: "
            + key
            + "\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** What the server answers to the key of a handshake (RFC 6455, 4.2.2). */
  public static String accept(String key) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      byte[] digest = sha1.digest((key + GUID).getBytes(StandardCharsets.ISO_8859_1));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-1", e);
    }
  }

  /**
   * Masks bytes in place, or takes the mask off: it is the same.
   *
   * @param phase how many bytes of the frame were masked before
   */
  static void mask(byte[] bytes, int from, int to, int key, int phase) {
    int turned = Integer.rotateLeft(key, 8 * (phase & 3));
    long wide = ((long) turned << 32) | Integer.toUnsignedLong(turned);
    int i = from;
    for (; i <= to - Long.BYTES; i += Long.BYTES) {
      LONGS.set(bytes, i, (long) LONGS.get(bytes, i) ^ wide);
    }
    for (int shift = 24; i < to; i++, shift -= 8) {
      if (shift < 0) {
        shift += 32;
      }
      bytes[i] ^= (byte) (turned >>> shift);
    }
  }
}
