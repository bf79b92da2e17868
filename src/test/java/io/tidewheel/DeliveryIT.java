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
import org.junit.jupiter.params.provider.EnumSource;

/** What loses or doubles messages in designs like this one, seen from outside. */
@Timeout(120)
@ParameterizedClass(name = "{0}")
@EnumSource(StoreUnderTest.class)
final class DeliveryIT {
  @Parameter private StoreUnderTest store;

  @TempDir private Path directory;

  /** Guards the uid in receipts, persistence ids and the view: nothing of a topic outlives it. */
  @Test
  void aTopicMadeAgainHasNothingOfTheOldOne() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/s", "{}");
      node.publish("t", "old 1", Map.of());
      node.publish("t", "old 2", Map.of());
      JsonNode old = node.pull("t", "s", 1, "5s").get(0);

      assertThat(node.delete("/v1/topics/t?force=true").status()).isIn(202, 204);
      assertThat(node.put("/v1/topics/t", "{}").status()).isEqualTo(201);
      node.put("/v1/topics/t/subscriptions/s", "{}");
      node.publish("t", "new 1", Map.of());

      assertThat(node.settle("t", "s", "ack", List.of(NodeFixture.receipt(old))))
          .containsExactly("invalid");
      List<JsonNode> pulled = node.pull("t", "s", 10, "5s");
      assertThat(pulled)
          .extracting(message -> message.get("bodyText").asText())
          .containsExactly("new 1");
      node.restart();
      assertThat(node.get("/v1/topics/t").body().get("queues").get(0).get("nextOffset").asLong())
          .isEqualTo(1);
    }
  }

  /**
   * Guards the tombstone in the queue's log: of the publishes in flight while a topic is deleted
   * and made again, those confirmed after it was made again are delivered.
   */
  @Test
  void aPublishThatRacesADeletionIsRefusedOrDelivered() {
    try (NodeFixture node = store.start(directory)) {
      for (int round = 0; round < 5; round++) {
        node.put("/v1/topics/t", "{}");
        node.put("/v1/topics/t/subscriptions/s", "{}");
        CompletableFuture<List<Integer>> statuses =
            CompletableFuture.supplyAsync(
                () -> {
                  java.util.ArrayList<Integer> all = new java.util.ArrayList<>();
                  for (int i = 0; i < 40; i++) {
                    all.add(node.publish("t", "racing " + i, Map.of()).status());
                  }
                  return all;
                });
        node.delete("/v1/topics/t?force=true");
        statuses.join();
        node.put("/v1/topics/t", "{}");
        node.put("/v1/topics/t/subscriptions/s", "{\"start\":\"earliest\"}");
        JsonNode before = node.get("/v1/topics/t").body();
        long stored = before.get("queues").get(0).get("nextOffset").asLong();
        assertThat(node.publish("t", "after", Map.of()).status()).isEqualTo(201);
        List<JsonNode> pulled = node.pull("t", "s", 100, "5s");
        assertThat(pulled).hasSize((int) stored + 1);
        assertThat(pulled.get(pulled.size() - 1).get("bodyText").asText()).isEqualTo("after");
        node.delete("/v1/topics/t?force=true");
      }
    }
  }

  /** Guards that opening is stored in the queue's own log before it is confirmed. */
  @Test
  void aLatestSubscriptionMadeWhileItsQueueSleepsStartsWhenItWasConfirmed() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{\"queues\":4}");
      node.put("/v1/topics/t/subscriptions/first", "{}");
      for (int i = 0; i < 20; i++) {
        node.publish("t", "before " + i, Map.of());
      }
      node.restart();
      assertThat(node.put("/v1/topics/t/subscriptions/late", "{\"start\":\"latest\"}").status())
          .isEqualTo(201);
      for (int i = 0; i < 20; i++) {
        node.publish("t", "after " + i, Map.of());
      }
      node.restart();
      java.util.Set<String> seen = new java.util.TreeSet<>();
      for (int pulls = 0; pulls < 20 && seen.size() < 20; pulls++) {
        node.pull("t", "late", 100, "1s")
            .forEach(message -> seen.add(message.get("bodyText").asText()));
      }
      assertThat(seen).hasSize(20).allMatch(text -> text.startsWith("after"));
    }
  }

  /** Guards the rules of receipts: newest delivery, stale delivery, repeated ack. */
  @Test
  void receiptsCountForTheNewestDeliveryOnly() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put(
          "/v1/topics/t/subscriptions/s",
          "{\"lease\":\"10m\",\"backoff\":{\"min\":\"10ms\",\"max\":\"10ms\",\"factor\":1,\"jitter\":0}}");
      node.publish("t", "m", Map.of());
      // Only the first lease is short: the second one has to last on any machine.
      NodeFixture.Answer pulled =
          node.post(
              NodeFixture.messages("t", "s") + ":pull",
              "{\"max\":1,\"wait\":\"10s\",\"lease\":\"1s\"}");
      String first = NodeFixture.receipt(pulled.body().get("messages").get(0));
      JsonNode again = node.pull("t", "s", 1, "30s").get(0);
      assertThat(again.get("attempt").asInt()).isEqualTo(2);
      assertThat(node.settle("t", "s", "ack", List.of(first))).containsExactly("expired");
      String second = NodeFixture.receipt(again);
      assertThat(node.settle("t", "s", "ack", List.of(second, second)))
          .containsExactly("acked", "acked");
      assertThat(node.settle("t", "s", "ack", List.of(second))).containsExactly("acked");
      assertThat(node.settle("t", "s", "nack", List.of(second))).containsExactly("expired");
      assertThat(node.settle("t", "s", "ack", List.of("AAAA" + second.substring(4))))
          .containsExactly("invalid");
      assertThat(node.pull("t", "s", 1, "0s")).isEmpty();
      for (int i = 0; i < 3; i++) {
        node.publish("t", "of a key", Map.of("Tidewheel-Key", "k"));
      }
      List<String> ofAKey =
          node.pull("t", "s", 3, "10s", "10m").stream().map(NodeFixture::receipt).toList();
      assertThat(node.nack("t", "s", ofAKey, "10ms"))
          .as("the first one takes back what is behind it")
          .containsExactly("nacked", "expired", "expired");
      assertThat(node.pull("t", "s", 1, "10s").get(0).get("attempt").asInt()).isEqualTo(2);
    }
  }

  /** Guards the way of a dead letter: kept, pinned, with its reason, also over a restart. */
  @Test
  void aRejectedMessageIsADeadLetterWithItsReason() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{}");
      node.put("/v1/topics/t/subscriptions/s", "{}");
      node.publish("t", "poison", Map.of("Tidewheel-Key", "k"));
      String receipt = NodeFixture.receipt(node.pull("t", "s", 1, "5s").get(0));
      NodeFixture.Answer rejected =
          node.post(
              NodeFixture.messages("t", "s") + ":reject",
              "{\"receipts\":[\"" + receipt + "\"],\"reason\":\"no such customer\"}");
      assertThat(rejected.body().get("results").get(0).get("status").asText())
          .isEqualTo("rejected");
      assertThat(
              node.putUntilThere("/v1/topics/t~s/subscriptions/reader", "{\"start\":\"earliest\"}"))
          .isEqualTo(201);
      List<JsonNode> dead = node.pull("t~s", "reader", 10, "20s");
      assertThat(dead).hasSize(1);
      assertThat(dead.get(0).get("bodyText").asText()).isEqualTo("poison");
      assertThat(dead.get(0).get("headers").get("tidewheel-dead-reason").asText())
          .contains("no such customer");
      node.restart();
      assertThat(node.pull("t", "s", 1, "0s")).isEmpty();
    }
  }
}
