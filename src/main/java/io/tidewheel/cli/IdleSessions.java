package io.tidewheel.cli;

import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import io.tidewheel.session.frame.FrameReader;
import io.tidewheel.session.frame.FrameWriter;
import io.tidewheel.session.frame.Websocket;
import io.tidewheel.session.frame.WebsocketReader;
import io.tidewheel.session.frame.WebsocketWriter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sessions whose workers wait for messages that do not come, all on one thread: what they cost is
 * the broker's.
 */
final class IdleSessions implements AutoCloseable {
  private static final int READ_BYTES = 64 << 10;
  private static final int MAX_MESSAGE_BYTES = 4 << 20;
  private static final int MAX_HEAD_BYTES = 16 << 10;

  private final URI broker;
  private final String subscription;
  private final RandomGenerator random;
  private final Selector selector;
  private final Thread thread = new Thread(this::run, "bench-idle");
  private final List<Seat> seats = new ArrayList<>();
  private final AtomicInteger subscribed = new AtomicInteger();
  private volatile @Nullable String problem;
  private volatile boolean isStopping;

  /** Sessions that are not there yet. */
  IdleSessions(URI broker, String subscription, RandomGenerator random) throws IOException {
    this.broker = broker;
    this.subscription = subscription;
    this.random = random;
    this.selector = Selector.open();
  }

  /**
   * Opens them; each has one waiting worker for each of its topics.
   *
   * @param topics of each session
   */
  void open(List<List<String>> topics) throws IOException {
    thread.setDaemon(true);
    for (List<String> each : topics) {
      seats.add(new Seat(each));
    }
    // Only now, as a selector that waits holds up whoever registers.
    for (Seat seat : seats) {
      seat.channel.configureBlocking(false);
      SelectionKey unused = seat.channel.register(selector, SelectionKey.OP_READ, seat);
    }
    thread.start();
  }

  /** Workers that wait by now. */
  int subscribed() {
    return subscribed.get();
  }

  /** What went wrong with one of them; null if nothing has. */
  @Nullable String problem() {
    return problem;
  }

  private void run() {
    byte[] bytes = new byte[READ_BYTES];
    try {
      while (!isStopping) {
        int unused = selector.select(key -> read((Seat) key.attachment(), bytes), 1_000);
      }
    } catch (IOException e) {
      problem = e.toString();
    }
  }

  private void read(Seat seat, byte[] bytes) {
    try {
      int count = seat.channel.read(ByteBuffer.wrap(bytes));
      if (count < 0) {
        throw new IOException("the broker has closed an idle session");
      }
      seat.reader.read(bytes, 0, count);
    } catch (IOException | FrameException e) {
      problem = e.toString();
      seat.close();
    }
  }

  @Override
  public void close() throws IOException {
    isStopping = true;
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    seats.forEach(Seat::close);
    selector.close();
  }

  /** One session. Opened on the thread of the owner, then used by the one that reads. */
  private final class Seat implements WebsocketReader.Listener {
    private final SocketChannel channel;
    private final WebsocketWriter writer = WebsocketWriter.client(random);
    private final WebsocketReader reader = new WebsocketReader(false, MAX_MESSAGE_BYTES, this);

    private Seat(List<String> topics) throws IOException {
      int port = broker.getPort() < 0 ? 80 : broker.getPort();
      channel = SocketChannel.open(new InetSocketAddress(broker.getHost(), port));
      byte[] nonce = new byte[16];
      random.nextBytes(nonce);
      String key = Base64.getEncoder().encodeToString(nonce);
      write(Websocket.request(broker.getRawAuthority(), key));
      String head = head();
      if (!head.startsWith("HTTP/1.1 101 ")) {
        throw new IOException("no session: " + head.lines().findFirst().orElse(""));
      }
      FrameWriter hello = new FrameWriter(1 << 10);
      hello.write(new Frame.Hello(Frame.VERSION, "bench-idle", 0, 0));
      for (int ref = 1; ref <= topics.size(); ref++) {
        hello.write(new Frame.Subscribe(ref, topics.get(ref - 1), subscription, 0, null, null));
        hello.write(new Frame.Want(ref, 1));
      }
      write(writer.binary(hello.toByteArray()));
    }

    /** Byte by byte: what follows belongs to the websocket. */
    private String head() throws IOException {
      StringBuilder head = new StringBuilder();
      ByteBuffer octet = ByteBuffer.allocate(1);
      while (head.indexOf("\r\n\r\n", Math.max(0, head.length() - 4)) < 0) {
        if (channel.read(octet.clear()) < 0 || head.length() > MAX_HEAD_BYTES) {
          throw new IOException("the broker did not answer with HTTP");
        }
        head.append((char) octet.get(0));
      }
      return head.toString();
    }

    private void write(byte[] frame) throws IOException {
      ByteBuffer left = ByteBuffer.wrap(frame);
      while (left.hasRemaining()) {
        int unused = channel.write(left);
      }
    }

    @Override
    public void onMessage(byte[] message) {
      try (FrameReader read = new FrameReader(message)) {
        for (Frame frame = read.next(); frame != null; frame = read.next()) {
          if (frame instanceof Frame.Subscribed) {
            subscribed.incrementAndGet();
          } else if (frame instanceof Frame.Refused refused) {
            problem = refused.failure().detail();
          }
        }
      }
    }

    @Override
    public void onPing(byte[] payload) {
      try {
        write(writer.pong(payload));
      } catch (IOException e) {
        problem = e.toString();
      }
    }

    @Override
    public void onPong() {
      // Nothing was asked.
    }

    @Override
    public void onClose(int code, String reason) {
      problem = "an idle session was closed with " + code + " " + reason;
    }

    private void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // It is of no use any more, closed or not.
      }
    }
  }
}
