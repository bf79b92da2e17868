package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The backlog as a websocket client sees it. */
class BacklogStreamIT {
  @TempDir private Path directory;
  private NodeFixture node;

  @BeforeEach
  void start() {
    node = NodeFixture.start(directory);
    node.put("/v1/topics/orders", "{\"queues\":2}");
    node.put("/v1/topics/orders/subscriptions/billing", "{}");
    node.put("/v1/topics/orders/subscriptions/mail", "{}");
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void tellsWhatThereIsAndThenWhatChanges() {
    node.publish("orders", "one", Map.of());
    Client client = connect("?subscription=billing");
    client.awaitBacklog(1);
    assertThat(client.frames.get(0).get("type").asText()).isEqualTo("snapshot");
    node.publish("orders", "two", Map.of());
    client.awaitBacklog(2);
    var pulled = node.pull("orders", "billing", 2, "5s");
    client.awaitBacklog(2 - pulled.size());
    assertThat(client.subscriptions).containsExactly("billing");
    JsonNode row = client.rows.values().iterator().next();
    assertThat(row.get("topic").asText()).isEqualTo("orders");
    assertThat(row.get("leased").asLong()).isPositive();
    client.close();
    assertThat(client.awaitClosed()).isEqualTo(WebSocket.NORMAL_CLOSURE);
  }

  @Test
  void tellsWhatMayBeGivenOutAsTheListDoes() {
    node.put("/v1/topics/orders/subscriptions/billing", "{\"rateLimit\":40}");
    node.publish("orders", "one", Map.of());
    Client client = connect("?topic=orders&min=1");
    client.await(() -> client.rows.size() == 2);
    for (JsonNode row : client.rows.values()) {
      boolean isLimited = row.get("subscription").asText().equals("billing");
      assertThat(row.at("/allowance/reason").asText()).isEqualTo(isLimited ? "rate-limit" : "none");
      assertThat(row.at("/allowance/rate").asDouble()).isEqualTo(isLimited ? 40 : 0);
      String name = row.get("subscription").asText();
      assertThat(row.get("allowance"))
          .isEqualTo(
              node.get("/v1/backlog?min=1&subscription=" + name).body().at("/rows/0/allowance"));
    }
    client.close();
  }

  @Test
  void tellsWhatFeedbackAllowsOnceASecond() {
    Client client = connect("?view=feedback");
    client.await("feedback");
    JsonNode frame = client.last("feedback");
    assertThat(frame.at("/nodes/0/cpu").has("busy")).isTrue();
    assertThat(frame.get("throttledTotal").asInt()).isZero();
    for (String field : new String[] {"at", "allowances", "sickWorkers", "backends"}) {
      assertThat(frame.has(field)).as(field).isTrue();
    }
    client.close();
    assertThat(node.get("/v1/feedback/history").body().get("step").asText()).isEqualTo("10s");
    assertThatThrownBy(() -> connect("?view=feedback&topic=orders"))
        .isInstanceOf(CompletionException.class);
  }

  @Test
  void tellsOfTheClusterAfterTheSnapshot() {
    Client client = connect("");
    client.await("cluster");
    assertThat(client.last("cluster").get("members")).hasSize(1);
    client.close();
  }

  @Test
  void takesPatternsAndForgetsRowsThatDoNotMatchAnyMore() {
    node.publish("orders", "one", Map.of());
    Client client = connect("?topic=ord*&subscription=*ill*&min=1");
    client.awaitBacklog(1);
    node.pull("orders", "billing", 1, "5s");
    client.await(() -> client.rows.isEmpty());
    client.close();
  }

  @Test
  void beginsAnewWithAFilterThatTheClientSends() {
    node.publish("orders", "one", Map.of());
    Client client = connect("?topic=nothing");
    client.await("snapshot");
    assertThat(client.rows).isEmpty();
    client.send("{\"subscription\":\"mail\"}");
    client.awaitBacklog(1);
    assertThat(client.subscriptions).containsExactly("mail");
    client.close();
  }

  @Test
  void saysWhatIsWrongAndCloses() {
    for (String wrong : new String[] {"no json", "[]", "{\"topic\":7}", "{\"colour\":\"red\"}"}) {
      Client client = connect("");
      client.send(wrong);
      client.await("error");
      assertThat(client.last("error").get("detail").asText()).isNotEmpty();
      client.awaitClosed();
    }
    Client large = connect("");
    large.send("{\"topic\":\"" + "x".repeat(10_000) + "\"}");
    large.await("error");
    large.awaitClosed();
    Client binary = connect("");
    binary.socket.sendBinary(ByteBuffer.wrap(new byte[] {1, 2}), true).join();
    binary.await("error");
    binary.awaitClosed();
  }

  @Test
  void refusesForeignPagesAndPlainRequests() {
    assertThatThrownBy(() -> connect("", "Origin", "http://evil.example"))
        .isInstanceOf(CompletionException.class);
    assertThatThrownBy(() -> connect("?colour=red")).isInstanceOf(CompletionException.class);
    assertThat(node.get("/v1/backlog/stream").status()).isEqualTo(400);
    Client own = connect("", "Origin", "http://127.0.0.1:" + node.port());
    own.close();
  }

  @Test
  void tellsAClientThatReadsNothingOnlyHowItIsThen() {
    Client client = connect("?subscription=billing", false);
    for (int i = 0; i < 300; i++) {
      node.publish("orders", "m", Map.of());
    }
    client.socket.request(Long.MAX_VALUE);
    client.awaitBacklog(300);
    assertThat(client.frames).hasSizeLessThan(150);
    client.close();
  }

  @Test
  void endsStreamsWhenTheNodeStops() {
    Client client = connect("");
    client.await("snapshot");
    node.restart();
    assertThat(client.awaitClosed()).isEqualTo(WebSocket.NORMAL_CLOSURE);
  }

  private Client connect(String query) {
    return connect(query, true);
  }

  private Client connect(String query, boolean reads) {
    Client client = new Client(reads);
    client.socket = connect(query, client);
    return client;
  }

  private Client connect(String query, String header, String value) {
    Client client = new Client(true);
    client.socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .header(header, value)
            .buildAsync(uri(query), client)
            .join();
    return client;
  }

  private WebSocket connect(String query, Client client) {
    return HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(uri(query), client).join();
  }

  private URI uri(String query) {
    return URI.create("ws://127.0.0.1:" + node.port() + "/v1/backlog/stream" + query);
  }

  /** Keeps what it was told, as the web page would. */
  private static final class Client implements WebSocket.Listener {
    private final boolean reads;
    private final StringBuilder text = new StringBuilder();
    private final BlockingQueue<JsonNode> arrived = new LinkedBlockingQueue<>();
    private final List<JsonNode> frames = new ArrayList<>();
    private final Map<String, JsonNode> rows = new HashMap<>();
    private final Set<String> subscriptions = new HashSet<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private volatile WebSocket socket;
    private boolean isSnapshot;

    private Client(boolean reads) {
      this.reads = reads;
    }

    @Override
    public void onOpen(WebSocket opened) {
      opened.request(reads ? Long.MAX_VALUE : 1);
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean isLast) {
      text.append(data);
      if (isLast) {
        try {
          arrived.add(NodeFixture.JSON.readTree(text.toString()));
        } catch (IOException e) {
          closed.completeExceptionally(e);
        }
        text.setLength(0);
      }
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code);
      return CompletableFuture.completedFuture(null);
    }

    private void take() {
      try {
        JsonNode frame = arrived.poll(20, TimeUnit.SECONDS);
        assertThat(frame).as("a frame in time").isNotNull();
        frames.add(frame);
        String type = frame.get("type").asText();
        if (type.equals("snapshot") && !isSnapshot) {
          rows.clear();
          subscriptions.clear();
        }
        isSnapshot = type.equals("snapshot") && frame.get("more").asBoolean();
        frame.path("rows").forEach(this::put);
        frame.path("gone").forEach(id -> rows.remove(id.asText()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void put(JsonNode row) {
      rows.put(row.get("id").asText(), row);
      subscriptions.add(row.get("subscription").asText());
    }

    private void await(BooleanSupplier condition) {
      while (!condition.getAsBoolean()) {
        take();
      }
    }

    private void await(String type) {
      await(() -> frames.stream().anyMatch(frame -> frame.get("type").asText().equals(type)));
    }

    private JsonNode last(String type) {
      return frames.stream()
          .filter(frame -> frame.get("type").asText().equals(type))
          .reduce((one, other) -> other)
          .orElseThrow();
    }

    private long backlog() {
      return rows.values().stream().mapToLong(row -> row.get("backlog").asLong()).sum();
    }

    private void awaitBacklog(long count) {
      await(() -> backlog() == count);
    }

    private void close() {
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    }

    private void send(String filter) {
      socket.sendText(filter, true).join();
    }

    private int awaitClosed() {
      return closed.orTimeout(20, TimeUnit.SECONDS).join();
    }
  }
}
