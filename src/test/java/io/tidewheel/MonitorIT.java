package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rates, sums, history and metrics of a real node. */
class MonitorIT {
  private static final Path PROMTOOL = Path.of("/usr/bin/promtool");

  @TempDir private Path directory;
  private NodeFixture node;

  @BeforeEach
  void start() {
    node = NodeFixture.start(directory.resolve("data"));
    node.put("/v1/topics/orders", "{\"queues\":2}");
    node.put(
        "/v1/topics/orders/subscriptions/billing",
        "{\"backoff\":{\"min\":\"10m\",\"max\":\"10m\"}}");
    node.put("/v1/topics/orders/subscriptions/mail", "{}");
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void tellsRatesWorkersAndWhenTheBacklogIsGone() {
    publish(40);
    // From the second report on there is something to compare with.
    NodeFixture.await(() -> subscription("billing").path("backlog").asLong() == 40);
    var pulled = node.pull("orders", "billing", 30, "5s");
    node.settle(
        "orders",
        "billing",
        "ack",
        pulled.subList(0, 5).stream().map(NodeFixture::receipt).toList());
    node.nack("orders", "billing", java.util.List.of(NodeFixture.receipt(pulled.get(5))), "10m");
    NodeFixture.await(
        () -> {
          JsonNode row = subscription("billing");
          return row.path("outRate").asDouble() > 0 && row.path("failRate").asDouble() > 0;
        });
    JsonNode row = subscription("billing");
    assertThat(row.get("workers").asInt()).isEqualTo(1);
    assertThat(row.get("queues").asInt()).isEqualTo(2);
    NodeFixture.await(() -> subscription("billing").get("outRate").asDouble() == 0);
    assertThat(subscription("billing").get("drainEta").isNull()).as("never at this rate").isTrue();
    assertThat(subscription("mail").get("backlog").asLong()).isEqualTo(40);
    JsonNode byQueue = node.get("/v1/backlog?topic=orders&subscription=billing").body();
    for (JsonNode each : byQueue.get("rows")) {
      for (String field :
          "topic subscription queue node backlog waiting leased lag deadLetters workers inRate outRate failRate drainEta paused"
              .split(" ", -1)) {
        assertThat(each.has(field)).as(field).isTrue();
      }
    }
  }

  @Test
  void sumsByTopicAndLeavesDeadLettersOut() {
    publish(4);
    var pulled = node.pull("orders", "billing", 1, "5s");
    node.settle("orders", "billing", "reject", pulled.stream().map(NodeFixture::receipt).toList());
    NodeFixture.await(() -> overview().get("deadLetters").asLong() == 1);
    NodeFixture.await(() -> overview().get("backlog").asLong() == 4 + 3);
    JsonNode overview = overview();
    assertThat(overview.get("topics").asInt()).isEqualTo(1);
    assertThat(overview.get("byBacklog")).hasSize(2);
    assertThat(overview.at("/byBacklog/0/subscription").asText()).isEqualTo("mail");
    assertThat(overview.get("nodes")).hasSize(1);
    JsonNode ofNode = overview.get("nodes").elements().next();
    assertThat(ofNode.get("backlog").asLong()).isEqualTo(7);
    assertThat(ofNode.get("awakeQueues").asInt()).isBetween(1, 2);
    NodeFixture.await(() -> overview().get("nodes").elements().next().has("cpu"));
    JsonNode topics = node.get("/v1/backlog?by=topic&sort=-inRate").body();
    assertThat(topics.get("total").asInt()).isEqualTo(1);
    assertThat(topics.at("/rows/0/backlog").asLong()).isEqualTo(7);
    assertThat(node.get("/v1/backlog?by=topic&topic=*~*").body().get("total").asInt()).isEqualTo(1);
  }

  @Test
  void keepsTheHourBehind() {
    publish(10);
    NodeFixture.await(
        () -> {
          JsonNode history = node.get("/v1/backlog/history?topic=orders").body();
          JsonNode backlog = history.get("backlog");
          return !backlog.isEmpty() && backlog.get(backlog.size() - 1).asLong() == 20;
        });
    JsonNode all = node.get("/v1/backlog/history").body();
    assertThat(all.get("step").asText()).isEqualTo("10s");
    assertThat(all.get("inRate")).hasSameSizeAs(all.get("backlog"));
    assertThat(node.get("/v1/backlog/history?topic=none").status()).isEqualTo(404);
  }

  @Test
  void givesMetricsThatPrometheusTakes() throws Exception {
    publish(7);
    var pulled = node.pull("orders", "billing", 3, "5s");
    node.settle("orders", "billing", "ack", pulled.stream().map(NodeFixture::receipt).toList());
    NodeFixture.await(() -> value("tidewheel_messages_acked_total") == pulled.size());
    assertThat(value("tidewheel_messages_published_total")).isEqualTo(7);
    assertThat(value("tidewheel_messages_delivered_total")).isEqualTo(pulled.size());
    NodeFixture.await(() -> value("tidewheel_backlog_messages") == 14 - pulled.size());
    assertThat(value("tidewheel_publish_duration_seconds_count")).isEqualTo(7);
    assertThat(value("tidewheel_persist_duration_seconds_count")).isBetween(1.0, 7.0);
    assertThat(value("tidewheel_batch_messages_sum")).isEqualTo(7);
    assertThat(value("tidewheel_writer_conflicts_total")).isZero();
    assertThat(scrape("")).as("of a node alone").contains("tidewheel_board_lag_seconds 0.0\n");
    assertClean(scrape(""));
    assertThat(scrape("?topic=orders")).doesNotContain("tidewheel_subscription_allowed_rate{");
    node.put("/v1/topics/orders/subscriptions/mail", "{\"rateLimit\":2.5}");
    String ofTopic = scrape("?topic=orders");
    assertThat(ofTopic)
        .contains(
            "tidewheel_subscription_backlog_messages{topic=\"orders\",subscription=\"mail\"} 7\n",
            "tidewheel_subscription_allowed_rate{topic=\"orders\",subscription=\"mail\"} 2.500\n");
    assertClean(ofTopic);
  }

  private void publish(int count) {
    for (int i = 0; i < count; i++) {
      node.publish("orders", "m" + i, Map.of());
    }
  }

  private JsonNode subscription(String name) {
    return node.get("/v1/backlog?by=subscription&topic=orders&subscription=" + name)
        .body()
        .at("/rows/0");
  }

  private JsonNode overview() {
    return node.get("/v1/backlog/overview").body();
  }

  private double value(String name) {
    return scrape("")
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private String scrape(String query) {
    return node.text("/metrics" + query);
  }

  /** By the word of Prometheus' own tool. */
  private void assertClean(String metrics) throws IOException, InterruptedException {
    assertThat(Files.isExecutable(PROMTOOL))
        .as("promtool is there: apt-get install -y prometheus")
        .isTrue();
    Path said = directory.resolve("promtool.out");
    Process check =
        new ProcessBuilder(PROMTOOL.toString(), "check", "metrics")
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try (var in = check.getOutputStream()) {
      in.write(metrics.getBytes(StandardCharsets.UTF_8));
    }
    assertThat(check.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(said)).isEmpty();
    assertThat(check.exitValue()).isZero();
  }
}
