package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens when the embedded store has no room. */
@Timeout(180)
final class FullDiskIT {
  @TempDir private Path directory;

  /**
   * Guards both ends of a full disk: while the reserve is left consumers go on and publishers know
   * that nothing is stored; without it acks are to be repeated; then everything goes on by itself.
   */
  @Test
  void aFullDiskStopsPublishersAndRecoversByItself() throws Exception {
    Path small = Files.createDirectory(directory.resolve("small"));
    assertThat(run("mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", small.toString()))
        .as("a small disk can be mounted, as root or by unshare --map-root-user --mount")
        .isZero();
    try {
      Map<String, Object> settings =
          Map.of(
              "tidewheel.node.disk-reserve", "48MiB",
              "tidewheel.journal.embedded.memtable-size", "4 MiB",
              "tidewheel.journal.embedded.segment-size", "2 MiB");
      Path filler = small.resolve("filler");
      Files.write(filler, new byte[48 << 20]);
      try (NodeFixture node = NodeFixture.start(small.resolve("data"), settings)) {
        fillAndRecover(node, small, filler);
      }
    } finally {
      run("umount", "-l", small.toString());
    }
  }

  private void fillAndRecover(NodeFixture node, Path small, Path filler) throws IOException {
    node.put("/v1/topics/t", "{}");
    node.put("/v1/topics/t/subscriptions/s", "{\"lease\":\"10m\"}");
    node.put("/v1/topics/many", "{}");
    node.put(
        "/v1/topics/many/subscriptions/s",
        "{\"maxAttempts\":1000,\"lease\":\"10m\",\"success\":{\"target\":0}}");
    for (int i = 0; i < 200; i++) {
      node.publish("many", "m" + i, Map.of());
    }
    String payload = "x".repeat(250_000);
    NodeFixture.Answer last = node.publish("t", payload, Map.of());
    int stored = 0;
    while (last.status() == 201 && stored < 1_000) {
      stored++;
      last = node.publish("t", payload, Map.of());
    }
    assertThat(stored).isGreaterThan(20);
    assertThat(last.status()).isEqualTo(507);
    assertThat(last.body().get("outcome").asText()).isEqualTo("not_stored");
    assertThat(last.body().get("retryable").asBoolean()).isTrue();

    List<String> receipts = receipts(node, 5);
    assertThat(node.settle("t", "s", "ack", receipts)).containsOnly("acked").hasSize(5);

    List<String> late = receipts(node, 3);
    Path rest = small.resolve("rest");
    fill(rest);
    useUpTheLog(node);
    assertThat(node.settle("t", "s", "ack", late))
        .as("what cannot be stored is to be repeated")
        .containsOnly("retry");
    assertThat(node.publish("t", "no", Map.of()).status()).isEqualTo(507);

    Files.delete(rest);
    Files.delete(filler);
    NodeFixture.await(
        () -> node.settle("t", "s", "ack", late).equals(List.of("acked", "acked", "acked")));
    NodeFixture.await(() -> node.publish("t", "room again", Map.of()).status() == 201);
    int left = stored - 8 + 1;
    int seen = 0;
    while (seen < left) {
      List<String> some = receipts(node, 10);
      assertThat(some).isNotEmpty();
      assertThat(node.settle("t", "s", "ack", some)).containsOnly("acked");
      seen += some.size();
    }
    assertThat(seen).isEqualTo(left);
  }

  /** The log has some space beforehand: stores long reasons until there is none. */
  private static void useUpTheLog(NodeFixture node) {
    for (int round = 0; round < 600; round++) {
      List<JsonNode> pulled = node.pull("many", "s", 200, "5s");
      String receipts =
          NodeFixture.JSON
              .valueToTree(pulled.stream().map(NodeFixture::receipt).toList())
              .toString();
      NodeFixture.Answer nacked =
          node.post(
              NodeFixture.messages("many", "s") + ":nack",
              "{\"receipts\":"
                  + receipts
                  + ",\"delay\":\"0s\",\"reason\":\""
                  + "r".repeat(500)
                  + "\"}");
      if (nacked.body().toString().contains("retry")) {
        return;
      }
    }
    throw new AssertionError("there was room for everything");
  }

  /** Leaves no byte. */
  private static void fill(Path file) throws IOException {
    try (var out = Files.newOutputStream(file)) {
      byte[] block = new byte[4096];
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      assertThat(full.getMessage()).contains("space");
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return process.waitFor(10, TimeUnit.SECONDS) ? process.exitValue() : -1;
  }

  private static List<String> receipts(NodeFixture node, int max) {
    return node.pull("t", "s", max, "5s").stream().map(NodeFixture::receipt).toList();
  }
}
