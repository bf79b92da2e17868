package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.NodeFixture.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Dead letters go back to their subscription, in a real node over HTTP. */
@Timeout(180)
@ParameterizedClass(name = "{0}")
@MethodSource("io.tidewheel.StoreUnderTest#bothIfLong")
final class RedriveIT {
  private static final String REDRIVE = "/v1/topics/t/subscriptions/s:redrive";

  @Parameter private StoreUnderTest store;

  @TempDir private Path directory;

  /** Guards order: a poisoned key holds nobody else, and is whole after its redrive. */
  @Test
  void tenPoisonedKeysOfAThousandHoldNobodyAndAreWholeAfterTheirRedrive() {
    int rounds = 3;
    try (NodeFixture node = start("{\"onDead\":\"park-key\"}")) {
      for (int round = 0; round < rounds; round++) {
        publish(node, "k", 1_000, ":" + round);
      }
      Map<String, List<String>> seen = new TreeMap<>();
      consume(node, seen, 10, 990 * rounds);
      assertThat(seen).hasSize(990);
      awaitWaiting(node, 10 * rounds);
      node.restart();

      JsonNode result = redrive(node, "{}").get("result");
      assertThat(result.get("redriven").asInt()).isEqualTo(10);
      consume(node, seen, 0, 10 * rounds);
      assertThat(seen).hasSize(1_000);
      seen.forEach(
          (key, bodies) -> assertThat(bodies).containsExactly(key + ":0", key + ":1", key + ":2"));
      assertThat(deadLettersLeft(node)).isZero();
      assertThat(redrive(node, "{}").get("result").get("redriven").asInt()).isZero();
      assertThat(node.pull("t", "s", 10, "0s")).isEmpty();
    }
  }

  @Test
  void whatHasPassedIsStoredAgainForItsSubscriptionAlone() {
    try (NodeFixture node = start("{}")) {
      node.put("/v1/topics/t/subscriptions/other", "{\"start\":\"earliest\"}");
      node.publish("t", "broken", Map.of("Idempotency-Key", "o-1", "Tidewheel-Key", "x"));
      node.publish("t", "fine", Map.of("Tidewheel-Key", "x", "Tidewheel-Header-own", "1"));
      rejectAll(node, 1);
      assertThat(bodies(ackAll(node, "s", 1))).containsExactly("fine");
      awaitDead(node, 1);

      JsonNode dry = redrive(node, "{\"dryRun\":true}");
      assertThat(dry.at("/result/selected").asInt()).isEqualTo(1);
      assertThat(dry.at("/result/first/0/id").asText()).isEqualTo("o-1");
      assertThat(dry.at("/result/first/0/reason").asText()).isEqualTo("rejected: poison");
      assertThat(redrive(node, "{\"ids\":[\"o-2\"]}").at("/result/skipped").asInt()).isEqualTo(1);
      assertThat(redrive(node, "{\"reason\":\"expired\"}").at("/result/redriven").asInt()).isZero();
      assertThat(node.pull("t", "s", 10, "0s")).isEmpty();
      assertThat(deadLettersLeft(node)).isEqualTo(1);

      String selection = "{\"ids\":[\"o-1\"],\"reason\":\"rejected\",\"key\":\"x\"}";
      assertThat(redrive(node, selection).at("/result/redriven").asInt()).isEqualTo(1);
      List<JsonNode> again = ackAll(node, "s", 1);
      assertThat(bodies(again)).containsExactly("broken");
      assertThat(again.get(0).get("attempt").asInt()).isEqualTo(1);
      assertThat(again.get(0).get("key").asText()).isEqualTo("x");
      assertThat(again.get(0).get("headers").properties())
          .extracting(Map.Entry::getKey)
          .containsExactlyInAnyOrder("tidewheel-replay-offset", "tidewheel-replay-id");
      assertThat(bodies(ackAll(node, "other", 2))).containsExactly("broken", "fine");
      assertThat(node.pull("t", "other", 10, "0s")).isEmpty();
      assertThat(deadLettersLeft(node)).isZero();
    }
  }

