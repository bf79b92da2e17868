package io.tidewheel.cli.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs against a server that answers as the test wants. */
class LoadRunTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicInteger requests = new AtomicInteger();
  private final Set<String> bodies = ConcurrentHashMap.newKeySet();
  private HttpServer server;
  private volatile int status = 201;

  /** The number of the request that is answered only when {@link #stall} is complete. */
  private volatile int stallAt = -1;

  private final CompletableFuture<Void> stall = new CompletableFuture<>();

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::serve);
    server.start();
  }

  @AfterEach
  void stop() {
    stall.complete(null);
    server.stop(0);
    threads.shutdownNow();
  }

  private void serve(HttpExchange exchange) throws IOException {
    bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    if (requests.incrementAndGet() == stallAt) {
      stall.join();
    }
    // Without a body the answer is one packet: with two, each would wait for an acknowledgement.
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  @Test
  void sendsEachMessageOnce() throws InterruptedException {
    LoadRun run = run(plan(LoadPlan.Mode.PUBLISH, 0, 8, 1_000, true));
    assertThat(run.messages(Operation.PUBLISH)).isEqualTo(1_000);
    assertThat(run.requests(Operation.PUBLISH)).isEqualTo(1_000);
    assertThat(run.latencies(Operation.PUBLISH).getTotalCount()).isEqualTo(1_000);
    assertThat(run.failures()).isEmpty();
    assertThat(requests).hasValue(1_000);
    assertThat(bodies).allMatch(body -> body.length() == 128 && body.startsWith("\"twabcdefgh "));
  }

  /** A closed loop would see one slow request; those that were due meanwhile waited, too. */
  @Test
  void countsLatencyFromTheTimeARequestWasDue() throws InterruptedException {
    stallAt = 50;
    AtomicLong clock = new AtomicLong(1_000);
    LoadRun run = new LoadRun(plan(LoadPlan.Mode.PUBLISH, 200, 1, 200, false), clock::get);
    run.measureFrom(clock.get());
    run.start();
    for (int sent = 1; sent < stallAt; sent++) {
      awaitAnswers(run, sent);
      clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(5));
    }
    await(() -> requests.get() == stallAt);
    clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(500));
    stall.complete(null);
    // Number 50 and the hundred that became due meanwhile.
    for (int sent = stallAt + 100; sent < 200; sent++) {
      awaitAnswers(run, sent);
      clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(5));
    }
    await(run::isDone);
    run.sample();
    Histogram latencies = run.latencies(Operation.PUBLISH);
    assertThat(latencies.getTotalCount()).isEqualTo(200);
    // 500 ms, 495 ms and so on down to 250 ms.
    assertThat(latencies.getCountBetweenValues(250_000_000L, Meter.MAX_NANOS)).isEqualTo(51);
    assertThat(latencies.getCountBetweenValues(0, 4_000_000L)).isEqualTo(100);
  }

  /** What waits for a free connection when the time ends has waited, and is not forgotten. */
  @Test
  void countsWhatWasDueAndNotSent() throws InterruptedException {
    stallAt = 1;
    AtomicLong clock = new AtomicLong(1_000);
    LoadRun run = new LoadRun(plan(LoadPlan.Mode.PUBLISH, 1_000, 1, 1_000_000, false), clock::get);
    run.measureFrom(clock.get());
    run.start();
    await(() -> requests.get() == stallAt);
    run.endWindow(clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(300)));
    stall.complete(null);
    run.stop();
    assertThat(run.messages(Operation.PUBLISH)).isEqualTo(1);
    assertThat(run.unsent(Operation.PUBLISH)).isEqualTo(299);
    Histogram latencies = run.latencies(Operation.PUBLISH);
    assertThat(latencies.getTotalCount()).isEqualTo(300);
    assertThat(latencies.getValueAtPercentile(50)).isBetween(149_000_000L, 151_000_000L);
    assertThat(latencies.getMaxValue()).isBetween(299_000_000L, 301_000_000L);
  }

  @Test
  void countsNothingOfTheWarmUp() throws InterruptedException {
    LoadRun run = new LoadRun(plan(LoadPlan.Mode.PUBLISH, 0, 4, 300, false), System::nanoTime);
    run.start();
    await(() -> requests.get() >= 100);
    assertThat(run.messages(Operation.PUBLISH)).isZero();
    run.measureFrom(System.nanoTime());
    await(run::isDone);
    run.stop();
    assertThat(run.messages(Operation.PUBLISH)).isEqualTo(300);
    assertThat(run.latencies(Operation.PUBLISH).getTotalCount()).isEqualTo(300);
    assertThat(run.isWindowOver()).isTrue();
    assertThat(requests.get()).isGreaterThanOrEqualTo(400);
  }

  @Test
  void keepsTheRate() throws InterruptedException {
    long start = System.nanoTime();
    run(plan(LoadPlan.Mode.PUBLISH, 400, 4, 200, false));
    assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(490));
  }

  @Test
  void countsRefusalsByTheirStatus() throws InterruptedException {
    status = 429;
    LoadRun run = run(plan(LoadPlan.Mode.PUBLISH, 0, 4, 20, false));
    assertThat(run.failures()).containsExactly(java.util.Map.entry("publish: HTTP 429", 20L));
    assertThat(run.messages(Operation.PUBLISH)).isZero();
  }

  @Test
  void saysThatNobodyListens() throws InterruptedException {
    server.stop(0);
    LoadRun run = new LoadRun(plan(LoadPlan.Mode.PUBLISH, 0, 1, 1, false), System::nanoTime);
    run.start();
    run.stop();
    assertThat(run.fatal()).contains("cannot connect");
  }

  private static void awaitAnswers(LoadRun run, int count) {
    await(() -> run.messages(Operation.PUBLISH) == count);
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static LoadRun run(LoadRun run) throws InterruptedException {
    run.measureFrom(System.nanoTime());
    run.start();
    await(run::isDone);
    run.sample();
    return run;
  }

  private LoadRun run(LoadPlan plan) throws InterruptedException {
    return run(new LoadRun(plan, System::nanoTime));
  }

  private LoadPlan plan(
      LoadPlan.Mode mode, double rate, int connections, long messages, boolean hasIds) {
    return new LoadPlan(
        server.getAddress(),
        "127.0.0.1:" + server.getAddress().getPort(),
        mode,
        "abcdefgh",
        List.of("t"),
        List.of("s"),
        2,
        connections,
        0,
        rate,
        128,
        1,
        0,
        10,
        Duration.ofMillis(100),
        10,
        hasIds,
        0,
        Duration.ofMillis(100),
        messages,
        false,
        1);
  }
}
