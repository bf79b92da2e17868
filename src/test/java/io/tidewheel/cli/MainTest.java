package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.cli.StandInBroker.Refusal;
import io.tidewheel.cli.StandInBroker.Stored;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole command lines against the HTTP interface: what is printed, sent, and the exit code. */
class MainTest {
  private static final String NOT_NOW = "{\"title\":\"Busy\",\"retryable\":true}";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private StandInBroker broker;

  @BeforeEach
  void open() throws IOException {
    broker = new StandInBroker();
  }

  @AfterEach
  void close() {
    broker.close();
  }

  @Test
  void publishesEveryLineByteForByte() {
    byte[] input = bytes("plain\r\n\n\377\n{\"a\": 1.0}\nlast without end");
    assertThat(runWith(input, "publish", "t")).isZero();
    assertThat(payloads())
        .containsExactlyInAnyOrder("plain\r", "", "\377", "{\"a\": 1.0}", "last without end");
    assertThat(
            broker.stored.stream().filter(m -> m.payload().length == 1).findFirst().orElseThrow())
        .extracting(Stored::contentType)
        .isEqualTo("application/octet-stream");
    assertThat(out()).contains("5 of 5 lines stored", "0 failed");
  }

  @Test
  void keepsTheOrderOfEachKey(@TempDir Path directory) throws IOException {
    List<String> lines = new ArrayList<>();
    IntStream.range(0, 5_000).forEach(i -> lines.add("key" + i * 31 % 97 + " " + i));
    Path file = directory.resolve("lines");
    Files.write(file, lines);
    assertThat(
            run(
                "publish",
                "t",
                "--file",
                file.toString(),
                "--key-regex",
                "^(\\S+) ",
                "--batch",
                "7"))
        .isZero();
    Map<String, List<String>> stored =
        broker.stored.stream()
            .collect(
                Collectors.groupingBy(
                    Stored::key, Collectors.mapping(m -> text(m.payload()), Collectors.toList())));
    assertThat(stored)
        .isEqualTo(lines.stream().collect(Collectors.groupingBy(line -> line.split(" ", -1)[0])));
  }

  @Test
  void takesTheKeyFromAField() {
    byte[] input = bytes("{\"user\":{\"id\":7}}\n{\"user\":{}}\nno json\n");
    assertThat(runWith(input, "publish", "t", "--key-field", ".user.id"))
        .isEqualTo(ExitCodes.FAILED);
    assertThat(broker.stored).extracting(Stored::key).containsExactlyInAnyOrder("7", null);
    assertThat(broker.stored).extracting(Stored::contentType).containsOnly("application/json");
    assertThat(err()).contains("line 3: not one JSON value");
    assertThat(out()).contains("2 of 3 lines stored", "1 failed", "1 without a key");
  }

  @Test
  void repeatsWhatIsRefusedForNow() {
    broker.refusals.add(new Refusal(503, NOT_NOW));
    broker.refusals.add(
        new Refusal(
            207,
            "{\"results\":[{\"error\":{\"title\":\"Full\",\"status\":429,\"retryable\":true}}]}"));
    assertThat(runWith(bytes("one\n"), "publish", "t", "-o", "json")).isZero();
    assertThat(payloads()).containsExactly("one");
    assertThat(out()).contains("\"stored\":1", "\"failed\":0", "\"retried\":2");
  }

  @Test
  void namesTheLineThatIsNotAcceptable() {
    broker.refusals.add(
        new Refusal(
            207, "{\"results\":[{\"error\":{\"title\":\"Key too long\",\"retryable\":false}}]}"));
    assertThat(runWith(bytes("one\n"), "publish", "t")).isEqualTo(ExitCodes.FAILED);
    assertThat(err()).contains("line 1: Key too long");
  }

  @Test
  void endsWhenTheWholeRequestIsNotAcceptable() {
    broker.refusals.add(new Refusal(404, "{\"title\":\"Unknown topic\",\"detail\":\"no t\"}"));
    assertThat(runWith(bytes("one\n"), "publish", "t")).isEqualTo(ExitCodes.FAILED);
    assertThat(err()).contains("stopped: Unknown topic: no t");
  }

