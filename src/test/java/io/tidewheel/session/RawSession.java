package io.tidewheel.session;

import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameReader;
import io.tidewheel.session.frame.FrameWriter;
import io.tidewheel.session.frame.Websocket;
import io.tidewheel.session.frame.WebsocketReader;
import io.tidewheel.session.frame.WebsocketWriter;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;

/** A client that says exactly what a test wants, right or wrong. */
public final class RawSession implements AutoCloseable {
  private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  private final Socket socket;
  private final WebsocketWriter writer = WebsocketWriter.client(new SplittableRandom(1));
  private final Deque<Frame> frames = new ArrayDeque<>();
  private final String statusLine;
  private int closeCode = -1;
  private final WebsocketReader reader =
      new WebsocketReader(
          false,
          64 << 20,
          new WebsocketReader.Listener() {
            @Override
            public void onMessage(byte[] message) {
              try (FrameReader read = new FrameReader(message)) {
                for (Frame frame = read.next(); frame != null; frame = read.next()) {
                  frames.add(frame);
                }
              }
            }

            @Override
            public void onPing(byte[] payload) {
              // A test says itself what it answers.
            }

            @Override
            public void onPong() {
              // As above.
            }

            @Override
            public void onClose(int code, String reason) {
              closeCode = code;
            }
          });

  /** Connects and shakes hands; further header lines end with a line end each. */
  public RawSession(int port, String headers) {
    try {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(20_000);
      String request =
          "GET "
              + Websocket.PATH
              + " HTTP/1.1\r\nHost: 127.0.0.1:"
              + port
              + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              + "Sec-WebSocket-Key: "
              + KEY
              + "\r\n"
              + headers
              + "\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      statusLine = head(socket.getInputStream());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A session that was welcomed. */
  public static RawSession welcomed(int port) {
    RawSession session = new RawSession(port, "");
    session.send(new Frame.Hello(Frame.VERSION, "test", 0, 0));
    session.next(Frame.Welcome.class);
    session.next(Frame.Members.class);
    return session;
  }

  /** The status of the handshake. */
  public int status() {
    return Integer.parseInt(statusLine.split(" ", 3)[1]);
  }

  public void send(Frame... each) {
    FrameWriter message = new FrameWriter(256);
    for (Frame frame : each) {
      message.write(frame);
    }
    sendMessage(message.toByteArray());
  }

  /** A binary message with any bytes in it. */
  public void sendMessage(byte[] message) {
    sendBytes(writer.binary(message));
  }

  /** Bytes that need not be a websocket's. */
  public void sendBytes(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The next frame, which must be of this kind. */
  public <T extends Frame> T next(Class<T> type) {
    while (frames.isEmpty()) {
      if (closeCode >= 0 || !readOn()) {
        throw new AssertionError("closed with " + closeCode + " instead of " + type);
      }
    }
    return type.cast(frames.remove());
  }

  /** The code the broker closes with; frames before it are passed over. */
  public int closeCode() {
    while (closeCode < 0 && readOn()) {
      frames.clear();
    }
    return closeCode;
  }

  private boolean readOn() {
    byte[] bytes = new byte[64 << 10];
    try {
      int count = socket.getInputStream().read(bytes);
      if (count > 0) {
        reader.read(bytes, 0, count);
      }
      return count > 0;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        throw new AssertionError("closed in the handshake: " + head);
      }
      head.append((char) octet);
    }
    return head.substring(0, head.indexOf("\r\n"));
  }

  /** The connection is gone, without a word. */
  public void breakOff() {
    close();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
