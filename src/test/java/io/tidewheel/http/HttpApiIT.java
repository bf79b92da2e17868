package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidewheel.LocalNode;
import io.tidewheel.TidewheelNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API in front of a whole node with its store. */
class HttpApiIT {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  @TempDir private Path directory;
  private TidewheelNode node;

  @BeforeEach
  void start() {
    node = LocalNode.start(directory.resolve("data"));
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void keepsWhatWasConfirmedOverARestart() throws Exception {
    assertThat(send("PUT", "/v1/topics/orders", "{}").statusCode()).isEqualTo(201);
    for (String name : List.of("billing", "audit")) {
      String path = "/v1/topics/orders/subscriptions/" + name;
      assertThat(send("PUT", path, "{\"start\":\"earliest\"}").statusCode()).isEqualTo(201);
    }
    String batch =
        "{\"messages\":[{\"id\":\"a\",\"key\":\"k\",\"body\":{\"n\": 1.0}},"
            + "{\"id\":\"b\",\"key\":\"k\",\"body\":2},{\"key\":\"l\",\"bodyBase64\":\"AP8=\"}]}";
    HttpResponse<String> stored = send("POST", "/v1/topics/orders/messages:batch", batch);
    assertThat(stored.statusCode()).as(stored.body()).isEqualTo(200);
    assertThat(stored.body()).doesNotContain("error");
    HttpResponse<String> again =
        send(
            "POST",
            "/v1/topics/orders/messages:batch",
            "{\"messages\":[{\"id\":\"a\",\"key\":\"k\",\"body\":{\"n\": 1.0}}]}");
    assertThat(again.body()).contains("\"duplicate\":true");

    List<String> receipts = pull("billing", 3);
    HttpResponse<String> acked =
        send(
            "POST",
            "/v1/topics/orders/subscriptions/billing/messages:ack",
            MAPPER.writeValueAsString(Map.of("receipts", receipts)));
    assertThat(acked.statusCode()).as(acked.body()).isEqualTo(200);

    node.close();
    start();

    assertThat(pullOnce("billing", "0s").get("messages")).isEmpty();
    assertThat(pull("audit", 3)).hasSize(3);
    JsonNode billing =
        MAPPER.readTree(send("GET", "/v1/topics/orders/subscriptions/billing", null).body());
    assertThat(billing.get("backlog").asLong()).as(billing.toString()).isZero();
    HttpResponse<String> repeated =
        send(
            "POST",
            "/v1/topics/orders/subscriptions/billing/messages:ack",
            MAPPER.writeValueAsString(Map.of("receipts", receipts)));
    assertThat(repeated.statusCode()).as(repeated.body()).isEqualTo(200);
  }

  @Test
  void answersALongPollWhenAMessageComes() throws Exception {
    assertThat(send("POST", "/v1/topics/events/messages", "{\"first\":true}").statusCode())
        .isEqualTo(201);
    String path = "/v1/topics/events/messages:pull";
    assertThat(send("POST", path, "{\"wait\":\"10s\"}").body())
        .contains("\"body\":{\"first\":true}");
    var waiting =
        client.sendAsync(
            request("POST", path, "{\"wait\":\"20s\"}"), HttpResponse.BodyHandlers.ofString());
    assertThat(send("POST", "/v1/topics/events/messages", "{\"second\":true}").statusCode())
        .isEqualTo(201);
    assertThat(waiting.join().body()).contains("\"body\":{\"second\":true}");
  }

  @Test
  void refusesWhatTheCatalogDoesNotTake() throws Exception {
    assertThat(send("PUT", "/v1/topics/t", "{\"queues\":2}").statusCode()).isEqualTo(201);
    assertThat(send("PUT", "/v1/topics/t", "{\"queues\":3}").statusCode()).isEqualTo(409);
    assertThat(send("PUT", "/v1/topics/t", "{\"quues\":3}").statusCode()).isEqualTo(400);
    assertThat(send("PUT", "/v1/topics/t", "{\"ttl\":30}").statusCode()).isEqualTo(400);
    assertThat(send("DELETE", "/v1/topics/t", null).statusCode()).isEqualTo(204);
    assertThat(send("GET", "/v1/topics/t", null).statusCode()).isEqualTo(404);
  }

  @Test
  void filtersParksAndSeeks() throws Exception {
    String billing = "/v1/topics/orders/subscriptions/billing";
    assertThat(send("PUT", "/v1/topics/orders", "{}").statusCode()).isEqualTo(201);
    assertThat(
            send("PUT", billing, "{\"filter\":{\"region\":[\"eu\",{\"prefix\":\"us-\"}]}}")
                .statusCode())
        .isEqualTo(201);
    String batch =
        "{\"messages\":[{\"headers\":{\"region\":\"asia\"},\"body\":0},"
            + "{\"headers\":{\"region\":\"us-1\"},\"body\":1},{\"body\":2},"
            + "{\"headers\":{\"region\":\"eu\"},\"body\":3}]}";
    assertThat(send("POST", "/v1/topics/orders/messages:batch", batch).statusCode()).isEqualTo(200);
    List<String> receipts = pull("billing", 2);
    assertThat(
            send(
                    "POST",
                    billing + "/messages:ack",
                    MAPPER.writeValueAsString(Map.of("receipts", receipts)))
                .statusCode())
        .isEqualTo(200);
    assertThat(pullOnce("billing", "0s").get("messages")).isEmpty();
    JsonNode queue = MAPPER.readTree(send("GET", billing, null).body()).at("/queues/0");
    assertThat(queue.get("acked").asInt()).isEqualTo(2);
    assertThat(queue.get("filtered").asInt()).isEqualTo(2);
    assertThat(counts().get("filtered").asInt()).isEqualTo(2);
    HttpResponse<String> sought = send("POST", billing + ":seek", "{\"offsets\":{\"0\":3}}");
    assertThat(sought.body())
        .isEqualTo("{\"queues\":[{\"queue\":0,\"offset\":3,\"generation\":2}]}");
    JsonNode again = pullOnce("billing", "10s").get("messages");
    assertThat(again.findValuesAsText("offset")).containsExactly("3");
    HttpResponse<String> old =
        send(
            "POST",
            billing + "/messages:ack",
            MAPPER.writeValueAsString(Map.of("receipts", receipts)));
    assertThat(old.statusCode()).isEqualTo(207);
    assertThat(old.body()).contains("\"expired\"").doesNotContain("\"acked\"");
    assertThat(counts().get("total").asInt()).isEqualTo(1);
    assertThat(counts().get("leased").asInt()).isEqualTo(1);
  }

  @Test
  void aParkedKeyWaitsAndIsCountedOnce() throws Exception {
    String billing = "/v1/topics/orders/subscriptions/billing";
    assertThat(send("PUT", "/v1/topics/orders", "{}").statusCode()).isEqualTo(201);
    assertThat(send("PUT", billing, "{\"onDead\":\"park-key\"}").statusCode()).isEqualTo(201);
    String batch =
        "{\"messages\":[{\"key\":\"x\",\"body\":0},{\"key\":\"x\",\"body\":1},{\"body\":2}]}";
    assertThat(send("POST", "/v1/topics/orders/messages:batch", batch).statusCode()).isEqualTo(200);
    List<String> receipts = pull("billing", 3);
    String first = MAPPER.writeValueAsString(Map.of("receipts", receipts.subList(0, 1)));
    assertThat(send("POST", billing + "/messages:reject", first).statusCode()).isEqualTo(200);
    JsonNode counts = counts();
    assertThat(counts.get("waiting").asInt()).as("the dead letter and the one behind").isEqualTo(2);
    assertThat(counts.get("leased").asInt()).isEqualTo(1);
    while (MAPPER.readTree(send("GET", billing, null).body()).at("/queues/0/parked").asInt() == 0) {
      assertThat(counts().get("waiting").asInt()).isEqualTo(2);
    }
    assertThat(counts().get("waiting").asInt()).isEqualTo(2);
    assertThat(send("PUT", billing, "{\"onDead\":\"pass\"}").statusCode()).isEqualTo(200);
    assertThat(pullOnce("billing", "10s").get("messages").findValuesAsText("offset"))
        .containsExactly("1");
    assertThat(counts().get("dead").asInt()).isEqualTo(1);
  }

  /** The counts of the first subscription, after a look whether nothing is missing. */
  private JsonNode counts() throws Exception {
    JsonNode body = MAPPER.readTree(send("GET", "/v1/topics/orders/reconciliation", null).body());
    assertThat(body.get("difference").asInt()).as(body.toString()).isZero();
    return body.at("/queues/0/subscriptions/0");
  }

  private List<String> pull(String subscription, int count) throws Exception {
    List<String> receipts = new ArrayList<>();
    while (receipts.size() < count) {
      JsonNode messages = pullOnce(subscription, "10s").get("messages");
      assertThat(messages).as("after %d", receipts.size()).isNotEmpty();
      messages.forEach(message -> receipts.add(message.get("receipt").asText()));
    }
    return receipts;
  }

  private JsonNode pullOnce(String subscription, String wait) throws Exception {
    HttpResponse<String> response =
        send(
            "POST",
            "/v1/topics/orders/subscriptions/" + subscription + "/messages:pull",
            "{\"wait\":\"" + wait + "\"}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return MAPPER.readTree(response.body());
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return client.send(request(method, path, body), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest request(String method, String path, String body) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + node.httpAddress().getPort() + path))
        .header("Content-Type", "application/json")
        .method(
            method,
            body == null
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(body))
        .build();
  }
}
