package io.tidewheel.cli.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerLinesTest {
  private static final String HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

  private final List<Boolean> errors = new ArrayList<>();
  private final AnswerLines lines = new AnswerLines(errors::add);

  /** However the bytes are cut, and wherever a chunk ends within a line. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 1_000})
  void findsLinesAndTheirErrors(int step) throws IOException {
    String first = "{\"id\":\"0-1\",\"queue\":0,\"offset\":1}\n{\"line\":2,\"id\":\"x\",\"err";
    String second = "or\":{\"status\":422}}\n{\"id\":\"error\"}\n";
    feed(HEAD + chunk(first) + chunk(second) + "0\r\n\r\n", step);
    assertThat(errors).containsExactly(false, true, false);
    assertThat(lines.isDone()).isTrue();
    assertThat(lines.status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 503 Service Unavailable", "SSH-2.0-x", "HTTP/1.1 415 No"})
  void refusesAnythingButAStream(String status) {
    assertThatThrownBy(() -> feed(status + "\r\nContent-Length: 0\r\n\r\n", 5))
        .isInstanceOf(IOException.class);
    assertThat(errors).isEmpty();
  }

  private static String chunk(String text) {
    return Integer.toHexString(text.length()) + ";x=1\r\n" + text + "\r\n";
  }

  private void feed(String text, int step) throws IOException {
    for (int i = 0; i < text.length(); i += step) {
      String piece = text.substring(i, Math.min(text.length(), i + step));
      lines.accept(piece.getBytes(StandardCharsets.US_ASCII), piece.length());
    }
  }
}
