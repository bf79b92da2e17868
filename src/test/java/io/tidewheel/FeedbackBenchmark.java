package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The figures of {@code docs/feedback.md}: each situation with feedback and without, on a real
 * node. Takes minutes: {@code mvn verify -Dit.test=FeedbackBenchmark}. Prints one line for each.
 */
@Timeout(240)
class FeedbackBenchmark {
  private static final int WORKERS = 8;
  private static final double HEALTHY = 2_000;
  private static final String CALLS = "{\"database\":";
  private static final String OFF = "\"success\":{\"target\":0}";

  private final List<Double> flushes = new ArrayList<>();

  @TempDir private Path directory;

  private static void print(String format, Object... figures) {
    System.out.println("FIGURES " + String.format(Locale.ROOT, format, figures));
  }

  /** For {@link FeedbackPlots}. */
  private static void samples(String situation, boolean isOn, FeedbackCrowd crowd, double until) {
    System.out.printf("SAMPLES %s %s %s%n", situation, isOn ? "on" : "off", crowd.samples(until));
  }

  private NodeFixture start(Map<String, Object> settings) {
    return NodeFixture.start(directory.resolve("data"), settings);
  }

  private static void fill(NodeFixture node, String topic, int messages, String subscription) {
    assertThat(node.put("/v1/topics/" + topic, "{\"queues\":4}").status()).isEqualTo(201);
    assertThat(
            node.put("/v1/topics/" + topic + "/subscriptions/s", "{" + subscription + "}").status())
        .isEqualTo(201);
    ArrayNode batch = NodeFixture.JSON.createArrayNode();
    for (int i = 0; i < 1_000; i++) {
      batch.addObject().put("body", i);
    }
    String body = NodeFixture.JSON.createObjectNode().set("messages", batch).toString();
    for (int sent = 0; sent < messages; sent += 1_000) {
      assertThat(node.post("/v1/topics/" + topic + "/messages:batch", body).status())
          .isEqualTo(200);
    }
  }

  private static FeedbackCrowd crowd(NodeFixture node, String topic, BooleanSupplier backend) {
    FeedbackCrowd crowd = new FeedbackCrowd(() -> node, topic, "s", 20, null);
    for (int i = 0; i < WORKERS; i++) {
      crowd.with("w" + i, (long) (WORKERS / HEALTHY * 1e9), backend);
    }
    return crowd;
  }

  /** A backend that takes so many calls a second, and fails the others. */
  static BooleanSupplier capacity(double perSecond) {
    AtomicLong nextNanos = new AtomicLong(System.nanoTime());
    long step = (long) (1e9 / perSecond);
    return () -> {
      while (true) {
        long now = System.nanoTime();
        long next = nextNanos.get();
        long from = Math.max(next, now - 50_000_000L);
        if (from > now) {
          return false;
        }
        if (nextNanos.compareAndSet(next, from + step)) {
          return true;
        }
      }
    };
  }

  private static final class Backend implements BooleanSupplier {
    private volatile BooleanSupplier now = () -> true;

