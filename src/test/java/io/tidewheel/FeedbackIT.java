package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Feedback on a real node, over HTTP: workers whose backends fail, ask for less, or have a budget.
 *
 * <p>Bounds are wide, as a busy machine moves these figures; {@code FeedbackBenchmark} measures
 * them.
 */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FeedbackIT {
  private static final int WORKERS = 8;
  private static final double HEALTHY = 1_000;

  /** Of a crowd whose backend is up again after nine. */
  private static final int LATEST_BACK_SECOND = 20;

  private NodeFixture node;

  @BeforeAll
  void start(@TempDir Path temp) {
    node = NodeFixture.start(temp);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  /** A topic with messages, and a subscription {@code s}. */
  private void prepare(String topic, int queues, int messages, String subscription) {
    assertThat(node.put("/v1/topics/" + topic, "{\"queues\":" + queues + "}").status())
        .isEqualTo(201);
    assertThat(node.put("/v1/topics/" + topic + "/subscriptions/s", subscription).status())
        .isEqualTo(201);
    for (int sent = 0; sent < messages; sent += 1_000) {
      ArrayNode batch = NodeFixture.JSON.createArrayNode();
      for (int i = 0; i < 1_000; i++) {
        batch.addObject().put("body", i);
      }
      NodeFixture.Answer answer =
          node.post(
              "/v1/topics/" + topic + "/messages:batch",
              NodeFixture.JSON.createObjectNode().set("messages", batch).toString());
      assertThat(answer.status()).isEqualTo(200);
    }
  }

  private FeedbackCrowd crowd(String topic, String cost, BooleanSupplier backend) {
    FeedbackCrowd crowd = new FeedbackCrowd(() -> node, topic, "s", 10, cost);
    for (int i = 0; i < WORKERS; i++) {
      crowd.with("w" + i, (long) (WORKERS / HEALTHY * 1e9), backend);
    }
    return crowd;
  }

  private JsonNode subscription(String topic) {
    return node.get("/v1/topics/" + topic + "/subscriptions/s").body();
  }

  private JsonNode explained(String topic) {
    return node.post("/v1/topics/" + topic + "/subscriptions/s:explain", "{}").body();
  }

  private void awaitReason(String topic, String reason) {
    NodeFixture.await(() -> subscription(topic).at("/allowance/reason").asText().equals(reason));
  }

  @Test
  void leavesABackendThatIsDownAloneAndIsBackSoonAfter() {
    prepare("down", 2, 30_000, "{}");
    AtomicBoolean isUp = new AtomicBoolean(true);
    try (FeedbackCrowd crowd = crowd("down", null, isUp::get)) {
      crowd.until(3);
      isUp.set(false);
      awaitReason("down", "success");
      NodeFixture.await(() -> explained("down").toString().contains("\"success\""));
      crowd.until(9);
      assertThat(crowd.calls(7, 9)).isLessThanOrEqualTo(0.1 * HEALTHY);
      assertThat(crowd.calls(5, 9)).isGreaterThan(0.5);
      isUp.set(true);
      double half = 0.5 * crowd.good(1, 3);
      int second = 14;
      crowd.until(second);
      while (crowd.good(second - 1, second) <= half && second < LATEST_BACK_SECOND) {
        crowd.until(++second);
      }
      assertThat(crowd.good(second - 1, second)).as(crowd.samples(second)).isGreaterThan(half);
    }
    assertThat(subscription("down").get("deadLetters").asLong()).isZero();
    JsonNode row = node.get("/v1/backlog?topic=down").body().at("/rows/0/allowance");
    assertThat(row.has("rate")).isTrue();
  }

  @Test
  void findsTheCapacityThatABackendDoesNotTell() {
    prepare("hidden", 2, 30_000, "{}");
    double capacity = 300;
    AtomicLong takenUntil = new AtomicLong(System.nanoTime());
    BooleanSupplier backend =
        () -> {
          long now = System.nanoTime();
          long step = (long) (1e9 / capacity);
          long before =
              takenUntil.getAndUpdate(
                  until -> {
                    long from = Math.max(until, now - 50_000_000L);
                    return from <= now ? from + step : until;
                  });
          return Math.max(before, now - 50_000_000L) <= now;
        };
    try (FeedbackCrowd crowd = crowd("hidden", null, backend)) {
      crowd.until(13);
      assertThat(crowd.good(6, 13)).as(crowd.samples(13)).isGreaterThan(0.6 * capacity);
      // Without feedback it is 0.7.
      assertThat(crowd.wasted(6, 13)).as(crowd.samples(13)).isLessThan(0.4);
    }
  }

  @Test
  void givesABackendAsMuchAsItAskedForAsLongAsItAskedForIt() {
    prepare("slow", 4, 20_000, "{\"backends\":[\"ledger\"]}");
    try (FeedbackCrowd crowd = crowd("slow", null, () -> true)) {
      crowd.until(2);
      NodeFixture.Answer signal =
          node.post(
              "/v1/feedback/ledger",
              "{\"signal\":\"slow\",\"rate\":200,\"ttl\":\"5s\",\"reason\":\"compaction\"}");
      assertThat(signal.status()).isEqualTo(200);
      double at = crowd.now();
      awaitReason("slow", "backend");
      NodeFixture.await(() -> explained("slow").toString().contains("compaction"));
      crowd.until(at + 8);
      assertThat(crowd.calls(at + 1, at + 4.5)).isCloseTo(200, within(50.0));
      assertThat(crowd.mostCalls(at + 1, at + 4.5)).isLessThan(400);
      assertThat(crowd.calls(at + 6.5, at + 8)).isGreaterThan(0.5 * crowd.calls(0.5, 2));
    }
  }

  @Test
  void stopsForABackendThatSaysSoAndGoesOnWhenItHasRecovered() {
    prepare("stopped", 1, 5_000, "{\"backends\":[\"archive\"]}");
    try (FeedbackCrowd crowd = crowd("stopped", null, () -> true)) {
      crowd.until(1);
      node.post("/v1/feedback/archive", "{\"signal\":\"stop\",\"ttl\":\"60s\"}");
      double at = crowd.now();
      crowd.until(at + 2);
      assertThat(crowd.calls(at + 1, at + 2)).isZero();
      NodeFixture.await(() -> explained("stopped").toString().contains("\"backend\""));
      node.post("/v1/feedback/archive", "{\"signal\":\"recovered\"}");
      double back = crowd.now();
      crowd.until(back + 2);
      assertThat(crowd.calls(back + 1, back + 2)).isGreaterThan(50);
    }
  }

  @Test
  void subscriptionsShareABudgetByWhatTheirMessagesCost() {
    assertThat(node.put("/v1/backends/database", "{\"budget\":500}").status()).isEqualTo(200);
    prepare("cheap", 2, 20_000, "{\"backends\":[\"database\"]}");
    prepare("dear", 2, 20_000, "{\"backends\":[\"database\"]}");
    try (FeedbackCrowd cheap = crowd("cheap", "{\"database\":1}", () -> true);
        FeedbackCrowd dear = crowd("dear", "{\"database\":4}", () -> true)) {
      cheap.until(9);
      double cheapCalls = cheap.calls(4, 9);
      double dearCalls = 4 * dear.calls(4, 9);
      assertThat(cheapCalls + dearCalls).isCloseTo(500, within(125.0));
      assertThat(cheapCalls).isCloseTo(250, within(100.0));
    }
    node.restart();
    assertThat(node.get("/v1/backends/database").body().get("budget").asDouble()).isEqualTo(500);
    assertThat(node.delete("/v1/backends/database").status()).isEqualTo(204);
    assertThat(node.get("/v1/backends/database").body().get("budget").isNull()).isTrue();
  }

  /** It fails at once and comes back for more, while the others work. */
  @Test
  void aWorkerThatFailsWhereOthersSucceedGetsAFewToTry() {
    prepare("sick", 2, 20_000, "{}");
    ConcurrentHashMap<String, AtomicLong> seen = new ConcurrentHashMap<>();
    try (FeedbackCrowd crowd = new FeedbackCrowd(() -> node, "sick", "s", 5, null)) {
      for (int i = 0; i < 9; i++) {
        crowd.with("well-" + i, 20_000_000L, () -> count(seen, "well"));
      }
      crowd.with("broken", 1_000_000L, () -> !count(seen, "broken"));
      crowd.until(3);
      long brokenBefore = seen.get("broken").get();
      long allBefore = brokenBefore + seen.get("well").get();
      JsonNode sick = node.get("/v1/feedback").body().get("sickWorkers");
      assertThat(sick.findValuesAsText("worker")).contains("broken");
      crowd.until(8);
      long broken = seen.get("broken").get() - brokenBefore;
      long all = seen.get("broken").get() + seen.get("well").get() - allBefore;
      assertThat(broken / (double) all).isLessThanOrEqualTo(0.05);
      assertThat(all).isGreaterThan(500);
    }
    assertThat(subscription("sick").get("deadLetters").asLong()).isZero();
  }

  private static boolean count(ConcurrentHashMap<String, AtomicLong> seen, String kind) {
    seen.computeIfAbsent(kind, one -> new AtomicLong()).incrementAndGet();
    return true;
  }
}
