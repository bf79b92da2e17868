package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.LocalNode;
import io.tidewheel.TidewheelNode;
import io.tidewheel.journal.LogRow;
import io.tidewheel.message.Message;
import io.tidewheel.queue.AppendResults;
import io.tidewheel.queue.QueueEvent;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import io.tidewheel.queue.SenderId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check of a data directory that a broker, or something wrong, has written. */
class VerifyIT {
  @TempDir Path temp;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void passesAWholeDirectoryAndNamesAFlippedBitOfAPayload() throws IOException {
    Path data = temp.resolve("data");
    try (TidewheelNode node = start(data)) {
      String url = "http://127.0.0.1:" + node.httpAddress().getPort();
      assertThat(
              run(
                  "bench",
                  "publish",
                  "--url",
                  url,
                  "--topic",
                  "t",
                  "--queues",
                  "1",
                  "--messages",
                  "3000",
                  "--batch",
                  "100",
                  "-c",
                  "2",
                  "--subscriptions",
                  "1"))
          .isZero();
      assertThat(
              run(
                  "bench",
                  "consume",
                  "--url",
                  url,
                  "--topic",
                  "t",
                  "--messages",
                  "1000",
                  "-c",
                  "1"))
          .isZero();
      // A row each, so that a checkpoint comes due.
      assertThat(
              run(
                  "bench",
                  "publish",
                  "--url",
                  url,
                  "--topic",
                  "t",
                  "--messages",
                  "1500",
                  "-c",
                  "1"))
          .isZero();
      assertThat(run("verify", data.toString())).isEqualTo(ExitCodes.FAILED);
      assertThat(err.toString(StandardCharsets.UTF_8)).contains("already open");
    }
    JsonNode whole = verify(data, ExitCodes.OK);
    assertThat(whole.path("ok").asBoolean()).isTrue();
    assertThat(whole.path("messages").asInt()).isEqualTo(4_500);
    assertThat(whole.path("logs").asInt()).isGreaterThanOrEqualTo(3);
    assertThat(whole.path("snapshots").asInt()).isPositive();

    Path log;
    try (var files = Files.list(data.resolve("log"))) {
      log = files.filter(f -> f.toString().endsWith(".segment")).sorted().findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(log);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf("tw", bytes.length / 2);
    bytes[at + 100] ^= 4;
    Files.write(log, bytes);
    JsonNode damaged = verify(data, ExitCodes.FAILED);
    assertThat(damaged.path("ok").asBoolean()).isFalse();
    assertThat(damaged.path("findings").toString())
        .contains("log file " + log.getFileName(), "stored row", "checksum does not match");
  }

  @Test
  void namesAWrongCountAndABrokenChain() throws Exception {
    Path data = temp.resolve("data");
    List<Message> two = List.of(Message.of(new byte[3]), Message.of(new byte[4]));
    DecidedAppend three = new DecidedAppend(new SenderId(1, 2), 1, AppendResults.stored(0, 3));
    store(
        data,
        List.of(
            new LogRow.Opened<>(1, "here", 0, 0),
            new LogRow.Entry<>(1, new MessagesAppended(0, 5, 0, List.of(three), two)),
            new LogRow.Entry<>(4, new MessagesAppended(2, 5, 77, List.of(), List.of())),
            new LogRow.Checkpoint<>(4)));
    JsonNode found = verify(data, ExitCodes.FAILED);
    assertThat(found.path("findings").toString())
        .contains(
            "wrong: the batch at offset 0 has 2 messages, its appends count 3",
            "wrong: the batch at offset 2 names another checksum",
            "continues epoch 4");
  }

  @Test
  void refusesWhatIsNoDataDirectory() {
    assertThat(run("verify", temp.resolve("nothing").toString())).isEqualTo(ExitCodes.USAGE);
    assertThat(temp.resolve("nothing")).doesNotExist();
  }

  private static TidewheelNode start(Path data) {
    return LocalNode.start(data);
  }

  /** Persists rows past the code that would refuse to make them. */
  private static void store(Path data, List<LogRow<QueueEvent>> rows) throws Exception {
    Config config =
        ConfigFactory.parseMap(
                Map.of(
                    "tidewheel.journal.embedded.directory",
                    data.toString(),
                    "akka.actor.provider",
                    "local",
                    "akka.loglevel",
                    "WARNING"))
            .withFallback(ConfigFactory.parseResources("tidewheel-akka.conf"))
            .withFallback(ConfigFactory.defaultReference())
            .resolve();
    ActorSystem<LogRow<QueueEvent>> system = ActorSystem.create(new Writer(rows), "writer", config);
    ActorRef<LogRow<QueueEvent>> writer = system;
    rows.forEach(writer::tell);
    system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  /** Stores what it is told, and stops after the last of it. */
  private static final class Writer
      extends EventSourcedBehavior<LogRow<QueueEvent>, LogRow<QueueEvent>, Integer> {
    private final int count;

    Writer(List<LogRow<QueueEvent>> rows) {
      super(PersistenceId.ofUniqueId("wrong"));
      this.count = rows.size();
    }

    @Override
    public Integer emptyState() {
      return 0;
    }

    @Override
    public CommandHandler<LogRow<QueueEvent>, LogRow<QueueEvent>, Integer> commandHandler() {
      return (stored, row) ->
          stored == count - 1 ? Effect().persist(row).thenStop() : Effect().persist(row);
    }

    @Override
    public EventHandler<Integer, LogRow<QueueEvent>> eventHandler() {
      return (stored, row) -> stored + 1;
    }
  }

  private JsonNode verify(Path data, int exitCode) throws IOException {
    out.reset();
    assertThat(run("verify", data.toString(), "-o", "json"))
        .as(() -> out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8))
        .isEqualTo(exitCode);
    return Json.MAPPER.readTree(out.toByteArray());
  }

  private int run(String... arguments) {
    return CommandLines.run(new byte[0], out, err, arguments);
  }
}
