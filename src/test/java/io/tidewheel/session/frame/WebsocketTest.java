package io.tidewheel.session.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WebsocketTest {
  private final List<String> seen = new ArrayList<>();

  /** The example of RFC 6455, 1.3. */
  @Test
  void answersTheKeyOfAHandshake() {
    assertThat(Websocket.accept("dGhlIHNhbXBsZSBub25jZQ=="))
        .isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  }

  @Test
  void findsMessagesHoweverTheyAreCut() {
    SplittableRandom random = new SplittableRandom(7);
    WebsocketWriter writer = WebsocketWriter.client(random);
    for (int length : new int[] {0, 1, 7, 8, 9, 125, 126, 65_535, 65_536, 300_000}) {
      byte[] message = new byte[length];
      random.nextBytes(message);
      byte[] frame = writer.binary(message);
      List<byte[]> found = new ArrayList<>();
      WebsocketReader reader = reader(1 << 20, found);
      for (int from = 0; from < frame.length; ) {
        int to = Math.min(frame.length, from + random.nextInt(1, 40_000));
        reader.read(frame, from, to);
        from = to;
      }
      assertThat(found).as("%s bytes", length).containsExactly(message);
    }
  }

  @Test
  void joinsTheFramesOfAMessageAroundAPing() {
    List<byte[]> found = new ArrayList<>();
    byte[] frames =
        HexFormat.of()
            .parseHex(
                "0281" + "00000000" + "61" + "8980" + "00000000" + "8081" + "00000000" + "62");

    reader(100, found).read(frames, 0, frames.length);

    assertThat(found).containsExactly(new byte[] {'a', 'b'});
    assertThat(seen).containsExactly("ping", "message");
  }

  @Test
  void refusesWhatBreaksTheRules() {
    assertThat(refusal("82016100")).isEqualTo(CloseCode.WEBSOCKET_ERROR);
    assertThat(refusal("c28000000000")).isEqualTo(CloseCode.WEBSOCKET_ERROR);
    assertThat(refusal("808000000000")).isEqualTo(CloseCode.WEBSOCKET_ERROR);
    assertThat(refusal("838000000000")).isEqualTo(CloseCode.WEBSOCKET_ERROR);
    assertThat(refusal("098000000000")).isEqualTo(CloseCode.WEBSOCKET_ERROR);
    assertThat(refusal("818000000000")).isEqualTo(CloseCode.NOT_BINARY);
    assertThat(refusal("82ff7fffffffffffffff00000000")).isEqualTo(CloseCode.TOO_LARGE);
    assertThat(refusal("82ffffffffffffffffff00000000")).isEqualTo(CloseCode.TOO_LARGE);
  }

  @Test
  void boundsAMessageOverAllItsFrames() {
    String first = "02fe0258" + "00000000" + "00".repeat(600);
    assertThat(refusal(first + "80fe0258" + "00000000")).isEqualTo(CloseCode.TOO_LARGE);
  }

  private CloseCode refusal(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    try {
      reader(1_000, new ArrayList<>()).read(bytes, 0, bytes.length);
      throw new AssertionError("was taken: " + hex);
    } catch (FrameException e) {
      return e.code();
    }
  }

  private WebsocketReader reader(int maxBytes, List<byte[]> found) {
    return new WebsocketReader(
        true,
        maxBytes,
        new WebsocketReader.Listener() {
          @Override
          public void onMessage(byte[] message) {
            seen.add("message");
            found.add(message);
          }

          @Override
          public void onPing(byte[] payload) {
            seen.add("ping");
          }

          @Override
          public void onPong() {
            seen.add("pong");
          }

          @Override
          public void onClose(int code, String reason) {
            seen.add("close " + code);
          }
        });
  }
}
