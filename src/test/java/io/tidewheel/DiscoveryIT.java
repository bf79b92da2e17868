package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two brokers of three and a gateway that find each other by discovery, although the first broker
 * that is named was never there: what comes to the gateway is kept by the brokers, and its workers
 * get what lies there.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DiscoveryIT {
  private static final int QUEUES = 4;

  private final List<NodeFixture> brokers = new ArrayList<>();
  private NodeFixture gateway;

  @BeforeAll
  void start(@TempDir Path temp) throws IOException {
    Map<String, Object> common =
        new HashMap<>(RealCassandra.get().settings(RealCassandra.newKeyspace()));
    List<Integer> ports = FreePorts.some(4);
    common.put("tidewheel.cluster.brokers", 3);
    common.put("tidewheel.cluster.port", 0);
    common.put("tidewheel.cluster.discovery", "config");
    // The gateway is where clients look, not where nodes do.
    common.put(
        "tidewheel.cluster.discovery-endpoints",
        ports.subList(0, 3).stream().map(port -> "127.0.0.1:" + port).toList());
    List<CompletableFuture<NodeFixture>> starting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Map<String, Object> settings = new HashMap<>(common);
      settings.put("tidewheel.cluster.discovery-port", ports.get(i + 1));
      settings.put("tidewheel.cluster.role", i < 2 ? "broker" : "gateway");
      settings.put("tidewheel.cluster.zone", i == 1 ? "west" : "east");
      Path directory = temp.resolve("node-" + i);
      starting.add(CompletableFuture.supplyAsync(() -> NodeFixture.start(directory, settings)));
    }
    brokers.add(starting.get(0).join());
    brokers.add(starting.get(1).join());
    gateway = starting.get(2).join();
    NodeFixture.await(() -> gateway.isReady() && brokers.stream().allMatch(NodeFixture::isReady));
  }

  @AfterAll
  void stop() {
    gateway.stop();
    brokers.get(1).stop();
    brokers.get(0).stopAlone();
  }

  @Test
  void queuesLiveOnBrokersAndTheGatewayServesThemAll() {
    assertThat(gateway.put("/v1/topics/orders", "{\"queues\":" + QUEUES + "}").status())
        .isEqualTo(201);
    assertThat(gateway.put("/v1/topics/orders/subscriptions/s", "{}").status()).isEqualTo(201);
    for (int i = 0; i < 40; i++) {
      assertThat(gateway.publish("orders", "m" + i, Map.of("Tidewheel-Key", "k" + i)).status())
          .isEqualTo(201);
    }
    List<String> receipts = gateway.receipts("orders", "s", 40);
    assertThat(gateway.settle("orders", "s", "ack", receipts)).containsOnly("acked");
    Map<String, Set<String>> roles = new HashMap<>();
    for (JsonNode node : gateway.get("/v1/cluster").body().get("members")) {
      roles
          .computeIfAbsent(node.get("roles").get(0).asText(), role -> ConcurrentHashMap.newKeySet())
          .add(node.get("node").asText());
    }
    assertThat(roles.get("broker")).hasSize(2);
    assertThat(roles.get("gateway")).hasSize(1);
    for (JsonNode queue : gateway.get("/v1/topics/orders").body().get("queues")) {
      assertThat(roles.get("broker")).contains(queue.get("node").asText());
    }
  }

  /** Of what lies in both zones the gateway's workers take that of their own first. */
  @Test
  void whatIsNearComesFirstAndWhatIsPublishedStaysWhereItCame() {
    assertThat(gateway.put("/v1/topics/zoned", "{\"queues\":" + QUEUES + "}").status())
        .isEqualTo(201);
    assertThat(gateway.put("/v1/topics/zoned/subscriptions/s", "{}").status()).isEqualTo(201);
    String near = brokers.get(0).get("/v1/cluster").body().get("node").asText();
    Set<Integer> nearQueues = new HashSet<>();
    NodeFixture.await(
        () -> {
          nearQueues.clear();
          int placed = 0;
          for (JsonNode queue : gateway.get("/v1/topics/zoned").body().get("queues")) {
            placed += queue.path("node").asText().isEmpty() ? 0 : 1;
            if (queue.path("node").asText().equals(near)) {
              nearQueues.add(queue.get("queue").asInt());
            }
          }
          return placed == QUEUES;
        });
    assertThat(nearQueues).hasSize(QUEUES / 2);
    int farCount = 0;
    int nearCount = 0;
    for (int i = 0; nearCount < 60 || farCount < 60; i++) {
      int queue =
          gateway
              .publish("zoned", "m", Map.of("Tidewheel-Key", "k" + i))
              .body()
              .get("queue")
              .asInt();
      nearCount += nearQueues.contains(queue) ? 1 : 0;
      farCount += nearQueues.contains(queue) ? 0 : 1;
    }
    List<Integer> order = new ArrayList<>();
    int all = nearCount + farCount;
    NodeFixture.await(
        () -> {
          gateway
              .pull("zoned", "s", 10, "1s")
              .forEach(each -> order.add(each.get("queue").asInt()));
          return order.size() >= all;
        });
    long nearFirst = order.subList(0, nearCount).stream().filter(nearQueues::contains).count();
    System.out.printf(
        "FIGURES zones: of the first %d given out %d were of the own zone, %d lay in the other%n",
        nearCount, nearFirst, farCount);
    assertThat(nearFirst).isEqualTo(nearCount);
    // The first ones may go anywhere, as the node has not asked yet what lives on it.
    NodeFixture.await(() -> isNear(nearQueues, 20));
  }

  /** Whether what has neither key nor id stays on the broker it is published at. */
  private boolean isNear(Set<Integer> queues, int count) {
    boolean isNear = true;
    for (int i = 0; i < count; i++) {
      NodeFixture.Answer answer = brokers.get(0).publish("zoned", "n", Map.of());
      isNear &= queues.contains(answer.body().get("queue").asInt());
    }
    return isNear;
  }

  @Test
  void aSessionWithTheGatewayPublishesAndWorks() {
    brokers.get(0).put("/v1/topics/tasks", "{\"queues\":" + QUEUES + "}");
    brokers.get(0).put("/v1/topics/tasks/subscriptions/s", "{}");
    Set<String> handled = ConcurrentHashMap.newKeySet();
    try (TidewheelClient client =
        TidewheelClient.builder()
            .endpoints("http://127.0.0.1:" + gateway.port())
            .onlyEndpoints()
            .build()) {
      client
          .worker("tasks", "s")
          .handler(
              delivery -> {
                handled.add(delivery.text());
                return Outcome.ack();
              })
          .start();
      for (int i = 0; i < 20; i++) {
        client.publisher("tasks").publish(Message.text("by session " + i)).join();
        assertThat(brokers.get(i % 2).publish("tasks", "by broker " + i, Map.of()).status())
            .isEqualTo(201);
      }
      NodeFixture.await(() -> handled.size() == 40);
    }
    brokers.get(0).assertWhole();
  }
}
