package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.TidewheelNode;
import io.tidewheel.config.ConfigurationFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The load generator against a real node: what it counts is what happened. */
class BenchIT {
  @TempDir static Path directory;
  private static TidewheelNode node;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void start() {
    node =
        TidewheelNode.start(
            ConfigurationFile.load(
                null,
                Map.of(
                    "tidewheel.node.data-directory",
                    directory.resolve("data").toString(),
                    "tidewheel.http.port",
                    0,
                    "tidewheel.http.bench-route",
                    true)));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void consumesWhatItPublishes() throws IOException {
    Path file = directory.resolve("report.json");
    JsonNode report =
        bench(
            "both",
            "--messages",
            "2000",
            "--keys",
            "50",
            "--ids",
            "--topics",
            "2",
            "--queues",
            "2",
            "--subscriptions",
            "2",
            "-c",
            "8",
            "--payload",
            "200B",
            "--report",
            file.toString());
    assertThat(report.at("/operations/publish/messages").asInt()).isEqualTo(2_000);
    assertThat(report.at("/operations/ack/messages").asInt()).isEqualTo(4_000);
    assertThat(report.at("/operations/end-to-end/messages").asInt()).isGreaterThanOrEqualTo(4_000);
    assertThat(report.at("/missing").asInt()).isZero();
    assertThat(report.at("/errors").asInt()).isZero();
    assertThat(report.at("/cpu").asDouble()).isPositive();
    assertThat(report.at("/rss").asDouble()).isPositive();
    assertThat(Json.MAPPER.readTree(Files.readString(file))).isEqualTo(report);
  }

  @Test
  void drainsATopicThatIsKept() throws IOException {
    bench("publish", "--topic", "kept", "--messages", "1000", "--batch", "100", "-c", "2");
    JsonNode drained =
        bench(
            "consume",
            "--topic",
            "kept",
            "-s",
            "s",
            "--drain",
            "-c",
            "2",
            "--nack-share",
            "0.2",
            "--wait",
            "500ms");
    assertThat(drained.at("/operations/ack/messages").asInt()).isEqualTo(1_000);
    assertThat(drained.at("/operations/nack/messages").asInt()).isBetween(100, 500);
    JsonNode topic = json("topic", "show", "kept");
    assertThat(topic.path("name").asText()).isEqualTo("kept");
  }

  @Test
  void acksAtARate() throws IOException {
    JsonNode report =
        bench("ack", "--rate", "2000", "--pull", "50", "--duration", "1s", "--warmup", "0s");
    assertThat(report.at("/operations/ack/messages").asInt()).isBetween(50, 2_050);
    assertThat(report.at("/errors").asInt()).isZero();
  }

  @Test
  void callsTheRouteThatDoesNothingAndDeletesItsTopics() throws IOException {
    JsonNode report = bench("empty", "-c", "4", "--messages", "200");
    assertThat(report.at("/operations/empty/messages").asInt()).isEqualTo(200);
    JsonNode topics = json("topic", "list", "--prefix", "bench-");
    assertThat(topics).isEmpty();
  }

  @Test
  void endsWithFourWhenABoundIsMissed() {
    assertThat(run("bench", "publish", "--messages", "50", "--fail-if", "rate<100000000/s"))
        .isEqualTo(ExitCodes.THRESHOLD);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("failed: rate<100000000/s");
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("publish", "P99", "CPU per message");
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThat(run("bench", "consume")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("bench", "publish", "--fail-if", "fast")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("bench", "publish", "--payload", "1000")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("bench", "publish", "--rate", "-1")).isEqualTo(ExitCodes.USAGE);
  }

  private JsonNode bench(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("bench"));
    all.addAll(List.of(arguments));
    return json(all.toArray(String[]::new));
  }

  private JsonNode json(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("-o");
    all.add("json");
    out.reset();
    assertThat(run(all.toArray(String[]::new)))
        .as(() -> err.toString(StandardCharsets.UTF_8))
        .isZero();
    return Json.MAPPER.readTree(out.toByteArray());
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--url");
    all.add("http://127.0.0.1:" + node.httpAddress().getPort());
    Terminal terminal =
        new Terminal(
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            System::nanoTime,
            new SplittableRandom(1));
    return Main.run(
        terminal,
        config -> {
          throw new AssertionError("no node is started");
        },
        all.toArray(String[]::new));
  }
}