  @Test
  void publishesALineThatFitsNoBatchByItself() {
    byte[] large = new byte[3 << 20];
    new SplittableRandom(1).nextBytes(large);
    for (int i = 0; i < large.length; i++) {
      large[i] = large[i] == '\n' ? 0 : large[i];
    }
    assertThat(runWith(large, "publish", "t")).isZero();
    assertThat(broker.stored.get(0).payload()).isEqualTo(large);
    assertThat(broker.requests).contains("POST /v1/topics/t/messages");
  }

  @Test
  void printsPayloadsByteForByte() {
    broker.deliver(
        "\"contentType\":\"application/json\",\"body\": {\"a\" : 1.10 }\t",
        "\"bodyText\":\"täxt\"",
        "\"bodyBase64\":\"/w==\"",
        "\"body\":12345678901234567890.0",
        "\"body\":\"s\"");
    assertThat(run("consume", "t", "-s", "sub")).isZero();
    assertThat(out.toString(StandardCharsets.ISO_8859_1))
        .isEqualTo(
            " {\"a\" : 1.10 }\t\ntäxt\n\377\n12345678901234567890.0\n\"s\"\n"
                .replace("ä", "\303\244"));
    assertThat(broker.settled).containsExactly("ack r0", "ack r1", "ack r2", "ack r3", "ack r4");
    assertThat(err()).contains("5 messages", "5 acked");
    assertThat(broker.requests).contains("POST /v1/topics/t/subscriptions/sub/messages:pull");
  }

  @Test
  void printsOneObjectALine() {
    broker.deliver("\"body\":{\n\"a\":1}", "\"bodyText\":\"x\"");
    assertThat(run("consume", "t", "-o", "json")).isZero();
    assertThat(out().lines()).hasSize(2).first().asString().contains("\"body\":{ \"a\":1}");
    assertThat(broker.requests).contains("POST /v1/topics/t/messages:pull");
  }

  @Test
  void takesNoMoreThanAsked() {
    broker.deliver("\"bodyText\":\"1\"", "\"bodyText\":\"2\"", "\"bodyText\":\"3\"");
    assertThat(run("consume", "t", "--max", "2", "--workers", "3")).isZero();
    assertThat(out().lines()).hasSize(2);
    assertThat(broker.deliveries).hasSize(1);
  }

  @Test
  void runsACommandPerMessage(@TempDir Path directory) throws IOException {
    broker.deliver("\"bodyText\":\"good\"", "\"bodyText\":\"bad\"");
    Path seen = directory.resolve("seen");
    String command =
        "read -r line; echo \"$line $TIDEWHEEL_KEY $TIDEWHEEL_ATTEMPT $TIDEWHEEL_HEADER_A_B\" >>"
            + seen
            + "; test \"$line\" = good";
    // The payload ends without a line feed, for which read reports an end of file: ignored.
    assertThat(run("consume", "t", "--exec", command)).isEqualTo(ExitCodes.FAILED);
    assertThat(Files.readAllLines(seen)).containsExactly("good k0 1 c", "bad k1 1 c");
    assertThat(broker.settled).containsExactly("ack r0", "nack r1");
    assertThat(err()).contains("1 acked, 1 nacked");
  }

  @Test
  void asksAgainWhenAPullIsRefusedForNow() {
    broker.refusals.add(new Refusal(503, NOT_NOW));
    broker.deliver("\"bodyText\":\"1\"");
    assertThat(run("consume", "t")).isZero();
    assertThat(out()).isEqualTo("1\n");
  }

  @Test
  void createsWithNestedSettings() {
    assertThat(
            run("topic", "create", "t", "queues=4", "retention.time=48h", "ttl=null", "-o", "json"))
        .isZero();
    assertThat(out().replaceAll("\\s", ""))
        .isEqualTo("{\"queues\":4,\"retention\":{\"time\":\"48h\"},\"ttl\":null}");
    assertThat(run("subscription", "create", "t", "s")).isZero();
    assertThat(out()).contains("subscription t/s created");
  }

