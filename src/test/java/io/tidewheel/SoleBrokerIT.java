package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two brokers that nobody told of each other, with the same keyspace, as when a new one is started
 * before the old one has stopped: both would write, and acknowledged messages would be lost.
 */
@Timeout(120)
class SoleBrokerIT {
  /** Longer than the right lasts that has to be renewed. */
  private static final long LONG_NANOS = 8_000_000_000L;

  @Test
  void theSecondOneWaitsUntilTheFirstHasStopped(@TempDir Path temp) throws Exception {
    Map<String, Object> settings =
        new HashMap<>(RealCassandra.get().settings(RealCassandra.newKeyspace()));
    settings.put("tidewheel.cluster.port", 0);
    NodeFixture first = NodeFixture.start(temp.resolve("first"), settings);
    assertThat(first.put("/v1/topics/orders", "{}").status()).isEqualTo(201);
    assertThat(first.put("/v1/topics/orders/subscriptions/s", "{}").status()).isEqualTo(201);

    int port = FreePorts.some(1).get(0);
    settings.put("tidewheel.http.port", port);
    CompletableFuture<NodeFixture> starting =
        CompletableFuture.supplyAsync(() -> NodeFixture.start(temp.resolve("second"), settings));
    NodeFixture.await(
        () -> ready(port).contains("waits for the broker that uses the same keyspace"));
    AtomicInteger published = new AtomicInteger();
    long until = System.nanoTime() + LONG_NANOS;
    NodeFixture.await(
        () -> {
          assertThat(first.publish("orders", "m" + published, Map.of()).status()).isEqualTo(201);
          published.incrementAndGet();
          return System.nanoTime() - until > 0;
        });
    assertThat(starting).isNotDone();
    first.stop();
    try (NodeFixture second = starting.join()) {
      List<String> receipts = second.receipts("orders", "s", published.get());
      assertThat(receipts).hasSize(published.get());
      assertThat(second.settle("orders", "s", "ack", receipts)).containsOnly("acked");
    }
  }

  private static String ready(int port) {
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health/ready"))
                  .timeout(Duration.ofSeconds(5))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
