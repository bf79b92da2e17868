package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes in: the documented problem, nothing stored, and the next request is fine. */
class BadInputTest {
  private static final String TOPIC = "t";
  private static final String BATCH = "/v1/topics/t/messages:batch";
  private static ServedBroker served;

  @BeforeAll
  static void start() throws Exception {
    served = new ServedBroker();
    served.put("/v1/topics/t", "{}");
    served.put("/v1/topics/t/subscriptions/s", "{}");
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  @AfterEach
  void nothingIsStoredAndTheNextRequestIsFine() throws Exception {
    assertThat(served.memory.takeMessages(TOPIC)).isEmpty();
    assertThat(served.get("/v1/topics/t").statusCode()).isEqualTo(200);
    assertThat(ServedBroker.json(served.get("/v1/topics")).get("topics").findValuesAsText("name"))
        .containsExactly(TOPIC);
  }

  static Stream<Arguments> batches() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    String tooDeep = "[".repeat(63) + "]".repeat(63);
    String manyHeaders =
        IntStream.range(0, 65)
            .mapToObj(i -> "\"h" + i + "\":\"v\"")
            .reduce((a, b) -> a + "," + b)
            .orElseThrow();
    return Stream.of(
        batch("", 400, ""),
        batch("   ", 400, ""),
        batch("null", 400, ""),
        batch("[]", 400, ""),
        batch("{", 400, ""),
        batch("{}", 400, "/messages"),
        batch("{\"messages\":{}}", 400, "/messages"),
        batch("{\"messages\":[1]}", 400, "/messages/0"),
        batch("{\"messages\":[{}]}", 400, "/messages/0"),
        batch("{\"messages\":[{\"body\":1}],\"messages\":[]}", 400, "/messages"),
        batch("{\"messages\":[{\"body\":1,\"body\":2}]}", 400, "/messages/0/body"),
        batch("{\"messages\":[{\"body\":1,\"bodyBase64\":\"\"}]}", 400, "/messages/0"),
        batch("{\"messages\":[{\"body\":1}],\"x~/y\":1}", 400, "/x~0~1y"),
        batch("{\"messages\":[{\"body\":1,\"ky\":\"a\"}]}", 400, "/messages/0/ky"),
        batch(
            "{\"messages\":[{\"@class\":\"java.net.URL\",\"body\":1}]}", 400, "/messages/0/@class"),
        batch("{\"messages\":[{\"body\":1}]}x", 400, ""),
        batch("{\"messages\":[{\"body\":1}]}{}", 400, ""),
        batch("{\"messages\":[{\"body\":NaN}]}", 400, ""),
        batch("{\"messages\":[{\"body\":01}]}", 400, ""),
        batch("{\"messages\":[{\"body\":'a'}]}", 400, ""),
        batch("{\"messages\":[{\"body\":1},]}", 400, ""),
        batch("{\"messages\":[{\"body\":/**/1}]}", 400, ""),
        batch("{\"messages\":[{\"body\":\"\t\"}]}", 400, ""),
        batch("{\"messages\":[{\"body\":\"\\x\"}]}", 400, ""),
        batch("{\"messages\":[{\"body\":" + deep + "}]}", 400, ""),
        batch("{\"messages\":[{\"body\":" + tooDeep + "}]}", 400, ""),
        batch("{\"messages\":[{\"body\":" + "9".repeat(1 << 20) + "}]}", 400, ""),
        batch("{\"" + "n".repeat(1 << 20) + "\":1}", 400, ""),
        batch("\ufeff{\"messages\":[{\"body\":1}]}", 400, null),
        batch("{\"messages\":[{\"id\":1,\"body\":1}]}", 400, "/messages/0/id"),
        batch("{\"messages\":[{\"id\":\"\",\"body\":1}]}", 422, "/messages/0/id"),
        batch("{\"messages\":[{\"id\":\"\\ud800\",\"body\":1}]}", 422, "/messages/0/id"),
        batch("{\"messages\":[{\"key\":\"\\udc00x\",\"body\":1}]}", 422, "/messages/0/key"),
        batch("{\"messages\":[{\"key\":\"\",\"body\":1}]}", 422, "/messages/0/key"),
        batch(
            "{\"messages\":[{\"key\":\"" + "ä".repeat(257) + "\",\"body\":1}]}",
            422,
            "/messages/0/key"),
        batch(
            "{\"messages\":[{\"id\":\"" + "i".repeat(129) + "\",\"body\":1}]}",
            422,
            "/messages/0/id"),
        batch("{\"messages\":[{\"headers\":[],\"body\":1}]}", 400, "/messages/0/headers"),
        batch("{\"messages\":[{\"headers\":{\"a\":1},\"body\":1}]}", 400, "/messages/0/headers/a"),
        batch(
            "{\"messages\":[{\"headers\":{\"a\":\"1\",\"a\":\"2\"},\"body\":1}]}",
            400,
            "/messages/0/headers/a"),
        batch(
            "{\"messages\":[{\"headers\":{\"a\":\"\\ud800\"},\"body\":1}]}",
            422,
            "/messages/0/headers"),
        batch("{\"messages\":[{\"headers\":{\"\":\"x\"},\"body\":1}]}", 422, "/messages/0/headers"),
        batch(
            "{\"messages\":[{\"headers\":{" + manyHeaders + "},\"body\":1}]}",
            422,
            "/messages/0/headers"),
        batch(
            "{\"messages\":[{\"headers\":{\"a\":\"" + "v".repeat(16 << 10) + "\"},\"body\":1}]}",
            422,
            "/messages/0/headers"),
        batch(
            "{\"messages\":[{\"contentType\":\"a\\nb\",\"body\":1}]}",
            422,
            "/messages/0/contentType"),
        batch("{\"messages\":[{\"bodyBase64\":\"?\"}]}", 400, "/messages/0/bodyBase64"),
        batch("{\"messages\":[{\"bodyBase64\":\"A\"}]}", 400, "/messages/0/bodyBase64"),
        batch("{\"messages\":[{\"bodyBase64\":7}]}", 400, "/messages/0/bodyBase64"),
        batch("{\"messages\":[{\"delay\":\"5s\",\"body\":1}]}", 422, "/messages/0/delay"),
        batch(
            "{\"messages\":[{\"deliverAt\":\"2030-01-01T00:00:00Z\",\"body\":1}]}",
            422,
            "/messages/0/deliverAt"),
        batch("{\"timeout\":5,\"messages\":[]}", 400, "/timeout"),
        batch("{\"timeout\":\"2h\",\"messages\":[]}", 422, "/timeout"),
        batch(
            "{\"messages\":[" + "{\"body\":1},".repeat(1_000) + "{\"body\":1}]}", 413, "/messages"),
        batch("{\"messages\":[{\"body\":\"" + "x".repeat(4 << 20) + "\"}]}", 413, "/messages"),
        batch("{\"messages\":[{\"body\":\"" + "x".repeat(9 << 20) + "\"}]}", 413, null));
  }

