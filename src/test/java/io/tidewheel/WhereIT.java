package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Over HTTP, against a real store: where a message is, what holds it, and finding it. */
@Timeout(120)
@ParameterizedClass(name = "{0}")
@MethodSource("io.tidewheel.StoreUnderTest#bothIfLong")
final class WhereIT {
  private static final Map<String, String> NO_KEY = Map.of();

  @Parameter private StoreUnderTest store;

  @TempDir private Path directory;

  @Test
  void everySubscriptionSaysWhereAMessageIsAlsoAfterARestart() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/idle", "{\"start\":\"earliest\"}");
      node.put("/v1/topics/t/subscriptions/work", "{\"start\":\"earliest\"}");
      node.put("/v1/topics/t/subscriptions/reject", "{\"start\":\"earliest\"}");
      node.put(
          "/v1/topics/t/subscriptions/other",
          "{\"start\":\"earliest\",\"filter\":{\"type\":[\"paid\"]}}");
      node.publish("t", "a", Map.of("Tidewheel-Key", "k"));
      node.publish("t", "b", Map.of("Tidewheel-Key", "k"));
      node.put("/v1/topics/t/subscriptions/late", "{\"start\":\"latest\"}");

      assertThat(state(node, 0, "idle")).isEqualTo("dispatchable");
      assertThat(state(node, 1, "idle")).isEqualTo("waiting");
      assertThat(where(node, 1, "idle").get("blockedBy").asLong()).isZero();
      assertThat(state(node, 0, "late")).isEqualTo("skipped");
      assertThat(state(node, 0, "other")).isEqualTo("filtered");

      JsonNode held = pullAs(node, "work", "w1", "7").get(0);
      JsonNode leased = where(node, 0, "work");
      assertThat(leased.get("state").asText()).isEqualTo("leased");
      assertThat(leased.get("worker").asText()).isEqualTo("w1");
      assertThat(leased.get("version").asText()).isEqualTo("7");
      assertThat(leased.get("until").asText()).isNotEmpty();
      node.settle("t", "work", "ack", List.of(NodeFixture.receipt(held)));
      assertSettled(where(node, 0, "work"));

      JsonNode bad = node.pull("t", "reject", 1, "5s").get(0);
      node.post(
          NodeFixture.messages("t", "reject") + ":reject",
          "{\"receipts\":[\"" + NodeFixture.receipt(bad) + "\"],\"reason\":\"broken\"}");
      await(
          node, "/v1/topics/t/subscriptions/reject", body -> body.get("deadLetters").asInt() == 1);
      assertDead(where(node, 0, "reject"));

      node.restart();
      assertSettled(where(node, 0, "work"));
      assertDead(where(node, 0, "reject"));
      assertThat(state(node, 0, "idle")).isEqualTo("dispatchable");

