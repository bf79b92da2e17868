package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What is kept, and what is given back. */
@Timeout(180)
@ParameterizedClass(name = "{0}")
@MethodSource("io.tidewheel.StoreUnderTest#bothIfLong")
final class RetentionIT {
  private static final String NOTHING_KEPT = "{\"retention\":{\"time\":\"0s\"}}";

  @Parameter private StoreUnderTest store;

  @TempDir private Path directory;

  @Test
  void whatIsAckedAndNotRetainedIsTrimmed() throws Exception {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", NOTHING_KEPT);
      node.put("/v1/topics/t/subscriptions/s", "{}");
      for (int i = 0; i < 20; i++) {
        node.publish("t", "x".repeat(1_000), Map.of());
      }
      assertThat(queue(node).get("bytes").asLong()).isEqualTo(20_000);
      assertThat(queue(node).get("pinnedBy").asText()).isEqualTo("s");
      assertThat(queue(node).get("pinnedBytes").asLong()).isEqualTo(20_000);
      ackAll(node, 20);
      NodeFixture.await(() -> queue(node).get("startOffset").asLong() == 20);
      assertThat(queue(node).get("bytes").asLong()).isZero();
      node.restart();
      assertThat(queue(node).get("startOffset").asLong()).isEqualTo(20);
      node.publish("t", "after", Map.of());
      assertThat(node.pull("t", "s", 10, "5s")).hasSize(1);
      JsonNode counts = node.get("/v1/topics/t/reconciliation").body();
      assertThat(counts.get("difference").asLong()).isZero();
      JsonNode subscription = counts.get("queues").get(0).get("subscriptions").get(0);
      assertThat(subscription.get("acked").asLong()).isEqualTo(20);
      assertThat(subscription.get("leased").asLong()).isEqualTo(1);
      assertThat(subscription.get("total").asLong()).isEqualTo(21);
    }
  }

  @Test
  void aFullBacklogIsRefusedByName() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{\"maxBacklogBytes\":1000000}");
      node.put("/v1/topics/t/subscriptions/slow", "{}");
      int stored = 0;
      NodeFixture.Answer last = node.publish("t", "x".repeat(100_000), Map.of());
      while (last.status() == 201 && stored < 100) {
        stored++;
        last = node.publish("t", "x".repeat(100_000), Map.of());
      }
      assertThat(stored).isEqualTo(10);
      assertThat(last.status()).isEqualTo(429);
      assertThat(last.body().get("outcome").asText()).isEqualTo("not_stored");
      assertThat(last.body().get("retryable").asBoolean()).isTrue();
      assertThat(last.body().get("retryAfter").asText()).isNotEmpty();
      assertThat(last.body().get("detail").asText()).contains("slow", "maxBacklogBytes");
      ackAll(node, "slow", 10);
      NodeFixture.await(() -> node.publish("t", "again", Map.of()).status() == 201);
    }
  }

  @Test
  void aSubscriptionThatMayFallBehindOnlySoFarSkips() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/s", "{\"maxLag\":{\"messages\":10,\"then\":\"skip\"}}");
      node.put("/v1/topics/t/subscriptions/all", "{\"start\":\"earliest\"}");
      for (int i = 0; i < 30; i++) {
        assertThat(node.publish("t", "m" + i, Map.of()).status()).isEqualTo(201);
      }
      NodeFixture.await(() -> counts(node, "s").get("skipped").asLong() == 20);
      List<JsonNode> pulled = node.pull("t", "s", 100, "5s");
      assertThat(pulled).hasSize(10);
      assertThat(pulled.get(0).get("bodyText").asText()).isEqualTo("m20");
      assertThat(node.pull("t", "all", 100, "5s")).hasSize(30);
      node.restart();
      NodeFixture.await(() -> counts(node, "s").get("skipped").asLong() == 20);
    }
  }

  private static JsonNode queue(NodeFixture node) {
    return node.get("/v1/topics/t").body().get("queues").get(0);
  }

  private static JsonNode counts(NodeFixture node, String subscription) {
    for (JsonNode each :
        node.get("/v1/topics/t/reconciliation").body().get("queues").get(0).get("subscriptions")) {
      if (each.get("subscription").asText().equals(subscription)) {
        return each;
      }
    }
    throw new AssertionError("no counts of " + subscription);
  }

  private static void ackAll(NodeFixture node, int count) {
    ackAll(node, "s", count);
  }

  private static void ackAll(NodeFixture node, String subscription, int count) {
    int acked = 0;
    while (acked < count) {
      List<String> some = receipts(node, subscription, 100);
      node.settle("t", subscription, "ack", some);
      acked += some.size();
    }
  }

  private static List<String> receipts(NodeFixture node, String subscription, int max) {
    return node.pull("t", subscription, max, "5s").stream().map(NodeFixture::receipt).toList();
  }
}
