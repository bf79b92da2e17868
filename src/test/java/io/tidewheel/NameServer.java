package io.tidewheel;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Tells whoever asks over UDP which IPv4 addresses a name has, the same for every name (RFC 1035,
 * section 4.1).
 */
final class NameServer implements AutoCloseable {
  private static final int HEADER_BYTES = 12;
  private static final int MAX_BYTES = 512;
  private static final short ADDRESS_TYPE = 1;
  private static final short INTERNET = 1;
  private static final short ANSWER_FLAGS = (short) 0x8180;
  private static final short NAME_OF_QUESTION = (short) (0xC000 | HEADER_BYTES);

  private final DatagramSocket socket;
  private final List<InetAddress> addresses;

  NameServer(List<InetAddress> addresses) throws IOException {
    this.addresses = List.copyOf(addresses);
    this.socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "name-server");
    thread.setDaemon(true);
    thread.start();
  }

  /** Where it listens, as host:port. */
  String address() {
    return socket.getLocalAddress().getHostAddress() + ':' + socket.getLocalPort();
  }

  private void serve() {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[MAX_BYTES], MAX_BYTES);
        socket.receive(packet);
        byte[] answer = answer(packet.getData());
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      }
    } catch (SocketException e) {
      // Closed: nobody asks any more.
    } catch (IOException e) {
      throw new AssertionError("the name server broke", e);
    }
  }

  private byte[] answer(byte[] bytes) {
    ByteBuffer query = ByteBuffer.wrap(bytes);
    int end = HEADER_BYTES;
    while (query.get(end) != 0) {
      end += query.get(end) + 1;
    }
    boolean isKnown = query.getShort(end + 1) == ADDRESS_TYPE;
    ByteBuffer answer = ByteBuffer.allocate(MAX_BYTES);
    answer.putShort(query.getShort(0)).putShort(ANSWER_FLAGS).putShort((short) 1);
    answer.putShort((short) (isKnown ? addresses.size() : 0)).putInt(0);
    answer.put(bytes, HEADER_BYTES, end + 5 - HEADER_BYTES);
    if (isKnown) {
      for (InetAddress address : addresses) {
        byte[] raw = address.getAddress();
        answer.putShort(NAME_OF_QUESTION).putShort(ADDRESS_TYPE).putShort(INTERNET).putInt(1);
        answer.putShort((short) raw.length).put(raw);
      }
    }
    byte[] written = new byte[answer.position()];
    answer.flip().get(written);
    return written;
  }

  @Override
  public void close() {
    socket.close();
  }
}
