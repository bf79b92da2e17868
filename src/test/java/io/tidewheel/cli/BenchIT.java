package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.LocalNode;
import io.tidewheel.TidewheelNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    node = LocalNode.start(directory.resolve("data"), Map.of("tidewheel.http.bench-route", true));
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
    assertThat(report.at("/messages").asInt()).isEqualTo(4_000);
    assertThat(acked(report)).isEqualTo(4_000);
    assertThat(report.at("/operations/end-to-end/messages").asInt()).isGreaterThanOrEqualTo(4_000);
    assertThat(report.at("/missing").asInt()).isZero();
    assertThat(report.at("/errors").asInt()).isZero();
    assertThat(report.at("/cpu").asDouble()).isPositive();
    assertThat(report.at("/rss").asDouble()).isPositive();
    assertThat(Json.MAPPER.readTree(Files.readString(file))).isEqualTo(report);
  }

  @Test
  void comparesWithAndWithoutOpenMonitors() throws IOException {
    JsonNode report =
        bench("publish", "--rate", "200", "--duration", "12500ms", "--monitors", "3", "-c", "2");
    assertThat(report.at("/rateWithMonitors").asDouble()).isBetween(100.0, 300.0);
    assertThat(report.at("/rateWithoutMonitors").asDouble()).isBetween(100.0, 300.0);
    assertThat(report.at("/monitorBytes").asDouble()).as("they were told something").isPositive();
    assertThat(report.at("/monitorsFailed").asInt()).isZero();
  }

  @Test
  void givesEachTopicTheSame() throws IOException {
    bench("publish", "--topic", "even", "--topics", "6", "--messages", "12", "-c", "4");
    for (int i = 0; i < 6; i++) {
      int stored = 0;
      for (JsonNode queue : json("topic", "show", "even-0000" + i).path("queues")) {
        stored += queue.path("nextOffset").asInt();
      }
      assertThat(stored).isEqualTo(2);
    }
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

  /** What the warm-up publishes is consumed in the measurement, too, and must not count there. */
  @Test
  void measuresExactlyTheMessagesBehindTheWarmUp() throws IOException {
    for (String mode : List.of("publish", "both")) {
      JsonNode report = bench(mode, "--messages", "600", "--warmup", "500ms", "-c", "4");
      assertThat(report.at("/operations/publish/messages").asInt()).isEqualTo(600);
      assertThat(report.at("/operations/publish/requests").asInt()).isEqualTo(600);
      if (mode.equals("both")) {
        assertThat(acked(report)).isEqualTo(600);
        assertThat(report.at("/operations/end-to-end/messages").asInt()).isEqualTo(600);
        assertThat(report.at("/missing").asInt()).isZero();
      }
    }
  }

  @Test
  void ratesAreMessagesByTheTimeInWhichTheyHappened() throws IOException {
    JsonNode report = bench("both", "--messages", "3000", "--batch", "100", "-c", "2");
    report
        .path("operations")
        .forEach(
            each ->
                assertThat(each.path("rate").asDouble() * each.path("seconds").asDouble())
                    .isCloseTo(
                        each.path("messages").asDouble(),
                        org.assertj.core.data.Percentage.withPercentage(5)));
    double published = report.at("/operations/publish/seconds").asDouble();
    double late = report.at("/operations/catch-up/seconds").asDouble();
    assertThat(report.at("/operations/ack/seconds").asDouble(published)).isEqualTo(published);
    assertThat(report.at("/seconds").asDouble())
        .isCloseTo(published + late, org.assertj.core.data.Offset.offset(0.02));
  }

  @Test
  void takesExactlyAsManyAsAskedFor() throws IOException {
    bench("publish", "--topic", "more", "--messages", "1000", "--batch", "100", "-c", "2");
    JsonNode report =
        bench("consume", "--topic", "more", "--messages", "330", "--nack-share", "0.1", "-c", "4");
    assertThat(report.at("/operations/ack/messages").asInt()).isEqualTo(330);
  }

  /**
   * A nack takes back what is behind it in its key: later nacks come too late, and nothing fails.
   */
  @Test
  void countsNacksThatCameTooLateApart() throws IOException {
    bench("publish", "--topic", "keyed", "--messages", "400", "--batch", "100", "--keys", "4");
    JsonNode report =
        bench(
            "consume",
            "--topic",
            "keyed",
            "--drain",
            "-c",
            "1",
            "--nack-share",
            "0.5",
            "--wait",
            "500ms",
            "--nack-delay",
            "10ms");
    assertThat(report.at("/operations/ack/messages").asInt()).isEqualTo(400);
    assertThat(report.at("/operations/nack/notTaken").asInt()).isPositive();
    assertThat(report.at("/errors").asInt()).isZero();
  }

  @Test
  void publishesStreamsOfLines() throws IOException {
    JsonNode report =
        bench(
            "both",
            "--ndjson",
            "--messages",
            "5000",
            "--window",
            "300",
            "--keys",
            "20",
            "--ids",
            "--producers",
            "2",
            "--payload",
            "100B");
    assertThat(report.at("/operations/publish/messages").asInt()).isEqualTo(5_000);
    assertThat(acked(report)).isEqualTo(5_000);
    assertThat(report.at("/errors").asInt()).isZero();
    JsonNode paced =
        bench(
            "publish",
            "--ndjson",
            "--rate",
            "1000",
            "--duration",
            "1s",
            "--warmup",
            "200ms",
            "--allow-unsent");
    assertDue(paced, "publish", 1_000);
  }

  /**
   * What was due is what its rate makes of the time that the run really took: a slow machine ends
   * it late, and starts its threads late.
   */
  private static void assertDue(JsonNode report, String operation, double rate) {
    double due =
        report.at("/operations/" + operation + "/messages").asDouble()
            + report.at("/unsent").asDouble();
    assertThat(due / (rate * report.at("/seconds").asDouble()))
        .as(report.toString())
        .isBetween(0.8, 1.05);
  }

  @Test
  void failsWhenMessagesWereDueAndNotSent() throws IOException {
    String[] tooFast = {
      "bench", "publish", "--rate", "200000", "--duration", "500ms", "--warmup", "0s", "-c", "1"
    };
    assertThat(run(tooFast)).isEqualTo(ExitCodes.THRESHOLD);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("were due and not sent");
    List<String> allowed = new ArrayList<>(List.of(tooFast).subList(1, tooFast.length));
    allowed.add("--allow-unsent");
    JsonNode report = bench(allowed.toArray(String[]::new));
    assertDue(report, "publish", 200_000);
    assertThat(report.at("/operations/publish/p99").asDouble()).isGreaterThan(100);
  }

  @Test
  void drainsInThisProcessAndAccountsForEveryMessage() throws IOException {
    JsonNode both =
        bench(
            "both",
            "--in-process",
            "--messages",
            "3000",
            "--batch",
            "100",
            "-c",
            "4",
            "--queues",
            "2",
            "--keys",
            "30",
            "--nack-share",
            "0.1",
            "--nack-delay",
            "10ms");
    assertThat(both.path("published").asInt()).isEqualTo(3_000);
    assertThat(both.path("drained").asInt()).isEqualTo(3_000);
    assertThat(both.path("missing").asInt()).isZero();
    assertThat(both.path("delivered").asInt()).isGreaterThan(3_000);
    assertThat(both.path("rate").asDouble()).isPositive();
    assertThat(both.path("lastTenthRate").asDouble()).isPositive();
  }

  @Test
  void drainsADirectoryThatIsKept() throws IOException {
    String data = directory.resolve("kept").toString();
    JsonNode published =
        bench(
            "publish",
            "--in-process",
            "--data",
            data,
            "--topic",
            "t",
            "--messages",
            "500",
            "-c",
            "8",
            "--subscriptions",
            "1");
    assertThat(published.path("published").asInt()).isEqualTo(500);
    assertThat(published.path("publishCpu").asDouble()).isPositive();
    JsonNode drained =
        bench(
            "consume",
            "--in-process",
            "--data",
            data,
            "--topic",
            "t",
            "--wait",
            "200ms",
            "-c",
            "2");
    assertThat(drained.path("drained").asInt()).isEqualTo(500);
    assertThat(drained.path("missing").asInt()).isZero();
    assertThat(drained.path("firstDeliverySeconds").asDouble()).isPositive();
  }

  @Test
  void acksAtARate() throws IOException {
    JsonNode report =
        bench(
            "ack",
            "--rate",
            "2000",
            "--pull",
            "50",
            "--duration",
            "1s",
            "--warmup",
            "0s",
            "--allow-unsent");
    assertThat(report.at("/operations/ack/messages").asDouble())
        .isBetween(50.0, 2_000 * report.at("/seconds").asDouble() + 50);
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
    assertThat(run("bench", "publish", "--messages", "150", "--batch", "100"))
        .isEqualTo(ExitCodes.USAGE);
    assertThat(run("bench", "both", "--payload", "20B")).isEqualTo(ExitCodes.USAGE);
    assertThat(run("bench", "publish", "--ndjson", "--batch", "10")).isEqualTo(ExitCodes.USAGE);
  }

  private static int acked(JsonNode report) {
    return report.at("/operations/ack/messages").asInt()
        + report.at("/operations/catch-up/messages").asInt();
  }

  @Test
  void comparesABusyTopicWithItselfBesideIdleSessions() throws IOException {
    JsonNode report =
        bench(
            "both",
            "--client",
            "-c",
            "4",
            "--warmup",
            "100ms",
            "--duration",
            "300ms",
            "--idle-sessions",
            "3",
            "--idle-subscriptions",
            "4",
            "--idle-topics",
            "6");
    assertThat(report.get("missing").asDouble()).isZero();
    assertThat(report.get("errors").asDouble()).isZero();
    assertThat(report.get("ratio").asDouble())
        .isEqualTo(
            report.get("beside.rate").asDouble() / report.get("alone.rate").asDouble(),
            within(0.01));
    assertThat(report.get("beside.publish.p99").asDouble()).isPositive();
    assertThat(json("topic", "list").findValuesAsText("name"))
        .noneMatch(name -> name.contains("idle"));
    assertThat(run("bench", "both", "--idle-sessions", "1")).isEqualTo(ExitCodes.USAGE);
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
    return CommandLines.run(new byte[0], out, err, all.toArray(String[]::new));
  }
}
