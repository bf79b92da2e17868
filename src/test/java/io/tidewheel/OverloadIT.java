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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Publishers that want to store more than the node may have in memory. */
class OverloadIT {
  private static final int PAYLOAD_BYTES = 512 << 10;

  /** Together three times what may be in memory. */
  private static final int OPEN_PUBLISHES = 96;

  private static final Duration PRESSURE = Duration.ofSeconds(3);

  @TempDir private Path directory;

  /** An answer; {@code offset} is negative without one. */
  private record Answered(int status, long millis, int queue, long offset) {}

  @Test
  void refusesSoonWhatItHasNoRoomForAndKeepsWhatItConfirmed() {
    Map<String, Object> settings = Map.of("tidewheel.budgets.pending-publish", "16MiB");
    try (NodeFixture node = NodeFixture.start(directory, settings)) {
      assertThat(node.put("/v1/topics/big", "{\"queues\":4}").status()).isEqualTo(201);
      assertThat(node.put("/v1/topics/big/subscriptions/s", "{}").status()).isEqualTo(201);
      List<Long> refusedMillis = Collections.synchronizedList(new ArrayList<>());
      AtomicBoolean isOver = new AtomicBoolean();
      AtomicInteger smallStored = new AtomicInteger();
      CompletableFuture<Void> small =
          CompletableFuture.runAsync(() -> publishSmall(node, isOver, smallStored, refusedMillis));
      List<Answered> answers = press(node);
      isOver.set(true);
      small.join();
      List<Answered> stored = answers.stream().filter(each -> each.status == 201).toList();
      Collections.sort(refusedMillis);
      System.out.printf(
          "FIGURES overload: %d stored, %d refused, %d small ones refused, half of them within %d"
              + " ms, the last after %d ms%n",
          stored.size(),
          answers.size() - stored.size(),
          refusedMillis.size(),
          refusedMillis.get(refusedMillis.size() / 2),
          refusedMillis.get(refusedMillis.size() - 1));
      assertThat(answers).extracting(Answered::status).containsOnly(201, 429);
      assertThat(stored).isNotEmpty();
      assertThat(stored.size()).isLessThan(answers.size());
      // A few milliseconds on a machine that does not run its own publishers.
      assertThat(refusedMillis.get(refusedMillis.size() / 2)).isLessThan(500);

      long back = System.nanoTime();
      NodeFixture.await(() -> node.publish("big", "after", Map.of()).status() == 201);
      assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofSeconds(5));
      JsonNode subscription = node.get("/v1/topics/big/subscriptions/s").body();
      assertThat(subscription.get("backlog").asLong())
          .isEqualTo(stored.size() + smallStored.get() + 1);
      for (int i = 0; i < stored.size(); i += 25) {
        Answered one = stored.get(i);
        assertThat(node.get("/v1/topics/big/messages/" + one.queue + "/" + one.offset).status())
            .isEqualTo(200);
      }
    }
  }

  /** Refused because of the others: what that takes has nothing to do with its own size. */
  private static void publishSmall(
      NodeFixture node, AtomicBoolean isOver, AtomicInteger stored, List<Long> refusedMillis) {
    while (!isOver.get()) {
      long began = System.nanoTime();
      int status = node.publish("big", "small", Map.of()).status();
      if (status == 429) {
        refusedMillis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
      } else {
        assertThat(status).isEqualTo(201);
        stored.incrementAndGet();
      }
      LockSupport.parkNanos(5_000_000);
    }
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
