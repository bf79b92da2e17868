package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Publish, store, pull, ack: the main job over HTTP on the embedded store. */
@Timeout(120)
@ParameterizedClass(name = "{0}")
@EnumSource(StoreUnderTest.class)
final class MainJobIT {
  private static final int WORKERS = 4;

  @Parameter private StoreUnderTest store;

  @TempDir private Path directory;

  @Test
  void deliversEveryLineOnceToEachSubscriptionWithItsBytesUnchanged() throws Exception {
    int lines = 10_000;
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/logs", "{\"queues\":3}");
      node.put("/v1/topics/logs/subscriptions/a", "{}");
      node.put("/v1/topics/logs/subscriptions/b", "{\"start\":\"earliest\"}");
      Map<Integer, String> sent = publishLines(node, lines);
      for (String subscription : List.of("a", "b")) {
        Map<Integer, List<String>> received = drain(node, subscription, lines);
        assertThat(received).hasSize(lines);
        received.forEach(
            (number, payloads) -> assertThat(payloads).containsExactly(sent.get(number)));
      }
      JsonNode status = node.get("/v1/topics/logs").body();
      assertThat(status.get("backlog").asLong()).isZero();
    }
  }

  @Test
  void keepsWhatIsOpenAndWhatIsAckedOverARestart() {
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/orders/subscriptions/s", "{}");
      node.put("/v1/topics/orders", "{}");
      node.put("/v1/topics/orders/subscriptions/s", "{}");
      for (int i = 0; i < 10; i++) {
        assertThat(node.publish("orders", "m" + i, Map.of()).status()).isEqualTo(201);
      }
      List<JsonNode> first = node.pull("orders", "s", 4, "5s");
      assertThat(first).hasSize(4);
      assertThat(
              node.settle("orders", "s", "ack", first.stream().map(NodeFixture::receipt).toList()))
          .containsOnly("acked");
      node.restart();
      List<JsonNode> rest = node.pull("orders", "s", 100, "5s");
      assertThat(rest)
          .extracting(message -> message.get("bodyText").asText())
          .containsExactly("m4", "m5", "m6", "m7", "m8", "m9");
      assertThat(
              node.settle("orders", "s", "ack", first.stream().map(NodeFixture::receipt).toList()))
          .as("an ack repeated after the restart")
          .containsOnly("acked");
    }
  }

  private static Map<Integer, String> publishLines(NodeFixture node, int lines) throws Exception {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(17);
    Map<Integer, String> sent = new ConcurrentHashMap<>();
    List<String> batches = new ArrayList<>();
    for (int first = 0; first < lines; first += 500) {
      ObjectNode batch = NodeFixture.JSON.createObjectNode();
      ArrayNode messages = batch.putArray("messages");
      for (int i = first; i < first + 500; i++) {
        byte[] noise = new byte[random.nextInt(400)];
        random.nextBytes(noise);
        String payload = i + " " + new String(noise, StandardCharsets.ISO_8859_1);
        sent.put(i, payload);
        messages
            .addObject()
            .put("key", "client-" + random.nextInt(500))
            .put(
                "bodyBase64",
                Base64.getEncoder().encodeToString(payload.getBytes(StandardCharsets.ISO_8859_1)));
      }
      batches.add(batch.toString());
    }
    inParallel(
        batches.size(),
        index -> {
          NodeFixture.Answer answer =
              node.post("/v1/topics/logs/messages:batch", batches.get(index));
          assertThat(answer.status()).isEqualTo(200);
        });
    return sent;
  }

  private static Map<Integer, List<String>> drain(NodeFixture node, String subscription, int lines)
      throws Exception {
    Map<Integer, List<String>> received = new ConcurrentHashMap<>();
    AtomicInteger count = new AtomicInteger();
    inParallel(
        WORKERS,
        worker -> {
          int emptyPulls = 0;
          while (count.get() < lines && emptyPulls < 20) {
            List<JsonNode> pulled = node.pull("logs", subscription, 100, "500ms");
            emptyPulls = pulled.isEmpty() ? emptyPulls + 1 : 0;
            for (JsonNode message : pulled) {
              String payload = payload(message);
              int number = Integer.parseInt(payload.substring(0, payload.indexOf(' ')));
              received.computeIfAbsent(number, absent -> new ArrayList<>()).add(payload);
            }
            count.addAndGet(pulled.size());
            if (!pulled.isEmpty()) {
              assertThat(
                      node.settle(
                          "logs",
                          subscription,
                          "ack",
                          pulled.stream().map(NodeFixture::receipt).toList()))
                  .containsOnly("acked");
            }
          }
        });
    assertThat(node.pull("logs", subscription, 100, "0s")).isEmpty();
    return received;
  }

  private static String payload(JsonNode message) {
    return message.has("bodyText")
        ? new String(
            message.get("bodyText").asText().getBytes(StandardCharsets.UTF_8),
            StandardCharsets.ISO_8859_1)
        : new String(
            Base64.getDecoder().decode(message.get("bodyBase64").asText()),
            StandardCharsets.ISO_8859_1);
  }

  /** One task of several. */
  private interface Task {
    void run(int index) throws Exception;
  }

  private static void inParallel(int tasks, Task task) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(tasks, 8));
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < tasks; i++) {
        int index = i;
        running.add(
            threads.submit(
                () -> {
                  task.run(index);
                  return null;
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
