package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Publishers in another process that send three times what a node stores, for a minute: how soon
 * they are refused, what memory that takes, what is lost, and how soon all is as before. Broker and
 * publishers have half of the processors each, as publishers are elsewhere, and the broker half of
 * the time on its own where that can be had, or two processors would not do for three times what it
 * stores. Takes minutes: {@code mvn verify -Dit.test=OverloadBenchmark}.
 */
@Timeout(240)
class OverloadBenchmark {
  private static final long ROOM_BYTES = 16 << 20;

  /** At least two. */
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private static final int HALF = PROCESSORS / 2;
  private static final String TOOK = "tidewheel_http_requests_seconds_";

  /** Of the time on its processors. */
  private static final double QUOTA = 0.5;

  private static @Nullable ProcessorQuota quota;

  @TempDir private Path directory;

  /** The broker, and all that it starts from here on, has half of the processors at most. */
  @BeforeAll
  static void takeLess() throws IOException, InterruptedException {
    affinity("0-" + (HALF - 1));
    quota = ProcessorQuota.of(QUOTA * HALF);
    System.out.printf(
        Locale.ROOT,
        "FIGURES overload, the broker has %.1f processors, the publishers %d%n",
        quota == null ? HALF : QUOTA * HALF,
        PROCESSORS - HALF);
  }

  @AfterAll
  static void giveBack() throws IOException, InterruptedException {
    if (quota != null) {
      quota.close();
    }
    affinity("0-" + (PROCESSORS - 1));
  }

  private static void affinity(String processors) throws IOException, InterruptedException {
    String self = String.valueOf(ProcessHandle.current().pid());
    Process taskset =
        new ProcessBuilder("taskset", "--all-tasks", "--cpu-list", "--pid", processors, self)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(taskset.waitFor()).as("taskset").isZero();
  }

  @ParameterizedTest
  @CsvSource({"messages, 131072, 60", "messages, 1048576, 10", "messages:batch, 1000000, 10"})
  void threeTimesTheCapacity(String what, int bytes, int seconds)
      throws IOException, InterruptedException {
    Map<String, Object> settings = Map.of("tidewheel.budgets.pending-publish", "16MiB");
    try (NodeFixture node = NodeFixture.start(directory.resolve("data"), settings)) {
      String path = "/v1/topics/big/" + what;
      node.put("/v1/topics/big", "{\"queues\":4,\"maxMessageBytes\":8388608}");
      assertThat(node.put("/v1/topics/big/subscriptions/s", "{}").status()).isEqualTo(201);
      AtomicLong mostHeap = new AtomicLong();
      AtomicLong mostDirect = new AtomicLong();
      Thread watch = new Thread(() -> watch(mostHeap, mostDirect));
      watch.start();
      List<String> said = run(node.port(), path, bytes, seconds);
      watch.interrupt();
      watch.join();
      String route = "{method=\"POST\",route=\"/v1/topics/{t}/" + what + "\",status=\"4xx\"";
      double refused = metric(node, "count" + route + "}");
      System.out.printf(
          Locale.ROOT,
          "FIGURES overload, in the broker: %.0f refused, from head to answer %.1f %% within 50 ms,"
              + " mean %.1f ms; heap at most %d MiB after a collection (of %d), direct buffers %d MiB%n",
          refused,
          100 * metric(node, "bucket" + route + ",le=\"0.05\"}") / refused,
          1_000 * metric(node, "sum" + route + "}") / refused,
          mostHeap.get() >> 20,
          Runtime.getRuntime().maxMemory() >> 20,
          mostDirect.get() >> 20);
      nothingIsLost(node, said);
    }
  }

  private static void nothingIsLost(NodeFixture node, List<String> said) throws IOException {
    long confirmed = 0;
    int looked = 0;
    for (String line : said) {
      if (line.startsWith("CONFIRMED ")) {
        confirmed = Long.parseLong(line.substring(10));
      } else if (line.startsWith("STORED ")) {
        JsonNode answer = NodeFixture.JSON.readTree(line.substring(7));
        JsonNode one = answer.has("results") ? answer.get("results").get(0) : answer;
        JsonNode found =
            node.get("/v1/topics/big/messages/" + one.get("queue") + "/" + one.get("offset"))
                .body();
        assertThat(found.get("id")).isEqualTo(one.get("id"));
        looked++;
      }
    }
    long backlog = node.get("/v1/topics/big/subscriptions/s").body().get("backlog").asLong();
    System.out.printf(
        "FIGURES overload: %d messages confirmed, %d stored, %d looked at and found%n",
        confirmed, backlog, looked);
    assertThat(backlog).isGreaterThanOrEqualTo(confirmed);
  }

  private static List<String> run(int port, String path, int bytes, int seconds)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                "taskset",
                "--cpu-list",
                HALF + "-" + (PROCESSORS - 1),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                OverloadPublishers.class.getName(),
                String.valueOf(port),
                path,
                String.valueOf(bytes),
                String.valueOf(seconds),
                String.valueOf(ROOM_BYTES))
            .redirectErrorStream(true)
            .start();
    if (quota != null) {
      quota.free(process.pid());
    }
    List<String> said = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);
        if (!line.startsWith("STORED ")) {
          System.out.println(line);
        }
      }
      assertThat(process.waitFor()).isZero();
    } finally {
      process.destroyForcibly();
    }
    return said;
  }

  private static void watch(AtomicLong mostHeap, AtomicLong mostDirect) {
    while (!Thread.currentThread().isInterrupted()) {
      long heap = 0;
      for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
        heap += pool.getCollectionUsage() == null ? 0 : pool.getCollectionUsage().getUsed();
      }
      mostHeap.accumulateAndGet(heap, Math::max);
      for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
        if (pool.getName().equals("direct")) {
          mostDirect.accumulateAndGet(pool.getMemoryUsed(), Math::max);
        }
      }
      LockSupport.parkNanos(100_000_000L);
    }
  }

  private static double metric(NodeFixture node, String series) {
    String name = TOOK + series;
    return node.text("/metrics")
        .lines()
        .filter(line -> line.startsWith(name + ' '))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }
}
