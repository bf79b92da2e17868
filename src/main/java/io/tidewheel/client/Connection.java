package io.tidewheel.client;

import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.session.frame.FrameReader;
import io.tidewheel.session.frame.FrameWriter;
import io.tidewheel.session.frame.Websocket;
import io.tidewheel.session.frame.WebsocketReader;
import io.tidewheel.session.frame.WebsocketWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * One websocket to one broker. Reads on the thread that runs it; writes are made by any thread, one
 * at a time.
 */
final class Connection implements AutoCloseable {
  private static final int MAX_MESSAGE_BYTES = 64 << 20;
  private static final int MAX_HEAD_BYTES = 16 << 10;
  private static final int READ_BYTES = 128 << 10;

  private final Socket socket;
  private final OutputStream out;

  /** Used with this object locked. */
  private final WebsocketWriter writer;

  /** Is told what comes, on the thread that reads. */
  interface Listener {
    void onFrame(Frame frame);

    /** All frames of what came at once were told. */
    void onRead();
  }

  private Connection(Socket socket, RandomGenerator random) throws IOException {
    this.socket = socket;
    this.out = socket.getOutputStream();
    this.writer = WebsocketWriter.client(random);
  }

  /**
   * Connects and shakes hands.
   *
   * @throws IOException if the broker is not there or does not take the session
   */
  static Connection open(URI broker, Duration timeout, RandomGenerator random) throws IOException {
    boolean isSecure = "https".equals(broker.getScheme());
    int port = broker.getPort() < 0 ? (isSecure ? 443 : 80) : broker.getPort();
    String host = broker.getHost().replaceAll("[\\[\\]]", "");
    int millis = Math.toIntExact(timeout.toMillis());
    Socket socket = isSecure ? secureSocket() : new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(host, port), millis);
      socket.setSoTimeout(millis);
      handshake(socket, broker, random);
      return new Connection(socket, random);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** One that checks that the broker has a certificate for its name. */
  private static Socket secureSocket() throws IOException {
    SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket();
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    return socket;
  }

  private static void handshake(Socket socket, URI broker, RandomGenerator random)
      throws IOException {
    byte[] nonce = new byte[16];
    random.nextBytes(nonce);
    String key = Base64.getEncoder().encodeToString(nonce);
    socket.getOutputStream().write(Websocket.request(broker.getRawAuthority(), key));
    String head = head(socket.getInputStream());
    if (!head.startsWith("HTTP/1.1 101 ")
        || !head.toLowerCase(Locale.ROOT)
            .contains("sec-websocket-accept: " + Websocket.accept(key).toLowerCase(Locale.ROOT))) {
      throw new IOException(
          "the broker did not open a session: " + head.lines().findFirst().orElse(""));
    }
  }

  /** Byte by byte: what follows belongs to the websocket. */
  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n", Math.max(0, head.length() - 4)) < 0) {
      int octet = in.read();
      if (octet < 0 || head.length() > MAX_HEAD_BYTES) {
        throw new IOException("the broker did not answer with HTTP");
      }
      head.append((char) octet);
    }
    return head.toString();
  }

  /**
   * Reads until the connection ends; returns the close code.
   *
   * @param silence after which a broker that says nothing is given up; it is asked halfway
   */
  int run(Listener listener, Duration silence) throws IOException {
    int[] code = {-1};
    WebsocketReader reader =
        new WebsocketReader(
            false,
            MAX_MESSAGE_BYTES,
            new WebsocketReader.Listener() {
              @Override
              public void onMessage(byte[] message) {
                frames(listener, message);
              }

              @Override
              public void onPing(byte[] payload) {
                pong(payload);
              }

              @Override
              public void onPong() {
                // That something came is enough.
              }

              @Override
              public void onClose(int number, String reason) {
                code[0] = number;
              }
            });
    socket.setSoTimeout(Math.toIntExact(silence.toMillis() / 2));
    InputStream in = socket.getInputStream();
    byte[] bytes = new byte[READ_BYTES];
    boolean isAsked = false;
    while (code[0] < 0) {
      int count;
      try {
        count = in.read(bytes);
      } catch (SocketTimeoutException e) {
        if (isAsked) {
          throw new IOException("the broker says nothing", e);
        }
        isAsked = true;
        write(writer::ping);
        continue;
      }
      isAsked = false;
      if (count < 0) {
        return CloseCode.SILENT.number();
      }
      try {
        reader.read(bytes, 0, count);
      } catch (FrameException e) {
        close(e.code(), e.detail());
        throw new IOException("the broker broke the protocol: " + e.detail(), e);
      }
      listener.onRead();
    }
    return code[0];
  }

  private static void frames(Listener listener, byte[] message) {
    try (FrameReader read = new FrameReader(message)) {
      for (Frame frame = read.next(); frame != null; frame = read.next()) {
        listener.onFrame(frame);
      }
    }
  }

  private void pong(byte[] payload) {
    try {
      write(() -> writer.pong(payload));
    } catch (IOException e) {
      close();
    }
  }

  /** Made under the lock too: the writer has state. */
  private synchronized void write(Supplier<byte[]> frame) throws IOException {
    out.write(frame.get());
  }

  /** Sends frames as one message. */
  void send(FrameWriter message) throws IOException {
    write(() -> writer.binary(message.toByteArray()));
  }

  /** Tells the broker that nothing more comes, and waits for its close. */
  void say(CloseCode code) throws IOException {
    write(() -> writer.close(code.number(), ""));
  }

  /** Tells the broker why, and ends. */
  void close(CloseCode code, String detail) {
    try {
      write(() -> writer.close(code.number(), detail));
    } catch (IOException e) {
      // The other side has closed already: there is nobody to tell.
    }
    close();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any more, closed or not.
    }
  }
}
