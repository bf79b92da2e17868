package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.message.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "publish",
    description = {
      "Publishes a file or standard input, one message a line, every byte as it is.",
      "Lines with the same key keep their order. Exit code 0 only if every line is stored."
    },
    footer = {
      "",
      "Examples:",
      "  tidewheel publish orders --file orders.ndjson --key-field .customer.id",
      "  tidewheel publish requests --file access.log --key-regex '^(\\S+)'",
      "  echo hello | tidewheel publish greetings"
    })
final class PublishCommand implements Callable<Integer> {
  private static final Duration LAST_WAIT = Duration.ofSeconds(5);
  private static final int MAX_LANES = 64;

  private final Terminal terminal;

  @Mixin private final BrokerOptions options = new BrokerOptions();

  @Parameters(paramLabel = "TOPIC", description = "Made by the first message if it is not there.")
  private String topic = "";

  @Option(
      names = "--file",
      paramLabel = "FILE",
      defaultValue = "-",
      description = "What to publish; - is standard input, the default.")
  private String file = "-";

  @ArgGroup private @Nullable KeyOptions keys;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "500",
      description = "Messages in one request, at most 1000; ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "4",
      description = "Requests at the same time, at most 64; ${DEFAULT-VALUE}.")
  private int laneCount;

  @Option(
      names = "--json-lines",
      description = "Every line is a JSON value and is published as such; others are refused.")
  private boolean isJson;

  @Option(
      names = "--content-type",
      paramLabel = "TYPE",
      description = "Of every message; by default text, or bytes where a line is no UTF-8.")
  private @Nullable String contentType;

  @Option(
      names = "--id-prefix",
      paramLabel = "TEXT",
      description = {
        "Ids are this and the line number. Given twice, the broker stores no line twice as long as",
        "it remembers the ids (10 minutes, 10000 ids). By default random."
      })
  private @Nullable String idPrefix;

  @Option(
      names = "--retry-for",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "How long to repeat what is refused for now or unanswered; ${DEFAULT-VALUE}.")
  private int retrySeconds;

  private static final class KeyOptions {
    @Option(
        names = "--key-regex",
        paramLabel = "REGEX",
        description = "The key is the first group of the first match, or the match.")
    private @Nullable String regex;

    @Option(
        names = "--key-field",
        paramLabel = "FIELD",
        description = "The key is this field of the JSON line: /customer/id or .customer.id.")
    private @Nullable String field;
  }

  PublishCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    OptionValues.range("--batch", batchSize, 1, Limits.MAX_BATCH_MESSAGES);
    OptionValues.range("--in-flight", laneCount, 1, MAX_LANES);
    OptionValues.range("--retry-for", retrySeconds, 0, 86_400);
    BrokerConnection connection = options.connect();
    PublishRun run = new PublishRun(terminal, connection, plan());
    try (InputStream in = open()) {
      // Whoever mistyped the address should not wait for all the retries.
      connection.get("/health/live");
      return publish(run, in);
    } catch (NoSuchFileException e) {
      throw new CommandFailure(ExitCodes.FAILED, "there is no file " + file, e);
    } catch (IOException e) {
      throw new CommandFailure(ExitCodes.FAILED, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private int publish(PublishRun run, InputStream in) throws InterruptedException {
    long size = sizeOfInput();
    ProgressLine progress = new ProgressLine(terminal);
    try (Interruption interruption = Interruption.watch(run::stop, LAST_WAIT.plusSeconds(1))) {
      run.start(in);
      while (!run.await(progress.interval()) && !run.isStopping()) {
        long stored = run.totals().stored.sum();
        progress.show(
            String.format(Locale.ROOT, "%,d stored", stored),
            stored,
            size > 0 ? (double) run.readBytes() / size : -1);
      }
      run.await(LAST_WAIT);
      progress.clear();
      report(run, progress.seconds(), interruption.isRequested());
    }
    return exitCode(run);
  }

  private void report(PublishRun run, double seconds, boolean isInterrupted) {
    PublishTotals totals = run.totals();
    totals.errors().forEach(terminal::say);
    CommandFailure failure = run.failure();
    if (failure != null) {
      terminal.say("stopped: " + failure.getMessage());
    }
    double rate = totals.stored.sum() / Math.max(seconds, 1e-3);
    if (options.isJson()) {
      ObjectNode json = Json.MAPPER.createObjectNode();
      json.put("read", totals.read.sum()).put("stored", totals.stored.sum());
      json.put("bytes", totals.storedBytes.sum()).put("duplicates", totals.duplicates.sum());
      json.put("failed", totals.failed.sum()).put("retried", totals.retries.sum());
      json.put("withoutKey", totals.withoutKey.sum()).put("seconds", seconds).put("rate", rate);
      json.put("interrupted", isInterrupted);
      terminal.print(Json.compact(json));
      return;
    }
    terminal.print(
        String.format(
            Locale.ROOT,
            "%s%,d of %,d lines stored in %.1f s (%,.0f/s, %.1f MB/s), %,d failed, %,d retried%s%s",
            isInterrupted ? "interrupted: " : "",
            totals.stored.sum(),
            totals.read.sum(),
            seconds,
            rate,
            totals.storedBytes.sum() / 1e6 / Math.max(seconds, 1e-3),
            totals.failed.sum(),
            totals.retries.sum(),
            totals.duplicates.sum() == 0 ? "" : ", " + totals.duplicates.sum() + " were there",
            keys == null || totals.withoutKey.sum() == 0
                ? ""
                : String.format(Locale.ROOT, ", %,d without a key", totals.withoutKey.sum())));
  }

  private static int exitCode(PublishRun run) {
    CommandFailure failure = run.failure();
    if (failure != null) {
      return failure.exitCode();
    }
    PublishTotals totals = run.totals();
    return totals.stored.sum() == totals.read.sum() ? ExitCodes.OK : ExitCodes.FAILED;
  }

  private PublishRun.Plan plan() {
    String prefix =
        idPrefix != null ? idPrefix : Long.toHexString(terminal.random().nextLong() | 1L << 63);
    return new PublishRun.Plan(
        topic,
        keyRule(),
        batchSize,
        laneCount,
        Duration.ofSeconds(retrySeconds),
        prefix,
        contentType,
        isJson || (keys != null && keys.field != null));
  }

  private KeyRule keyRule() {
    if (keys == null) {
      return KeyRule.NONE;
    }
    return keys.regex != null
        ? KeyRule.regex(keys.regex)
        : KeyRule.field(Objects.requireNonNull(keys.field));
  }

  private InputStream open() throws IOException {
    return file.equals("-") ? terminal.in() : Files.newInputStream(Path.of(file));
  }

  private long sizeOfInput() {
    try {
      return file.equals("-") ? 0 : Files.size(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
