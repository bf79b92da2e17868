package io.tidewheel;

import akka.actor.InternalActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** A real node in this process, on a directory of its own, spoken to over HTTP. */
final class NodeFixture implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final HttpClient client = HttpClient.newHttpClient();
  private final Path directory;
  private final Map<String, Object> settings;
  private volatile TidewheelNode node;

  private NodeFixture(Path directory, Map<String, Object> settings) {
    this.directory = directory;
    this.settings = settings;
    this.node = LocalNode.start(directory, settings);
  }

  static NodeFixture start(Path directory) {
    return start(directory, Map.of());
  }

  /** A node with settings of its own, by their whole path. */
  static NodeFixture start(Path directory, Map<String, Object> settings) {
    return new NodeFixture(directory, settings);
  }

  /** Stops the node in order and starts another one on the same directory. */
  void restart() {
    stop();
    begin();
  }

  /** Starts another one on the same directory, after a stop. */
  void begin() {
    node = LocalNode.start(directory, settings);
  }

  /**
   * Gives one of the node's actors no turn any more, whatever it is sent.
   *
   * @return what lets it go on
   */
  Runnable suspend(String systemActor) {
    InternalActorRef actor = actor(systemActor);
    actor.suspend();
    return () -> actor.resume(null);
  }

  /** Ends one of the node's actors, as a fault in it would. */
  void kill(String systemActor) {
    actor(systemActor).stop();
  }

  /** Of a path that may have wildcards, the first one found. */
  private InternalActorRef actor(String path) {
    return (InternalActorRef)
        Adapter.toClassic(system())
            .actorSelection("/system/" + path)
            .resolveOne(TIMEOUT)
            .toCompletableFuture()
            .join();
  }

  private ActorSystem<?> system() {
    try {
      Field system = TidewheelNode.class.getDeclaredField("system");
      system.setAccessible(true);
      return (ActorSystem<?>) system.get(node);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("the node has no actor system", e);
    }
  }

  /** Whether it answers and serves; not while it is started again. */
  boolean isReady() {
    try {
      return get("/health/ready").status() == 200;
    } catch (AssertionError e) {
      return false;
    }
  }

  int port() {
    return node.httpAddress().getPort();
  }

  /** An answer. */
  record Answer(int status, JsonNode body) {}

  Answer put(String path, String json) {
    return send("PUT", path, json, Map.of("Content-Type", "application/json"));
  }

  /** Repeats a PUT, at most 200 times, until what it belongs to exists; gives the last status. */
  int putUntilThere(String path, String json) {
    int status = 404;
    for (int tries = 0; tries < 200 && status == 404; tries++) {
      status = put(path, json).status();
    }
    return status;
  }

  Answer post(String path, String json) {
    return send("POST", path, json, Map.of("Content-Type", "application/json"));
  }

  Answer get(String path) {
    return send("GET", path, "", Map.of());
  }

  Answer delete(String path) {
    return send("DELETE", path, "", Map.of());
  }

  Answer publish(String topic, String payload, Map<String, String> headers) {
    return send("POST", "/v1/topics/" + topic + "/messages", payload, headers);
  }

  /** Pulls from a subscription. */
  List<JsonNode> pull(String topic, String subscription, int max, String wait) {
    return pull(topic, subscription, max, wait, "30s");
  }

  List<JsonNode> pull(String topic, String subscription, int max, String wait, String lease) {
    Answer answer =
        post(
            messages(topic, subscription) + ":pull",
            JSON.createObjectNode()
                .put("max", max)
                .put("wait", wait)
                .put("lease", lease)
                .toString());
    if (answer.status() != 200) {
      throw new AssertionError("pull was answered " + answer);
    }
    List<JsonNode> pulled = new ArrayList<>();
    answer.body().get("messages").forEach(pulled::add);
    return pulled;
  }

  /** Pulls until there are so many, and gives their receipts. */
  List<String> receipts(String topic, String subscription, int count) {
    List<String> receipts = new ArrayList<>();
    await(
        () -> {
          pull(topic, subscription, 100, "1s").forEach(each -> receipts.add(receipt(each)));
          return receipts.size() >= count;
        });
    return receipts;
  }

  /** Settles receipts and gives the statuses. */
  List<String> settle(String topic, String subscription, String verb, List<String> receipts) {
    return settle(messages(topic, subscription) + ':' + verb, JSON.createObjectNode(), receipts);
  }

  List<String> nack(String topic, String subscription, List<String> receipts, String delay) {
    return settle(
        messages(topic, subscription) + ":nack",
        JSON.createObjectNode().put("delay", delay),
        receipts);
  }

  private List<String> settle(String path, ObjectNode body, List<String> receipts) {
    Answer answer = post(path, body.set("receipts", JSON.valueToTree(receipts)).toString());
    if (answer.body().get("results") == null) {
      throw new AssertionError(path + " was answered " + answer);
    }
    List<String> statuses = new ArrayList<>();
    answer.body().get("results").forEach(each -> statuses.add(each.get("status").asText()));
    return statuses;
  }

  /** As {@link Waiting#until}. */
  static void await(BooleanSupplier condition) {
    Waiting.until(condition);
  }

  static String messages(String topic, String subscription) {
    return "/v1/topics/" + topic + "/subscriptions/" + subscription + "/messages";
  }

  static String receipt(JsonNode message) {
    return message.get("receipt").asText();
  }

  private Answer send(String method, String path, String body, Map<String, String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + node.httpAddress().getPort() + path))
            .timeout(TIMEOUT)
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
    headers.forEach(request::header);
    HttpResponse<String> response = send(request.build());
    try {
      return new Answer(response.statusCode(), JSON.readTree(response.body()));
    } catch (IOException e) {
      throw new AssertionError(method + ' ' + path + " was answered no JSON", e);
    }
  }

  /** An answer that is no JSON. */
  String text(String path) {
    URI uri = URI.create("http://127.0.0.1:" + node.httpAddress().getPort() + path);
    return send(HttpRequest.newBuilder(uri).timeout(TIMEOUT).build()).body();
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(request + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Every message of every topic is in exactly one place. */
  void assertWhole() {
    get("/v1/topics?pageSize=100").body().get("topics").forEach(this::assertWhole);
  }

  private void assertWhole(JsonNode topic) {
    String path = "/v1/topics/" + topic.get("name").asText() + "/reconciliation";
    Answer answer = get(path);
    if (answer.status() == 200 && answer.body().get("difference").asLong() != 0) {
      throw new AssertionError("messages are lost or doubled: " + answer.body());
    }
  }

  /** Checks that no message is lost or doubled, and stops. */
  @Override
  public void close() {
    try {
      assertWhole();
    } finally {
      stop();
    }
  }

  /** Stops one whose cluster has gone: without a quorum it may not come to an end in order. */
  void stopAlone() {
    node.close();
  }

  /**
   * A node that needs longer does not stop in order: something in it waits for what never comes.
   */
  void stop() {
    try {
      node.terminate().toCompletableFuture().get(15, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      node.close();
      throw new AssertionError("the node did not stop in order", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