      // A new generation forgets who settled it before.
      node.post("/v1/topics/t/subscriptions/work:seek", "{\"to\":\"earliest\"}");
      assertThat(state(node, 0, "work")).isEqualTo("dispatchable");
      JsonNode again = pullAs(node, "work", "w2", "8").get(0);
      node.settle("t", "work", "ack", List.of(NodeFixture.receipt(again)));
      assertThat(where(node, 0, "work").get("worker").asText()).isEqualTo("w2");
    }
  }

  @Test
  void manyAreSettledAndTheRecordOfEachIsFound() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/s", "{}");
      for (int i = 0; i < 60; i++) {
        node.publish("t", "m" + i, NO_KEY);
        String worker = "w" + i % 3;
        JsonNode given = pullAs(node, "s", worker, "1").get(0);
        node.settle("t", "s", "ack", List.of(NodeFixture.receipt(given)));
      }
      for (int i = 0; i < 60; i += 7) {
        assertThat(where(node, i, "s").get("worker").asText()).isEqualTo("w" + i % 3);
      }
    }
  }

  @Test
  void listsByStateInPages() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{\"queues\":3}");
      node.put("/v1/topics/t/subscriptions/s", "{}");
      for (int i = 0; i < 30; i++) {
        node.publish("t", "m" + i, Map.of("Idempotency-Key", "id-" + i));
      }
      List<String> ids = pages(node, "dispatchable", 7);
      assertThat(ids).hasSize(30).doesNotHaveDuplicates();

      List<JsonNode> held = node.pull("t", "s", 4, "5s");
      JsonNode leased = list(node, "leased", 100, null).get("messages");
      assertThat(leased.findValuesAsText("id"))
          .containsExactlyInAnyOrderElementsOf(
              held.stream().map(m -> m.get("id").asText()).toList());
      assertThat(leased.get(0).get("attempt").asInt()).isEqualTo(1);
      assertThat(leased.get(0).has("until")).isTrue();

      node.post(
          NodeFixture.messages("t", "s") + ":nack",
          "{\"receipts\":[\"" + NodeFixture.receipt(held.get(0)) + "\"],\"delay\":\"10m\"}");
      JsonNode waiting = list(node, "waiting", 100, null).get("messages");
      assertThat(waiting.findValuesAsText("id")).containsExactly(held.get(0).get("id").asText());
      assertThat(waiting.get(0).get("attempt").asInt()).isEqualTo(2);
      assertThat(waiting.get(0).get("reason").asText()).contains("nacked");

      assertThat(list(node, "dead", 100, null).get("messages")).isEmpty();
      node.post(
          NodeFixture.messages("t", "s") + ":reject",
          "{\"receipts\":[\"" + NodeFixture.receipt(held.get(1)) + "\"],\"reason\":\"broken\"}");
      await(node, "/v1/topics/t/subscriptions/s", body -> body.get("deadLetters").asInt() == 1);
      JsonNode dead = list(node, "dead", 100, null).get("messages").get(0);
      assertThat(dead.get("id")).isEqualTo(held.get(1).get("id"));
      assertThat(dead.get("queue")).isEqualTo(held.get(1).get("queue"));
      assertThat(dead.get("offset")).isEqualTo(held.get(1).get("offset"));
      assertThat(dead.get("reason").asText()).isEqualTo("rejected: broken");
      assertThat(dead.at("/deadLetter/offset").asLong()).isZero();
    }
  }

  @Test
  void explainsWhatHoldsAndWhatLiftsIt() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/s", "{\"onDead\":\"park-key\"}");
      assertThat(gate(node, "{}")).isEqualTo("nothing");
      node.publish("t", "a", Map.of("Tidewheel-Key", "k"));
      node.publish("t", "b", Map.of("Tidewheel-Key", "k"));
      assertThat(gate(node, "{}")).isEqualTo("no-worker");
      node.post("/v1/topics/t/subscriptions/s:pause", "{}");
      assertThat(gate(node, "{\"queue\":0,\"offset\":0}")).isEqualTo("paused");
      node.post("/v1/topics/t/subscriptions/s:resume", "{}");
      JsonNode held = node.pull("t", "s", 1, "5s").get(0);
      JsonNode blocked = explain(node, "{\"queue\":0,\"offset\":1}");
      assertThat(blocked.get("gate").asText()).isEqualTo("key-blocked");
      assertThat(blocked.get("offset").asLong()).isZero();
      assertThat(blocked.get("until").asText()).isNotEmpty();
      assertThat(gate(node, "{\"key\":\"k\"}")).isEqualTo("leased");
      node.settle("t", "s", "reject", List.of(NodeFixture.receipt(held)));
      await(node, "/v1/topics/t/subscriptions/s", b -> b.at("/queues/0/parked").asInt() == 1);
      assertThat(gate(node, "{}")).isEqualTo("key-parked");
      JsonNode replayed =
          node.post("/v1/topics/t/subscriptions/s:replay", "{\"queue\":0,\"offset\":0}").body();
      assertThat(replayed.get("result").asText()).isEqualTo("reopened");
      assertThat(gate(node, "{}")).isIn("no-worker", "reading");
      assertThat(gate(node, "{\"queue\":0,\"offset\":9}")).isEqualTo("nothing");
    }
  }

  @Test
  void replaysASettledMessageToOneSubscription() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/s", "{}");
      node.put("/v1/topics/t/subscriptions/o", "{\"start\":\"earliest\"}");
      node.publish("t", "a", NO_KEY);
      assertThat(replay(node, 0).status()).isEqualTo(409);
      assertThat(replay(node, 5).status()).isEqualTo(404);
      JsonNode given = node.pull("t", "s", 1, "5s").get(0);
      node.settle("t", "s", "ack", List.of(NodeFixture.receipt(given)));
      NodeFixture.Answer answer = replay(node, 0);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body().get("result").asText()).isEqualTo("stored-again");
      assertThat(answer.body().get("copyOffset").asLong()).isEqualTo(1);
      JsonNode again = node.pull("t", "s", 5, "5s").get(0);
      assertThat(again.get("bodyText").asText()).isEqualTo("a");
      assertThat(again.get("offset").asLong()).isEqualTo(1);
      assertThat(state(node, 1, "o")).isIn("skipped");
      assertThat(node.pull("t", "o", 5, "10s")).hasSize(1);
    }
  }

  @Test
  void findsByIdAndKeyAndSaysWhatWasScanned() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{\"queues\":4}");
      List<JsonNode> stored = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        Map<String, String> headers =
            i % 4 == 0
                ? Map.of("Tidewheel-Key", "k", "Idempotency-Key", "id-" + i)
                : Map.of("Idempotency-Key", "id-" + i);
        stored.add(node.publish("t", "m" + i, headers).body());
      }
      JsonNode byKey = search(node, "key=k&max=100");
      assertThat(byKey.get("messages")).hasSize(10);
      assertThat(byKey.at("/scanned/queues")).hasSize(1);
      assertThat(byKey.has("next")).isFalse();

      // One with a key lies where its key says, not its id.
      for (int i : new int[] {0, 1, 8, 39}) {
        JsonNode found = search(node, "id=id-" + i).get("messages");
        assertThat(found).hasSize(1);
        assertThat(found.get(0).get("queue")).isEqualTo(stored.get(i).get("queue"));
        assertThat(found.get(0).get("offset")).isEqualTo(stored.get(i).get("offset"));
      }
      List<String> ids = new ArrayList<>();
      String next = "";
      for (int calls = 0; calls < 20 && next != null; calls++) {
        JsonNode page = search(node, "key=k&max=3" + next);
        ids.addAll(page.get("messages").findValuesAsText("id"));
        next = page.has("next") ? "&next=" + page.get("next").asText() : null;
      }
      assertThat(ids).hasSize(10).doesNotHaveDuplicates();
      assertThat(search(node, "key=k&to=2020-01-01T00:00:00Z").get("messages")).isEmpty();
      assertThat(search(node, "key=k&from=2100-01-01T00:00:00Z").get("messages")).isEmpty();
      assertThat(search(node, "id=nobody").at("/scanned/messages").asInt()).isEqualTo(40);
    }
  }

  private static NodeFixture.Answer replay(NodeFixture node, long offset) {
    return node.post(
        "/v1/topics/t/subscriptions/s:replay", "{\"queue\":0,\"offset\":" + offset + "}");
  }

  private static JsonNode search(NodeFixture node, String query) {
    return node.get("/v1/topics/t/messages:search?" + query).body();
  }

  private static JsonNode explain(NodeFixture node, String body) {
    return node.post("/v1/topics/t/subscriptions/s:explain", body).body().at("/queues/0");
  }

  private static String gate(NodeFixture node, String body) {
    return explain(node, body).path("gate").asText();
  }

  private static JsonNode list(NodeFixture node, String state, int size, String token) {
    String more = token == null ? "" : "&pageToken=" + token;
    return node.get(NodeFixture.messages("t", "s") + "?state=" + state + "&pageSize=" + size + more)
        .body();
  }

  private static List<String> pages(NodeFixture node, String state, int size) {
    List<String> ids = new ArrayList<>();
    JsonNode page = list(node, state, size, null);
    ids.addAll(page.get("messages").findValuesAsText("id"));
    for (int pages = 0; pages < 20 && page.has("nextPageToken"); pages++) {
      page = list(node, state, size, page.get("nextPageToken").asText());
      ids.addAll(page.get("messages").findValuesAsText("id"));
    }
    return ids;
  }

  private static List<JsonNode> pullAs(
      NodeFixture node, String subscription, String worker, String version) {
    JsonNode answer =
        node.post(
                NodeFixture.messages("t", subscription) + ":pull",
                "{\"max\":1,\"wait\":\"5s\",\"worker\":\"%s\",\"version\":\"%s\"}"
                    .formatted(worker, version))
            .body();
    List<JsonNode> messages = new ArrayList<>();
    answer.get("messages").forEach(messages::add);
    return messages;
  }

  private static void assertSettled(JsonNode seen) {
    assertThat(seen.get("state").asText()).as(seen.toString()).isEqualTo("settled");
    assertThat(seen.path("worker").asText()).as(seen.toString()).isEqualTo("w1");
    assertThat(seen.get("version").asText()).isEqualTo("7");
    assertThat(seen.get("at").asText()).isNotEmpty();
  }

  private static void assertDead(JsonNode seen) {
    assertThat(seen.get("state").asText()).as(seen.toString()).isEqualTo("dead");
    assertThat(seen.get("reason").asText()).isEqualTo("rejected: broken");
    assertThat(seen.get("attempts").asInt()).isEqualTo(1);
  }

  private static String state(NodeFixture node, long offset, String subscription) {
    return where(node, offset, subscription).get("state").asText();
  }

  private static JsonNode where(NodeFixture node, long offset, String subscription) {
    JsonNode message = node.get("/v1/topics/t/messages/0/" + offset).body();
    for (JsonNode each : message.get("subscriptions")) {
      if (each.get("name").asText().equals(subscription)) {
        return each;
      }
    }
    throw new AssertionError("no subscription " + subscription + " in " + message);
  }

  private static void await(NodeFixture node, String path, Predicate<JsonNode> condition) {
    NodeFixture.await(() -> condition.test(node.get(path).body()));
  }
}
