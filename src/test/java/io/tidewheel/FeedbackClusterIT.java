package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two brokers in this process: what holds for a subscription holds over both of them. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FeedbackClusterIT {
  private static final int QUEUES = 12;

  private NodeFixture first;
  private NodeFixture second;

  @BeforeAll
  void start(@TempDir Path temp) throws IOException {
    String keyspace = RealCassandra.newKeyspace();
    List<Integer> ports = new ArrayList<>();
    try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ports.add(one.getLocalPort());
      ports.add(other.getLocalPort());
    }
    CompletableFuture<NodeFixture> other =
        CompletableFuture.supplyAsync(
            () -> NodeFixture.start(temp.resolve("second"), settings(keyspace, ports, 1)));
    first = NodeFixture.start(temp.resolve("first"), settings(keyspace, ports, 0));
    second = other.join();
    NodeFixture.await(() -> first.isReady() && second.isReady());
  }

  private static Map<String, Object> settings(String keyspace, List<Integer> ports, int index) {
    Map<String, Object> settings = new HashMap<>(RealCassandra.get().settings(keyspace));
    settings.put("tidewheel.cluster.brokers", ports.size());
    settings.put("tidewheel.cluster.port", ports.get(index));
    settings.put(
        "tidewheel.cluster.seed-nodes", ports.stream().map(port -> "127.0.0.1:" + port).toList());
    return settings;
  }

  @AfterAll
  void stop() {
    second.stop();
    first.stopAlone();
  }

  /** Nine of ten messages are in three of the queues. */
  @Test
  void theLimitOfASubscriptionHoldsOverAllNodes() {
    assertThat(first.putUntilThere("/v1/topics/limited", "{\"queues\":" + QUEUES + "}"))
        .isEqualTo(201);
    assertThat(
            first.putUntilThere(
                "/v1/topics/limited/subscriptions/s", "{\"start\":\"earliest\",\"rateLimit\":500}"))
        .isEqualTo(201);
    publish(9_000, i -> "hot-" + i % 3);
    publish(2_000, i -> "cold-" + i);
    AtomicInteger turn = new AtomicInteger();
    Supplier<NodeFixture> both = () -> turn.incrementAndGet() % 2 == 0 ? first : second;
    try (FeedbackCrowd crowd = new FeedbackCrowd(both, "limited", "s", 20, null)) {
      for (int i = 0; i < 12; i++) {
        crowd.with("w" + i, 1_000_000L, () -> true);
      }
      crowd.until(14);
      System.out.printf(
          "FIGURES rateLimit 500/s on two nodes: %.1f/s over 10 s, highest second %.0f%n",
          crowd.calls(3, 13), crowd.mostCalls(3, 13));
      assertThat(crowd.calls(3, 13)).isCloseTo(500, within(100.0));
      assertThat(crowd.mostCalls(3, 13)).isLessThan(800);
    }
    JsonNode allowance = first.get("/v1/topics/limited/subscriptions/s").body().get("allowance");
    assertThat(allowance.get("reason").asText()).isEqualTo("rate-limit");
    assertThat(allowance.get("rate").asDouble()).isCloseTo(500, within(50.0));
    JsonNode feedback = second.get("/v1/feedback").body();
    assertThat(feedback.get("nodes")).hasSize(2);
    for (JsonNode queue : first.get("/v1/topics/limited/subscriptions/s").body().get("queues")) {
      boolean isStarved = queue.get("acked").asLong() == 0 && queue.get("backlog").asLong() > 0;
      assertThat(isStarved).as(queue.toString()).isFalse();
    }
  }

  private void publish(int count, java.util.function.IntFunction<String> key) {
    for (int sent = 0; sent < count; sent += 1_000) {
      ArrayNode batch = NodeFixture.JSON.createArrayNode();
      for (int i = sent; i < sent + 1_000; i++) {
        batch.addObject().put("body", i).put("key", key.apply(i));
      }
      NodeFixture.Answer answer =
          first.post(
              "/v1/topics/limited/messages:batch",
              NodeFixture.JSON.createObjectNode().set("messages", batch).toString());
      assertThat(answer.status()).isEqualTo(200);
    }
  }
}
