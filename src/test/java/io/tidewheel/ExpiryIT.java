package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Over HTTP, against a real store: what nobody uses is removed, and nothing else. */
@Timeout(120)
@ParameterizedClass(name = "{0}")
@MethodSource("io.tidewheel.StoreUnderTest#bothIfLong")
final class ExpiryIT {
  private static final String IDLE = "/v1/topics/t/subscriptions/idle";
  private static final String HELD = "/v1/topics/t/subscriptions/held";

  @Parameter private StoreUnderTest store;

  @TempDir private Path directory;

  @Test
  void anIdleSubscriptionGoesAndALeaseHoldsAnother() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{\"queues\":2}");
      node.put(HELD, "{\"expiresAfter\":\"1h\",\"lease\":\"10m\"}");
      node.publish("t", "a", Map.of());
      node.restart();
      JsonNode held = node.pull("t", "held", 1, "10s").get(0);
      // Only now: before, nothing but a quick machine keeps it.
      assertThat(node.put(HELD, "{\"expiresAfter\":\"1s\",\"lease\":\"10m\"}").status())
          .isEqualTo(200);

      idleGoes(node);
      // The lease is much older than a second by now.
      idleGoes(node);
      assertThat(node.get(HELD).status()).isEqualTo(200);
      assertThat(node.settle("t", "held", "ack", List.of(NodeFixture.receipt(held))))
          .containsExactly("acked");
      awaitRemoval(node, HELD);
      assertThat(node.post(NodeFixture.messages("t", "held") + ":pull", "{\"max\":1}").status())
          .isEqualTo(404);
    }
  }

  @Test
  void aWaitingWorkerKeepsIt() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put(HELD, "{\"expiresAfter\":\"1h\"}");
      CompletableFuture<List<JsonNode>> pull =
          CompletableFuture.supplyAsync(() -> node.pull("t", "held", 1, "50s"));
      // Meanwhile the pull arrives.
      idleGoes(node);
      assertThat(node.put(HELD, "{\"expiresAfter\":\"1s\"}").status()).isEqualTo(200);
      // The second one is idle for as long as the other is, or less.
      idleGoes(node);
      idleGoes(node);
      assertThat(node.get(HELD).status()).isEqualTo(200);
      assertThat(pull).as("the worker still waits").isNotDone();

      node.publish("t", "ends the wait", Map.of());
      String receipt = NodeFixture.receipt(pull.join().get(0));
      assertThat(node.settle("t", "held", "ack", List.of(receipt))).containsExactly("acked");
      awaitRemoval(node, HELD);
    }
  }

  /** An idle subscription that is made now is removed. */
  private static void idleGoes(NodeFixture node) {
    // While the one before it is still being removed it is 503.
    NodeFixture.await(() -> node.put(IDLE, "{\"expiresAfter\":\"1s\"}").status() == 201);
    awaitRemoval(node, IDLE);
  }

  private static void awaitRemoval(NodeFixture node, String path) {
    NodeFixture.await(() -> node.get(path).status() == 404);
  }
}
