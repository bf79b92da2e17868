package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.client.Delivery;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.PermanentException;
import io.tidewheel.client.Published;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.RetryableException;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.client.TidewheelException;
import io.tidewheel.client.Worker;
import io.tidewheel.message.Message;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java client with a real node. */
class ClientIT {
  @TempDir Path directory;
  private NodeFixture node;
  private CutProxy proxy;
  private TidewheelClient client;

  @BeforeEach
  void start() {
    node = NodeFixture.start(directory);
    proxy = new CutProxy(node.port());
    client = TidewheelClient.builder().endpoints(proxy.url()).build();
  }

  @AfterEach
  void stop() {
    client.close();
    proxy.close();
    node.close();
  }

  @Test
  void publishesAndSaysWhere() {
    Publisher orders = client.publisher("orders");

    assertThat(orders.publish(Message.text("a")).join()).isEqualTo(new Published(0, 0, false));
    assertThat(orders.publish(Message.text("b").withId("1")).join())
        .isEqualTo(new Published(0, 1, false));
    assertThat(orders.publish(Message.text("b").withId("1")).join())
        .isEqualTo(new Published(0, 1, true));
    assertThat(failure(orders.publish(Message.text("c").withId("1"))))
        .isInstanceOf(PermanentException.class);
    assertThat(
            node.post("/v1/topics/orders/messages:pull", "{\"max\":10,\"wait\":\"5s\"}")
                .body()
                .get("messages"))
        .hasSize(2);
  }

  @Test
  void refusesWhatCanNeverBeStoredAndStoresItsNeighbours() {
    node.put("/v1/topics/orders", "{\"maxMessageBytes\":100}");
    Publisher orders = client.publisher("orders");

    List<CompletableFuture<Published>> answers =
        orders.publish(List.of(Message.text("a"), Message.of(new byte[200]), Message.text("b")));

    assertThat(answers.get(0).join().offset()).isNotNegative();
    assertThat(failure(answers.get(1)).type()).isEqualTo("too-large");
    assertThat(answers.get(2).join().offset()).isNotNegative();
    assertThat(failure(client.publisher("no topic").publish(Message.text("a"))))
        .isInstanceOf(PermanentException.class);
  }

