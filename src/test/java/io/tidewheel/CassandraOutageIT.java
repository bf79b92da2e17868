package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.config.ConfigurationFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Cassandra that comes late, goes away, and stands still. */
@Timeout(180)
class CassandraOutageIT {
  /** Of the publisher, for one request. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path temp;

  private final RealCassandra cassandra = RealCassandra.get();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, Object> settings =
      new HashMap<>(cassandra.settings(RealCassandra.newKeyspace()));

  @Test
  void answersWhileItWaitsForCassandra() throws Exception {
    int port = freePort();
    settings.put("tidewheel.http.port", port);
    settings.put("tidewheel.node.data-directory", temp.toString());
    cassandra.kill();
    CompletableFuture<TidewheelNode> starting =
        CompletableFuture.supplyAsync(
            () -> TidewheelNode.start(ConfigurationFile.load(null, settings)));
    try {
      NodeFixture.await(() -> status(port, "GET", "/health/live") == 200);
      assertThat(status(port, "GET", "/health/ready")).isEqualTo(503);
      assertThat(status(port, "POST", "/v1/topics/orders/messages")).isEqualTo(503);
    } finally {
      cassandra.restart();
    }
    try (TidewheelNode node = starting.get(60, TimeUnit.SECONDS)) {
      assertThat(node.httpAddress().getPort()).isEqualTo(port);
      assertThat(status(port, "GET", "/health/ready")).isEqualTo(200);
      assertThat(status(port, "POST", "/v1/topics/orders/messages")).isEqualTo(201);
    }
  }

  @Test
  void servesAgainSoonAfterCassandraWasKilled() {
    try (NodeFixture node = NodeFixture.start(temp, settings)) {
      assertThat(node.publish("orders", "before", Map.of()).status()).isEqualTo(201);
      cassandra.kill();
      try {
        assertOutcomeIsUnknownInTime(node);
      } finally {
        cassandra.restart();
      }
      assertServesWithinTenSeconds(node);
    }
  }

  @Test
  void servesAgainSoonAfterCassandraStoodStill() {
    try (NodeFixture node = NodeFixture.start(temp, settings)) {
      assertThat(node.publish("orders", "before", Map.of()).status()).isEqualTo(201);
      cassandra.pause();
      try {
        assertOutcomeIsUnknownInTime(node);
      } finally {
        cassandra.resume();
      }
      assertServesWithinTenSeconds(node);
    }
  }

  /** What is not in memory any more can't be given out, and a second later people are told so. */
  @Test
  void saysThatTheStoreHoldsMessagesUpWhileCassandraStandsStill() {
    settings.put("tidewheel.budgets.tail-cache", "1MiB");
    try (NodeFixture node = NodeFixture.start(temp, settings)) {
      assertThat(node.put("/v1/topics/deep", "{}").status()).isEqualTo(201);
      assertThat(node.putUntilThere("/v1/topics/deep/subscriptions/s", "{}")).isEqualTo(201);
      for (int i = 0; i < 180; i++) {
        assertThat(node.publish("deep", "x".repeat(64 << 10), Map.of()).status()).isEqualTo(201);
      }
      String explain = "/v1/topics/deep/subscriptions/s:explain";
      NodeFixture.await(() -> gate(node.post(explain, "{}")).equals("no-worker"));
      cassandra.pause();
      try {
        long began = System.nanoTime();
        // What is in memory is given out, and the next read stands still.
        while (!node.pull("deep", "s", 100, "0s").isEmpty()) {
          assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(PATIENCE);
        }
        long stands = System.nanoTime();
        NodeFixture.await(() -> gate(node.post(explain, "{}")).equals("store"));
        Duration took = Duration.ofNanos(System.nanoTime() - stands);
        System.out.printf("FIGURES explain store: named after %d ms%n", took.toMillis());
        assertThat(took).isLessThan(Duration.ofSeconds(2));
        assertThat(node.post(explain, "{}").body().at("/queues/0/lift").asText())
            .isEqualTo("the store answers again");
      } finally {
        cassandra.resume();
      }
      NodeFixture.await(() -> !gate(node.post(explain, "{}")).equals("store"));
    }
  }

  private static String gate(NodeFixture.Answer explained) {
    return explained.body().at("/queues/0/gate").asText();
  }

  /** The write was under way, and nobody can know whether it was done. */
  private static void assertOutcomeIsUnknownInTime(NodeFixture node) {
    long asked = System.nanoTime();
    NodeFixture.Answer answer = node.publish("orders", "during", Map.of());
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.body().get("outcome").asText()).isEqualTo("unknown");
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(PATIENCE);
  }

  private static void assertServesWithinTenSeconds(NodeFixture node) {
    long back = System.nanoTime();
    NodeFixture.await(() -> node.publish("orders", "after", Map.of()).status() == 201);
    assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofSeconds(10));
  }

  /** The status; 0 if nobody answers. */
  private int status(int port, String method, String path) {
    try {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                  .method(
                      method, HttpRequest.BodyPublishers.ofString(method.equals("GET") ? "" : "x"))
                  .timeout(PATIENCE)
                  .build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