  @Test
  void aCancelledOneAndARestartLeaveTheRestForTheNext() {
    int count = 300;
    try (NodeFixture node = start("{}")) {
      publish(node, "p", count, "");
      rejectAll(node, count);
      awaitDead(node, count);

      Answer first = node.post(REDRIVE, "{\"rate\":5}");
      assertThat(first.status()).isEqualTo(202);
      String path = "/v1/operations/" + first.body().get("id").asText();
      NodeFixture.await(() -> node.get(path).body().at("/result/redriven").asInt() > 0);
      Answer second = node.post(REDRIVE, "{}");
      assertThat(second.status()).isEqualTo(409);
      assertThat(second.body().get("detail").asText()).contains(path);
      node.delete(path);
      JsonNode cancelled = ended(node, path);
      assertThat(cancelled.get("state").asText()).isEqualTo("cancelled");
      int done = cancelled.at("/result/redriven").asInt();
      assertThat(done).isBetween(1, count - 1);
      assertThat(deadLettersLeft(node)).isEqualTo(count - done);

      Answer third = node.post(REDRIVE, "{\"rate\":5}");
      assertThat(third.status()).isEqualTo(202);
      String thirdPath = "/v1/operations/" + third.body().get("id").asText();
      NodeFixture.await(() -> node.get(thirdPath).body().at("/result/redriven").asInt() > 0);
      node.restart();

      NodeFixture.await(() -> deadLettersLeft(node) < count - done);
      assertThat(deadLettersLeft(node)).isPositive();
      redrive(node, "{}");
      assertThat(deadLettersLeft(node)).isZero();
      List<String> expected = IntStream.range(0, count).mapToObj(n -> "p" + n).toList();
      assertThat(bodies(ackAll(node, "s", count))).containsExactlyInAnyOrderElementsOf(expected);
      assertThat(node.pull("t", "s", 10, "0s")).isEmpty();
    }
  }

