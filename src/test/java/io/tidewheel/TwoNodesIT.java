package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.client.BacklogRow;
import io.tidewheel.client.BacklogWatch;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.Published;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two brokers in this process: what is published and pulled through the one that has it not, and
 * limits that hold over both.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoNodesIT {
  private static final int QUEUES = 2;

  private TwoBrokers brokers;
  private NodeFixture first;
  private NodeFixture second;

  @BeforeAll
  void start(@TempDir Path temp) throws IOException {
    brokers = TwoBrokers.start(temp);
    first = brokers.first();
    second = brokers.second();
  }

  @AfterAll
  void stop() {
    brokers.close();
  }

  /** Guards messages larger than a frame between nodes, which nobody would ever get. */
  @Test
  void takesTheLargestMessageForQueuesOfBothNodesAndGivesItToEither() {
    createTopic("large", ",\"maxMessageBytes\":" + Limits.MAX_PAYLOAD_BYTES);
    String payload = "x".repeat(Limits.MAX_PAYLOAD_BYTES);
    for (NodeFixture node : List.of(first, second)) {
      assertThat(publishToEachQueue(node, "large", payload)).containsExactlyInAnyOrder(0, 1);
    }
    for (NodeFixture node : List.of(first, second)) {
      for (JsonNode message : pullAll(node, "large", 2)) {
        assertThat(message.get("attempt").asInt()).isEqualTo(1);
      }
    }
    first.assertWhole();
  }

  /** Guards answers of many messages, of which headers are the larger part. */
  @Test
  void givesMoreThanAFrameOfAnotherNodeAtTheFirstAttempt() {
    createTopic("many", "");
    int count = 0;
    for (int batch = 0; batch < 12; batch++) {
      ObjectNode body = NodeFixture.JSON.createObjectNode();
      ArrayNode messages = body.putArray("messages");
      for (int i = 0; i < 100; i++) {
        ObjectNode message = messages.addObject();
        message.put("bodyText", "p".repeat(8 << 10));
        message.putObject("headers").put("h", "v".repeat(15 << 10));
        count++;
      }
      assertThat(first.post("/v1/topics/many/messages:batch", body.toString()).status())
          .isEqualTo(200);
    }
    Set<Integer> queues = new HashSet<>();
    for (JsonNode message : pullAll(first, "many", count)) {
      queues.add(message.get("queue").asInt());
      assertThat(message.get("attempt").asInt()).isEqualTo(1);
    }
    assertThat(queues).hasSize(QUEUES);
    first.assertWhole();
  }

  /** It is told of one node only, and through a connection that breaks. */
  @Test
  void aClientGoesOnThroughTheNodeItWasNotToldOf() {
    createTopic("clients", "");
    Set<String> handled = ConcurrentHashMap.newKeySet();
    Set<Integer> queues = new HashSet<>();
    try (CutProxy proxy = new CutProxy(first.port());
        TidewheelClient client = TidewheelClient.builder().endpoints(proxy.url()).build()) {
      client
          .worker("clients", "s")
          .concurrency(4)
          .handler(
              delivery -> {
                handled.add(delivery.text());
                return Outcome.ack();
              })
          .start();
      Publisher publisher = client.publisher("clients");
      for (int round = 0; round < 3; round++) {
        List<CompletableFuture<Published>> answers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          String text = round + "-" + i;
          answers.add(publisher.publish(Message.text(text).withKey(i % 2 == 0 ? text : null)));
        }
        answers.forEach(answer -> queues.add(answer.join().queue()));
        if (round == 0) {
          NodeFixture.await(() -> handled.size() == 40);
          proxy.cutUntilMended();
        } else if (round == 1) {
          proxy.mend();
        }
      }
      NodeFixture.await(() -> handled.size() == 120);
    }
    assertThat(queues).hasSize(QUEUES);
    first.assertWhole();
  }

  /** It is told by the node behind the proxy at first, and then by the other one. */
  @Test
  void aWatchSeesQueuesOfBothNodesAndGoesOnWithTheOther() {
    createTopic("seen", "");
    try (CutProxy proxy = new CutProxy(first.port());
        TidewheelClient client = TidewheelClient.builder().endpoints(proxy.url()).build();
        BacklogWatch watch = client.watchBacklog().topic("se*").subscription("s").start()) {
      watch.seen().join();
      publishToEachQueue(second, "seen", "x");
      NodeFixture.await(() -> queuesWithBacklog(watch) == QUEUES);
      assertThat(watch.rows().stream().map(BacklogRow::node).distinct()).hasSize(2);
      proxy.cutUntilMended();
      pullAll(second, "seen", (int) watch.rows().stream().mapToLong(BacklogRow::backlog).sum());
      NodeFixture.await(() -> queuesWithBacklog(watch) == 0);
      assertThat(watch.isCurrent()).isTrue();
    }
  }

  private static long queuesWithBacklog(BacklogWatch watch) {
    return watch.rows().stream().filter(row -> row.backlog() > 0).count();
  }

  /**
   * The board of the node that has the messages. Its own workers go on without it; those of the
   * other node hear of nothing until it is back.
   */
  @Test
  void aBoardThatIsDeadForTenSecondsStopsNothingAtHomeAndHelpComesBackWithIt() {
    createTopic("home", "");
    createTopic("helped", "");
    String homeKey = keyOn(first, "home");
    String helpedKey = keyOn(first, "helped");
    AtomicLong homeNanos = new AtomicLong(System.nanoTime());
    AtomicLong longestNanos = new AtomicLong();
    AtomicLong helpedNanos = new AtomicLong();
    AtomicInteger home = new AtomicInteger();
    AtomicInteger helped = new AtomicInteger();
    try (TidewheelClient near = clientOf(first);
        TidewheelClient far = clientOf(second)) {
      near.worker("home", "s")
          .handler(
              delivery -> {
                long now = System.nanoTime();
                longestNanos.accumulateAndGet(now - homeNanos.getAndSet(now), Math::max);
                home.incrementAndGet();
                return Outcome.ack();
              })
          .start();
      far.worker("helped", "s")
          .handler(
              delivery -> {
                helpedNanos.compareAndSet(0, System.nanoTime());
                helped.incrementAndGet();
                return Outcome.ack();
              })
          .start();
      // What there was to find the queue with a key; from now on both wait at boards.
      NodeFixture.await(() -> home.get() == 1 && helped.get() == 1);
      helpedNanos.set(0);
      longestNanos.set(0);
      homeNanos.set(System.nanoTime());
      Runnable goOn = first.suspend("backlog-board");
      int published = 1;
      try {
        long until = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        for (; System.nanoTime() - until < 0; published++) {
          publish(near, "home", homeKey);
          publish(near, "helped", helpedKey);
          LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
        int all = published;
        NodeFixture.await(() -> home.get() == all);
        assertThat(longestNanos.get()).isLessThan(Duration.ofSeconds(2).toNanos());
        assertThat(helped).hasValue(1);
      } finally {
        goOn.run();
      }
      long resumedNanos = System.nanoTime();
      int all = published;
      NodeFixture.await(() -> helped.get() == all);
      System.out.printf(
          "FIGURES dead board: longest gap at home %.0f ms, help %.0f ms after it was back%n",
          longestNanos.get() / 1e6, (helpedNanos.get() - resumedNanos) / 1e6);
      assertThat(helpedNanos.get() - resumedNanos).isLessThan(Duration.ofSeconds(1).toNanos());
    }
    first.assertWhole();
  }

  private static TidewheelClient clientOf(NodeFixture node) {
    return TidewheelClient.builder()
        .endpoints("http://127.0.0.1:" + node.port())
        .onlyEndpoints()
        .build();
  }

  private static void publish(TidewheelClient client, String topic, String key) {
    Published unused = client.publisher(topic).publish(Message.text("x").withKey(key)).join();
  }

  /** A key of a queue that lives on a node, found with one message of it; others are taken away. */
  private String keyOn(NodeFixture node, String topic) {
    String name = node.get("/v1/cluster").body().get("node").asText();
    Map<Integer, String> homes = new HashMap<>();
    Map<Integer, String> keys = new HashMap<>();
    NodeFixture.await(
        () -> {
          node.get("/v1/topics/" + topic)
              .body()
              .get("queues")
              .forEach(each -> homes.put(each.get("queue").asInt(), each.path("node").asText()));
          return homes.containsValue(name);
        });
    for (int i = 0; keys.size() < QUEUES && i < 20; i++) {
      String key = "key-" + i;
      int queue =
          node.publish(topic, "x", Map.of("Tidewheel-Key", key)).body().get("queue").asInt();
      keys.putIfAbsent(queue, key);
      pullAll(node, topic, 1);
    }
    int queue =
        homes.entrySet().stream().filter(e -> e.getValue().equals(name)).findAny().get().getKey();
    node.publish(topic, "x", Map.of("Tidewheel-Key", keys.get(queue)));
    return keys.get(queue);
  }

  /**
   * To the page the node behind the proxy is dead: connections break, and none is taken. The node
   * itself lives on, as one of two alone has no quorum and serves nothing.
   */
  @Test
  void thePageGoesOnAtAnotherMember(@TempDir Path temp) {
    createTopic("watched", "");
    first.publish("watched", "one", Map.of());
    try (CutProxy proxy = new CutProxy(first.port());
        Browser browser = Browser.start(temp)) {
      browser.show(proxy.url() + "/#/topic/watched", 1280, false);
      browser.awaitText("connected to ");
      browser.awaitText("no worker");
      proxy.cutUntilMended();
      long cutNanos = System.nanoTime();
      String other = "127.0.0.1:" + second.port();
      browser.await(
          () -> browser.run("return location.host").asText().equals(other) && isLive(browser));
      assertThat(Duration.ofNanos(System.nanoTime() - cutNanos)).isLessThan(Duration.ofSeconds(5));
      assertThat(browser.run("return location.hash").asText()).isEqualTo("#/topic/watched");
      browser.awaitText("no worker");
    }
  }

  /** Each hears of the other's board every second, also when nothing happens. */
  @Test
  void saysHowLateTheBoardsOfOthersAre() {
    for (NodeFixture node : List.of(first, second)) {
      NodeFixture.await(() -> boardLag(node) > 0);
      assertThat(boardLag(node)).isLessThan(5);
    }
  }

  private static double boardLag(NodeFixture node) {
    String name = "\ntidewheel_board_lag_seconds ";
    String metrics = node.text("/metrics");
    int at = metrics.indexOf(name) + name.length();
    return Double.parseDouble(metrics.substring(at, metrics.indexOf('\n', at)));
  }

  private static boolean isLive(Browser browser) {
    return browser
        .run("return (document.querySelector('.live.on .words') || {}).textContent || ''")
        .asText()
        .equals("live");
  }

  /** Nine of ten messages are in three of the queues. */
  @Test
  void theLimitOfASubscriptionHoldsOverAllNodes() {
    assertThat(first.putUntilThere("/v1/topics/limited", "{\"queues\":12}")).isEqualTo(201);
    assertThat(
            first.putUntilThere(
                "/v1/topics/limited/subscriptions/s", "{\"start\":\"earliest\",\"rateLimit\":500}"))
        .isEqualTo(201);
    publishLimited(9_000, i -> "hot-" + i % 3);
    publishLimited(2_000, i -> "cold-" + i);
    AtomicInteger turn = new AtomicInteger();
    Supplier<NodeFixture> both = () -> turn.incrementAndGet() % 2 == 0 ? first : second;
    try (FeedbackCrowd crowd = new FeedbackCrowd(both, "limited", "s", 20, null)) {
      for (int i = 0; i < 12; i++) {
        crowd.with("w" + i, 1_000_000L, () -> true);
      }
      crowd.until(9);
      System.out.printf(
          "FIGURES rateLimit 500/s on two nodes: %.1f/s over 6 s, highest second %.0f%n",
          crowd.calls(3, 9), crowd.mostCalls(3, 9));
      assertThat(crowd.calls(3, 9)).isCloseTo(500, within(100.0));
      assertThat(crowd.mostCalls(3, 9)).isLessThan(800);
    }
    JsonNode allowance = first.get("/v1/topics/limited/subscriptions/s").body().get("allowance");
    assertThat(allowance.get("reason").asText()).isEqualTo("rate-limit");
    assertThat(allowance.get("rate").asDouble()).isCloseTo(500, within(50.0));
    JsonNode feedback = second.get("/v1/feedback").body();
    assertThat(feedback.get("nodes")).hasSize(2);
    for (JsonNode queue : first.get("/v1/topics/limited/subscriptions/s").body().get("queues")) {
      boolean isStarved = queue.get("acked").asLong() == 0 && queue.get("backlog").asLong() > 0;
      assertThat(isStarved).as(queue.toString()).isFalse();
    }
  }

  private void publishLimited(int count, IntFunction<String> key) {
    for (int sent = 0; sent < count; sent += 1_000) {
      ArrayNode batch = NodeFixture.JSON.createArrayNode();
      for (int i = sent; i < sent + 1_000; i++) {
        batch.addObject().put("body", i).put("key", key.apply(i));
      }
      NodeFixture.Answer answer =
          first.post(
              "/v1/topics/limited/messages:batch",
              NodeFixture.JSON.createObjectNode().set("messages", batch).toString());
      assertThat(answer.status()).isEqualTo(200);
    }
  }

  private void createTopic(String name, String more) {
    assertThat(first.put("/v1/topics/" + name, "{\"queues\":" + QUEUES + more + "}").status())
        .isEqualTo(201);
    assertThat(first.putUntilThere("/v1/topics/" + name + "/subscriptions/s", "{}")).isEqualTo(201);
    NodeFixture.await(() -> second.get("/v1/topics/" + name + "/subscriptions/s").status() == 200);
  }

  /** Publishes one message to each queue, one of which is on the other node; by keys. */
  private static Set<Integer> publishToEachQueue(NodeFixture node, String topic, String payload) {
    Set<Integer> queues = new HashSet<>();
    for (int i = 0; queues.size() < QUEUES && i < 20; i++) {
      NodeFixture.Answer answer = node.publish(topic, payload, Map.of("Tidewheel-Key", "key-" + i));
      assertThat(answer.status()).as("%s", answer.body()).isEqualTo(201);
      queues.add(answer.body().get("queue").asInt());
    }
    return queues;
  }

  private static List<JsonNode> pullAll(NodeFixture node, String topic, int count) {
    List<JsonNode> all = new ArrayList<>();
    while (all.size() < count) {
      List<JsonNode> pulled = node.pull(topic, "s", 1_000, "5s", "60s");
      assertThat(pulled).as("after %d", all.size()).isNotEmpty();
      all.addAll(pulled);
      assertThat(node.settle(topic, "s", "ack", pulled.stream().map(NodeFixture::receipt).toList()))
          .containsOnly("acked");
    }
    return all;
  }
}
