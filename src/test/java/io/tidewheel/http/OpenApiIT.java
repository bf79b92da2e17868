package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidewheel.LocalNode;
import io.tidewheel.TidewheelNode;
import io.tidewheel.Waiting;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every example of the description against a node. An example of a response belongs to the
 * examples of the same name of the parameters and the body; {@code default} names values of the
 * path that all examples share. {@code x-examples} lists those of a response without a body. Before
 * each, topic {@code orders} has two messages and the subscriptions {@code billing} and {@code
 * default}; {@code "r1"} and {@code "r2"} stand for receipts of them; a redrive has run.
 */
class OpenApiIT {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String JSON = "application/json";

  @TempDir private static Path directory;
  private static TidewheelNode node;
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeAll
  static void start() {
    node = LocalNode.start(directory.resolve("data"));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  static Stream<Arguments> examples() throws Exception {
    JsonNode document = MAPPER.readTree(OpenApi.read());
    List<Arguments> examples = new ArrayList<>();
    document
        .get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        method ->
                            examplesOf(method.getValue())
                                .forEach(
                                    example ->
                                        examples.add(
                                            Arguments.of(
                                                method.getKey().toUpperCase(Locale.ROOT),
                                                path.getKey(),
                                                example.name(),
                                                method.getValue(),
                                                example)))));
    assertThat(examples).hasSizeGreaterThan(40);
    return examples.stream();
  }

  /** An example of a response; {@code type} and {@code value} are null if it has no body. */
  private record Example(String name, int status, String type, JsonNode value, JsonNode response) {}

  private static List<Example> examplesOf(JsonNode operation) {
    List<Example> examples = new ArrayList<>();
    for (Map.Entry<String, JsonNode> response : operation.get("responses").properties()) {
      JsonNode of = response.getValue();
      for (JsonNode name : of.path("x-examples")) {
        examples.add(
            new Example(name.asText(), Integer.parseInt(response.getKey()), null, null, of));
      }
      for (Map.Entry<String, JsonNode> content : of.path("content").properties()) {
        for (Map.Entry<String, JsonNode> each : content.getValue().path("examples").properties()) {
          examples.add(
              new Example(
                  each.getKey(),
                  Integer.parseInt(response.getKey()),
                  content.getKey(),
                  each.getValue().get("value"),
                  of));
        }
      }
    }
    return examples;
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("examples")
  void isAnsweredAsDescribed(
      String method, String path, String name, JsonNode operation, Example example)
      throws Exception {
    reset();
    HttpRequest request = request(method, path, name, operation).build();
    Waiting.Check check =
        () ->
            assertAsDescribed(example, CLIENT.send(request, HttpResponse.BodyHandlers.ofString()));
    // What a node hears of itself and of others comes a moment later, so a read is repeated.
    if (method.equals("GET")) {
      Waiting.untilHolds(check);
    } else {
      check.run();
    }
  }

  private static void assertAsDescribed(Example example, HttpResponse<String> response)
      throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(example.status());
    for (Map.Entry<String, JsonNode> header : example.response().path("headers").properties()) {
      assertThat(response.headers().firstValue(header.getKey())).as(header.getKey()).isPresent();
    }
    if (example.type() == null) {
      assertThat(response.body()).isEmpty();
      return;
    }
    assertThat(response.headers().firstValue("Content-Type")).contains(example.type());
    if (example.value().isTextual()) {
      List<String> expected = example.value().asText().lines().toList();
      List<String> lines = response.body().lines().toList();
      assertThat(lines).hasSameSizeAs(expected);
      for (int i = 0; i < lines.size(); i++) {
        compare("/" + i, MAPPER.readTree(expected.get(i)), MAPPER.readTree(lines.get(i)));
      }
    } else {
      compare("", example.value(), MAPPER.readTree(response.body()));
    }
  }

  private static HttpRequest.Builder request(
      String method, String path, String name, JsonNode operation) throws Exception {
    String url = path;
    List<String> query = new ArrayList<>();
    Map<String, String> headers = new LinkedHashMap<>();
    for (JsonNode parameter : operation.path("parameters")) {
      JsonNode examples = parameter.path("examples");
      boolean isPath = parameter.path("in").asText().equals("path");
      JsonNode chosen =
          examples.has(name) || !isPath ? examples.path(name) : examples.get("default");
      if (chosen.isMissingNode()) {
        continue;
      }
      String value = chosen.get("value").asText();
      String parameterName = parameter.get("name").asText();
      switch (parameter.get("in").asText()) {
        case "path" -> url = url.replace("{" + parameterName + "}", value);
        case "query" ->
            query.add(parameterName + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
        default -> headers.put(parameterName, value);
      }
    }
    String body = null;
    for (Map.Entry<String, JsonNode> content :
        operation.path("requestBody").path("content").properties()) {
      JsonNode value = content.getValue().path("examples").path(name).path("value");
      if (body == null && !value.isMissingNode()) {
        body = value.isTextual() ? value.asText() : value.toString();
        headers.put("Content-Type", content.getKey());
      }
    }
    if (body != null && body.contains("\"r1\"")) {
      List<String> receipts = receipts(url.substring(0, url.lastIndexOf(':')));
      body = body.replace("\"r1\"", quote(receipts.get(0)));
      body = body.replace("\"r2\"", quote(receipts.get(1)));
    }
    HttpRequest.Builder request = to(url + (query.isEmpty() ? "" : "?" + String.join("&", query)));
    headers.forEach(request::header);
    return request.method(
        method,
        body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(body));
  }

  /** The same fields with values of the same kind; null goes with everything. */
  private static void compare(String at, JsonNode expected, JsonNode actual) {
    if (expected.isNull() || actual.isNull()) {
      return;
    }
    assertThat(actual.getNodeType()).as(at).isEqualTo(expected.getNodeType());
    if (expected.isObject()) {
      assertThat(names(actual)).as(at).isEqualTo(names(expected));
      for (String name : names(expected)) {
        compare(at + '/' + name, expected.get(name), actual.get(name));
      }
    } else if (expected.isArray()) {
      assertThat(actual.isEmpty()).as(at).isEqualTo(expected.isEmpty());
      for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
        compare(at + '/' + i, expected.get(i), actual.get(i));
      }
    } else if (at.endsWith("/type") || at.endsWith("/status") || at.endsWith("/outcome")) {
      assertThat(actual).as(at).isEqualTo(expected);
    }
  }

  private static Set<String> names(JsonNode object) {
    TreeSet<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static void reset() throws Exception {
    for (String topic : List.of("orders", "orders~billing", "invoices")) {
      send(to("/v1/topics/" + topic + "?force=true").DELETE());
    }
    expect(201, json("PUT", "/v1/topics/orders", "{}"));
    for (String name : List.of("billing", "default")) {
      expect(
          201, json("PUT", "/v1/topics/orders/subscriptions/" + name, "{\"start\":\"earliest\"}"));
    }
    expect(202, json("POST", "/v1/topics/orders/subscriptions/billing:redrive", "{}"));
    expect(
        201,
        json("POST", "/v1/topics/orders/messages", "{\"order\":0}")
            .header("Idempotency-Key", "o-0")
            .header("Tidewheel-Key", "customer-7")
            .header("Tidewheel-Header-type", "order.created"));
    expect(
        201,
        to("/v1/topics/orders/messages")
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString("hello")));
  }

  private static List<String> receipts(String messages) throws Exception {
    List<String> receipts = new ArrayList<>();
    while (receipts.size() < 2) {
      HttpResponse<String> pulled =
          send(json("POST", messages + ":pull", "{\"max\":2,\"wait\":\"5s\"}"));
      receipts.addAll(MAPPER.readTree(pulled.body()).findValuesAsText("receipt"));
    }
    return receipts;
  }

  private static void expect(int status, HttpRequest.Builder request) throws Exception {
    HttpResponse<String> response = send(request);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
  }

  private static HttpRequest.Builder json(String method, String path, String body) {
    return to(path)
        .header("Content-Type", JSON)
        .method(method, HttpRequest.BodyPublishers.ofString(body));
  }

  private static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(
        URI.create("http://127.0.0.1:" + node.httpAddress().getPort() + path));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String quote(String text) {
    return '"' + text + '"';
  }
}