  @Test
  void refusesWhatIsNotThere() {
    try (NodeFixture node = start("{}")) {
      assertThat(redrive(node, "{}").at("/total").asInt()).isZero();
      assertThat(node.post("/v1/topics/t/subscriptions/none:redrive", "{}").status())
          .isEqualTo(404);
      assertThat(node.post("/v1/topics/none/subscriptions/s:redrive", "{}").status())
          .isEqualTo(404);
      node.publish("t", "m", Map.of());
      rejectAll(node, 1);
      awaitDead(node, 1);
      node.delete("/v1/topics/t?force=true");
      node.putUntilThere("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/s", "{}");
      Answer refused = node.post(REDRIVE, "{}");
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.body().get("detail").asText()).contains("deleted");
      assertThat(node.delete("/v1/topics/t~s?force=true").status()).isIn(202, 204);
      assertThat(redrive(node, "{}").at("/total").asInt()).isZero();
    }
  }

  private NodeFixture start(String settings) {
    NodeFixture node = store.start(directory);
    node.put("/v1/topics/t", "{}");
    assertThat(node.put("/v1/topics/t/subscriptions/s", settings).status()).isEqualTo(201);
    return node;
  }

  /** Messages with the bodies and, without the end, keys {@code p0} and so on. */
  private static void publish(NodeFixture node, String name, int count, String end) {
    List<String> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String key = name + i;
      messages.add("{\"key\":\"" + key + "\",\"bodyText\":\"" + key + end + "\"}");
    }
    Answer answer =
        node.post(
            "/v1/topics/t/messages:batch", "{\"messages\":[" + String.join(",", messages) + "]}");
    assertThat(answer.status()).isEqualTo(200);
  }

  /** Acks so many messages, but rejects those of the first so many keys. */
  private static void consume(
      NodeFixture node, Map<String, List<String>> seen, int poisonedKeys, int count) {
    int good = 0;
    int bad = 0;
    while (good < count || bad < poisonedKeys) {
      List<JsonNode> pulled = node.pull("t", "s", 500, "10s");
      assertThat(pulled).as(good + " and " + bad).isNotEmpty();
      List<String> acks = new ArrayList<>();
      List<String> rejects = new ArrayList<>();
      for (JsonNode message : pulled) {
        String key = message.get("key").asText();
        if (Integer.parseInt(key.substring(1)) < poisonedKeys) {
          rejects.add(NodeFixture.receipt(message));
        } else {
          seen.computeIfAbsent(key, k -> new ArrayList<>()).add(message.get("bodyText").asText());
          acks.add(NodeFixture.receipt(message));
        }
      }
      if (!acks.isEmpty()) {
        assertThat(node.settle("t", "s", "ack", acks)).containsOnly("acked");
        good += acks.size();
      }
      if (!rejects.isEmpty()) {
        // Of a run, only the first can be rejected: those behind it are taken back.
        bad +=
            (int)
                node.settle("t", "s", "reject", rejects).stream()
                    .filter(status -> status.equals("rejected"))
                    .count();
      }
    }
    assertThat(good).isEqualTo(count);
    assertThat(bad).isEqualTo(poisonedKeys);
  }

  private static void rejectAll(NodeFixture node, int count) {
    int rejected = 0;
    while (rejected < count) {
      List<JsonNode> pulled = node.pull("t", "s", Math.min(500, count - rejected), "10s");
      List<String> receipts = pulled.stream().map(NodeFixture::receipt).toList();
      Answer answer =
          node.post(
              NodeFixture.messages("t", "s") + ":reject",
              NodeFixture.JSON
                  .createObjectNode()
                  .put("reason", "poison")
                  .set("receipts", NodeFixture.JSON.valueToTree(receipts))
                  .toString());
      assertThat(answer.status()).isEqualTo(200);
      rejected += receipts.size();
    }
  }

  private static List<JsonNode> ackAll(NodeFixture node, String subscription, int count) {
    List<JsonNode> all = new ArrayList<>();
    while (all.size() < count) {
      List<JsonNode> pulled = node.pull("t", subscription, count - all.size(), "10s");
      assertThat(pulled).as("after " + all.size()).isNotEmpty();
      node.settle("t", subscription, "ack", pulled.stream().map(NodeFixture::receipt).toList());
      all.addAll(pulled);
    }
    return all;
  }

  private static List<String> bodies(List<JsonNode> messages) {
    return messages.stream().map(message -> message.get("bodyText").asText()).toList();
  }

  /** Redrives, and gives the operation when it is done. */
  private static JsonNode redrive(NodeFixture node, String body) {
    Answer answer = node.post(REDRIVE, body);
    assertThat(answer.status()).as(answer.toString()).isEqualTo(202);
    JsonNode operation = ended(node, "/v1/operations/" + answer.body().get("id").asText());
    assertThat(operation.get("state").asText()).as(operation.toString()).isEqualTo("done");
    return operation;
  }

  private static JsonNode ended(NodeFixture node, String path) {
    NodeFixture.await(() -> !node.get(path).body().get("endedAt").isNull());
    return node.get(path).body();
  }

  private static int deadLettersLeft(NodeFixture node) {
    return node.get("/v1/backlog?topic=t~s").body().at("/rows/0/backlog").asInt();
  }

  private static void awaitDead(NodeFixture node, int count) {
    NodeFixture.await(() -> deadLettersLeft(node) == count);
  }

  private static void awaitWaiting(NodeFixture node, int count) {
    NodeFixture.await(
        () ->
            node.get("/v1/backlog?topic=t&subscription=s").body().at("/rows/0/waiting").asInt()
                    == count
                && deadLettersLeft(node) == 10);
  }
}
