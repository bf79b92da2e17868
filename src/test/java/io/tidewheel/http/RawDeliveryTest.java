package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.Message;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Payloads as the body of an answer, everything else in headers. */
class RawDeliveryTest {
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private static ServedBroker served;
  private String topic;

  @BeforeAll
  static void start() {
    served = new ServedBroker();
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  @BeforeEach
  void nameTopic(TestInfo test) {
    topic = test.getTestMethod().orElseThrow().getName();
  }

  @Test
  void givesThePayloadWithItsFieldsInHeaders() throws Exception {
    byte[] payload = {0, (byte) 0xff, '\n'};
    served.send(
        served
            .request(path("/messages"))
            .header("Content-Type", "image/png")
            .header("Tidewheel-Key", "kunde%20%C3%A4")
            .header("Idempotency-Key", "a%22b")
            .header("Tidewheel-Header-who", "%E2%82%AC%25")
            .header("traceparent", TRACE)
            .header("tracestate", "a=50%, b=\"1\"")
            .POST(HttpRequest.BodyPublishers.ofByteArray(payload)));
    HttpResponse<byte[]> raw = pull("{}");
    assertThat(raw.statusCode()).isEqualTo(200);
    assertThat(raw.body()).isEqualTo(payload);
    Map<String, List<String>> headers = raw.headers().map();
    assertThat(headers)
        .containsEntry("content-type", List.of("image/png"))
        .containsEntry("tidewheel-id", List.of("a%22b"))
        .containsEntry("tidewheel-key", List.of("kunde%20%C3%A4"))
        .containsEntry("tidewheel-header-who", List.of("%E2%82%AC%25"))
        .containsEntry("traceparent", List.of(TRACE))
        .containsEntry("tracestate", List.of("a=50%, b=\"1\""))
        .containsEntry("tidewheel-queue", List.of("0"))
        .containsEntry("tidewheel-offset", List.of("0"))
        .containsEntry("tidewheel-attempt", List.of("1"))
        .containsEntry("tidewheel-published-at", List.of("2023-11-14T22:13:20Z"));
    String receipt = headers.get("tidewheel-receipt").get(0);
    assertThat(served.post(path("/messages:ack"), "{\"receipt\":\"" + receipt + "\"}").body())
        .contains("\"acked\"");
  }

  @Test
  void givesEventsOfCloudEventsBackAsTheyCame() throws Exception {
    Map<String, String> event =
        Map.of(
            "ce-specversion", "1.0",
            "ce-id", "7",
            "ce-source", "/shop",
            "ce-type", "order.created",
            "ce-subject", "M%C3%BCller%20%22x%22");
    HttpRequest.Builder request =
        served.request(path("/messages")).header("Content-Type", "application/json");
    event.forEach(request::header);
    served.send(request.POST(HttpRequest.BodyPublishers.ofString("{\"n\":1}")));
    assertThat(served.memory.messages(topic).get(0).headers())
        .containsEntry("ce-subject", "Müller \"x\"");
    HttpResponse<byte[]> raw = pull("{\"max\":1}");
    event.forEach((name, value) -> assertThat(raw.headers().firstValue(name)).contains(value));
    assertThat(raw.headers().firstValue("content-type")).contains("application/json");
    assertThat(new String(raw.body(), StandardCharsets.UTF_8)).isEqualTo("{\"n\":1}");
  }

  @Test
  void cannotBeMadeToWriteOtherHeaders() throws Exception {
    var made = served.memory.addTopic(topic, TopicSettings.defaults(1));
    Message message =
        Message.of(
            "i\r\nx",
            "k\u0000",
            Map.of("a\r\nSet-Cookie: b", "v\r\nX: y", "ce-x: y\r\nz", "v", "ce-ä", "ü"),
            "text/plain\u007f; nonsense",
            new byte[0],
            0,
            0);
    served.memory.publish(made, List.of(message), java.time.Duration.ofSeconds(1));
    HttpResponse<byte[]> raw = pull("{}");
    assertThat(raw.statusCode()).isEqualTo(200);
    assertThat(raw.body()).isEmpty();
    Map<String, List<String>> headers = raw.headers().map();
    assertThat(headers)
        .containsEntry("tidewheel-id", List.of("i%0D%0Ax"))
        .containsEntry("tidewheel-key", List.of("k%00"))
        .containsEntry("tidewheel-header-a%0d%0aset-cookie%3a%20b", List.of("v%0D%0AX:%20y"))
        .containsEntry("tidewheel-header-ce-x%3a%20y%0d%0az", List.of("v"))
        .containsEntry("tidewheel-header-ce-%c3%a4", List.of("%C3%BC"))
        .containsEntry("content-type", List.of("application/octet-stream"))
        .containsEntry("tidewheel-content-type", List.of("text/plain%7F;%20nonsense"))
        .doesNotContainKeys("set-cookie", "x");
  }

  @Test
  void isEmptyWhenNothingIsThere() throws Exception {
    served.put(path(""), "{}");
    HttpResponse<byte[]> raw = pull("");
    assertThat(raw.statusCode()).isEqualTo(204);
    assertThat(raw.body()).isEmpty();
  }

  @Test
  void givesOneMessageOnly() throws Exception {
    served.put(path(""), "{}");
    assertThat(pull("{\"max\":2}").statusCode()).isEqualTo(422);
    served.post(path("/messages"), "1");
    served.post(path("/messages"), "2");
    assertThat(new String(pull("").body(), StandardCharsets.UTF_8)).isEqualTo("1");
    HttpResponse<String> json =
        served.send(
            served
                .request(path("/messages:pull"))
                .header("Accept", "application/json, application/octet-stream;q=0.5")
                .POST(HttpRequest.BodyPublishers.noBody()));
    assertThat(json.body()).startsWith("{\"messages\":[{");
  }

  @Test
  void givesALargePayloadInPieces() throws Exception {
    byte[] payload = new byte[1 << 20];
    java.util.Arrays.fill(payload, (byte) 7);
    served.send(
        served.request(path("/messages")).POST(HttpRequest.BodyPublishers.ofByteArray(payload)));
    assertThat(pull("").body()).isEqualTo(payload);
  }

  private HttpResponse<byte[]> pull(String body) throws Exception {
    return served.sendForBytes(
        served
            .request(path("/messages:pull"))
            .header("Accept", "application/octet-stream")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  private String path(String rest) {
    return "/v1/topics/" + topic + rest;
  }
}
