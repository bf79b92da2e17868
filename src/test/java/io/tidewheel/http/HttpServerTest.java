package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.Gauge;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.worker.RejectedPullException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

class HttpServerTest {
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
    served.memory.nextResult = null;
    served.memory.isBroken = false;
  }

  @Test
  void publishesTheBodyWithItsHeaders() throws Exception {
    HttpResponse<String> response =
        served.send(
            served
                .request(path("/messages"))
                .header("Content-Type", "text/plain; charset=UTF-8")
                .header("Tidewheel-Key", "kunde%20%C3%A4")
                .header("Tidewheel-Header-Type", "order.created")
                .header("ce-source", "/shop")
                .header("traceparent", TRACE)
                .header("Idempotency-Key", "id-1")
                .POST(HttpRequest.BodyPublishers.ofString("hello")));
    assertThat(response.statusCode()).isEqualTo(201);
    assertThat(response.body()).isEqualTo("{\"id\":\"id-1\",\"queue\":0,\"offset\":0}");
    Message message = served.memory.messages(topic).get(0);
    assertThat(message.key()).isEqualTo("kunde ä");
    assertThat(message.contentType()).isEqualTo("text/plain; charset=UTF-8");
    assertThat(message.headers())
        .containsEntry("type", "order.created")
        .containsEntry("ce-source", "/shop")
        .containsEntry("traceparent", TRACE)
        .hasSize(3);
    assertThat(new String(message.payload(), StandardCharsets.UTF_8)).isEqualTo("hello");
  }

  /** As W3C Trace Context wants it of whoever can't read one. */
  @Test
  void leavesOutATraceThatIsNone() throws Exception {
    for (List<String> parents : List.of(List.of("00-1-2-01"), List.of(TRACE, TRACE))) {
      HttpRequest.Builder request = served.request(path("/messages"));
      parents.forEach(parent -> request.header("traceparent", parent));
      request.header("tracestate", "a=1");
      request.header("Tidewheel-Header-type", "t");
      int before = served.memory.messages(topic).size();
      assertThat(
              served.send(request.POST(HttpRequest.BodyPublishers.ofString("hello"))).statusCode())
          .isEqualTo(201);
      assertThat(served.memory.messages(topic).get(before).headers()).containsOnlyKeys("type");
    }
  }

  @Test
  void carriesTheTraceOfEachMessageOfABatch() throws Exception {
    HttpResponse<String> response =
        served.post(
            path("/messages:batch"),
            "{\"messages\":[{\"body\":1,\"headers\":{\"traceparent\":\""
                + TRACE
                + "\",\"tracestate\":\"a=1\"}},"
                + "{\"body\":2,\"headers\":{\"traceparent\":\"none\"}}]}");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(served.memory.messages(topic).get(0).headers())
        .containsEntry("traceparent", TRACE)
        .containsEntry("tracestate", "a=1");
    assertThat(served.memory.messages(topic).get(1).headers()).isEmpty();
  }

  @Test
  void saysThatARepeatedIdIsADuplicate() throws Exception {
    for (int status : new int[] {201, 200}) {
      HttpResponse<String> response =
          served.send(
              served
                  .request(path("/messages"))
                  .header("Idempotency-Key", "same")
                  .POST(HttpRequest.BodyPublishers.ofString("x")));
      assertThat(response.statusCode()).isEqualTo(status);
      assertThat(response.body().contains("\"duplicate\":true")).isEqualTo(status == 200);
    }
  }

  @Test
  void namesAMessageWithoutIdByItsPlace() throws Exception {
    assertThat(served.post(path("/messages"), "{}").body())
        .isEqualTo("{\"id\":\"0-0\",\"queue\":0,\"offset\":0}");
  }

  @Test
  void publishesABatchAndPullsItUnchanged() throws Exception {
    HttpResponse<String> batch =
        served.post(
            path("/messages:batch"),
            "{\"messages\":[{\"id\":\"a\",\"key\":\"k\",\"body\": { \"x\" : 1.50 , \"y\":\"\\u00e4\" } },"
                + "{\"bodyBase64\":\"AP8=\"},{\"contentType\":\"text/plain\",\"bodyBase64\":\"aGk=\"}]}");
    assertThat(batch.statusCode()).isEqualTo(200);
    assertThat(batch.body())
        .isEqualTo(
            "{\"results\":[{\"id\":\"a\",\"queue\":0,\"offset\":0},"
                + "{\"id\":\"0-1\",\"queue\":0,\"offset\":1},{\"id\":\"0-2\",\"queue\":0,\"offset\":2}]}");
    HttpResponse<String> pulled = served.post(path("/messages:pull"), "{}");
    assertThat(pulled.statusCode()).isEqualTo(200);
    assertThat(pulled.body()).contains("\"body\":{ \"x\" : 1.50 , \"y\":\"\\u00e4\" }");
    JsonNode messages = ServedBroker.json(pulled).get("messages");
    assertThat(messages).hasSize(3);
    assertThat(messages.get(0).get("contentType").asText()).isEqualTo("application/json");
    assertThat(messages.get(0).get("key").asText()).isEqualTo("k");
    assertThat(messages.get(0).get("attempt").asInt()).isEqualTo(1);
    assertThat(messages.get(0).get("publishedAt").asText()).isEqualTo("2023-11-14T22:13:20Z");
    assertThat(messages.get(1).get("bodyBase64").asText()).isEqualTo("AP8=");
    assertThat(messages.get(1).has("contentType")).isFalse();
    assertThat(messages.get(2).get("bodyText").asText()).isEqualTo("hi");
  }

  @Test
  void answersABatchThatIsStoredInPartWith207() throws Exception {
    served.memory.nextResult =
        new PublishResult.Refused(PublishResult.Reason.OVER_LIMIT, "too much is waiting");
    HttpResponse<String> response =
        served.post(path("/messages:batch"), "{\"messages\":[{\"id\":\"a\",\"body\":1}]}");
    assertThat(response.statusCode()).isEqualTo(207);
    assertThat(response.headers().firstValue("Retry-After")).contains("1");
    JsonNode result = ServedBroker.json(response).get("results").get(0);
    assertThat(result.get("id").asText()).isEqualTo("a");
    assertThat(result.get("error").get("status").asInt()).isEqualTo(429);
    assertThat(result.get("error").get("outcome").asText()).isEqualTo("not_stored");
  }

  @Test
  void mapsEveryRefusalOfAPublish() throws Exception {
    Object[][] expected = {
      {PublishResult.Reason.OVER_LIMIT, 429, "over-limit", true},
      {PublishResult.Reason.ID_CONFLICT, 422, "id-conflict", false},
      {PublishResult.Reason.EXPIRED, 503, "timed-out", true},
      {PublishResult.Reason.UNAVAILABLE, 503, "unavailable", true},
      {PublishResult.Reason.TOPIC_GONE, 404, "topic-not-found", false},
      {PublishResult.Reason.TOO_LARGE, 413, "too-large", false},
      {PublishResult.Reason.DISK_FULL, 507, "disk-full", true},
    };
    assertThat(expected.length).isEqualTo(PublishResult.Reason.values().length);
    for (Object[] row : expected) {
      served.memory.nextResult =
          new PublishResult.Refused((PublishResult.Reason) row[0], "because");
      HttpResponse<String> response = served.post(path("/messages"), "1");
      JsonNode problem = problem(response, (int) row[1]);
      assertThat(problem.get("type").asText()).isEqualTo("urn:tidewheel:problem:" + row[2]);
      assertThat(problem.get("outcome").asText()).isEqualTo("not_stored");
      assertThat(problem.get("retryable").asBoolean()).isEqualTo(row[3]);
    }
    served.memory.nextResult = new PublishResult.Unknown("no answer");
    JsonNode problem = problem(served.post(path("/messages"), "1"), 503);
    assertThat(problem.get("outcome").asText()).isEqualTo("unknown");
    assertThat(problem.get("retryAfter").asText()).isEqualTo("1s");
  }

  @Test
  void settlesWhatWasPulled() throws Exception {
    served.post(path("/messages"), "1");
    JsonNode pulled = ServedBroker.json(served.post(path("/messages:pull"), "{\"max\":1}"));
    String receipt = pulled.get("messages").get(0).get("receipt").asText();
    String[][] calls = {
      {"ack", "acked"},
      {"nack", "nacked"},
      {"release", "released"},
      {"reject", "rejected"},
      {"extend", "extended"}
    };
    for (String[] call : calls) {
      HttpResponse<String> response =
          served.post(path("/messages:" + call[0]), "{\"receipts\":[\"" + receipt + "\"]}");
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body())
          .isEqualTo(
              "{\"results\":[{\"receipt\":\"" + receipt + "\",\"status\":\"" + call[1] + "\"}]}");
    }
    served.post(
        path("/messages:nack"),
        "{\"receipt\":\"" + receipt + "\",\"delay\":\"5s\",\"reason\":\"later\"}");
    assertThat(served.memory.lastAction)
        .isEqualTo(new SettleAction.Nack(Duration.ofSeconds(5), "later"));
  }

  @Test
  void answersReceiptsThatAreNoneWith207() throws Exception {
    served.post(path("/messages"), "1");
    JsonNode pulled = ServedBroker.json(served.post(path("/messages:pull"), "{\"max\":1}"));
    String good = pulled.get("messages").get(0).get("receipt").asText();
    served.put(path("/subscriptions/other"), "{}");
    String unknown = served.memory.receipts.encode(new Receipt(99, 9, 9, 9, 9, 9));
    String body = "{\"receipts\":[\"junk\",\"" + good + "\",\"\",\"" + unknown + "\"]}";
    HttpResponse<String> response = served.post(path("/messages:ack"), body);
    assertThat(response.statusCode()).isEqualTo(207);
    assertThat(ServedBroker.json(response).get("results").findValuesAsText("status"))
        .containsExactly("invalid", "acked", "invalid", "invalid");
    HttpResponse<String> foreign =
        served.post(path("/subscriptions/other/messages:ack"), "{\"receipts\":[\"" + good + "\"]}");
    assertThat(foreign.statusCode()).isEqualTo(207);
    assertThat(foreign.body()).contains("\"status\":\"invalid\"");
  }

  @Test
  void saysHowToCreateASubscriptionThatIsNotThere() throws Exception {
    served.put(path(""), "{}");
    HttpResponse<String> response = served.post(path("/subscriptions/billing/messages:pull"), "{}");
    assertThat(problem(response, 404).get("detail").asText())
        .contains("PUT /v1/topics/" + topic + "/subscriptions/billing");
    assertThat(served.put(path("/subscriptions/billing"), "").statusCode()).isEqualTo(201);
    assertThat(served.put(path("/subscriptions/billing"), "{}").statusCode()).isEqualTo(200);
    assertThat(served.post(path("/subscriptions/billing/messages:pull"), "").statusCode())
        .isEqualTo(200);
  }

  @Test
  void doesNotMakeATopicByPullingFromIt() throws Exception {
    JsonNode problem = problem(served.post(path("/messages:pull"), ""), 404);
    assertThat(problem.get("detail").asText()).contains("PUT /v1/topics/" + topic);
  }

  @Test
  void honoursRevisions() throws Exception {
    HttpResponse<String> created = served.put(path(""), "{}");
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(created.headers().firstValue("ETag")).contains("\"1\"");
    assertThat(putIfMatch("\"7\"").statusCode()).isEqualTo(409);
    assertThat(putIfMatch("nonsense").statusCode()).isEqualTo(400);
    HttpResponse<String> changed = putIfMatch("\"1\"");
    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(changed.headers().firstValue("ETag")).contains("\"2\"");
    HttpResponse<String> again =
        served.send(
            served
                .request(path(""))
                .header("If-None-Match", "*")
                .PUT(HttpRequest.BodyPublishers.noBody()));
    assertThat(again.statusCode()).isEqualTo(409);
  }

  private HttpResponse<String> putIfMatch(String tag) throws Exception {
    return served.send(
        served.request(path("")).header("If-Match", tag).PUT(HttpRequest.BodyPublishers.noBody()));
  }

  @Test
  void keepsATopicThatStillHasMessages() throws Exception {
    served.post(path("/messages"), "1");
    assertThat(problem(served.delete(path("")), 409).get("detail").asText()).contains("force=true");
    assertThat(served.delete(path("?force=maybe")).statusCode()).isEqualTo(400);
    assertThat(served.delete(path("?force=true")).statusCode()).isEqualTo(204);
    assertThat(served.get(path("")).statusCode()).isEqualTo(404);
  }

  @Test
  void answersALongDeletionWithAnOperation() throws Exception {
    served.put(path(""), "{}");
    served.memory.deletionGate = new CompletableFuture<>();
    HttpResponse<String> accepted = served.delete(path(""));
    assertThat(accepted.statusCode()).isEqualTo(202);
    String operation = accepted.headers().firstValue("Location").orElseThrow();
    JsonNode running = ServedBroker.json(served.get(operation));
    assertThat(running.get("state").asText()).isEqualTo("running");
    assertThat(running.get("kind").asText()).isEqualTo("delete");
    assertThat(running.get("target").asText()).isEqualTo(path(""));
    problem(served.delete(operation), 409);
    assertThat(served.get("/v1/operations").body()).contains(operation.substring(15));
    served.memory.deletionGate.complete(null);
    served.memory.deletionGate = null;
    assertThat(ServedBroker.json(served.get(operation)).get("state").asText()).isEqualTo("done");
    assertThat(problem(served.get("/v1/operations/none"), 404).get("type").asText())
        .isEqualTo("urn:tidewheel:problem:operation-not-found");
  }

  @Test
  void showsTopicsInPages() throws Exception {
    for (int i = 0; i < 5; i++) {
      served.put("/v1/topics/paged-" + i, "{}");
    }
    JsonNode first = ServedBroker.json(served.get("/v1/topics?prefix=paged-&pageSize=3"));
    assertThat(first.get("topics").findValuesAsText("name"))
        .containsExactly("paged-0", "paged-1", "paged-2");
    String token = first.get("nextPageToken").asText();
    JsonNode second =
        ServedBroker.json(served.get("/v1/topics?prefix=paged-&pageSize=3&pageToken=" + token));
    assertThat(second.get("topics").findValuesAsText("name")).containsExactly("paged-3", "paged-4");
    assertThat(second.get("nextPageToken").isNull()).isTrue();
    JsonNode reversed = ServedBroker.json(served.get("/v1/topics?prefix=paged-&sort=-name"));
    assertThat(reversed.get("topics").get(0).get("name").asText()).isEqualTo("paged-4");
    for (String bad :
        new String[] {"pageSize=0", "pageSize=x", "pageToken=x", "sort=size", "prefx=a"}) {
      assertThat(served.get("/v1/topics?" + bad).statusCode()).as(bad).isBetween(400, 422);
    }
  }

  @Test
  void pausesAndResumes() throws Exception {
    served.put(path(""), "{}");
    served.put(path("/subscriptions/s"), "{}");
    JsonNode paused = ServedBroker.json(served.post(path("/subscriptions/s:pause"), ""));
    assertThat(paused.get("paused").asBoolean()).isTrue();
    JsonNode resumed = ServedBroker.json(served.post(path("/subscriptions/s:resume"), "{}"));
    assertThat(resumed.get("paused").asBoolean()).isFalse();
    assertThat(served.post(path("/subscriptions/none:pause"), "").statusCode()).isEqualTo(404);
  }

  @Test
  void seeksAndSaysWhichQueuesDidNot() throws Exception {
    served.put(path(""), "{}");
    served.put(path("/subscriptions/s"), "{}");
    String seek = path("/subscriptions/s:seek");
    HttpResponse<String> sought = served.post(seek, "{\"to\":\"earliest\"}");
    assertThat(sought.statusCode()).isEqualTo(200);
    assertThat(sought.body())
        .isEqualTo("{\"queues\":[{\"queue\":0,\"offset\":0,\"generation\":2}]}");
    assertThat(served.memory.lastPositions).containsEntry(0, new Position.Earliest());
    served.post(seek, "{\"to\":\"latest\"}");
    assertThat(served.memory.lastPositions).containsEntry(0, new Position.Latest());
    served.post(seek, "{\"time\":\"2025-01-31T12:00:00Z\"}");
    assertThat(served.memory.lastPositions).containsEntry(0, new Position.Time(1738324800000L));
    served.post(seek, "{\"offsets\":{\"0\":123}}");
    assertThat(served.memory.lastPositions).containsEntry(0, new Position.Offset(123));
    served.memory.isSeekRefused = true;
    HttpResponse<String> refused = served.post(seek, "{\"to\":\"latest\"}");
    assertThat(refused.statusCode()).isEqualTo(207);
    assertThat(ServedBroker.json(refused).at("/queues/0/error/status").asInt()).isEqualTo(503);
    for (String bad :
        new String[] {
          "{}",
          "{\"to\":\"soon\"}",
          "{\"to\":1}",
          "{\"time\":\"yesterday\"}",
          "{\"time\":7}",
          "{\"offsets\":{}}",
          "{\"offsets\":[1]}",
          "{\"offsets\":{\"0\":-1}}",
          "{\"offsets\":{\"0\":1.5}}",
          "{\"offsets\":{\"0\":99999999999999999999}}",
          "{\"offsets\":{\"1\":0}}",
          "{\"offsets\":{\"x\":0}}",
          "{\"to\":\"latest\",\"time\":\"2025-01-31T12:00:00Z\"}",
          "{\"two\":\"latest\"}"
        }) {
      assertThat(served.post(seek, bad).statusCode()).as(bad).isIn(400, 422);
    }
    assertThat(served.post(path("/subscriptions/none:seek"), "{\"to\":\"latest\"}").statusCode())
        .isEqualTo(404);
  }

  @Test
  void answersHealthAndMetrics() throws Exception {
    assertThat(served.get("/health/live").body()).isEqualTo("{\"status\":\"up\"}");
    assertThat(served.get("/health/ready").statusCode()).isEqualTo(200);
    served.memory.ready(false);
    assertThat(served.get("/health/ready").statusCode()).isEqualTo(503);
    served.memory.ready(true);
    HttpResponse<String> metrics = served.get("/metrics");
    assertThat(metrics.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
    assertThat(metrics.body())
        .contains("tidewheel_http_requests_seconds_count{method=\"GET\",route=\"/health/live\"")
        .contains("tidewheel_http_connections");
  }

  @Test
  void hidesWhatWentWrongInside() throws Exception {
    served.memory.isBroken = true;
    JsonNode problem = problem(served.get(path("")), 500);
    assertThat(problem.toString())
        .contains("incident")
        .doesNotContain("secret")
        .doesNotContain("Exception");
    assertThat(problem.get("outcome").asText()).isEqualTo("unknown");
  }

  @Test
  void saysThatQueuesDidNotAnswerAPull() throws Exception {
    served.put(path(""), "{}");
    served.memory.pullFailure = new TimeoutException();
    try {
      JsonNode problem = problem(served.post(path("/messages:pull"), ""), 503);
      assertThat(problem.get("type").asText()).endsWith(":timed-out");
      assertThat(problem.get("retryable").asBoolean()).isTrue();
    } finally {
      served.memory.pullFailure = null;
    }
  }

  @Test
  void saysWhyAPullDidNotBegin() throws Exception {
    served.put(path(""), "{}");
    try {
      served.memory.pullFailure = RejectedPullException.tooMany(7);
      JsonNode problem = problem(served.post(path("/messages:pull"), ""), 429);
      assertThat(problem.get("type").asText()).endsWith(":over-limit");
      assertThat(problem.get("detail").asText()).contains("7 pulls");
      served.memory.pullFailure = RejectedPullException.notNow("it leaves");
      problem = problem(served.post(path("/messages:pull"), ""), 503);
      assertThat(problem.get("type").asText()).endsWith(":unavailable");
      assertThat(problem.get("detail").asText()).isEqualTo("it leaves");
    } finally {
      served.memory.pullFailure = null;
    }
  }

  @Test
  void takesABodyUpToTheLimitOfTheTopic() throws Exception {
    served.memory.addTopic(
        topic,
        new TopicSettings(
            1, Duration.ofHours(1), 1 << 20, 8 << 20, 1 << 30, Duration.ofMinutes(1), 100, null));
    byte[] largest = new byte[8 << 20];
    Arrays.fill(largest, (byte) 0xfe);
    assertThat(publish(largest).statusCode()).isEqualTo(201);
    assertThat(served.memory.messages(topic).get(0).payload()).isEqualTo(largest);
    HttpResponse<String> tooLarge = publish(new byte[(8 << 20) + 1]);
    assertThat(problem(tooLarge, 413).get("outcome").asText()).isEqualTo("not_stored");
    HttpResponse<byte[]> pulled =
        served.sendForBytes(
            served.request(path("/messages:pull")).POST(HttpRequest.BodyPublishers.noBody()));
    byte[] decoded =
        ServedBroker.MAPPER.readTree(pulled.body()).at("/messages/0/bodyBase64").binaryValue();
    assertThat(decoded).isEqualTo(largest);
    assertThat(served.memory.released).isEmpty();
  }

  @Test
  void refusesALargeChunkedBodyAndMakesNoTopic() throws Exception {
    HttpResponse<String> response =
        served.send(
            served
                .request(path("/messages"))
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(new byte[3 << 20]))));
    problem(response, 413);
    assertThat(served.get(path("")).statusCode()).isEqualTo(404);
  }

  @Test
  void passesTheTimeLimitOn() throws Exception {
    served.send(
        served
            .request(path("/messages"))
            .header("Tidewheel-Timeout", "2s")
            .POST(HttpRequest.BodyPublishers.ofString("x")));
    assertThat(served.memory.lastTimeLeft).isBetween(Duration.ofMillis(1), Duration.ofSeconds(2));
    served.post(path("/messages:batch"), "{\"timeout\":\"60s\",\"messages\":[{\"body\":1}]}");
    assertThat(served.memory.lastTimeLeft).isGreaterThan(Duration.ofSeconds(50));
  }

  @Test
  void passesTheFieldsOfAPullOn() throws Exception {
    served.post(path("/messages"), "1");
    served.post(
        path("/messages:pull"),
        "{\"max\":5,\"maxBytes\":1000,\"wait\":\"20s\",\"lease\":\"40s\",\"worker\":\"w\",\"version\":\"7\"}");
    assertThat(served.memory.lastPull)
        .isEqualTo(
            new io.tidewheel.worker.Consumer.PullRequest(
                5, 1000, Duration.ofSeconds(20), Duration.ofSeconds(40), "w", "7"));
  }

  @Test
  void answersAPullWhoseClientAsksToCloseAfterwards() throws Exception {
    served.post(path("/messages"), "\"here\"");
    String answer =
        served.raw(
            "POST "
                + path("/messages:pull")
                + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 200").contains("\"body\":\"here\"");
    assertThat(served.memory.released).isEmpty();
  }

  @Test
  void givesBackWhatAGoneClientCanNotGet() throws Exception {
    served.put(path(""), "{}");
    served.memory.released.clear();
    int before = served.memory.waitingCount();
    Socket socket = new Socket(java.net.InetAddress.getLoopbackAddress(), served.port());
    String body = "{\"wait\":\"30s\"}";
    socket
        .getOutputStream()
        .write(
            ("POST "
                    + path("/messages:pull")
                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body)
                .getBytes(StandardCharsets.US_ASCII));
    await(() -> served.memory.waitingCount() > before);
    served.post(path("/messages"), "1");
    Gauge connections = served.memory.metrics.get("tidewheel.http.connections").gauge();
    double open = connections.value();
    socket.close();
    await(() -> connections.value() < open);
    served.memory.completeWaiting();
    served.memory.awaitReleased(1);
    assertThat(served.memory.released).containsExactly(0L);
    served.memory.released.clear();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private HttpResponse<String> publish(byte[] payload) throws Exception {
    return served.send(
        served
            .request(path("/messages"))
            .header("Content-Type", "application/octet-stream")
            .POST(HttpRequest.BodyPublishers.ofByteArray(payload)));
  }

  private String path(String rest) {
    return "/v1/topics/" + topic + rest;
  }

  static JsonNode problem(HttpResponse<String> response, int status) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
    JsonNode problem = ServedBroker.json(response);
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(problem.get("type").asText()).startsWith("urn:tidewheel:problem:");
    assertThat(problem.get("title").asText()).isNotEmpty();
    assertThat(problem.get("detail").asText())
        .isNotEmpty()
        .as("no words of the libraries about themselves")
        .doesNotContain("Source:", "StreamReadFeature", "Exception", "com.fasterxml", "akka.");
    assertThat(problem.has("retryable")).isTrue();
    return problem;
  }
}
