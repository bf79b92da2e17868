package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "redrive",
    description = "Gives dead letters back to the subscription they died for.",
    footer = {
      "",
      "Without a selection all dead letters that are left go back. Options that select are to hold",
      "together. Ctrl-C stops it; started again it goes on with what is left.",
      "",
      "Examples:",
      "  tidewheel redrive orders billing --dry-run",
      "  tidewheel redrive orders billing --reason rejected --from 2026-11-21T15:00:00Z",
      "  tidewheel redrive orders billing --key customer-7 --rate 50",
      "  tidewheel redrive orders billing --id o-1 --id o-2 --no-wait -o json"
    })
final class RedriveCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final BrokerOptions options = new BrokerOptions();

  @Parameters(paramLabel = "TOPIC")
  private String topic = "";

  @Parameters(paramLabel = "SUBSCRIPTION")
  private String subscription = "";

  @Option(names = "--id", paramLabel = "ID", description = "Only messages with one of these ids.")
  private List<String> ids = List.of();

  @Option(
      names = "--reason",
      paramLabel = "REASON",
      description =
          "Only what died of this: attempts, nacked, lease-ended, worker-lost, rejected, expired.")
  private @Nullable String reason;

  @Option(names = "--key", paramLabel = "KEY", description = "Only messages with this key.")
  private @Nullable String key;

  @Option(names = "--from", paramLabel = "TIME", description = "Only what died at it or later.")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "TIME", description = "Only what died before it.")
  private @Nullable String to;

  @Option(names = "--max", paramLabel = "N", description = "At most so many, the oldest first.")
  private @Nullable Integer max;

  @Option(names = "--rate", paramLabel = "N", description = "Messages a second; 500.")
  private @Nullable Integer rate;

  @Option(names = "--dry-run", description = "Changes nothing; shows what would go back.")
  private boolean isDryRun;

  @Option(
      names = "--no-wait",
      description = "Ends as soon as it has begun, and says where to look.")
  private boolean isNotWaiting;

  RedriveCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    BrokerConnection connection = options.connect();
    JsonNode operation =
        connection
            .post(
                SubscriptionCommand.path(topic, subscription) + ":redrive",
                Json.compact(body()).getBytes(StandardCharsets.UTF_8))
            .orFail()
            .json();
    String path = BrokerConnection.path("v1", "operations", operation.path("id").asText());
    if (isNotWaiting) {
      terminal.print(options.isJson() ? Json.pretty(operation) : path);
      return ExitCodes.OK;
    }
    JsonNode ended = await(connection, path, operation);
    print(ended);
    return ended.path("state").asText().equals("done") && failedCount(ended) == 0
        ? ExitCodes.OK
        : ExitCodes.FAILED;
  }

  private ObjectNode body() {
    ObjectNode body = Json.MAPPER.createObjectNode();
    if (!ids.isEmpty()) {
      ids.forEach(body.putArray("ids")::add);
    }
    body.put("reason", reason);
    body.put("key", key);
    body.put("from", from);
    body.put("to", to);
    body.put("max", max);
    body.put("rate", rate);
    body.put("dryRun", isDryRun);
    return body;
  }

  /**
   * Asks again and again; when it is interrupted, has the operation cancelled and waits for that.
   */
  private JsonNode await(BrokerConnection connection, String path, JsonNode begun)
      throws InterruptedException {
    ProgressLine progress = new ProgressLine(terminal);
    JsonNode operation = begun;
    boolean isCancelled = false;
    Thread self = Thread.currentThread();
    try (Interruption interruption = Interruption.watch(self::interrupt, Duration.ofSeconds(10))) {
      while (operation.path("endedAt").isNull()) {
        try {
          TimeUnit.NANOSECONDS.sleep(progress.interval().toNanos());
          operation = connection.get(path).orFail().json();
          show(progress, operation);
        } catch (InterruptedException e) {
          if (isCancelled || !interruption.isRequested()) {
            throw e;
          }
          isCancelled = true;
          operation = connection.delete(path).orFail().json();
        }
      }
    } finally {
      progress.clear();
    }
    return operation;
  }

  private static void show(ProgressLine progress, JsonNode operation) {
    long done = operation.path("done").asLong();
    long total = operation.path("total").asLong();
    JsonNode result = operation.path("result");
    String what =
        String.format(
            Locale.ROOT,
            "%,d of %,d dead letters, %,d redriven",
            done,
            total,
            result.path("redriven").asLong());
    progress.show(what, done, total == 0 ? -1 : (double) done / total);
  }

  private void print(JsonNode operation) {
    if (options.isJson()) {
      terminal.print(Json.pretty(operation));
      return;
    }
    JsonNode result = operation.path("result");
    if (isDryRun) {
      printSelected(result);
    }
    String counts =
        isDryRun
            ? count(result, "selected") + " would be redriven, " + count(result, "bytes") + " bytes"
            : count(result, "redriven") + " redriven";
    terminal.print(
        counts
            + ", "
            + count(result, "skipped")
            + " skipped, "
            + count(result, "failed")
            + " failed");
    String state = operation.path("state").asText();
    if (!state.equals("done")) {
      terminal.say(
          "tidewheel: the redrive was "
              + (state.equals("failed") ? "stopped: " : state + "; start it again to go on")
              + operation.path("error").path("detail").asText());
    }
  }

  private void printSelected(JsonNode result) {
    Table table = new Table("DEAD LETTER", "DIED AT", "QUEUE", "OFFSET", "ID", "KEY", "REASON");
    for (JsonNode each : result.path("first")) {
      table.add(
          each.path("deadLetter").asText(),
          each.path("diedAt").asText(),
          each.path("queue").asText(),
          each.path("offset").asText(),
          each.path("id").asText("-"),
          each.path("key").asText("-"),
          each.path("reason").asText());
    }
    if (!result.path("first").isEmpty()) {
      terminal.print(table.render());
    }
  }

  private static long failedCount(JsonNode operation) {
    return operation.path("result").path("failed").asLong();
  }

  private static String count(JsonNode result, String name) {
    return String.format(Locale.ROOT, "%,d", result.path(name).asLong());
  }
}