  private static Arguments batch(String body, int status, String pointer) {
    return Arguments.of(body, status, pointer);
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("batches")
  void refusesABatch(String body, int status, String pointer) throws Exception {
    JsonNode problem = HttpServerTest.problem(served.post(BATCH, body), status);
    assertThat(problem.get("outcome").asText()).isEqualTo("not_stored");
    if (pointer != null) {
      assertThat(problem.at("/errors/0/pointer").asText("none")).isEqualTo(pointer);
    }
  }

  @Test
  void refusesABatchThatIsNotUtf8() throws Exception {
    byte[][] bodies = {
      "{\"messages\":[{\"body\":1}]}".getBytes(StandardCharsets.UTF_16LE),
      "{\"messages\":[{\"body\":1}]}".getBytes(StandardCharsets.UTF_16),
      "{\"messages\":[{\"body\":\"ä\"}]}".getBytes(StandardCharsets.ISO_8859_1),
    };
    for (byte[] body : bodies) {
      HttpResponse<String> response =
          served.send(
              served
                  .request(BATCH)
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
      HttpServerTest.problem(response, 400);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "{|400",
        "[]|400",
        "1|400",
        "null|400",
        "{}|400",
        "{\"body\":1}x|400",
        "{\"body\":1}{\"body\":2}|400",
        "{\"body\":1},|400",
        "{\"body\":1,\"body\":1}|400",
        "{\"body\":\"|400",
        "{\"body\":\"\\x\"}|400",
        "{\"body\":\"\t\"}|400",
        "{\"bodyBase64\":\"AP8=|400",
        "{\"bodyBase64\":\"A\"}|400",
        "{\"bodyText\":7}|400",
        "{\"bodyText\":\"\\ud800\"}|422",
        "{\"bodyText\":\"a\",\"body\":1}|400",
        "{\"id\":\"\",\"body\":1}|422",
        "{\"delay\":\"5s\",\"body\":1}|422",
        "{\"messages\":[{\"body\":1}]}|400",
        "{\"@class\":\"java.net.URL\",\"body\":1}|400",
        "\ufeff{\"body\":1}|400",
      })
  void refusesALineOfAStream(String line, int status) throws Exception {
    HttpResponse<String> response =
        served.send(
            served
                .request(BATCH)
                .header("Content-Type", "application/x-ndjson")
                .POST(HttpRequest.BodyPublishers.ofString(line)));
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode answer = ServedBroker.json(response);
    assertThat(answer.get("line").asInt()).isEqualTo(1);
    assertThat(answer.at("/error/status").asInt()).isEqualTo(status);
    assertThat(answer.at("/error/outcome").asText()).isEqualTo("not_stored");
  }

  @Test
  void refusesStreamsThatArePacked() throws Exception {
    for (String encoding : new String[] {"gzip", "deflate", "br", "x"}) {
      HttpServerTest.problem(
          served.send(
              served
                  .request(BATCH)
                  .header("Content-Type", "application/x-ndjson")
                  .header("Content-Encoding", encoding)
                  .POST(HttpRequest.BodyPublishers.ofString("{\"body\":1}"))),
          415);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]|400|''",
        "{|400|''",
        "null|400|''",
        "{\"queue\":1}|400|/queue",
        "{\"a~/b\":1}|400|/a~0~1b",
        "{\"key\":\"a\",\"key\":\"b\"}|400|''",
        "{\"ids\":\"a\"}|400|/ids",
        "{\"ids\":{}}|400|/ids",
        "{\"ids\":[1]}|400|/ids/0",
        "{\"ids\":[\"a\",null]}|400|/ids/1",
        "{\"ids\":[]}|422|/ids",
        "{\"ids\":[\"\"]}|422|/ids/0",
        "{\"reason\":1}|400|/reason",
        "{\"reason\":\"bad luck\"}|422|/reason",
        "{\"key\":[\"a\"]}|400|/key",
        "{\"key\":\"\"}|422|/key",
        "{\"from\":1700000000}|400|/from",
        "{\"from\":\"yesterday\"}|400|/from",
        "{\"to\":\"2026-02-30T00:00:00Z\"}|400|/to",
        "{\"to\":\"+1000000000-12-31T23:59:59Z\"}|400|/to",
        "{\"from\":\"2026-02-01T00:00:00Z\",\"to\":\"2026-02-01T00:00:00Z\"}|422|/to",
        "{\"max\":\"1\"}|400|/max",
        "{\"max\":1.5}|400|/max",
        "{\"max\":0}|422|/max",
        "{\"max\":99999999999999999999}|422|/max",
        "{\"rate\":true}|400|/rate",
        "{\"rate\":0}|422|/rate",
        "{\"rate\":-5}|422|/rate",
        "{\"rate\":10001}|422|/rate",
        "{\"dryRun\":\"yes\"}|400|/dryRun",
        "{\"dryRun\":1}|400|/dryRun",
        "{\"key\":\"\\ud800\"}|422|/key",
        "{\"ids\":[\"a\",\"\\udc00\"]}|422|/ids/1",
      })
  void refusesARedrive(String body, int status, String pointer) throws Exception {
    HttpResponse<String> response = served.post("/v1/topics/t/subscriptions/s:redrive", body);
    JsonNode problem = HttpServerTest.problem(response, status);
    if (!pointer.isEmpty()) {
      assertThat(problem.at("/errors/0/pointer").asText()).isEqualTo(pointer);
    }
    assertThat(served.memory.lastRedrive).isNull();
  }

  @Test
  void refusesARedriveOfTooManyIds() throws Exception {
    String ids = "\"i\",".repeat(1_000) + "\"i\"";
    HttpServerTest.problem(
        served.post("/v1/topics/t/subscriptions/s:redrive", "{\"ids\":[" + ids + "]}"), 422);
    String id = "i".repeat(129);
    HttpServerTest.problem(
        served.post("/v1/topics/t/subscriptions/s:redrive", "{\"ids\":[\"" + id + "\"]}"), 422);
    HttpServerTest.problem(
        served.post("/v1/topics/t/subscriptions/s:redrive", " ".repeat((256 << 10) + 1)), 413);
    assertThat(served.memory.lastRedrive).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        ":explain|[]|400",
        ":explain|{\"ky\":\"a\"}|400",
        ":explain|{\"key\":7}|400",
        ":explain|{\"key\":\"\"}|422",
        ":explain|{\"key\":\"\\ud800\"}|422",
        ":explain|{\"key\":\"a\",\"queue\":0}|400",
        ":explain|{\"offset\":0}|400",
        ":explain|{\"queue\":1}|422",
        ":explain|{\"queue\":-1}|422",
        ":explain|{\"queue\":0.5}|400",
        ":explain|{\"queue\":0,\"offset\":-1}|400",
        ":explain|{\"queue\":0,\"offset\":99999999999999999999}|400",
        ":replay|{}|400",
        ":replay|{\"queue\":0}|400",
        ":replay|{\"offset\":0}|400",
        ":replay|{\"queue\":1,\"offset\":0}|422",
        ":replay|{\"queue\":\"0\",\"offset\":0}|400",
        ":replay|{\"queue\":0,\"offset\":1e3}|400",
        ":replay|{\"queue\":0,\"offset\":0,\"id\":\"a\"}|400",
      })
  void refusesAQuestionAboutAMessage(String verb, String body, int status) throws Exception {
    HttpServerTest.problem(
        served.send(
            served
                .request("/v1/topics/t/subscriptions/s" + verb)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))),
        status);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST|/v1/feedback/db|[]|400",
        "POST|/v1/feedback/db|{}|400",
        "POST|/v1/feedback/db|{\"signal\":1}|400",
        "POST|/v1/feedback/db|{\"signal\":\"fast\"}|422",
        "POST|/v1/feedback/db|{\"signal\":\"slow\",\"speed\":1}|400",
        "POST|/v1/feedback/db|{\"signal\":\"slow\",\"rate\":\"1\"}|400",
        "POST|/v1/feedback/db|{\"signal\":\"slow\",\"rate\":-1}|422",
        "POST|/v1/feedback/db|{\"signal\":\"slow\",\"rate\":1e300}|422",
        "POST|/v1/feedback/db|{\"signal\":\"stop\",\"rate\":1}|422",
        "POST|/v1/feedback/db|{\"signal\":\"stop\",\"ttl\":30}|400",
        "POST|/v1/feedback/db|{\"signal\":\"stop\",\"ttl\":\"11m\"}|422",
        "POST|/v1/feedback/db|{\"signal\":\"stop\",\"ttl\":\"0s\"}|422",
        "POST|/v1/feedback/db|{\"signal\":\"stop\",\"reason\":1}|400",
        "POST|/v1/feedback/db|{\"signal\":\"stop\",\"reason\":\"\\ud800\"}|422",
        "POST|/v1/feedback/a~b|{\"signal\":\"stop\"}|400",
        "POST|/v1/feedback/db/x|{\"signal\":\"stop\"}|404",
        "PUT|/v1/feedback/db|{\"signal\":\"stop\"}|405",
        "PUT|/v1/backends/db|{}|400",
        "PUT|/v1/backends/db|{\"budget\":\"1000\"}|400",
        "PUT|/v1/backends/db|{\"budget\":-1}|422",
        "PUT|/v1/backends/db|{\"budget\":10000001}|422",
        "PUT|/v1/backends/db|{\"budget\":1,\"rate\":1}|400",
        "PUT|/v1/backends/..|{\"budget\":1}|400",
        "POST|/v1/backends/db|{\"budget\":1}|405",
        "PUT|/v1/backends|{\"budget\":1}|404",
      })
  void refusesWhatABackendCannotSay(String method, String path, String body, int status)
      throws Exception {
    HttpServerTest.problem(
        served.send(
            served
                .request(path)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))),
        status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/ndjson", "application/xml"})
  void refusesOtherContentTypes(String type) throws Exception {
    for (String path : new String[] {BATCH, "/v1/topics/t/messages:pull"}) {
      HttpServerTest.problem(
          served.send(
              served
                  .request(path)
                  .header("Content-Type", type)
                  .POST(HttpRequest.BodyPublishers.ofString("{}"))),
          415);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Tidewheel-Key, %zz, 400",
    "Tidewheel-Key, %ff, 400",
    "Tidewheel-Key, %ed%a0%80, 400",
    "Tidewheel-Key, '', 422",
    "Idempotency-Key, %0, 400",
    "Tidewheel-Keey, a, 400",
    "Tidewheel-Delay, 5s, 422",
    "Tidewheel-Deliver-At, 2030-01-01T00:00:00Z, 422",
    "Tidewheel-Timeout, 5, 400",
    "Tidewheel-Timeout, -1s, 400",
    "Tidewheel-Timeout, 61s, 422",
    "Tidewheel-Timeout, 0s, 422",
    "Tidewheel-Timeout, 999999999999d, 400",
    "Tidewheel-Header-x, %80, 400",
    "Content-Encoding, gzip, 415",
    "Accept, application/octet-stream, 406",
    "Accept, text/html;q=1, 406",
    "Accept, application/json;q=0, 406",
    "Origin, http://evil.example, 403",
    "Origin, null, 403",
    "Content-Type, notype, 400",
  })
  void refusesAHeaderOfAPublish(String name, String value, int status) throws Exception {
    String answer =
        served.raw(
            "POST /v1/topics/t/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                + "Content-Length: 1\r\n"
                + name
                + ": "
                + value
                + "\r\n\r\nx");
    assertThat(answer).startsWith("HTTP/1.1 " + status).contains("application/problem+json");
  }

  @ParameterizedTest
  @CsvSource({
    "evil.example, 421",
    "evil.example:8080, 421",
    "127.0.0.1.evil.example, 421",
    "localhost.evil.example, 421",
    "192.168.0.1, 421",
    "localhost, 200",
    "LOCALHOST:99, 200",
    "127.0.0.1, 200",
    "127.8.9.1:1, 200",
    "[::1]:8080, 200",
  })
  void checksTheHostOnEveryRoute(String host, int status) throws Exception {
    for (String path : new String[] {"/health/live", "/metrics", "/v1/topics", "/v1/topics/t"}) {
      String answer = served.raw(get(path, "Host: " + host));
      assertThat(answer).as(path).startsWith("HTTP/1.1 " + status);
    }
  }

  @Test
  void takesOnlyTheOriginOfTheRequestItself() throws Exception {
    assertThat(served.raw(get("/health/live", "Host: localhost:81\r\nOrigin: http://localhost:81")))
        .startsWith("HTTP/1.1 200");
    assertThat(served.raw(get("/health/live", "Host: localhost\r\nOrigin: http://localhost:80")))
        .startsWith("HTTP/1.1 200");
    assertThat(served.raw(get("/health/live", "Host: localhost:81\r\nOrigin: http://localhost:82")))
        .startsWith("HTTP/1.1 403");
    assertThat(
            served.raw(
                get(
                    "/health/live",
                    "Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil")))
        .startsWith("HTTP/1.1 403");
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /monitor, 404",
    "GET, /monitor/, 404",
    "GET, /monitor/index.html, 404",
    "GET, /monitor/..%2Fopenapi.json, 404",
    "GET, /monitor/../openapi.json, 404",
    "GET, /monitor/page/page.js, 404",
    "GET, /?a=b, 400",
    "POST, /, 405",
    "GET, /v1/backlog?by=colour, 400",
    "GET, /v1/backlog/none, 404",
    "GET, /v1/backlog/overview?topic=t, 400",
    "GET, /v1/backlog/history?topic=none, 404",
    "GET, /v1/backlog/stream?view=colour, 400",
    "GET, /metrics?node=t, 400",
    "GET, /v1, 404",
    "GET, /v1/topics/, 400",
    "GET, /v1/topics/t/, 404",
    "GET, /v1/topics/t/messages:peek, 404",
    "POST, /v1/topics/t/subscriptions/s:seek, 400",
    "GET, /v1/topics/t/subscriptions/s:redrive, 405",
    "POST, /v1/topics/t/subscriptions/none:redrive, 404",
    "POST, /v1/topics/none/subscriptions/s:redrive, 404",
    "POST, /v1/topics/t~s/subscriptions/redrive:redrive, 400",
    "POST, /v1/topics/t/subscriptions/s:replay, 400",
    "POST, /v1/topics/t/subscriptions/x:replay, 404",
    "POST, /v1/topics/t/subscriptions/x:explain, 404",
    "GET, /v1/topics/t/subscriptions/s:explain, 405",
    "GET, /v1/topics/t/messages:search, 400",
    "GET, /v1/topics/x/messages:search?id=a, 404",
    "GET, /v1/topics/t/messages:search?id=, 422",
    "GET, /v1/topics/t/messages:search?key=%ff, 400",
    "GET, /v1/topics/t/messages:search?id=a&from=yesterday, 400",
    "GET, /v1/topics/t/messages:search?id=a&max=0, 422",
    "GET, /v1/topics/t/messages:search?id=a&max=101, 422",
    "GET, /v1/topics/t/messages:search?id=a&next=bm8, 400",
    "GET, '/v1/topics/t/messages:search?id=a&next=*', 400",
    "GET, /v1/topics/t/messages:search?id=a&ky=b, 400",
    "GET, /v1/topics/t/subscriptions/s/messages, 400",
    "GET, /v1/topics/t/subscriptions/s/messages?state=lost, 400",
    "GET, /v1/topics/t/subscriptions/x/messages?state=dead, 404",
    "GET, /v1/topics/t/subscriptions/s/messages?state=dead&pageSize=0, 422",
    "GET, /v1/topics/t/subscriptions/s/messages?state=waiting&pageSize=x, 400",
    "GET, /v1/topics/t/subscriptions/s/messages?state=waiting&pageToken=x, 400",
    "DELETE, /v1/topics/t/subscriptions/s/messages, 405",
    "GET, /v1/topics/t/subscriptions, 404",
    "GET, /health, 404",
    "GET, /v2/topics, 404",
    "GET, /v1/topics/t/a/b/c/d/e/f/g, 404",
    "PUT, /v1/topics/., 400",
    "PUT, /v1/topics/.., 400",
    "PUT, /v1/topics/%2e%2e, 400",
    "GET, /v1/topics/../../metrics, 404",
    "PUT, /v1/topics/a%00b, 400",
    "PUT, /v1/topics/a%2fb, 400",
    "PUT, /v1/topics/..%2f..%2fetc, 400",
    "PUT, /v1/topics/%5c..%5c, 400",
    "PUT, /v1/topics/%ff, 400",
    "PUT, /v1/topics/%d0%b0bc, 400",
    "PUT, /v1/topics/a~b, 400",
    "PUT, /v1/topics/a%20b, 400",
    "PUT, /v1/topics/%3Cscript%3E, 400",
    "POST, /v1/topics/a~b/messages, 400",
    "PUT, /v1/topics/t/subscriptions/a~b, 400",
    "PUT, /v1/topics/t/subscriptions/x:, 404",
    "POST, /v1/topics, 405",
    "PATCH, /v1/topics/t, 405",
    "GET, /v1/topics/t/messages:pull, 405",
    "DELETE, /metrics, 405",
    "HEAD, /v1/topics, 405",
    "GET, /v1/topics?x=1, 400",
    "GET, /v1/topics?pageToken=, 400",
    "GET, /v1/topics?pageToken=%00, 400",
    "GET, /v1/topics?pageToken=bmFtZSAxIHQ&sort=-name, 400",
    "GET, /v1/topics?pageToken=bmFtZSB4IHQ, 400",
    "GET, /v1/topics?pageToken=bmFtZSA5OTk5OTk5OTk5OTk5OTk5OTk5OSB0, 400",
    "GET, /v1/topics?pageSize=0, 422",
    "GET, /v1/topics?pageSize=-1, 400",
    "GET, /v1/topics?pageSize=1001, 422",
    "GET, /v1/topics?pageSize=99999999999999999999, 400",
    "GET, /v1/topics?pageSize=1.0, 400",
    "GET, /v1/topics?sort=bytes, 400",
    "DELETE, /v1/topics/t?force=yes, 400",
    "GET, /v1/operations/, 404",
    "GET, /v1/operations/none, 404",
    "GET, /v1/operations/%00, 404",
    "DELETE, /v1/operations/none, 404",
    "GET, /v1/operations/a/b, 404",
    "POST, /v1/operations, 405",
    "POST, /openapi.json, 405",
    "GET, /openapi.json/, 404",
    "GET, /v1/topics?prefix=a&prefix=b, 400",
    "GET, /v1/topics?prefix=%ff, 400",
    "POST, /v1/topics/t/messages?key=a, 400",
    "GET, /v1/topics/unknown, 404",
    "GET, /v1/topics/t/subscriptions/unknown, 404",
    "DELETE, /v1/topics/unknown, 404",
    "DELETE, /v1/topics/t/subscriptions/unknown, 404",
    "PUT, /v1/topics/unknown/subscriptions/s, 404",
    "FOO, /v1/topics, 501",
    "CONNECT, localhost:80, 400",
    "get, /v1/topics, 501",
  })
  void refusesAPathOrMethod(String method, String path, int status) throws Exception {
    String answer =
        served.raw(
            method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 " + status).contains("application/problem+json");
    if (status == 405) {
      assertThat(answer).contains("Allow: ");
    }
  }

  @Test
  void refusesNamesThatAreTooLong() throws Exception {
    HttpServerTest.problem(served.put("/v1/topics/" + "n".repeat(101), "{}"), 400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pull|{\"max\":0}|422",
        "pull|{\"max\":-5}|422",
        "pull|{\"max\":1001}|422",
        "pull|{\"max\":99999999999999999999}|422",
        "pull|{\"max\":1.5}|400",
        "pull|{\"max\":\"5\"}|400",
        "pull|{\"max\":1,\"max\":1}|400",
        "pull|{\"maxBytes\":4194305}|422",
        "pull|{\"wait\":20}|400",
        "pull|{\"wait\":\"20\"}|400",
        "pull|{\"wait\":\"-1s\"}|400",
        "pull|{\"wait\":\"61s\"}|422",
        "pull|{\"lease\":\"0s\"}|422",
        "pull|{\"lease\":\"13h\"}|422",
        "pull|{\"visibility\":\"3s\"}|400",
        "pull|[]|400",
        "ack|{}|400",
        "ack|{\"receipts\":[]}|400",
        "ack|{\"receipts\":\"a\"}|400",
        "ack|{\"receipts\":[1]}|400",
        "ack|{\"receipts\":[\"a\"],\"receipt\":\"b\"}|400",
        "ack|{\"receipt\":\"a\",\"delay\":\"1s\"}|400",
        "ack|{\"receipt\":\"a\",\"emit\":[]}|422",
        "ack|{\"receipt\":\"a\",\"cost\":1}|400",
        "ack|{\"receipt\":\"a\",\"cost\":{\"db\":\"1\"}}|400",
        "nack|{\"receipt\":\"a\",\"cost\":{\"db\":-1}}|422",
        "nack|{\"receipt\":\"a\",\"cost\":{\"db\":1000001}}|422",
        "ack|{\"receipt\":\"a\",\"cost\":{\"a~b\":1}}|422",
        "ack|{\"receipt\":\"a\",\"cost\":{\"db\":1,\"db\":2}}|400",
        "release|{\"receipt\":\"a\",\"cost\":{\"db\":1}}|400",
        "ack|{\"receipt\":\"a\",\"result\":1}|422",
        "nack|{\"receipt\":\"a\",\"delay\":\"13h\"}|422",
        "nack|{\"receipt\":\"a\",\"delay\":5}|400",
        "nack|{\"receipt\":\"a\",\"reason\":7}|400",
        "extend|{\"receipt\":\"a\",\"lease\":\"30\"}|400",
        "release|{\"receipt\":\"a\",\"reason\":\"x\"}|400",
        "reject|{\"receipt\":\"a\"} x|400",
      })
  void refusesAPullOrASettlement(String verb, String body, int status) throws Exception {
    HttpServerTest.problem(
        served.post("/v1/topics/t/subscriptions/s/messages:" + verb, body), status);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"[]", "1", "{\"a\":1,\"a\":2}", "{\"qeues\":1}", "{} {}", "{\"a\":", "\"x\""})
  void refusesSettings(String body) throws Exception {
    HttpServerTest.problem(served.put("/v1/topics/new", body), 400);
  }

  static Stream<Arguments> brokenRequests() {
    String post = "POST /v1/topics/t/messages HTTP/1.1\r\nHost: localhost\r\n";
    String many = "X-A: b\r\n".repeat(200);
    return Stream.of(
            "\r\n\r\n\r\n",
            "GARBAGE\r\n\r\n",
            "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /v1/topics HTTP/3.0\r\nHost: localhost\r\n\r\n",
            "GET /v1/topics HTTP/1.1\r\n\r\n",
            "GET /v1/topics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            "GET http://evil.example/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /v1/topics/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /v1/topics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
            "GET /" + "x".repeat(3_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /v1/topics HTTP/1.1\r\nHost: localhost\r\n" + many + "\r\n",
            "GET /v1/topics HTTP/1.1\r\nHost: localhost\r\nX-A: " + "a".repeat(9_216) + "\r\n\r\n",
            "GET /v1/topics HTTP/1.1\r\nHost: localhost\r\n" + "n".repeat(300) + ": a\r\n\r\n",
            "GET /v1/topics HTTP/1.1\r\nHost: loc alhost\r\n\r\n",
            post + "Content-Length: +1\r\n\r\nx",
            post + "Content-Length: -1\r\n\r\nx",
            post + "Content-Length: 0x1\r\n\r\nx",
            post + "Content-Length: 99999999999999999999\r\n\r\nx",
            post + "Content-Length: 9223372036854775808\r\n\r\nx",
            post + "Content-Length: 1,1\r\n\r\nx",
            post + "Content-Length: 1;\r\n\r\nx",
            post + "Content-Length : 1\r\n\r\nx",
            post + "Transfer-Encoding: chunked, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked, identity\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: deflate\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding:\r\nContent-Length: 1\r\n\r\nx",
            post + "Transfer-Encoding: chunked\r\n\r\n\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\ng\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
            post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: xchunked\r\nContent-Length: 1\r\n\r\nx",
            post + "Transfer-Encoding: \"chunked\"\r\nContent-Length: 1\r\n\r\nx",
            post + "Transfer-Encoding: chunked;x\r\nContent-Length: 1\r\n\r\nx",
            post + "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
            post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\n1 1\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\nx\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
            post + "Content-Length: 1\r\nX A: b\r\n\r\nx",
            post + "Content-Length: 1\r\nTidewheel-Key: a\u0000b\r\n\r\nx",
            post + "Content-Length: 1\r\n: novalue\r\n\r\nx")
        .map(Arguments::of);
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("brokenRequests")
  void refusesARequestThatIsNotHttp(String request) throws Exception {
    String answer = served.rawToTheEnd(request);
    if (!answer.isEmpty()) {
      assertThat(answer).matches("(?s)HTTP/1.1 [45].*");
      assertThat(answer.toLowerCase(Locale.ROOT)).contains("application/problem+json");
      assertThat(answer).doesNotContain("akka").doesNotContain("\tat ");
    }
  }

  private static String get(String path, String headers) {
    return "GET " + path + " HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n";
  }
}