  @Test
  void failsAtItsBoundWhenBuiltSoAndWaitsOtherwise() {
    proxy.cutUntilMended();
    try (TidewheelClient failing = bounded().failWhenFull().build();
        TidewheelClient waiting = bounded().build()) {
      List<CompletableFuture<Published>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(failing.publisher("orders").publish(Message.of(new byte[1_000])));
      }
      assertThat(failure(answers.get(19))).isInstanceOf(RetryableException.class);
      CompletableFuture<List<CompletableFuture<Published>>> later =
          CompletableFuture.supplyAsync(
              () ->
                  waiting
                      .publisher("orders")
                      .publish(Collections.nCopies(20, Message.of(new byte[1_000]))));
      assertThat(later).isNotDone();

      proxy.mend();

      assertThat(answers.get(0).join().offset()).isNotNegative();
      later.join().forEach(answer -> assertThat(answer.join().offset()).isNotNegative());
    }
  }

  private TidewheelClient.Builder bounded() {
    return TidewheelClient.builder().endpoints(proxy.url()).maxPendingBytes(10_000);
  }

  @Test
  void saysThatNothingWasStoredWhenNoBrokerIsThere() {
    proxy.cutUntilMended();
    try (TidewheelClient alone =
        TidewheelClient.builder().endpoints(proxy.url()).deadline(Duration.ofMillis(300)).build()) {
      assertThat(failure(alone.publisher("orders").publish(Message.text("a"))))
          .isInstanceOf(RetryableException.class);
    }
    proxy.mend();
  }

  @Test
  void handlesEveryMessageOnceAndThoseOfAKeyInOrder() {
    int keys = 7;
    int each = 300;
    Map<String, Queue<Integer>> handled = new ConcurrentHashMap<>();
    Set<String> underWay = ConcurrentHashMap.newKeySet();
    Publisher orders = client.publisher("orders");
    List<CompletableFuture<Published>> answers = new ArrayList<>();
    for (int i = 0; i < each; i++) {
      for (int key = 0; key < keys; key++) {
        answers.add(orders.publish(Message.text(Integer.toString(i)).withKey("key-" + key)));
      }
    }
    Worker worker =
        client
            .worker("orders", "default")
            .concurrency(16)
            .handler(
                delivery -> {
                  String key = String.valueOf(delivery.key());
                  if (!underWay.add(key)) {
                    throw new AssertionError("two of a key at a time");
                  }
                  handled
                      .computeIfAbsent(key, k -> new ConcurrentLinkedQueue<>())
                      .add(Integer.valueOf(delivery.text()));
                  underWay.remove(key);
                  return Outcome.ack();
                })
            .start();
    answers.forEach(CompletableFuture::join);

    NodeFixture.await(() -> handled.values().stream().mapToInt(Queue::size).sum() >= keys * each);
    worker.close();

    assertThat(handled).hasSize(keys);
    handled
        .values()
        .forEach(
            numbers ->
                assertThat(numbers)
                    .containsExactlyElementsOf(IntStream.range(0, each).boxed().toList()));
    assertThat(backlog("orders")).isZero();
  }

  record Order(int number) {}

  @Test
  void choosesHandlersByHeaderAndReadsTypedBodies() {
    Queue<String> seen = new ConcurrentLinkedQueue<>();
    CompletableFuture<Outcome> later = new CompletableFuture<>();
    client
        .worker("orders", "default")
        .on("type", "created", delivery -> note(seen, "created " + delivery.as(Order.class)))
        .onAsync(
            "type",
            "paid",
            delivery -> {
              seen.add("paid " + delivery.text());
              return later;
            })
        .handler(delivery -> note(seen, "other " + delivery.text()))
        .start();
    Publisher orders = client.publisher("orders");
    orders
        .publish(
            List.of(
                Message.json("{\"number\":7,\"more\":1}").withHeaders(Map.of("type", "created")),
                Message.text("x").withHeaders(Map.of("type", "paid")),
                Message.text("y")))
        .forEach(CompletableFuture::join);

    NodeFixture.await(() -> seen.contains("paid x"));
    later.complete(Outcome.ack());
    NodeFixture.await(() -> seen.size() >= 3);

    assertThat(seen).containsExactlyInAnyOrder("created Order[number=7]", "paid x", "other y");
    NodeFixture.await(() -> backlog("orders") == 0);
  }

  @Test
  void aTraceComesFromThePublishToTheDelivery() {
    Map<String, String> trace =
        Map.of(
            "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "tracestate", "congo=t61rcWkgMzE");
    Queue<Map<String, String>> seen = new ConcurrentLinkedQueue<>();
    node.put("/v1/topics/orders", "{}");
    node.put("/v1/topics/orders/subscriptions/billing", "{\"start\":\"earliest\"}");
    client
        .worker("orders", "billing")
        .handler(
            delivery -> {
              seen.add(delivery.headers());
              return Outcome.ack();
            })
        .start();
    node.publish("orders", "over http", trace);
    Publisher orders = client.publisher("orders");
    orders.publish(Message.text("over a session").withHeaders(trace)).join();
    orders.publish(Message.text("x").withHeaders(Map.of("traceparent", "00-1-2-01"))).join();
    NodeFixture.await(() -> seen.size() == 3);
    assertThat(seen).containsExactlyInAnyOrder(trace, trace, Map.of());
  }

  @Test
  void whatAHandlerThrowsIsAFailedAttemptAndWhatItRejectsIsADeadLetter() {
    Queue<Integer> attempts = new ConcurrentLinkedQueue<>();
    node.put("/v1/topics/orders", "{}");
    node.put(
        "/v1/topics/orders/subscriptions/billing",
        "{\"start\":\"earliest\",\"backoff\":{\"min\":\"10ms\"}}");
    client
        .worker("orders", "billing")
        .handler(
            delivery -> {
              attempts.add(delivery.attempt());
              if (delivery.attempt() == 1) {
                throw new IllegalStateException("not yet");
              }
              return Outcome.reject("never");
            })
        .start();
    client.publisher("orders").publish(Message.text("a")).join();

    NodeFixture.await(() -> dead("billing") == 1);

    assertThat(attempts).containsExactly(1, 2);
  }

  @Test
  void extendsTheLeaseOfALongHandlerAndDrainsInOrder() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    Queue<Delivery> begun = new ConcurrentLinkedQueue<>();
    Worker worker =
        client
            .worker("orders", "default")
            .lease(Duration.ofSeconds(1))
            .handler(
                delivery -> {
                  begun.add(delivery);
                  release.await();
                  return Outcome.ack();
                })
            .start();
    Publisher orders = client.publisher("orders");
    orders
        .publish(IntStream.range(0, 5).mapToObj(i -> Message.text("m" + i)).toList())
        .forEach(CompletableFuture::join);
    NodeFixture.await(() -> begun.size() == 1);

    // Three leases long nobody else gets it.
    assertThat(release.await(3, TimeUnit.SECONDS)).isFalse();
    CompletableFuture<Void> closing = CompletableFuture.runAsync(worker::close);
    List<String> others = new ArrayList<>();
    NodeFixture.await(
        () -> {
          node.pull("orders", "default", 10, "0s")
              .forEach(m -> others.add(m.get("bodyText").asText()));
          return others.size() >= 4;
        });
    assertThat(closing).isNotDone();
    release.countDown();
    closing.join();

    assertThat(begun).hasSize(1);
    assertThat(begun.element().attempt()).isEqualTo(1);
    assertThat(others).doesNotContain(begun.element().text()).hasSize(4);
  }

  @Test
  void losesAndDoublesNothingWhenConnectionsBreak() {
    int count = 3_000;
    Map<String, Integer> handled = new ConcurrentHashMap<>();
    Worker worker =
        client
            .worker("orders", "default")
            .concurrency(8)
            .handler(
                delivery -> {
                  handled.merge(delivery.text(), 1, Integer::sum);
                  return Outcome.ack();
                })
            .start();
    Publisher orders = client.publisher("orders");
    List<CompletableFuture<Published>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      answers.add(orders.publish(Message.text("m" + i)));
      if (i % 500 == 250) {
        int known = i;
        NodeFixture.await(() -> answers.get(known - 200).isDone());
        proxy.cut();
      }
    }
    Set<Long> offsets = new HashSet<>();
    answers.forEach(answer -> offsets.add(answer.join().offset()));

    NodeFixture.await(() -> handled.size() == count && backlog("orders") == 0);
    worker.close();

    assertThat(offsets).hasSize(count).allMatch(offset -> offset >= 0 && offset < count);
    assertThat(proxy.takenCount()).isGreaterThan(3);
  }

  @Test
  void goesOnWhenTheNodeIsStartedAgain() {
    AtomicInteger handled = new AtomicInteger();
    client
        .worker("orders", "default")
        .handler(
            delivery -> {
              handled.incrementAndGet();
              return Outcome.ack();
            })
        .start();
    Publisher orders = client.publisher("orders");
    orders.publish(Message.text("before")).join();
    NodeFixture.await(() -> handled.get() == 1);

    node.stop();
    List<CompletableFuture<Published>> meanwhile =
        orders.publish(List.of(Message.text("a"), Message.text("b")));
    node.begin();
    proxy.goTo(node.port());

    meanwhile.forEach(answer -> assertThat(answer.join().offset()).isPositive());
    NodeFixture.await(() -> handled.get() >= 3);
  }

  @Test
  void publishesToATopicThatWasMadeAnew() {
    Publisher orders = client.publisher("orders");
    orders.publish(Message.text("a")).join();
    node.delete("/v1/topics/orders?force=true");
    NodeFixture.await(() -> node.put("/v1/topics/orders", "{\"queues\":2}").status() < 300);

    NodeFixture.await(
        () ->
            orders
                .publish(Message.text("b"))
                .handle((published, failure) -> failure == null && published.offset() == 0)
                .join());
  }

  @Test
  void tellsAWorkerOfASubscriptionThatIsNotThereAndTakesItUpWhenItIs() {
    Queue<String> problems = new ConcurrentLinkedQueue<>();
    AtomicInteger handled = new AtomicInteger();
    client
        .worker("orders", "billing")
        .onProblem(problem -> problems.add(problem.type()))
        .handler(
            delivery -> {
              handled.incrementAndGet();
              return Outcome.ack();
            })
        .start();
    NodeFixture.await(() -> problems.contains("topic-not-found"));

    node.put("/v1/topics/orders", "{}");
    node.put("/v1/topics/orders/subscriptions/billing", "{}");
    client.publisher("orders").publish(Message.text("a")).join();

    NodeFixture.await(() -> handled.get() == 1);
  }

  private static Outcome note(Queue<String> seen, String what) {
    seen.add(what);
    return Outcome.ack();
  }

  private long backlog(String topic) {
    return number(topic, "default", "backlog");
  }

  private long dead(String subscription) {
    return number("orders", subscription, "deadLetters");
  }

  private long number(String topic, String subscription, String field) {
    NodeFixture.Answer answer = node.get("/v1/topics/" + topic + "/subscriptions/" + subscription);
    return answer.body().path(field).asLong(-1);
  }

  private static TidewheelException failure(CompletableFuture<Published> answer) {
    assertThatThrownBy(answer::join).hasCauseInstanceOf(TidewheelException.class);
    return (TidewheelException) answer.handle((done, failure) -> failure).join();
  }
}
