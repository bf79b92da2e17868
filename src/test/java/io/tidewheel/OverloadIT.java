package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Publishers that want to store more than the node may have in memory. */
class OverloadIT {
  private static final int PAYLOAD_BYTES = 512 << 10;

  /** Together three times what may be in memory. */
  private static final int OPEN_PUBLISHES = 96;

  private static final Duration PRESSURE = Duration.ofSeconds(3);
  private static final String TOOK = "tidewheel_http_requests_seconds_";
  private static final String REFUSED =
      "{method=\"POST\",route=\"/v1/topics/{t}/messages\",status=\"4xx\"";

  @TempDir private Path directory;

  /** An answer; {@code offset} is negative without one. */
  private record Answered(int status, long millis, int queue, long offset) {}

  @Test
  void refusesSoonWhatItHasNoRoomForAndKeepsWhatItConfirmed() {
    Map<String, Object> settings = Map.of("tidewheel.budgets.pending-publish", "16MiB");
    try (NodeFixture node = NodeFixture.start(directory, settings)) {
      assertThat(node.put("/v1/topics/big", "{\"queues\":4}").status()).isEqualTo(201);
      assertThat(node.put("/v1/topics/big/subscriptions/s", "{}").status()).isEqualTo(201);
      List<Answered> answers = press(node);
      List<Answered> stored = answers.stream().filter(each -> each.status == 201).toList();
      List<Long> refusals =
          answers.stream()
              .filter(each -> each.status == 429)
              .map(Answered::millis)
              .sorted()
              .toList();
      assertThat(refusals).isNotEmpty();
      long median = refusals.get(refusals.size() / 2);
      System.out.printf(
          Locale.ROOT,
          "FIGURES overload: %d stored, %d refused, within 50 ms %.1f %% as the broker sees it,"
              + " %.1f %% as publishers do, half of them within %d ms%n",
          stored.size(),
          refusals.size(),
          100 * metric(node, "bucket", ",le=\"0.05\"}") / metric(node, "count", "}"),
          100.0 * refusals.stream().filter(each -> each <= 50).count() / refusals.size(),
          median);
      assertThat(metric(node, "count", "}")).isEqualTo(refusals.size());
      assertThat(answers).extracting(Answered::status).containsOnly(201, 429);
      assertThat(stored).isNotEmpty();
      assertThat(stored.size()).isLessThan(answers.size());
      // The bar is 50 ms; here the publishers take the processors, and each other's turns.
      assertThat(median).isLessThan(1_000);

      long back = System.nanoTime();
      NodeFixture.await(() -> node.publish("big", "after", Map.of()).status() == 201);
      assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofSeconds(5));
      JsonNode subscription = node.get("/v1/topics/big/subscriptions/s").body();
      assertThat(subscription.get("backlog").asLong()).isEqualTo(stored.size() + 1);
      for (int i = 0; i < stored.size(); i += 25) {
        Answered one = stored.get(i);
        assertThat(node.get("/v1/topics/big/messages/" + one.queue + "/" + one.offset).status())
            .isEqualTo(200);
      }
    }
  }

  /** Of refusals, from the head of the request to the answer: it waits for the body to end. */
  private static double metric(NodeFixture node, String what, String end) {
    String series = TOOK + what + REFUSED + end;
    return node.text("/metrics")
        .lines()
        .filter(line -> line.startsWith(series + ' '))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .sum();
  }

  private static List<Answered> press(NodeFixture node) {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + node.port() + "/v1/topics/big/messages"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[PAYLOAD_BYTES]))
            .timeout(Duration.ofSeconds(60))
            .build();
    Semaphore room = new Semaphore(OPEN_PUBLISHES);
    ConcurrentLinkedQueue<Answered> answers = new ConcurrentLinkedQueue<>();
    long until = System.nanoTime() + PRESSURE.toNanos();
    while (System.nanoTime() < until) {
      room.acquireUninterruptibly();
      long began = System.nanoTime();
      CompletableFuture<?> unused =
          client
              .sendAsync(request, HttpResponse.BodyHandlers.ofString())
              .whenComplete(
                  (response, failure) -> {
                    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
                    answers.add(answered(response, millis));
                    room.release();
                  });
    }
    room.acquireUninterruptibly(OPEN_PUBLISHES);
    return new ArrayList<>(answers);
  }

  private static Answered answered(HttpResponse<String> response, long millis) {
    if (response == null) {
      return new Answered(0, millis, -1, -1);
    }
    if (response.statusCode() != 201) {
      return new Answered(response.statusCode(), millis, -1, -1);
    }
    try {
      JsonNode body = NodeFixture.JSON.readTree(response.body());
      return new Answered(201, millis, body.get("queue").asInt(), body.get("offset").asLong());
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      return new Answered(-1, millis, -1, -1);
    }
  }
}
