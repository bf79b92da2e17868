package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What the command line needs of the HTTP interface, in memory, with refusals on demand. It stands
 * for the interface as published, so that the tests can bring about what a real broker rarely does.
 */
final class StandInBroker implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A message as it was published. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Stored(String id, String key, String contentType, byte[] payload) {}

  /** An answer that is given instead of the real one, once. */
  record Refusal(int status, String json) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  final List<Stored> stored = new ArrayList<>();
  final Deque<Refusal> refusals = new ArrayDeque<>();
  final Deque<String> deliveries = new ArrayDeque<>();
  final List<String> settled = new ArrayList<>();
  final List<String> requests = new ArrayList<>();
  private final Map<String, Integer> offsets = new HashMap<>();

  StandInBroker() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::serve);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Deliveries to come, each the JSON of its body fields, as in {@code "bodyText":"x"}. */
  void deliver(String... bodies) {
    for (String body : bodies) {
      int n = deliveries.size();
      deliveries.add(
          "{\"receipt\":\"r%d\",\"id\":\"i%d\",\"key\":\"k%d\",\"headers\":{\"a-b\":\"c\"},%s,"
                  .formatted(n, n, n, body)
              + "\"queue\":0,\"offset\":%d,\"attempt\":1}".formatted(n));
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void serve(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String path = exchange.getRequestURI().toString();
    Refusal answer;
    synchronized (this) {
      requests.add(exchange.getRequestMethod() + ' ' + path);
      boolean isHealth = path.startsWith("/health");
      answer = isHealth || refusals.isEmpty() ? answer(exchange, path, body) : refusals.poll();
    }
    byte[] json = answer.json().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.getResponseHeaders().add("ETag", "\"7\"");
    exchange.sendResponseHeaders(answer.status(), json.length);
    exchange.getResponseBody().write(json);
    exchange.close();
  }

  private Refusal answer(HttpExchange exchange, String path, byte[] body) throws IOException {
    if (path.endsWith("/messages:batch")) {
      return publish(MAPPER.readTree(body).get("messages"));
    }
    if (path.endsWith("/messages")) {
      String id = exchange.getRequestHeaders().getFirst("Idempotency-Key");
      String key = exchange.getRequestHeaders().getFirst("Tidewheel-Key");
      String type = exchange.getRequestHeaders().getFirst("Content-Type");
      return new Refusal(201, store(new Stored(id, key, type, body)).toString());
    }
    if (path.endsWith("/messages:pull")) {
      int max = MAPPER.readTree(body).get("max").asInt();
      ByteArrayOutputStream messages = new ByteArrayOutputStream();
      for (int i = 0; i < max && !deliveries.isEmpty(); i++) {
        messages.writeBytes((i == 0 ? "" : ",").getBytes(StandardCharsets.UTF_8));
        messages.writeBytes(deliveries.poll().getBytes(StandardCharsets.UTF_8));
      }
      return new Refusal(200, "{\"messages\":[" + messages.toString(StandardCharsets.UTF_8) + "]}");
    }
    int verb = path.indexOf("/messages:");
    if (verb > 0) {
      return settle(path.substring(verb + "/messages:".length()), MAPPER.readTree(body));
    }
    if (path.equals("/v1/topics?pageSize=1000&prefix=")) {
      return new Refusal(200, "{\"topics\":[{\"name\":\"a\"}],\"nextPageToken\":\"t 1\"}");
    }
    if (path.endsWith("&pageToken=t%201")) {
      return new Refusal(200, "{\"topics\":[{\"name\":\"b\",\"backlog\":3}]}");
    }
    if (path.endsWith("/none")) {
      return new Refusal(
          404, "{\"title\":\"Unknown topic\",\"detail\":\"There is no topic none\"}");
    }
    return new Refusal(exchange.getRequestMethod().equals("PUT") ? 201 : 200, text(body));
  }

  private static String text(byte[] body) {
    return body.length == 0 ? "{}" : new String(body, StandardCharsets.UTF_8);
  }

  private Refusal publish(JsonNode messages) throws IOException {
    ObjectNode answer = MAPPER.createObjectNode();
    ArrayNode results = answer.putArray("results");
    for (JsonNode message : messages) {
      results.add(
          store(
              new Stored(
                  message.get("id").asText(),
                  message.path("key").asText(null),
                  message.get("contentType").asText(),
                  message.get("bodyBase64").binaryValue())));
    }
    return new Refusal(200, answer.toString());
  }

  private ObjectNode store(Stored message) {
    ObjectNode result = MAPPER.createObjectNode().put("id", message.id()).put("queue", 0);
    Integer before = offsets.putIfAbsent(message.id(), stored.size());
    if (before == null) {
      stored.add(message);
    } else {
      result.put("duplicate", true);
    }
    return result.put("offset", offsets.get(message.id()));
  }

  private Refusal settle(String verb, JsonNode body) {
    ObjectNode answer = MAPPER.createObjectNode();
    ArrayNode results = answer.putArray("results");
    for (JsonNode receipt : body.get("receipts")) {
      settled.add(verb + ' ' + receipt.asText());
      results.addObject().put("receipt", receipt.asText()).put("status", verb + "ed");
    }
    return new Refusal(200, answer.toString());
  }
}
