package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Gauge;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Clients that send slowly, leave early or send too much at once. */
class SlowClientTest {
  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(1);

  private static ServedBroker served;
  private String topic;
  private Topic added;

  @BeforeAll
  static void start() {
    served =
        new ServedBroker(
            false,
            Map.of(
                "allowed-hosts",
                List.of("broker.example"),
                "allowed-origins",
                List.of("https://console.example"),
                "header-timeout",
                "1s",
                "body-timeout",
                BODY_TIMEOUT.toMillis() + "ms",
                "max-body-bytes-in-flight",
                "8MiB"));
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  @BeforeEach
  void addTopic(TestInfo test) {
    topic = test.getTestMethod().orElseThrow().getName();
    added =
        served.memory.addTopic(
            topic,
            new TopicSettings(
                1,
                Duration.ofHours(1),
                1 << 20,
                8 << 20,
                1 << 30,
                Duration.ofMinutes(1),
                100,
                null));
    served.memory.released.clear();
  }

  @Test
  void refusesABodyThatDoesNotArriveInTime() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "POST " + path("/messages") + " HTTP/1.1\r\nHost: localhost\r\n");
      send(socket, "Content-Length: 10\r\n\r\nabc");
      assertThat(ServedBroker.read(socket.getInputStream()))
          .startsWith("HTTP/1.1 408")
          .contains("urn:tidewheel:problem:slow-request", "Connection: close");
    }
    assertThat(served.memory.messages(topic)).isEmpty();
  }

  @Test
  void closesAConnectionWhoseFirstRequestDoesNotArriveInTime() throws Exception {
    try (Socket slow = connect();
        Socket silent = connect()) {
      send(slow, "POST " + path("/messages") + " HTTP/1.1\r\nHost: local");
      assertThat(ServedBroker.read(slow.getInputStream())).isEmpty();
      assertThat(ServedBroker.read(silent.getInputStream())).isEmpty();
    }
  }

  @Test
  void storesNothingOfABodyThatIsCutOff() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "POST " + path("/messages") + " HTTP/1.1\r\nHost: localhost\r\n");
      send(socket, "Content-Length: 10\r\n\r\nabc");
      socket.shutdownOutput();
      ServedBroker.read(socket.getInputStream());
    }
    assertThat(served.memory.messages(topic)).isEmpty();
    assertThat(served.get(path("")).statusCode()).isEqualTo(200);
  }

  @Test
  void takesABodyInPieces() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "POST " + path("/messages") + " HTTP/1.1\r\nHost: localhost\r\n");
      send(socket, "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
      for (String piece : List.of("3\r\nabc\r\n", "4\r\ndefg\r\n", "0\r\n\r\n")) {
        send(socket, piece);
      }
      assertThat(ServedBroker.read(socket.getInputStream())).startsWith("HTTP/1.1 201");
    }
    assertThat(served.memory.messages(topic).get(0).payload())
        .isEqualTo("abcdefg".getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void asksForTheBodyThatAClientHoldsBack() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "POST " + path("/messages") + " HTTP/1.1\r\nHost: localhost\r\n");
      send(socket, "Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
      byte[] answer = new byte[21];
      assertThat(socket.getInputStream().readNBytes(answer, 0, 21)).isEqualTo(21);
      assertThat(new String(answer, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 100 Continue");
      send(socket, "abc");
      assertThat(ServedBroker.read(socket.getInputStream())).contains("HTTP/1.1 201");
    }
  }

  @Test
  void refusesWithoutAskingForTheBody() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "POST /v1/topics/unknown/nothing HTTP/1.1\r\nHost: localhost\r\n");
      send(socket, "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
      assertThat(ServedBroker.read(socket.getInputStream())).startsWith("HTTP/1.1 404");
    }
  }

  /** Guards an overloaded node: what it refuses anyway costs no memory, and the client no time. */
  @Test
  void refusesAPublishItHasNoRoomForWithoutReadingTheBody() throws Exception {
    served.memory.roomBytes = 1_000;
    try {
      for (String path : List.of("/messages", "/messages:batch")) {
        try (Socket socket = connect()) {
          send(socket, "POST " + path(path) + " HTTP/1.1\r\nHost: localhost\r\n");
          send(socket, "Content-Type: application/json\r\nContent-Length: 400000\r\n");
          send(socket, "Expect: 100-continue\r\n\r\n");
          assertThat(ServedBroker.read(socket.getInputStream())).startsWith("HTTP/1.1 429");
        }
      }
    } finally {
      served.memory.roomBytes = Long.MAX_VALUE;
    }
    assertThat(publish().statusCode()).isEqualTo(201);
  }

  /** The answer is there while the client still sends, and is not lost when it goes on sending. */
  @Test
  void refusesAPublishItHasNoRoomForBeforeItsBodyHasCome() throws Exception {
    served.memory.roomBytes = 1_000;
    byte[] rest = new byte[300_000];
    try {
      for (String path : List.of("/messages", "/messages:batch")) {
        try (Socket socket = connect()) {
          send(socket, "POST " + path(path) + " HTTP/1.1\r\nHost: localhost\r\n");
          send(socket, "Content-Type: application/json\r\n");
          send(socket, "Content-Length: 900000\r\n\r\n");
          socket.getOutputStream().write(rest);
          long began = System.nanoTime();
          byte[] head = socket.getInputStream().readNBytes(12);
          assertThat(new String(head, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 429");
          assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(BODY_TIMEOUT);
          socket.getOutputStream().write(rest);
          socket.getOutputStream().write(rest);
          assertThat(ServedBroker.read(socket.getInputStream()))
              .contains("Connection: close", "urn:tidewheel:problem:over-limit");
        }
      }
    } finally {
      served.memory.roomBytes = Long.MAX_VALUE;
    }
  }

  /** Guards refusals that came only when the body had: it had no room beside those before it. */
  @Test
  void countsBodiesThatAreOnTheirWay() throws Exception {
    served.memory.roomBytes = 1_600;
    try (Socket slow = connect()) {
      send(slow, "POST " + path("/messages") + " HTTP/1.1\r\nHost: localhost\r\n");
      send(slow, "Content-Length: 1000\r\nConnection: close\r\n\r\nabc");
      Gauge held = served.memory.metrics.get("tidewheel.http.body.bytes").gauge();
      while (held.value() < 1_000) {
        Thread.onSpinWait();
      }
      assertThat(publish().statusCode()).isEqualTo(429);
      send(slow, "x".repeat(997));
      assertThat(ServedBroker.read(slow.getInputStream())).startsWith("HTTP/1.1 201");
      assertThat(publish().statusCode()).isEqualTo(201);
    } finally {
      served.memory.roomBytes = Long.MAX_VALUE;
    }
  }

  @Test
  void answersPipelinedRequestsInOrder() throws Exception {
    String one =
        "POST " + path("/messages") + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx";
    String last = one.replace("Content-Length", "Connection: close\r\nContent-Length");
    String answers = served.raw(one.repeat(19) + last);
    int at = 0;
    for (int i = 0; i < 20; i++) {
      at = answers.indexOf("\"offset\":" + i + "}", at);
      assertThat(at).as("offset %d", i).isPositive();
    }
  }

  @Test
  void refusesBodiesBeyondItsBudget() throws Exception {
    // The first client reserves the whole budget and does not go on.
    try (Socket socket = connect()) {
      send(socket, "POST " + path("/messages") + " HTTP/1.1\r\nHost: localhost\r\n");
      send(socket, "Content-Length: " + (8 << 20) + "\r\n\r\nabc");
      Gauge held = served.memory.metrics.get("tidewheel.http.body.bytes").gauge();
      while (held.value() < 8 << 20) {
        Thread.onSpinWait();
      }
      HttpResponse<String> refused = publish();
      assertThat(HttpServerTest.problem(refused, 429).get("retryable").asBoolean()).isTrue();
      assertThat(refused.headers().firstValue("Retry-After")).contains("1");
      assertThat(ServedBroker.read(socket.getInputStream())).startsWith("HTTP/1.1 408");
    }
    assertThat(publish().statusCode()).isEqualTo(201);
  }

  @Test
  void givesBackALargeAnswerThatIsNotReadToItsEnd() throws Exception {
    byte[] payload = new byte[8 << 20];
    payload[0] = (byte) 0xff;
    // Stored past HTTP: a loaded machine need not read eight megabytes within the body's second.
    served.memory.publish(added, List.of(Message.of(payload)), Duration.ZERO);
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4 << 10);
      socket.setSoTimeout(10_000);
      socket.connect(
          new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), served.port()));
      send(socket, "POST " + path("/messages:pull") + " HTTP/1.1\r\nHost: localhost\r\n");
      send(socket, "Content-Length: 0\r\n\r\n");
      byte[] start = socket.getInputStream().readNBytes(100);
      assertThat(new String(start, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 200");
    }
    served.memory.awaitReleased(1);
    assertThat(served.memory.released).containsExactly(0L);
  }

  @Test
  void takesTheHostsAndOriginsThatAreConfigured() throws Exception {
    String request = "GET /health/live HTTP/1.1\r\nConnection: close\r\n";
    assertThat(served.raw(request + "Host: broker.example:443\r\n\r\n")).startsWith("HTTP/1.1 200");
    assertThat(
            served.raw(request + "Host: broker.example\r\nOrigin: https://console.example\r\n\r\n"))
        .startsWith("HTTP/1.1 200");
    assertThat(served.raw(request + "Host: sub.broker.example\r\n\r\n")).startsWith("HTTP/1.1 421");
  }

  @Test
  void makesNoTopicWhenThatIsSwitchedOff() throws Exception {
    HttpResponse<String> response = served.post("/v1/topics/unknown/messages", "1");
    assertThat(HttpServerTest.problem(response, 404).get("detail").asText())
        .contains("PUT /v1/topics/unknown");
  }

  private HttpResponse<String> publish() throws Exception {
    return served.send(
        served.request(path("/messages")).POST(HttpRequest.BodyPublishers.ofString("x")));
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), served.port());
    socket.setSoTimeout(5_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  private String path(String rest) {
    return "/v1/topics/" + topic + rest;
  }
}
