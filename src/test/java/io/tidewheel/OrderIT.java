package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Order per key on the real store while handlers of every fifth key fail: a fifth of their calls is
 * nacked, some deliveries are lost with their worker until their lease of a second ends, and the
 * node is started again in the middle. With {@code -Dtidewheel.long=true} as many keys and messages
 * as the guarantee was measured with; the rates of both runs are printed.
 */
@Timeout(600)
@ParameterizedClass(name = "{0}")
@MethodSource("io.tidewheel.StoreUnderTest#bothIfLong")
final class OrderIT {
  private static final boolean IS_LONG = Boolean.getBoolean("tidewheel.long");
  private static final int KEYS = IS_LONG ? 1_000 : 100;
  private static final int MESSAGES_PER_KEY = IS_LONG ? 100 : 30;
  private static final int TOTAL = KEYS * MESSAGES_PER_KEY;
  private static final int WORKERS = 16;
  private static final long SEED = 4_711;
  private static final int MAX_FAILED_CALLS = 500;

  @Parameter private StoreUnderTest store;

  @TempDir private Path directory;

  private final KeyOrder order = new KeyOrder(KEYS, MESSAGES_PER_KEY);
  private final AtomicInteger confirmed = new AtomicInteger();
  private final AtomicBoolean isDrained = new AtomicBoolean();
  private final AtomicInteger failedCalls = new AtomicInteger();
  private final AtomicLong goodKeysDoneNanos = new AtomicLong();

  /** In turns, since the first run of a process is slower than those behind it. */
  static List<Boolean> runs() {
    return IS_LONG ? List.of(false, true, false, true, false, true) : List.of(true, false);
  }

  @ParameterizedTest(name = "failing: {0}")
  @MethodSource("runs")
  void keysKeepTheirOrder(boolean isFailing) throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
    try (NodeFixture node = store.start(directory)) {
      node.put("/v1/topics/t", "{\"queues\":4}");
      node.put("/v1/topics/t/subscriptions/s", "{\"maxAttempts\":1000}");
      publish(node);
      long start = System.nanoTime();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < WORKERS; i++) {
        SplittableRandom random = new SplittableRandom(SEED + i);
        running.add(workers.submit(() -> work(node, random, isFailing)));
      }
      NodeFixture.await(() -> confirmed.get() > TOTAL / 2);
      node.restart();
      for (Future<?> worker : running) {
        worker.get();
      }
      int good = KEYS * 4 / 5 * MESSAGES_PER_KEY;
      System.out.printf(
          "%s failures, seed %d: %,d messages of the keys that do not fail, %,.0f/s; "
              + "%d calls failed%n",
          isFailing ? "with" : "without",
          SEED,
          good,
          good / ((goodKeysDoneNanos.get() - start) / 1e9),
          failedCalls.get());
      assertThat(order.violations()).isEmpty();
      assertThat(order.unhandled()).isEmpty();
    } finally {
      workers.shutdownNow();
    }
  }

  private static void publish(NodeFixture node) {
    for (int number = 0; number < MESSAGES_PER_KEY; number++) {
      ObjectNode batch = NodeFixture.JSON.createObjectNode();
      ArrayNode messages = batch.putArray("messages");
      for (int key = 0; key < KEYS; key++) {
        messages.addObject().put("key", "k" + key).put("body", key + " " + number);
      }
      assertThat(node.post("/v1/topics/t/messages:batch", batch.toString()).status())
          .isEqualTo(200);
    }
  }

  private void work(NodeFixture node, SplittableRandom random, boolean isFailing) {
    while (!isDrained.get()) {
      try {
        List<JsonNode> pulled = node.pull("t", "s", 50, "100ms", "1s");
        handle(node, pulled, random, isFailing);
        if (pulled.isEmpty() && ackedCount(node) == TOTAL) {
          isDrained.set(true);
        }
      } catch (AssertionError e) {
        // While the node is started again; nothing else may fail for long.
        if (failedCalls.incrementAndGet() > MAX_FAILED_CALLS) {
          throw e;
        }
        NodeFixture.await(node::isReady);
      }
    }
  }

  /** Acks whose answer was lost with the old node count, which the workers do not know of. */
  private static long ackedCount(NodeFixture node) {
    long acked = 0;
    for (JsonNode queue : node.get("/v1/topics/t/reconciliation").body().get("queues")) {
      acked += queue.get("subscriptions").get(0).get("acked").asLong();
    }
    return acked;
  }

  private record Handled(int key, int number, String receipt) {}

  private void handle(
      NodeFixture node, List<JsonNode> pulled, SplittableRandom random, boolean isFailing) {
    List<Handled> done = new ArrayList<>();
    List<String> nacked = new ArrayList<>();
    Set<Integer> failed = new HashSet<>();
    for (JsonNode message : pulled) {
      String[] body = message.get("body").asText().split(" ", -1);
      int key = Integer.parseInt(body[0]);
      int number = Integer.parseInt(body[1]);
      if (failed.contains(key)) {
        // What is behind a failed message of its key is taken back with it.
        continue;
      }
      double dice = isFailing && key % 5 == 0 ? random.nextDouble() : 1;
      boolean isLost = dice < 0.01;
      boolean isNacked = !isLost && dice < 0.21;
      order.handled(key, number, !isLost && !isNacked);
      if (isLost || isNacked) {
        failed.add(key);
      }
      if (isNacked) {
        nacked.add(NodeFixture.receipt(message));
      } else if (!isLost) {
        done.add(new Handled(key, number, NodeFixture.receipt(message)));
      }
    }
    if (!done.isEmpty()) {
      confirm(done, node.settle("t", "s", "ack", done.stream().map(Handled::receipt).toList()));
    }
    if (!nacked.isEmpty()) {
      node.nack("t", "s", nacked, "50ms");
    }
  }

  private void confirm(List<Handled> done, List<String> statuses) {
    for (int i = 0; i < done.size(); i++) {
      Handled handled = done.get(i);
      if (statuses.get(i).equals("acked") && order.confirmed(handled.key, handled.number)) {
        if (handled.key % 5 != 0) {
          goodKeysDoneNanos.set(System.nanoTime());
        }
        confirmed.incrementAndGet();
      }
    }
  }
}
