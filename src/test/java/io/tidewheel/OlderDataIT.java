package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlSession;
import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.crash.KeyspaceCopy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What earlier builds stored is read by this one: it answers what they answered, gives out what was
 * left, and reads it once more after it has stored something of its own. {@code bin/older-data}
 * keeps such data.
 */
@Timeout(180)
final class OlderDataIT {
  private static final Path KEPT = Path.of("src/test/resources/io/tidewheel/older");
  private static final String ANSWERS = "answers.json";

  /** An ordinary build reads of Cassandra's what was killed: each takes twenty seconds. */
  private static final boolean IS_LONG = Boolean.getBoolean("tidewheel.long");

  /** What depends on the time, the node, the order of equals, or how far was read ahead. */
  private static final Set<String> OF_THE_MOMENT =
      Set.of(
          "node",
          "callRate",
          "oldestAt",
          "lag",
          "floor",
          "filtered",
          "leased",
          "pinnedBy",
          "waiting",
          "dispatchable",
          "unread",
          "allowance",
          "stopReason");

  private static final List<String> OF_THE_PUBLISHER =
      List.of(
          "id", "key", "headers", "contentType", "publishedAt", "body", "bodyText", "bodyBase64");

  @TempDir private Path directory;

  static Stream<Path> data() throws IOException {
    try (Stream<Path> files = Files.walk(KEPT)) {
      List<Path> found =
          files
              .filter(file -> !file.endsWith(ANSWERS) && Files.isRegularFile(file))
              .filter(file -> IS_LONG || !file.endsWith("stopped.cql.gz"))
              .sorted()
              .toList();
      assertThat(found).isNotEmpty();
      return found.stream();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("data")
  void isReadByThisBuild(Path kept) throws Exception {
    JsonNode answers = NodeFixture.JSON.readTree(kept.resolveSibling(ANSWERS).toFile());
    Path data = directory.resolve("data");
    Map<String, Object> settings = Map.of();
    if (kept.toString().endsWith(".zip")) {
      unpack(kept, data);
    } else {
      settings = intoCassandra(kept);
    }
    try (NodeFixture node = NodeFixture.start(data, settings)) {
      assertAnswers(node, answers);
      assertGivesOut(node, answers);
      node.restart();
      NodeFixture.await(
          () ->
              node.get("/v1/topics/orders/subscriptions/billing").body().get("backlog").asLong()
                  == 0);
      JsonNode counts = node.get("/v1/topics/orders/reconciliation").body();
      assertThat(counts.get("difference").asLong()).isZero();
    }
  }

  private static Map<String, Object> intoCassandra(Path kept) throws IOException {
    String keyspace = RealCassandra.newKeyspace();
    try (CqlSession session = RealCassandra.get().session(null)) {
      session.execute(
          "CREATE KEYSPACE "
              + keyspace
              + " WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}");
    }
    try (CqlSession session = RealCassandra.get().session(keyspace)) {
      KeyspaceCopy.read(session, kept);
    }
    return RealCassandra.get().settings(keyspace);
  }

  /** Once all is recovered and read: what a filter leaves out is only known then. */
  private static void assertAnswers(NodeFixture node, JsonNode answers) {
    for (Map.Entry<String, JsonNode> answer : answers.properties()) {
      Waiting.untilHolds(
          () -> assertHolds(answer.getKey(), answer.getValue(), node.get(answer.getKey()).body()));
    }
  }

  /** All that was said then is said now; more may be. */
  private static void assertHolds(String at, JsonNode then, JsonNode now) {
    if (then.isObject()) {
      for (Map.Entry<String, JsonNode> field : then.properties()) {
        if (!OF_THE_MOMENT.contains(field.getKey())) {
          assertThat(now.has(field.getKey())).as(at + '/' + field.getKey()).isTrue();
          assertHolds(at + '/' + field.getKey(), field.getValue(), now.get(field.getKey()));
        }
      }
    } else if (then.isArray()) {
      assertThat(now).as(at).hasSameSizeAs(then);
      List<JsonNode> before = inOrder(then);
      List<JsonNode> after = inOrder(now);
      for (int i = 0; i < then.size(); i++) {
        assertHolds(at + '/' + i, before.get(i), after.get(i));
      }
    } else {
      assertThat(now).as(at).isEqualTo(then);
    }
  }

  /**
   * Subscriptions by name: builds before this one told them in the order in which they answered.
   */
  private static List<JsonNode> inOrder(JsonNode array) {
    List<JsonNode> nodes = new ArrayList<>();
    array.forEach(nodes::add);
    nodes.sort(Comparator.comparing(node -> node.path("subscription").asText()));
    return nodes;
  }

  /** What was not settled is what its publishers sent, at its place. */
  private static void assertGivesOut(NodeFixture node, JsonNode answers) {
    Map<String, JsonNode> stored = new HashMap<>();
    for (Map.Entry<String, JsonNode> answer : answers.properties()) {
      if (answer.getKey().startsWith("/v1/topics/orders/messages?")) {
        answer.getValue().get("messages").forEach(each -> stored.put(place(each), each));
      }
    }
    int left = answers.at("/~1v1~1topics~1orders~1subscriptions~1billing/backlog").asInt();
    List<JsonNode> given = new ArrayList<>();
    while (given.size() < left) {
      List<JsonNode> pulled = node.pull("orders", "billing", 100, "30s");
      assertThat(pulled).as("of " + left + " these came: " + given).isNotEmpty();
      node.settle("orders", "billing", "ack", pulled.stream().map(NodeFixture::receipt).toList());
      given.addAll(pulled);
    }
    for (JsonNode message : given) {
      JsonNode sent = stored.get(place(message));
      assertThat(sent).as(message.toString()).isNotNull();
      for (String field : OF_THE_PUBLISHER) {
        assertThat(message.path(field)).as(field).isEqualTo(sent.path(field));
      }
    }
  }

  private static String place(JsonNode message) {
    return message.get("queue").asText() + '/' + message.get("offset").asText();
  }

  private static void unpack(Path zip, Path to) throws IOException {
    try (InputStream file = Files.newInputStream(zip);
        ZipInputStream entries = new ZipInputStream(file)) {
      for (ZipEntry each = entries.getNextEntry(); each != null; each = entries.getNextEntry()) {
        Path path = to.resolve(each.getName());
        if (each.isDirectory()) {
          Files.createDirectories(path);
        } else {
          Files.createDirectories(path.getParent());
          Files.copy(entries, path);
        }
      }
    }
  }
}
