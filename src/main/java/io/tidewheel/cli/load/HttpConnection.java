package io.tidewheel.cli.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** One connection with at most one request on its way. Used by one thread. */
final class HttpConnection {
  private static final int CONNECT_MILLIS = 5_000;

  private final Script script;
  private final AnswerReader answer = new AnswerReader();
  private @Nullable SocketChannel channel;
  private @Nullable SelectionKey key;
  private @Nullable ByteBuffer out;
  private long sentNanos;

  HttpConnection(Script script) {
    this.script = script;
  }

  Script script() {
    return script;
  }

  AnswerReader answer() {
    return answer;
  }

  boolean isBusy() {
    return out != null;
  }

  long sentNanos() {
    return sentNanos;
  }

  void open(InetSocketAddress address, Selector selector) throws IOException {
    SocketChannel opened = SocketChannel.open();
    try {
      opened.socket().connect(address, CONNECT_MILLIS);
      opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
      opened.configureBlocking(false);
      key = opened.register(selector, SelectionKey.OP_READ, this);
      channel = opened;
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  void send(ByteBuffer request, long nowNanos) throws IOException {
    out = request;
    sentNanos = nowNanos;
    answer.reset();
    write();
  }

  /** Goes on with writing and reading; true when the answer is complete. */
  boolean proceed() throws IOException {
    SocketChannel open = open();
    SelectionKey selected = key;
    if (selected != null && selected.isWritable()) {
      write();
    }
    if (selected == null || !selected.isReadable()) {
      return false;
    }
    boolean isComplete = answer.readFrom(open);
    if (isComplete) {
      if (out == null) {
        throw new IOException("an answer that nobody asked for");
      }
      out = null;
    }
    return isComplete;
  }

  void close() {
    out = null;
    SocketChannel open = channel;
    channel = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // Nothing is left to be done with it.
        key = null;
      }
    }
  }

  private void write() throws IOException {
    ByteBuffer request = out;
    SelectionKey selected = key;
    if (request == null || selected == null) {
      return;
    }
    open().write(request);
    int wanted =
        request.hasRemaining()
            ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
            : SelectionKey.OP_READ;
    if (selected.interestOps() != wanted) {
      selected.interestOps(wanted);
    }
  }

  private SocketChannel open() throws IOException {
    SocketChannel open = channel;
    if (open == null) {
      throw new IOException("not connected");
    }
    return open;
  }
}
