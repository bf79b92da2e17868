package io.tidewheel.session.frame;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Takes the bytes of a websocket as they come and finds the messages in them. What breaks the rules
 * of RFC 6455 or the bound ends in a {@link FrameException}; the reader is of no use after that.
 * Not safe for several threads.
 */
public final class WebsocketReader {
  /** Memory for a message is taken as its bytes come, not as they are announced. */
  private static final int FIRST_BYTES = 128 << 10;

  private static final byte[] NOTHING = {};

  private final boolean isServer;
  private final int maxMessageBytes;
  private final Listener listener;

  private final byte[] header = new byte[14];
  private int headerSize;
  private int headerLength = 2;
  private boolean isInPayload;

  private int opcode;
  private boolean isLast;
  private int maskKey;
  private int payloadLength;
  private int payloadRead;

  /** The message that is being collected, over all its frames. */
  private byte[] message = NOTHING;

  private int messageSize;
  private boolean isFragmented;
  private byte[] control = NOTHING;
  private boolean isClosed;

  /** Is told what came. */
  public interface Listener {
    /** A whole binary message, the array's owner from now on. */
    void onMessage(byte[] message);

    void onPing(byte[] payload);

    void onPong();

    /** The other side has closed: nothing comes after it. */
    void onClose(int code, String reason);
  }

  /**
   * A reader.
   *
   * @param isServer whether the other side is a client and so must mask
   * @param maxMessageBytes of a message, over all its frames
   */
  public WebsocketReader(boolean isServer, int maxMessageBytes, Listener listener) {
    this.isServer = isServer;
    this.maxMessageBytes = maxMessageBytes;
    this.listener = listener;
  }

  /** Reads on. */
  public void read(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && !isClosed) {
      at = isInPayload ? payload(bytes, at, to) : header(bytes, at, to);
    }
  }

  /** Whether a message has begun and not ended. */
  public boolean isInMessage() {
    return headerSize > 0 || isInPayload || isFragmented;
  }

  private int header(byte[] bytes, int from, int to) {
    int at = from;
    while (headerSize < headerLength && at < to) {
      header[headerSize++] = bytes[at++];
      if (headerSize == 2) {
        beginFrame();
      }
    }
    if (headerSize == headerLength) {
      headerEnd();
    }
    return at;
  }

  private void beginFrame() {
    if ((header[0] & 0x70) != 0) {
      throw wrong("a reserved bit is set");
    }
    opcode = header[0] & 0x0f;
    isLast = (header[0] & 0x80) != 0;
    boolean isMasked = (header[1] & 0x80) != 0;
    if (isMasked != isServer) {
      throw wrong(isServer ? "a client must mask its frames" : "a server must not mask its frames");
    }
    int length = header[1] & 0x7f;
    switch (opcode) {
      case Websocket.CONTINUATION -> {
        if (!isFragmented) {
          throw wrong("a continuation of nothing");
        }
      }
      case Websocket.BINARY -> {
        if (isFragmented) {
          throw wrong("a new message inside another");
        }
      }
      case Websocket.TEXT ->
          throw new FrameException(CloseCode.NOT_BINARY, "messages are binary here, not text");
      case Websocket.CLOSE, Websocket.PING, Websocket.PONG -> {
        if (!isLast || length > Websocket.MAX_CONTROL_BYTES) {
          throw wrong("a control frame in pieces or too long");
        }
      }
      default -> throw wrong("the opcode " + opcode + " has no meaning");
    }
    headerLength = 2 + (length < 126 ? 0 : length == 126 ? 2 : 8) + (isMasked ? 4 : 0);
  }

  private void headerEnd() {
    int short7 = header[1] & 0x7f;
    int lengthBytes = short7 < 126 ? 0 : short7 == 126 ? 2 : 8;
    long length = lengthBytes == 0 ? short7 : 0;
    for (int i = 0; i < lengthBytes; i++) {
      length = (length << 8) | (header[2 + i] & 0xff);
    }
    maskKey = 0;
    for (int i = 0; isServer && i < 4; i++) {
      maskKey = (maskKey << 8) | (header[2 + lengthBytes + i] & 0xff);
    }
    boolean isData = opcode < Websocket.CLOSE;
    if (length < 0 || (isData && length > maxMessageBytes - messageSize)) {
      throw new FrameException(
          CloseCode.TOO_LARGE, "a message of more than " + maxMessageBytes + " bytes");
    }
    payloadLength = (int) length;
    payloadRead = 0;
    headerSize = 0;
    headerLength = 2;
    isInPayload = true;
    if (isData) {
      room(Math.min(payloadLength, FIRST_BYTES));
    } else {
      control = new byte[payloadLength];
    }
    if (payloadLength == 0) {
      frameEnd();
    }
  }

  private int payload(byte[] bytes, int from, int to) {
    int count = Math.min(to - from, payloadLength - payloadRead);
    if (opcode < Websocket.CLOSE) {
      room(count);
      System.arraycopy(bytes, from, message, messageSize, count);
      unmask(message, messageSize, count);
      messageSize += count;
    } else {
      System.arraycopy(bytes, from, control, payloadRead, count);
      unmask(control, payloadRead, count);
    }
    payloadRead += count;
    if (payloadRead == payloadLength) {
      frameEnd();
    }
    return from + count;
  }

  private void unmask(byte[] target, int from, int count) {
    if (isServer) {
      Websocket.mask(target, from, from + count, maskKey, payloadRead);
    }
  }

  private void room(int more) {
    if (message.length - messageSize < more) {
      int exact = messageSize + (payloadLength - payloadRead);
      message =
          Arrays.copyOf(message, Math.min(exact, Math.max(messageSize + more, 2 * message.length)));
    }
  }

  private void frameEnd() {
    isInPayload = false;
    if (opcode >= Websocket.CLOSE) {
      controlEnd();
      return;
    }
    isFragmented = !isLast;
    if (isLast) {
      byte[] whole = message.length == messageSize ? message : Arrays.copyOf(message, messageSize);
      message = NOTHING;
      messageSize = 0;
      listener.onMessage(whole);
    }
  }

  private void controlEnd() {
    if (opcode == Websocket.PING) {
      listener.onPing(control);
    } else if (opcode == Websocket.PONG) {
      listener.onPong();
    } else {
      if (control.length == 1) {
        throw wrong("a close code of one byte");
      }
      isClosed = true;
      int code =
          control.length < 2
              ? CloseCode.NORMAL.number()
              : (control[0] & 0xff) << 8 | (control[1] & 0xff);
      String reason =
          control.length < 2
              ? ""
              : new String(control, 2, control.length - 2, StandardCharsets.UTF_8);
      listener.onClose(code, reason);
    }
  }

  private static FrameException wrong(String detail) {
    return new FrameException(CloseCode.WEBSOCKET_ERROR, detail);
  }
}
