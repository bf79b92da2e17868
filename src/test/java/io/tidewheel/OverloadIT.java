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
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Publishers that want to store three times what the node can. With {@code -Dtidewheel.long=true}
 * for a minute.
 */
class OverloadIT {
  private static final int PAYLOAD_BYTES = Integer.getInteger("kib", 64) << 10;
  private static final int CALM_PUBLISHES = 64;
  private static final double OVERLOAD = 3;

  /** Requests without an answer, beyond which the publishers wait as well. */
  private static final int OPEN_PUBLISHES = 600;

  private static final Duration CALM = Duration.ofSeconds(2);
  private static final int WARM_ROUNDS = 2;
  private static final Duration PRESSURE =
      Duration.ofSeconds(Boolean.getBoolean("tidewheel.long") ? 60 : 4);
  private static final String TOOK = "tidewheel_http_requests_seconds_";
  private static final String REFUSED =
      "{method=\"POST\",route=\"/v1/topics/{t}/messages\",status=\"4xx\"";

  @TempDir private Path directory;

  /** An answer; {@code offset} is negative without one. */
  private record Answered(int status, double millis, int queue, long offset) {}

  @Test
  @Timeout(150)
  void refusesSoonWhatItHasNoRoomForAndKeepsWhatItConfirmed() {
    Map<String, Object> settings = Map.of("tidewheel.budgets.pending-publish", "16MiB");
    try (NodeFixture node = NodeFixture.start(directory, settings)) {
      assertThat(node.put("/v1/topics/big", "{\"queues\":4}").status()).isEqualTo(201);
      assertThat(node.put("/v1/topics/big/subscriptions/s", "{}").status()).isEqualTo(201);
      List<Answered> answers = new ArrayList<>();
      double capacity = 0;
      for (int round = 0; round <= WARM_ROUNDS; round++) {
        List<Answered> calm = press(node, Double.MAX_VALUE, CALM_PUBLISHES, CALM);
        assertThat(calm).extracting(Answered::status).containsOnly(201);
        capacity = calm.size() / (CALM.toMillis() / 1e3);
        answers.addAll(calm);
      }
      List<Answered> pressed = press(node, OVERLOAD * capacity, OPEN_PUBLISHES, PRESSURE);
      answers.addAll(pressed);
      List<Answered> stored = answers.stream().filter(each -> each.status == 201).toList();
      List<Double> refusals =
          pressed.stream()
              .filter(each -> each.status == 429)
              .map(Answered::millis)
              .sorted()
              .toList();
      assertThat(refusals).isNotEmpty();
      double soonThere =
          metric(node, TOOK + "bucket" + REFUSED + ",le=\"0.05\"}")
              / metric(node, TOOK + "count" + REFUSED + "}");
      System.out.printf(
          Locale.ROOT,
          "FIGURES overload: %.0f/s stored before; %d offered in %d s, %.0f/s stored, %d refused:"
              + " within 50 ms %.1f %% as the broker sees it and %.1f %% as publishers do, who saw"
              + " %.0f ms in the median and %.0f ms in 99 of 100%n",
          capacity,
          pressed.size(),
          PRESSURE.toSeconds(),
          (double) (pressed.size() - refusals.size()) / PRESSURE.toSeconds(),
          refusals.size(),
          100 * soonThere,
          100.0 * refusals.stream().filter(each -> each <= 50).count() / refusals.size(),
          refusals.get(refusals.size() / 2),
          refusals.get((int) (refusals.size() * 0.99)));
      assertThat(answers).extracting(Answered::status).containsOnly(201, 429);
      assertThat(stored).isNotEmpty();
      assertThat(soonThere).as("share of refusals within 50 ms").isGreaterThan(0.2);

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

  private static double metric(NodeFixture node, String series) {
    return node.text("/metrics")
        .lines()
        .filter(line -> line.startsWith(series + ' '))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + series));
  }

  /** Publishes at fixed times, whether the node keeps up or not; gives all answers. */
  private static List<Answered> press(
      NodeFixture node, double perSecond, int maxOpen, Duration time) {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + node.port() + "/v1/topics/big/messages"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[PAYLOAD_BYTES]))
            .timeout(Duration.ofSeconds(60))
            .build();
    Semaphore room = new Semaphore(maxOpen);
    ConcurrentLinkedQueue<Answered> answers = new ConcurrentLinkedQueue<>();
    long start = System.nanoTime();
    for (long i = 0; System.nanoTime() - start < time.toNanos(); i++) {
      long due = start + (long) (i * 1e9 / perSecond);
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      room.acquireUninterruptibly();
      long began = System.nanoTime();
      CompletableFuture<?> unused =
          client
              .sendAsync(request, HttpResponse.BodyHandlers.ofString())
              .whenComplete(
                  (response, failure) -> {
                    answers.add(answered(response, (System.nanoTime() - began) / 1e6));
                    room.release();
                  });
    }
    room.acquireUninterruptibly(maxOpen);
    return new ArrayList<>(answers);
  }

  private static Answered answered(HttpResponse<String> response, double millis) {
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
