package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.LocalNode;
import io.tidewheel.TidewheelNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that look at a real node, and the routes under them. */
class LookIT {
  @TempDir static Path directory;
  private static TidewheelNode node;
  private static BrokerConnection connection;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void start() {
    node = LocalNode.start(directory.resolve("data"));
    connection = new BrokerConnection(java.net.URI.create(url()));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static String url() {
    return "http://127.0.0.1:" + node.httpAddress().getPort();
  }

  @Test
  void peeksAtEverythingAndTakesNothing() throws Exception {
    publish("peeked", 250);
    run("", "subscription", "create", "peeked", "s", "start=earliest");
    String all = "";
    for (int i = 0; i < 2; i++) {
      all = run("", "consume", "peeked", "--peek");
    }
    assertThat(all.lines())
        .containsExactlyElementsOf(IntStream.range(0, 250).mapToObj(n -> "m" + n).toList());
    assertThat(err()).contains("250 messages looked at");
    assertThat(run("", "consume", "peeked", "--peek", "--from", "248").lines())
        .containsExactly("m248", "m249");
    assertThat(run("", "consume", "peeked", "--peek", "--max", "2").lines())
        .containsExactly("m0", "m1");
    assertThat(run("", "consume", "peeked", "--peek", "--time", "2099-01-01T00:00:00Z")).isEmpty();
    JsonNode first =
        Json.MAPPER.readTree(run("", "consume", "peeked", "--peek", "--max", "1", "-o", "json"));
    assertThat(first.get("bodyText").asText()).isEqualTo("m0");
    assertThat(first.get("offset").asInt()).isZero();
    JsonNode row = get("/v1/backlog?topic=peeked&subscription=s").at("/rows/0");
    assertThat(row.get("backlog").asInt()).isEqualTo(250);
    assertThat(row.get("leased").asInt()).isZero();
  }

  @Test
  void showsWhereAMessageIsAndWhatHoldsIt() throws Exception {
    run("", "topic", "create", "held", "queues=1");
    run("", "subscription", "create", "held", "s", "start=earliest");
    run("ka\nkb\nkc\n", "publish", "held", "--in-flight", "1", "--key-regex", "k");
    String shown = run("", "message", "show", "held", "0", "2");
    assertThat(shown).containsPattern("(?m)^offset +2$").containsPattern("(?m)^key +k$");
    assertThat(shown).containsPattern("(?m)^s +waiting +.*blockedBy=0");
    JsonNode json =
        Json.MAPPER.readTree(run("", "message", "show", "held", "0", "0", "-o", "json"));
    assertThat(json.at("/subscriptions/0/name").asText()).isEqualTo("s");
    assertThat(json.at("/subscriptions/0/state").asText()).isEqualTo("dispatchable");
    assertThat(exit(new byte[0], "message", "show", "held", "0", "3")).isEqualTo(1);

    String[] explain = {"subscription", "explain", "held", "s"};
    assertThat(run("", explain)).containsPattern("(?m)^0 +no-worker ");
    assertThat(run("", "subscription", "explain", "held", "s", "--key", "k"))
        .containsPattern("(?m)^0 +no-worker +0 ");
    String[] blocked = {
      "subscription", "explain", "held", "s", "--queue", "0", "--offset", "1", "-o", "json"
    };
    JsonNode gate = Json.MAPPER.readTree(run("", blocked)).at("/queues/0");
    assertThat(gate.get("gate").asText()).isEqualTo("key-blocked");
    assertThat(gate.get("offset").asInt()).isZero();
    run("", "subscription", "pause", "held", "s");
    assertThat(run("", explain)).containsPattern("(?m)^0 +paused ");
    assertThat(exit(new byte[0], "subscription", "explain", "held", "s", "--offset", "1"))
        .isEqualTo(2);
    assertThat(err()).contains("--queue is missing");
    assertThat(
            exit(new byte[0], "subscription", "explain", "held", "s", "--key", "k", "--queue", "0"))
        .isEqualTo(2);
    assertThat(run("", "message", "show", "--help")).contains("tidewheel message show orders 0 12");
  }

  @Test
  void browsesAllQueuesInTheOrderOfTime() throws Exception {
    run("", "topic", "create", "wide", "queues=3");
    publish("wide", 60);
    JsonNode page = get("/v1/topics/wide/messages?max=100");
    assertThat(page.get("messages")).hasSize(60);
    assertThat(page.get("queues")).hasSize(3);
    long last = 0;
    for (JsonNode message : page.get("messages")) {
      long at = java.time.Instant.parse(message.get("publishedAt").asText()).toEpochMilli();
      assertThat(at).isGreaterThanOrEqualTo(last);
      last = at;
      assertThat(message.has("receipt")).isFalse();
    }
    int total = 0;
    for (JsonNode queue : page.get("queues")) {
      assertThat(queue.get("next").asInt()).isEqualTo(queue.get("nextOffset").asInt());
      total += queue.get("next").asInt();
    }
    assertThat(total).isEqualTo(60);
    assertThat(run("", "consume", "wide", "--peek").lines()).hasSize(60);
  }

  @Test
  void showsOneMessage() throws Exception {
    publish("single", 5);
    JsonNode message = get("/v1/topics/single/messages/0/3");
    assertThat(message.get("bodyText").asText()).isEqualTo("m3");
    assertThat(message.get("queue").asInt()).isZero();
    assertThat(status("/v1/topics/single/messages/0/5")).isEqualTo(404);
    assertThat(status("/v1/topics/single/messages/1/0")).isEqualTo(404);
    assertThat(status("/v1/topics/single/messages/0/x")).isEqualTo(400);
    assertThat(status("/v1/topics/single/messages/0/-1")).isEqualTo(400);
    assertThat(status("/v1/topics/none/messages/0/0")).isEqualTo(404);
  }

  @Test
  void refusesWhatIsNoQuery() throws Exception {
    publish("asked", 1);
    assertThat(status("/v1/topics/asked/messages?max=0")).isEqualTo(422);
    assertThat(status("/v1/topics/asked/messages?max=1001")).isEqualTo(422);
    assertThat(status("/v1/topics/asked/messages?max=ten")).isEqualTo(400);
    assertThat(status("/v1/topics/asked/messages?from=-1")).isEqualTo(400);
    assertThat(status("/v1/topics/asked/messages?time=yesterday")).isEqualTo(400);
    assertThat(status("/v1/topics/asked/messages?from=0&time=2026-01-01T00:00:00Z")).isEqualTo(400);
    assertThat(status("/v1/topics/asked/messages?queue=7")).isEqualTo(404);
    assertThat(status("/v1/topics/asked/messages?color=red")).isEqualTo(400);
    assertThat(status("/v1/topics/nobody/messages")).isEqualTo(404);
    assertThat(status("/v1/backlog?sort=color")).isEqualTo(400);
    assertThat(status("/v1/backlog?pageSize=0")).isEqualTo(422);
    assertThat(status("/v1/backlog?min=x")).isEqualTo(400);
  }

  @Test
  void showsTheBacklogSorted() throws Exception {
    for (int i = 1; i <= 3; i++) {
      publish("backlog-" + i, i * 10);
      run("", "subscription", "create", "backlog-" + i, "watched", "start=earliest");
    }
    JsonNode answer = get("/v1/backlog?subscription=watched&min=15");
    assertThat(answer.get("rows")).hasSize(2);
    assertThat(answer.at("/rows/0/topic").asText()).isEqualTo("backlog-3");
    assertThat(answer.at("/rows/0/backlog").asInt()).isEqualTo(30);
    assertThat(answer.at("/rows/0/lag").asInt()).isEqualTo(30);
    assertThat(answer.at("/rows/0/oldestAt").asText()).isNotEmpty();
    String table = run("", "backlog", "-s", "watched", "--sort", "name", "--max", "2");
    assertThat(table.lines().toList().get(1)).contains("backlog-1").contains("10");
    assertThat(table).contains("1 more");
  }

  @Test
  void peekRefusesWhatDoesNotGoWithIt() {
    assertThat(exit("consume", "x", "--from", "3")).isEqualTo(ExitCodes.USAGE);
    assertThat(exit("consume", "x", "--peek", "-s", "y")).isEqualTo(ExitCodes.USAGE);
    assertThat(exit("consume", "never-made", "--peek")).isEqualTo(ExitCodes.FAILED);
  }

  private void publish(String topic, int count) throws IOException {
    List<String> lines = IntStream.range(0, count).mapToObj(n -> "m" + n).toList();
    run(String.join("\n", lines) + "\n", "publish", topic, "--in-flight", "1");
  }

  private static JsonNode get(String path) throws InterruptedException {
    return connection.get(path).orFail().json();
  }

  private static int status(String path) throws InterruptedException {
    return connection.get(path).status();
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String run(String input, String... arguments) {
    out.reset();
    err.reset();
    assertThat(exit(input.getBytes(StandardCharsets.UTF_8), arguments)).as(this::err).isZero();
    return out.toString(StandardCharsets.UTF_8);
  }

  private int exit(String... arguments) {
    return exit(new byte[0], arguments);
  }

  private int exit(byte[] input, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--url");
    all.add(url());
    return CommandLines.run(input, out, err, all.toArray(String[]::new));
  }
}