    @Override
    public boolean getAsBoolean() {
      return now.getAsBoolean();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void backendIsDown(boolean isOn) {
    try (NodeFixture node = start(Map.of())) {
      fill(node, "down", 120_000, isOn ? "" : OFF);
      Backend backend = new Backend();
      try (FeedbackCrowd crowd = crowd(node, "down", backend)) {
        crowd.until(8);
        backend.now = () -> false;
        crowd.until(38);
        backend.now = () -> true;
        crowd.until(48);
        double back = 0;
        while (back < 9 && crowd.good(38 + back, 39 + back) < 0.95 * crowd.good(4, 8)) {
          back += 0.1;
        }
        print(
            "backend down, feedback %s: healthy %.0f/s; calls from 5 s on %.1f/s; at 95 %% again"
                + " %.1f s after it is back; dead letters %d",
            isOn ? "on" : "off",
            crowd.good(4, 8),
            crowd.calls(13, 38),
            back,
            deadLetters(node, "down"));
        samples("down", isOn, crowd, 48);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void backendHasAHiddenCapacity(boolean isOn) {
    try (NodeFixture node = start(Map.of())) {
      fill(node, "hidden", 60_000, isOn ? "" : OFF);
      try (FeedbackCrowd crowd = crowd(node, "hidden", capacity(500))) {
        crowd.until(35);
        print(
            "hidden capacity of 500/s, feedback %s: succeeded %.0f/s, wasted %.1f %%, seconds from"
                + " %.0f to %.0f calls (from 15 s on)",
            isOn ? "on" : "off",
            crowd.good(15, 35),
            100 * crowd.wasted(15, 35),
            crowd.leastCalls(15, 35),
            crowd.mostCalls(15, 35));
        samples("hidden", isOn, crowd, 35);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void backendDegrades(boolean isOn) {
    try (NodeFixture node = start(Map.of())) {
      fill(node, "degraded", 100_000, isOn ? "" : OFF);
      Backend backend = new Backend();
      try (FeedbackCrowd crowd = crowd(node, "degraded", backend)) {
        crowd.until(6);
        SplittableRandom random = new SplittableRandom(7);
        backend.now =
            () -> {
              synchronized (random) {
                return random.nextDouble() < 0.3;
              }
            };
        crowd.until(31);
        backend.now = () -> true;
        crowd.until(40);
        double healthy = crowd.good(3, 6);
        print(
            "30 %% of calls succeed, feedback %s: succeeded %.0f/s of %.0f/s (from its start on),"
                + " seconds from %.0f to %.0f calls from 10 s on; then %.0f/s of %.0f/s",
            isOn ? "on" : "off",
            crowd.good(6, 31),
            0.3 * healthy,
            crowd.leastCalls(16, 31),
            crowd.mostCalls(16, 31),
            crowd.good(36, 40),
            healthy);
        samples("degraded", isOn, crowd, 40);
      }
    }
  }

  /**
   * Nine workers take 20 ms, one fails after 1 ms. Off: they do not say their names, and cannot be
   * told apart.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWorkerFailsAtOnce(boolean isOn) {
    try (NodeFixture node = start(Map.of())) {
      fill(node, "sick", 30_000, "");
      try (FeedbackCrowd crowd = new FeedbackCrowd(() -> node, "sick", "s", 5, null)) {
        for (int i = 0; i < 9; i++) {
          crowd.with(isOn ? "well-" + i : null, 20_000_000L, () -> true);
        }
        crowd.with(isOn ? "broken" : null, 1_000_000L, () -> false);
        crowd.until(20);
        print(
            "one of ten workers fails in 1 ms, feedback %s: it gets %.1f %% in the first 3 s, %.2f"
                + " %% from then to 20 s; %.0f/s succeed (450 at most); dead letters %d",
            isOn ? "on" : "off",
            100 * crowd.wasted(0, 3),
            100 * crowd.wasted(3, 20),
            crowd.good(3, 20),
            deadLetters(node, "sick"));
      }
    }
  }

  /** Off: the subscription does not name its backend. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void backendAsksForLess(boolean isOn) {
    try (NodeFixture node = start(Map.of())) {
      fill(node, "slow", 70_000, isOn ? "\"backends\":[\"ledger\"]" : "");
      try (FeedbackCrowd crowd = crowd(node, "slow", () -> true)) {
        crowd.until(5);
        node.post("/v1/feedback/ledger", "{\"signal\":\"slow\",\"rate\":200,\"ttl\":\"20s\"}");
        double at = crowd.now();
        crowd.until(at + 30);
        print(
            "slow 200/s for 20 s, feedback %s: %.1f/s over 10 s, %.1f/s over the next 8 s, highest"
                + " second %.0f; %.0f/s from 5 s after",
            isOn ? "on" : "off",
            crowd.calls(at + 1, at + 11),
            crowd.calls(at + 11, at + 19),
            crowd.mostCalls(at + 1, at + 19.5),
            crowd.calls(at + 25, at + 29));
        samples("slow", isOn, crowd, 35);
      }
    }
  }

  /** Off: the backend has no budget. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void subscriptionsShareABudget(boolean isOn) {
    try (NodeFixture node = start(Map.of())) {
      if (isOn) {
        assertThat(node.put("/v1/backends/database", "{\"budget\":1000}").status()).isEqualTo(200);
      }
      fill(node, "cheap", 30_000, "\"backends\":[\"database\"]");
      fill(node, "dear", 30_000, "\"backends\":[\"database\"]");
      try (FeedbackCrowd cheap = new FeedbackCrowd(() -> node, "cheap", "s", 10, CALLS + "1}");
          FeedbackCrowd dear = new FeedbackCrowd(() -> node, "dear", "s", 10, CALLS + "4}")) {
        for (int i = 0; i < 4; i++) {
          cheap.with("c" + i, 4_000_000L, () -> true);
          dear.with("d" + i, 4_000_000L, () -> true);
        }
        cheap.until(18);
        print(
            "budget of 1,000 calls/s, cost 1 and 4, feedback %s: %.1f/s of the one, %.1f/s of the"
                + " other, %.1f/s together over 10 s",
            isOn ? "on" : "off",
            cheap.calls(6, 16),
            4 * dear.calls(6, 16),
            cheap.calls(6, 16) + 4 * dear.calls(6, 16));
      }
    }
  }

  /** The second pair counts: in the first one the JVM compiles, which takes processors too. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false, true, false})
  void othersUseTheProcessors(boolean isOn) throws IOException {
    Map<String, Object> settings = Map.of("tidewheel.feedback.cpu-high-mark", isOn ? 0.8 : 100.0);
    List<Process> spinning = new ArrayList<>();
    try (NodeFixture node = start(settings)) {
      fill(node, "busy", 200_000, "");
      BooleanSupplier handler =
          () -> {
            long end = System.nanoTime() + 100_000;
            while (System.nanoTime() < end) {
              Thread.onSpinWait();
            }
            return true;
          };
      FeedbackCrowd crowd = new FeedbackCrowd(() -> node, "busy", "s", 50, null);
      assertThat(node.put("/v1/topics/fast", "{}").status()).isEqualTo(201);
      for (int i = 0; i < 6; i++) {
        crowd.with("w" + i, 200_000L, handler);
      }
      try (crowd) {
        List<Double> before = publishUntil(node, crowd, 8);
        for (int i = 0; i < 2; i++) {
          spinning.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
        }
        flushes.clear();
        publishUntil(node, crowd, 11);
        List<Double> during = publishUntil(node, crowd, 26);
        double flush = p99(flushes);
        spinning.forEach(Process::destroyForcibly);
        List<Double> after = publishUntil(node, crowd, 36);
        print(
            "processors, feedback %s: publish p99 %.1f ms before, %.1f ms while two processes spin,"
                + " %.1f ms after; given out %.0f/s before, %.0f/s in the second 2 s later, %.0f/s"
                + " on, %.0f/s from 5 s after; a write of the disk beside it p99 %.1f ms meanwhile",
            isOn ? "on" : "off",
            p99(before),
            p99(during),
            p99(after),
            crowd.calls(3, 8),
            crowd.calls(10, 11),
            crowd.calls(11, 26),
            crowd.calls(31, 36),
            flush);
        samples("processors", isOn, crowd, 36);
      }
    } finally {
      spinning.forEach(Process::destroyForcibly);
    }
  }

  /** What publishing takes beside two such processes when nothing is given out at all. */
  @Test
  void othersUseTheProcessorsAndNobodyWorks() throws IOException {
    List<Process> spinning = new ArrayList<>();
    try (NodeFixture node = start(Map.of())) {
      fill(node, "busy", 200_000, "");
      assertThat(node.put("/v1/topics/fast", "{}").status()).isEqualTo(201);
      try (FeedbackCrowd nobody = new FeedbackCrowd(() -> node, "busy", "s", 50, null)) {
        List<Double> before = publishUntil(node, nobody, 8);
        for (int i = 0; i < 2; i++) {
          spinning.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
        }
        publishUntil(node, nobody, 11);
        flushes.clear();
        List<Double> during = publishUntil(node, nobody, 26);
        print(
            "processors, nothing given out: publish p99 %.1f ms before, %.1f ms while two processes"
                + " spin; a write of the disk beside it p99 %.1f ms meanwhile",
            p99(before), p99(during), p99(flushes));
      }
    } finally {
      spinning.forEach(Process::destroyForcibly);
    }
  }

  private List<Double> publishUntil(NodeFixture node, FeedbackCrowd crowd, double seconds)
      throws IOException {
    List<Double> millis = new ArrayList<>();
    while (crowd.now() < seconds) {
      flushes.add(flush());
      long began = System.nanoTime();
      assertThat(node.publish("fast", "x", Map.of()).status()).isEqualTo(201);
      millis.add((System.nanoTime() - began) / 1e6);
      LockSupport.parkNanos(10_000_000L);
    }
    return millis;
  }

  /** A small write that is forced to the disk, in milliseconds: no publish is quicker. */
  private double flush() throws IOException {
    long began = System.nanoTime();
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("flushed"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[1_000]));
      file.force(false);
    }
    return (System.nanoTime() - began) / 1e6;
  }

  private static double p99(List<Double> values) {
    Collections.sort(values);
    return values.get((int) (values.size() * 0.99));
  }

  private static long deadLetters(NodeFixture node, String topic) {
    return node.get("/v1/topics/" + topic + "/subscriptions/s").body().get("deadLetters").asLong();
  }
}
