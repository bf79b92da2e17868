package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Over HTTP, against a real store: what nobody uses is removed, and nothing else. */
@Timeout(120)
final class ExpiryIT {
  private static final String IDLE = "/v1/topics/t/subscriptions/idle";
  private static final String HELD = "/v1/topics/t/subscriptions/held";

  @TempDir private Path directory;

  @Test
  void anIdleSubscriptionGoesAndALeaseHoldsAnother() {
    try (NodeFixture node = NodeFixture.start(directory)) {
      node.put("/v1/topics/t", "{\"queues\":2}");
      node.put(HELD, "{\"expiresAfter\":\"1s\",\"lease\":\"10m\"}");
      node.publish("t", "a", Map.of());
      node.restart();
      JsonNode held = node.pull("t", "held", 1, "10s").get(0);

      node.put(IDLE, "{\"expiresAfter\":\"1s\"}");
      awaitRemoval(node, IDLE);
      // The lease is much older than a second by now.
      node.put(IDLE, "{\"expiresAfter\":\"1s\"}");
      awaitRemoval(node, IDLE);
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
    try (NodeFixture node = NodeFixture.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put(HELD, "{\"expiresAfter\":\"1s\"}");
      assertThat(node.pull("t", "held", 1, "4s")).isEmpty();
      assertThat(node.get(HELD).status()).isEqualTo(200);
      awaitRemoval(node, HELD);
    }
  }

  private static void awaitRemoval(NodeFixture node, String path) {
    for (int i = 0; i < 20_000; i++) {
      if (node.get(path).status() == 404) {
        return;
      }
    }
    throw new AssertionError("still there: " + node.get(path));
  }
}
