package io.tidewheel.cli.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerReaderTest {
  private static final String PLAIN =
      "HTTP/1.1 207 Multi-Status\r\nDate: x\r\nCONTENT-length: 11\r\n\r\nhello\r\nyou!";
  private static final String CHUNKED =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\r\r\n5;x=y\r\n\nyou!\r\n0\r\n\r\n";

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 10_000})
  void findsTheEndHoweverTheBytesCome(int piece) throws IOException {
    assertThat(body(new AnswerReader(), PLAIN, piece)).isEqualTo("207 hello\r\nyou!");
    assertThat(body(new AnswerReader(), CHUNKED, piece)).isEqualTo("200 hello\r\nyou!");
  }

  @Test
  void readsOneAnswerAfterTheOther() throws IOException {
    AnswerReader reader = new AnswerReader();
    assertThat(body(reader, CHUNKED, 9)).isEqualTo("200 hello\r\nyou!");
    reader.reset();
    assertThat(body(reader, "HTTP/1.1 204 No Content\r\n\r\n", 9)).isEqualTo("204 ");
    reader.reset();
    String large = "a".repeat(300_000);
    String answer = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + large;
    assertThat(body(reader, answer, 100_000)).isEqualTo("200 " + large);
    assertThat(reader.count(new byte[] {'a', 'a'})).isEqualTo(150_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-OpenSSH\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"
      })
  void refusesWhatIsNoWholeAnswer(String bytes) {
    assertThatIOException().isThrownBy(() -> body(new AnswerReader(), bytes, 1_000));
  }

  private static String body(AnswerReader reader, String answer, int piece) throws IOException {
    byte[] bytes = answer.getBytes(StandardCharsets.ISO_8859_1);
    ReadableByteChannel whole = Channels.newChannel(new ByteArrayInputStream(bytes));
    ByteBuffer next = ByteBuffer.allocate(piece);
    boolean isComplete = false;
    while (!isComplete) {
      next.clear();
      if (whole.read(next) < 0) {
        throw new IOException("the answer is not complete");
      }
      next.flip();
      while (next.hasRemaining()) {
        isComplete = reader.readFrom(channel(next));
      }
    }
    return reader.status()
        + " "
        + new String(
            reader.bytes(),
            reader.bodyFrom(),
            reader.bodyTo() - reader.bodyFrom(),
            StandardCharsets.ISO_8859_1);
  }

  private static ReadableByteChannel channel(ByteBuffer bytes) {
    byte[] rest = new byte[bytes.remaining()];
    bytes.duplicate().get(rest);
    ReadableByteChannel channel = Channels.newChannel(new ByteArrayInputStream(rest));
    return new ReadableByteChannel() {
      @Override
      public int read(ByteBuffer target) throws IOException {
        int count = channel.read(target);
        bytes.position(bytes.position() + Math.max(0, count));
        return count;
      }

      @Override
      public boolean isOpen() {
        return channel.isOpen();
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }
}
