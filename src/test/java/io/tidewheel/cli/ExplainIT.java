package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.LocalNode;
import io.tidewheel.TidewheelNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every cause for which a message is not given out, staged on a real node: each is named by the API
 * and on the command line. {@code store} and {@code moving} need a cluster.
 */
class ExplainIT {
  /** From the moment at which the cause is there. */
  private static final Duration SOON = Duration.ofSeconds(1);

  /**
   * Causes that are there only when what is measured for a while is bad: a tenth of the window,
   * say. From then on the allowance has them as its reason.
   */
  private static final Set<String> MEASURED = Set.of("success", "cpu");

  private static final Duration MEASURING = Duration.ofSeconds(10);

  /** Messages a second, fewer than a test pulls. */
  private static final double HELD_RATE = 1_500;

  @TempDir static Path directory;
  private static TidewheelNode node;
  private static BrokerConnection connection;

  private interface Work {
    void once() throws IOException, InterruptedException;
  }

  @BeforeAll
  static void start() {
    // Any work at all is too much for this one; only backlogs are held for it.
    node = LocalNode.start(directory, Map.of("tidewheel.feedback.cpu-high-mark", 0.1));
    connection = new BrokerConnection(URI.create(url()));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static String url() {
    return "http://127.0.0.1:" + node.httpAddress().getPort();
  }

  @Test
  void whatTheStateOfTheSubscriptionHolds() throws Exception {
    prepare("plain", "{}");
    named("nothing", "plain");
    publish("plain", 3, null);
    named("no-worker", "plain");
    post("/v1/topics/plain/subscriptions/s:pause", "{}");
    named("paused", "plain");
    post("/v1/topics/plain/subscriptions/s:resume", "{}");
    put("/v1/topics/plain/subscriptions/s", "{\"maxInFlight\":1}");
    List<String> held = pull("plain", 10);
    assertThat(held).hasSize(1);
    assertThat(named("in-flight", "plain").get("detail").asText()).contains("maxInFlight is 1");
    named("leased", "plain", "--queue", "0", "--offset", "0");
    settle("plain", "nack", held, ",\"delay\":\"1h\"");
    JsonNode due = named("not-due", "plain", "--queue", "0", "--offset", "0");
    assertThat(due.get("until").asText()).isNotEmpty();
    List<String> next = pull("plain", 10);
    settle("plain", "ack", next, "");
    named("settled", "plain", "--queue", "0", "--offset", "1");
    put("/v1/topics/plain/subscriptions/late", "{\"start\":\"latest\"}");
    publish("plain", 1, null);
    assertThat(api("plain", "late", "{\"queue\":0,\"offset\":0}").get("gate").asText())
        .isEqualTo("skipped");
  }

  @Test
  void whatTheKeyOrTheFilterHolds() throws Exception {
    prepare("keyed", "{\"onDead\":\"park-key\"}");
    publish("keyed", 2, "k");
    List<String> held = pull("keyed", 1);
    JsonNode blocked = named("key-blocked", "keyed", "--queue", "0", "--offset", "1");
    assertThat(blocked.get("offset").asLong()).isZero();
    assertThat(blocked.get("until").asText()).isNotEmpty();
    named("leased", "keyed", "--key", "k");
    settle("keyed", "reject", held, "");
    named("key-parked", "keyed");
    named("dead", "keyed", "--queue", "0", "--offset", "0");
    prepare("filtered", "{\"filter\":{\"region\":[\"north\"]}}");
    publish("filtered", 1, null);
    named("filtered", "filtered", "--queue", "0", "--offset", "0");
  }

  @Test
  void whatTheRateHolds() throws Exception {
    prepare("rated", "{\"rateLimit\":1}");
    publish("rated", 30, null);
    JsonNode rate = named("rate", "rated", () -> pull("rated", 10));
    assertThat(rate.get("detail").asText()).contains("rateLimit is 1");
  }

  @Test
  void whatABackendHolds() throws Exception {
    prepare("backed", "{\"backends\":[\"ledger\"]}");
    // More than are pulled one by one until the word of the backend has come.
    publish("backed", 1_000, null);
    pull("backed", 1);
    post("/v1/feedback/ledger", "{\"signal\":\"stop\",\"reason\":\"compaction\"}");
    JsonNode backend = named("backend", "backed", () -> pull("backed", 1));
    assertThat(backend.get("detail").asText()).contains("ledger").contains("compaction");
  }

  @Test
  void whatTheSuccessHolds() throws Exception {
    prepare("failing", "{\"backoff\":{\"min\":\"10m\",\"max\":\"1h\"}}");
    publishMany("failing");
    JsonNode success =
        named("success", "failing", () -> settle("failing", "nack", pull("failing", 20), ""));
    assertThat(success.get("detail").asText()).contains("the target is 90.0 %");
  }

  @Test
  void whatTheProcessorsHold() throws Exception {
    prepare("busy", "{}");
    // A small backlog is never held.
    publishMany("busy");
    JsonNode cpu =
        named(
            "cpu",
            "busy",
            () -> {
              publish("busy", 1, null);
              settle("busy", "ack", pull("busy", 100), "");
            });
    assertThat(cpu.get("detail").asText()).contains("processors");
  }

  private static void prepare(String topic, String subscription)
      throws IOException, InterruptedException {
    put("/v1/topics/" + topic, "{}");
    put("/v1/topics/" + topic + "/subscriptions/s", subscription);
  }

  /** More than is given out until what is measured for a while has held any. */
  private static void publishMany(String topic) throws InterruptedException {
    for (int i = 0; i < 40; i++) {
      publish(topic, 1_000, null);
    }
  }

  private static void publish(String topic, int count, String key) throws InterruptedException {
    ObjectNode body = Json.MAPPER.createObjectNode();
    for (int i = 0; i < count; i++) {
      ObjectNode message = body.withArray("messages").addObject().put("body", i);
      if (key != null) {
        message.put("key", key);
      }
    }
    post("/v1/topics/" + topic + "/messages:batch", body.toString());
  }

  private static List<String> pull(String topic, int max) throws InterruptedException {
    List<String> receipts = new ArrayList<>();
    post(messages(topic) + ":pull", "{\"max\":" + max + ",\"wait\":\"100ms\"}")
        .get("messages")
        .forEach(each -> receipts.add(each.get("receipt").asText()));
    return receipts;
  }

  private static void settle(String topic, String verb, List<String> receipts, String more)
      throws InterruptedException {
    if (!receipts.isEmpty()) {
      String list = Json.MAPPER.valueToTree(receipts).toString();
      post(messages(topic) + ":" + verb, "{\"receipts\":" + list + more + "}");
    }
  }

  private static String messages(String topic) {
    return "/v1/topics/" + topic + "/subscriptions/s/messages";
  }

  /** Waits until both name this gate; for a queue, an offset or a key by the command's options. */
  private static JsonNode named(String gate, String topic, String... options) throws Exception {
    return named(gate, topic, () -> {}, options);
  }

  /** The same beside workers that go on. */
  private static JsonNode named(String gate, String topic, Work work, String... options)
      throws Exception {
    ObjectNode asked = Json.MAPPER.createObjectNode();
    for (int i = 0; i < options.length; i += 2) {
      String field = options[i].substring(2);
      if (field.equals("key")) {
        asked.put(field, options[i + 1]);
      } else {
        asked.put(field, Long.parseLong(options[i + 1]));
      }
    }
    if (MEASURED.contains(gate)) {
      measured(gate, topic, work);
    }
    JsonNode found = awaited(gate, work, () -> api(topic, "s", asked.toString()));
    List<String> line = new ArrayList<>(List.of("subscription", "explain", topic, "s"));
    line.addAll(List.of(options));
    awaited(gate, work, () -> commandLine(line));
    return found;
  }

  private interface Look {
    JsonNode now() throws IOException, InterruptedException;
  }

  private static JsonNode awaited(String gate, Work work, Look look) throws Exception {
    long began = System.nanoTime();
    while (true) {
      work.once();
      JsonNode now = look.now();
      if (now.path("gate").asText().equals(gate)) {
        assertThat(now.get("detail").asText()).isNotEmpty();
        assertThat(now.get("lift").asText()).isNotEmpty();
        System.out.printf(
            "FIGURES explain %s: named after %d ms%n",
            gate, Duration.ofNanos(System.nanoTime() - began).toMillis());
        return now;
      }
      assertThat(System.nanoTime() - began)
          .as("nanoseconds without naming %s, but %s", gate, now)
          .isLessThan(SOON.toNanos());
    }
  }

  private static void measured(String gate, String topic, Work work) throws Exception {
    long began = System.nanoTime();
    JsonNode allowance;
    do {
      assertThat(System.nanoTime() - began).isLessThan(MEASURING.toNanos());
      work.once();
      allowance =
          connection
              .get("/v1/topics/" + topic + "/subscriptions/s")
              .orFail()
              .json()
              .get("allowance");
      // Busy processors let pass what came in, and that was much a moment ago.
    } while (!allowance.get("reason").asText().equals(gate)
        || allowance.get("rate").asDouble() > HELD_RATE);
  }

  private static JsonNode api(String topic, String subscription, String asked)
      throws InterruptedException {
    String path = "/v1/topics/" + topic + "/subscriptions/" + subscription + ":explain";
    return post(path, asked).at("/queues/0");
  }

  private static JsonNode commandLine(List<String> line) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> all = new ArrayList<>(line);
    all.addAll(List.of("-o", "json", "--url", url()));
    int exit = CommandLines.run(new byte[0], out, err, all.toArray(String[]::new));
    assertThat(exit).as(err.toString(StandardCharsets.UTF_8)).isZero();
    return Json.MAPPER.readTree(out.toByteArray()).at("/queues/0");
  }

  private static JsonNode post(String path, String json) throws InterruptedException {
    return connection.post(path, json.getBytes(StandardCharsets.UTF_8)).orFail().json();
  }

  private static void put(String path, String json) throws IOException, InterruptedException {
    connection.put(path, Json.MAPPER.readTree(json), null).orFail();
  }
}
