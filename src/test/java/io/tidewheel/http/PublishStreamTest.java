package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Streams of lines, one message each. */
class PublishStreamTest {
  private static ServedBroker served;
  private String topic;

  @BeforeAll
  static void start() {
    served =
        new ServedBroker(true, Map.of("body-timeout", "1s", "max-body-bytes-in-flight", "16MiB"));
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  @BeforeEach
  void nameTopic(TestInfo test) {
    topic = test.getTestMethod().orElseThrow().getName();
  }

  @AfterEach
  void storeAgain() {
    served.memory.nextResult = null;
    served.memory.hold(null);
  }

  @Test
  void answersEveryLineInOrder() throws Exception {
    String lines =
        """
        {"id":"a","key":"k","headers":{"h":"v"},"body":{ "n" : 1.0 }}
        {"bodyText":"hä"}

        {"body":1,"nonsense":2}
        not json
        {"bodyBase64":"AP8="}
        {"body":1}{"body":2}
        {"id":"a","key":"k","headers":{"h":"v"},"body":{ "n" : 1.0 }}
        {"body":"last\\n\\"one\\""}""";
    List<JsonNode> answers = publish(lines);
    assertThat(answers).hasSize(8);
    assertThat(answers.get(0).toString()).isEqualTo("{\"id\":\"a\",\"queue\":0,\"offset\":0}");
    assertThat(answers.get(1).get("offset").asInt()).isEqualTo(1);
    assertThat(answers.get(2).get("line").asInt()).isEqualTo(4);
    assertThat(answers.get(2).at("/error/errors/0/pointer").asText()).isEqualTo("/nonsense");
    assertThat(answers.get(3).get("line").asInt()).isEqualTo(5);
    assertThat(answers.get(3).at("/error/outcome").asText()).isEqualTo("not_stored");
    assertThat(answers.get(4).get("offset").asInt()).isEqualTo(2);
    assertThat(answers.get(5).at("/error/status").asInt()).isEqualTo(400);
    assertThat(answers.get(6).get("duplicate").asBoolean()).isTrue();
    assertThat(answers.get(7).get("offset").asInt()).isEqualTo(3);
    List<Message> stored = served.memory.messages(topic);
    assertThat(payloads(stored))
        .containsExactly("{ \"n\" : 1.0 }", "hä", "\u0000\ufffd", "\"last\\n\\\"one\\\"\"");
    assertThat(stored.get(0).contentType()).isEqualTo("application/json");
    assertThat(stored.get(0).headers()).containsEntry("h", "v");
    assertThat(stored.get(1).contentType()).isNull();
  }

  @Test
  void answersWhileTheStreamGoesOn() throws Exception {
    try (Stream stream = new Stream()) {
      for (int i = 0; i < 3; i++) {
        stream.send("{\"bo");
        stream.send("dy\":" + i + "}\n");
        assertThat(stream.answer().get("offset").asInt()).isEqualTo(i);
      }
      stream.end();
      assertThat(stream.rest()).isEmpty();
    }
    assertThat(payloads(served.memory.messages(topic))).containsExactly("0", "1", "2");
  }

  @Test
  void storesALongStreamOnceAndInOrder() throws Exception {
    int count = 50_000;
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      lines.append("{\"body\":").append(i).append("}\n");
    }
    List<JsonNode> answers = publish(lines.toString());
    assertThat(answers).hasSize(count);
    List<Message> stored = served.memory.messages(topic);
    assertThat(stored).hasSize(count);
    for (int i = 0; i < count; i++) {
      assertThat(answers.get(i).get("offset").asInt()).isEqualTo(i);
      assertThat(stored.get(i).payload())
          .isEqualTo(Integer.toString(i).getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void readsNoFurtherThanItsBoundWhileNothingIsStored() throws Exception {
    CompletableFuture<Void> gate = new CompletableFuture<>();
    served.memory.hold(gate);
    try (Stream stream = new Stream()) {
      String line = "{\"bodyText\":\"" + "x".repeat(100 << 10) + "\"}\n";
      Thread sender =
          new Thread(
              () -> {
                for (int i = 0; i < 400; i++) {
                  stream.sendQuietly(line);
                }
              });
      sender.start();
      served.memory.awaitHeld(8);
      sender.join(1_000);
      assertThat(sender.isAlive()).as("the sender has to wait").isTrue();
      assertThat(served.memory.heldBytes()).isLessThan(6 << 20);
      gate.complete(null);
      sender.join();
      stream.end();
      assertThat(stream.rest()).hasSize(400);
    }
    assertThat(served.memory.messages(topic)).hasSize(400);
    awaitNoBytesHeld();
  }

  @Test
  void refusesALineThatIsTooLongAndGoesOn() throws Exception {
    String tooLong = "{\"bodyText\":\"" + "x".repeat(PublishStream.MAX_LINE_BYTES) + "\"}\n";
    String tooLarge = "{\"bodyText\":\"" + "x".repeat((1 << 20) + 1) + "\"}\n";
    List<JsonNode> answers = publish("{\"body\":1}\n" + tooLong + tooLarge + "{\"body\":2}\n");
    assertThat(answers).hasSize(4);
    for (int i : new int[] {1, 2}) {
      assertThat(answers.get(i).get("line").asInt()).isEqualTo(i + 1);
      assertThat(answers.get(i).at("/error/status").asInt()).isEqualTo(413);
    }
    assertThat(payloads(served.memory.messages(topic))).containsExactly("1", "2");
    awaitNoBytesHeld();
  }

  @Test
  void endsWithAProblemWhenALineIsNotCompleteInTime() throws Exception {
    try (Stream stream = new Stream()) {
      stream.send("{\"body\":1}\n{\"body\":");
      assertThat(stream.answer().get("offset").asInt()).isZero();
      JsonNode slow = stream.answer();
      assertThat(slow.get("line").asInt()).isEqualTo(2);
      assertThat(slow.at("/error/status").asInt()).isEqualTo(408);
      assertThat(stream.rest()).isEmpty();
    }
    assertThat(payloads(served.memory.messages(topic))).containsExactly("1");
  }

  @Test
  void mayBeSilentBetweenLinesForLongerThanALineMayTake() throws Exception {
    try (Stream stream = new Stream()) {
      stream.send("{\"body\":1}\n");
      assertThat(stream.answer().get("offset").asInt()).isZero();
      new CompletableFuture<Void>()
          .completeOnTimeout(null, 2_500, java.util.concurrent.TimeUnit.MILLISECONDS)
          .join();
      stream.send("{\"body\":2}\n");
      assertThat(stream.answer().get("offset").asInt()).isEqualTo(1);
    }
  }

  @Test
  void storesWhatCameWholeBeforeTheConnectionBroke() throws Exception {
    try (Stream stream = new Stream()) {
      stream.send("{\"body\":1}\n{\"body\":2");
      assertThat(stream.answer().get("offset").asInt()).isZero();
      stream.sendRaw("zz\r\n");
      JsonNode broken = stream.answer();
      assertThat(broken.at("/error/status").asInt()).isEqualTo(400);
    }
    assertThat(payloads(served.memory.messages(topic))).containsExactly("1");
    awaitNoBytesHeld();
  }

  @Test
  void passesRefusalsOnLineByLine() throws Exception {
    served.memory.nextResult =
        new PublishResult.Refused(PublishResult.Reason.DISK_FULL, "no space");
    List<JsonNode> answers = publish("{\"id\":\"a\",\"body\":1}\n{\"id\":\"b\",\"body\":2}\n");
    assertThat(answers).hasSize(2);
    assertThat(answers.get(1).get("id").asText()).isEqualTo("b");
    assertThat(answers.get(1).at("/error/status").asInt()).isEqualTo(507);
  }

  @Test
  void makesNoTopicForAStreamWithoutAMessage() throws Exception {
    assertThat(publish("\n \r\n\n")).isEmpty();
    assertThat(publish("")).isEmpty();
    assertThat(publish("{}\n")).hasSize(1);
    assertThat(served.get("/v1/topics/" + topic).statusCode()).isEqualTo(404);
  }

  private static void awaitNoBytesHeld() {
    var held = served.memory.metrics.get("tidewheel.http.body.bytes").gauge();
    while (held.value() > 0) {
      Thread.onSpinWait();
    }
  }

  private List<JsonNode> publish(String lines) throws Exception {
    HttpResponse<String> response =
        served.send(
            served
                .request(path())
                .header("Content-Type", "application/x-ndjson")
                .header("Accept", "application/x-ndjson")
                .POST(HttpRequest.BodyPublishers.ofString(lines)));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/x-ndjson");
    List<JsonNode> answers = new ArrayList<>();
    for (String line : response.body().lines().toList()) {
      answers.add(ServedBroker.MAPPER.readTree(line));
    }
    return answers;
  }

  private static List<String> payloads(List<Message> messages) {
    return messages.stream()
        .map(message -> new String(message.payload(), StandardCharsets.UTF_8))
        .toList();
  }

  private String path() {
    return "/v1/topics/" + topic + "/messages:batch";
  }

  /** A client that reads answers while it sends; in chunks, as HTTP has it. */
  private final class Stream implements AutoCloseable {
    private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), served.port());
    private final BufferedReader reader;

    Stream() throws IOException {
      socket.setSoTimeout(20_000);
      sendRaw(
          "POST "
              + path()
              + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n");
      reader =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      assertThat(reader.readLine()).isEqualTo("HTTP/1.1 200 OK");
      String header = reader.readLine();
      while (!header.isEmpty()) {
        header = reader.readLine();
      }
    }

    void sendRaw(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
    }

    void send(String text) throws IOException {
      int length = text.getBytes(StandardCharsets.UTF_8).length;
      sendRaw(Integer.toHexString(length) + "\r\n" + text + "\r\n");
    }

    void sendQuietly(String text) {
      try {
        send(text);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    void end() throws IOException {
      sendRaw("0\r\n\r\n");
    }

    /** The next line of JSON; sizes of chunks between them are passed over. */
    JsonNode answer() throws IOException {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("{")) {
          return ServedBroker.MAPPER.readTree(line);
        }
        if (line.equals("0")) {
          break;
        }
      }
      throw new AssertionError("the answer has ended");
    }

    List<JsonNode> rest() throws IOException {
      List<JsonNode> rest = new ArrayList<>();
      for (String line = reader.readLine();
          line != null && !line.equals("0");
          line = reader.readLine()) {
        if (line.startsWith("{")) {
          rest.add(ServedBroker.MAPPER.readTree(line));
        }
      }
      return rest;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
