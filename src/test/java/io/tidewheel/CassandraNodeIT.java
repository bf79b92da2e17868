package io.tidewheel;

import static io.tidewheel.NodeFixture.receipt;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole node on a real Cassandra, over HTTP. */
@Timeout(180)
class CassandraNodeIT {
  @TempDir Path temp;

  private final Map<String, Object> settings =
      new HashMap<>(RealCassandra.get().settings(RealCassandra.newKeyspace()));

  @Test
  void keepsMessagesAndAcksOverARestart() {
    try (NodeFixture node = NodeFixture.start(temp, settings)) {
      assertThat(node.put("/v1/topics/orders", "{\"queues\":3}").status()).isEqualTo(201);
      assertThat(node.putUntilThere("/v1/topics/orders/subscriptions/billing", "{}"))
          .isEqualTo(201);
      for (int i = 0; i < 30; i++) {
        assertThat(node.publish("orders", "m-" + i, Map.of()).status()).isEqualTo(201);
      }
      List<JsonNode> first = node.pull("orders", "billing", 10, "5s");
      assertThat(
              node.settle(
                  "orders", "billing", "ack", first.stream().map(NodeFixture::receipt).toList()))
          .containsOnly("acked");
      node.restart();
      // Receipts are signed by the same key after a restart.
      assertThat(node.settle("orders", "billing", "ack", List.of(receipt(first.get(0)))))
          .containsExactly("acked");
      List<String> rest = new ArrayList<>();
      while (rest.size() < 30 - first.size()) {
        List<JsonNode> pulled = node.pull("orders", "billing", 100, "10s");
        assertThat(pulled).isNotEmpty();
        rest.addAll(
            node.settle(
                "orders", "billing", "ack", pulled.stream().map(NodeFixture::receipt).toList()));
      }
      assertThat(rest).hasSize(30 - first.size()).containsOnly("acked");
    }
  }
}
