package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "backlog",
    description = "Shows what waits, by topic, subscription and queue.",
    footer = {
      "",
      "Examples:",
      "  tidewheel backlog",
      "  tidewheel backlog --watch --by subscription --min 1",
      "  tidewheel backlog --topic orders --sort oldestAt -o json"
    })
final class BacklogCommand implements Callable<Integer> {
  private static final String CLEAR_SCREEN = "\u001b[H\u001b[2J";

  private final Terminal terminal;

  @Mixin private final BrokerOptions options = new BrokerOptions();

  @Option(names = "--topic", paramLabel = "NAME", description = "Only this topic.")
  private @Nullable String topic;

  @Option(
      names = {"-s", "--subscription"},
      paramLabel = "NAME",
      description = "Only subscriptions of this name.")
  private @Nullable String subscription;

  @Option(names = "--node", paramLabel = "NODE", description = "Only queues of this node.")
  private @Nullable String node;

  @Option(names = "--min", paramLabel = "N", description = "Only where at least so many wait.")
  private @Nullable Long min;

  @Option(
      names = "--sort",
      paramLabel = "ORDER",
      defaultValue = "-backlog",
      description =
          "name, -backlog, -lag, oldestAt, -inRate, -outRate, -failRate or -deadLetters;"
              + " ${DEFAULT-VALUE}.")
  private String sort = "";

  @Option(
      names = "--by",
      paramLabel = "WHAT",
      defaultValue = "queue",
      description = "A line for each queue, subscription or topic; ${DEFAULT-VALUE}.")
  private String by = "";

  @Option(
      names = "--max",
      paramLabel = "N",
      defaultValue = "50",
      description = "Rows at most; ${DEFAULT-VALUE}.")
  private int max;

  @Option(
      names = "--watch",
      arity = "0..1",
      paramLabel = "DURATION",
      fallbackValue = "2s",
      description = "Shows it again and again until Ctrl-C; every 2s if no time is given.")
  private @Nullable String watch;

  BacklogCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    OptionValues.range("--max", max, 1, 1_000);
    BrokerConnection connection = options.connect();
    String path = path();
    if (watch == null) {
      terminal.print(render(connection.get(path).orFail().json()));
      return ExitCodes.OK;
    }
    Duration interval = OptionValues.duration("--watch", watch, Duration.ofMillis(100));
    Thread self = Thread.currentThread();
    try (Interruption interruption = Interruption.watch(self::interrupt, Duration.ofSeconds(2))) {
      while (!interruption.isRequested()) {
        String shown = render(connection.get(path).orFail().json());
        terminal.print((terminal.isInteractive() && !options.isJson() ? CLEAR_SCREEN : "") + shown);
        TimeUnit.NANOSECONDS.sleep(interval.toNanos());
      }
    } catch (InterruptedException e) {
      return ExitCodes.OK;
    }
    return ExitCodes.OK;
  }

  private String path() {
    List<String> query = new ArrayList<>();
    query.add("by=" + BrokerConnection.escape(by));
    query.add("sort=" + BrokerConnection.escape(sort));
    query.add("pageSize=" + max);
    add(query, "topic", topic);
    add(query, "subscription", subscription);
    add(query, "node", node);
    add(query, "min", min == null ? null : min.toString());
    return "/v1/backlog?" + String.join("&", query);
  }

  private static void add(List<String> query, String name, @Nullable String value) {
    if (value != null) {
      query.add(name + '=' + BrokerConnection.escape(value));
    }
  }

  private String render(JsonNode answer) {
    if (options.isJson()) {
      return watch == null ? Json.pretty(answer) : Json.compact(answer);
    }
    Table table =
        new Table(
            "TOPIC",
            "SUBSCRIPTION",
            "QUEUE",
            "BACKLOG",
            "LEASED",
            "OLDEST",
            "IN/S",
            "OUT/S",
            "FAIL/S",
            "WORKERS",
            "DRAINED IN",
            "DEAD",
            "STATE");
    Instant now = terminal.clock().instant();
    for (JsonNode row : answer.path("rows")) {
      table.add(
          row.path("topic").asText(),
          row.path("subscription").asText("-"),
          row.path("queue").asText("-"),
          count(row, "backlog"),
          count(row, "leased"),
          age(row.path("oldestAt").asText(""), now),
          rate(row, "inRate"),
          rate(row, "outRate"),
          rate(row, "failRate"),
          count(row, "workers"),
          row.path("drainEta").asText("never"),
          count(row, "deadLetters"),
          row.path("paused").asBoolean() ? "paused" : row.path("stopReason").asText("-"));
    }
    long hidden = answer.path("total").asLong() - answer.path("rows").size();
    return table.render() + (hidden > 0 ? "\n" + hidden + " more; --max shows them" : "");
  }

  private static String count(JsonNode row, String name) {
    return String.format(Locale.ROOT, "%,d", row.path(name).asLong());
  }

  private static String rate(JsonNode row, String name) {
    return String.format(Locale.ROOT, "%,.1f", row.path(name).asDouble());
  }

  private static String age(String oldestAt, Instant now) {
    if (oldestAt.isEmpty()) {
      return "-";
    }
    long seconds = Math.max(0, Duration.between(Instant.parse(oldestAt), now).toSeconds());
    return seconds < 120
        ? seconds + "s"
        : seconds < 7_200 ? seconds / 60 + "m" : seconds / 3_600 + "h";
  }
}