  @Test
  void changesOnlyWhatIsThere() {
    assertThat(run("topic", "set", "none", "ttl=1h")).isEqualTo(ExitCodes.FAILED);
    assertThat(err()).contains("Unknown topic: There is no topic none");
    assertThat(broker.requests).containsExactly("GET /v1/topics/none");
  }

  @Test
  void listsAllPages() {
    assertThat(run("topic", "list")).isZero();
    assertThat(out().lines().map(line -> line.split(" ", -1)[0]))
        .containsExactly("TOPIC", "a", "b");
  }

  @Test
  void escapesNames() {
    assertThat(run("topic", "show", "a/b?c")).isZero();
    assertThat(broker.requests).containsExactly("GET /v1/topics/a%2Fb%3Fc");
  }

  @ParameterizedTest
  @CsvSource({
    "publish t --batch 0, --batch 0: expected 1 to 1000",
    "publish t --key-regex (, --key-regex (",
    "publish t --key-field a, expected /user/id or .user.id",
    "publish, Missing required parameter: 'TOPIC'",
    "publish t --key-regex a --key-field .b, mutually exclusive",
    "consume t --lease 5, --lease: expected a duration",
    "consume t --max 0, --max 0: expected 1 or more",
    "topic, Missing required subcommand",
    "topic set t novalue, expected a setting such as",
    "helth, Did you mean: tidewheel health",
    "health --url ftp://x, expected an address such as",
    "start --config missing.conf, missing.conf is not there",
    "start --port 70000, tidewheel.http.port = 70000",
  })
  void saysWhatIsWrongWithTheCommandLine(String line, String expected) {
    assertThat(run(line.split(" ", -1))).isEqualTo(ExitCodes.USAGE);
    assertThat(err()).contains(expected);
  }

  @Test
  void saysThatNobodyAnswers() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    for (String line : List.of("health", "publish t", "consume t", "topic list")) {
      String[] arguments =
          Stream.concat(
                  Stream.of(line.split(" ", -1)), Stream.of("--url", "http://127.0.0.1:" + free))
              .toArray(String[]::new);
      assertThat(Main.run(terminal(new byte[0]), config -> null, arguments))
          .as(line)
          .isEqualTo(ExitCodes.UNREACHABLE);
    }
    assertThat(err()).contains("no broker answers at http://127.0.0.1:" + free);
  }

  @Test
  void everyCommandShowsAnExample() {
    for (String command :
        List.of(
            "",
            "start",
            "topic",
            "topic create",
            "topic list",
            "topic show",
            "topic set",
            "topic delete",
            "subscription",
            "subscription create",
            "subscription list",
            "subscription show",
            "subscription set",
            "subscription delete",
            "subscription pause",
            "subscription resume",
            "publish",
            "consume",
            "backlog",
            "demo",
            "redrive",
            "bench",
            "verify",
            "config print",
            "health")) {
      out.reset();
      assertThat(run((command + " --help").strip().split(" ", -1))).as(command).isZero();
      assertThat(out()).as(command).containsPattern("Examples?:");
    }
  }

  @Test
  void showsItsVersion() {
    assertThat(run("--version")).isZero();
    assertThat(out()).contains("tidewheel ").contains("java " + Runtime.version());
  }

  private int run(String... arguments) {
    return runWith(new byte[0], arguments);
  }

  private int runWith(byte[] input, String... arguments) {
    boolean isLocal = arguments.length == 0 || arguments[0].equals("start");
    boolean hasUrl = List.of(arguments).contains("--url") || List.of(arguments).contains("--help");
    String[] all =
        isLocal || hasUrl || arguments.length == 1
            ? arguments
            : Stream.concat(Stream.of(arguments), Stream.of("--url", broker.url()))
                .toArray(String[]::new);
    return Main.run(terminal(input), config -> null, all);
  }

  private Terminal terminal(byte[] input) {
    return new Terminal(
        new ByteArrayInputStream(input),
        new PrintStream(out, false, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false,
        System::nanoTime,
        InstantSource.system(),
        new SplittableRandom(7));
  }

  private List<String> payloads() {
    return broker.stored.stream().map(m -> text(m.payload())).toList();
  }

  private static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String text(byte[] payload) {
    return new String(payload, StandardCharsets.ISO_8859_1);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
