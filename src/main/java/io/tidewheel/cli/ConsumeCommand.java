package io.tidewheel.cli;

import io.tidewheel.config.Durations;
import io.tidewheel.message.Limits;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "consume",
    description = {
      "Takes messages from a subscription, prints each payload and a line feed, and acks it.",
      "With --exec a command of the shell gets each payload on its standard input; ended with 0 the",
      "message is acked, else it is nacked and comes again later. The command sees TIDEWHEEL_KEY,",
      "_ID, _ATTEMPT, _TOPIC, _SUBSCRIPTION, _QUEUE, _OFFSET, _CONTENT_TYPE, _PUBLISHED_AT and",
      "_HEADER_… in its environment. Ends when nothing is left to take, unless --follow is given.",
      "With --peek it only looks: what the topic holds is printed, whatever subscriptions have",
      "done with it, and nothing changes."
    },
    footer = {
      "",
      "Examples:",
      "  tidewheel consume orders --subscription billing --max 10",
      "  tidewheel consume orders -s billing --follow -o json",
      "  tidewheel consume orders --peek --follow --time 2026-11-21T15:00:00Z",
      "  tidewheel consume orders -s mail --follow --workers 4 --exec './send-mail \"$TIDEWHEEL_KEY\"'"
    })
final class ConsumeCommand implements Callable<Integer> {
  private static final Duration LAST_WAIT = Duration.ofSeconds(6);
  private static final Duration MIN_LEASE = Duration.ofSeconds(1);
  private static final Duration MAX_LEASE = Duration.ofHours(12);
  private static final int MAX_WORKERS = 256;

  private final Terminal terminal;

  @Mixin private final BrokerOptions options = new BrokerOptions();

  @Parameters(paramLabel = "TOPIC")
  private String topic = "";

  @Option(
      names = {"-s", "--subscription"},
      paramLabel = "NAME",
      description = "The topic's own subscription \"default\" if none is given.")
  private @Nullable String subscription;

  @Option(names = "--max", paramLabel = "N", description = "End after so many messages.")
  private @Nullable Long max;

  @Option(names = "--follow", description = "Wait for more when there is nothing left.")
  private boolean isFollowing;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description = "Messages or batches handled at the same time; ${DEFAULT-VALUE}.")
  private int workerCount;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Messages in one pull, at most 1000; 100, with --exec 1.")
  private @Nullable Integer batchSize;

  @Option(
      names = "--lease",
      paramLabel = "DURATION",
      defaultValue = "30s",
      description = "How long the broker waits for a sign of life; ${DEFAULT-VALUE}.")
  private String lease = "";

  @Option(names = "--peek", description = "Only look; nothing is leased or acked.")
  private boolean isPeeking;

  @Option(names = "--queue", paramLabel = "N", description = "With --peek: only this queue.")
  private @Nullable Integer queue;

  @Option(names = "--from", paramLabel = "OFFSET", description = "With --peek: begin here.")
  private @Nullable Long from;

  @Option(
      names = "--time",
      paramLabel = "TIME",
      description = "With --peek: begin with what was published then or later.")
  private @Nullable String time;

  @Option(names = "--exec", paramLabel = "COMMAND", description = "Run this per message.")
  private @Nullable String command;

  ConsumeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (isPeeking) {
      return peek();
    }
    if (queue != null || from != null || time != null) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          "--queue, --from and --time go with --peek; \"subscription seek\" moves");
    }
    ConsumeRun run = new ConsumeRun(channel(), handler(), plan());
    ProgressLine progress = new ProgressLine(terminal);
    try (Interruption interruption = Interruption.watch(run::stop, LAST_WAIT.plusSeconds(1))) {
      run.start();
      while (!run.await(progress.interval()) && !run.isStopping()) {
        if (command != null) {
          long count = run.totals().received.sum();
          progress.show(String.format(Locale.ROOT, "%,d messages", count), count, -1);
        }
      }
      run.await(LAST_WAIT);
      progress.clear();
      report(run, progress.seconds(), interruption.isRequested());
    }
    CommandFailure failure = run.failure();
    if (failure != null) {
      throw failure;
    }
    return run.totals().nacked.sum() == 0 ? ExitCodes.OK : ExitCodes.FAILED;
  }

  private int peek() throws InterruptedException {
    if (command != null || subscription != null || (from != null && time != null)) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          "--peek takes neither --exec nor --subscription, and only one of --from and --time");
    }
    PrintHandler printer = new PrintHandler(terminal.out(), options.isJson());
    PeekRun run = new PeekRun(options.connect(), printer, topic);
    String start =
        from != null ? "from=" + from : time != null ? "time=" + BrokerConnection.escape(time) : "";
    Thread self = Thread.currentThread();
    Runnable stop =
        () -> {
          run.stop();
          self.interrupt();
        };
    try (Interruption interruption = Interruption.watch(stop, LAST_WAIT)) {
      run.run(queue, start, plan().max(), isFollowing && !interruption.isRequested());
    } catch (InterruptedException e) {
      terminal.out().flush();
    } catch (IOException e) {
      throw new CommandFailure(ExitCodes.FAILED, String.valueOf(e.getMessage()), e);
    }
    terminal.out().flush();
    terminal.say(String.format(Locale.ROOT, "%,d messages looked at", run.count()));
    return ExitCodes.OK;
  }

  private void report(ConsumeRun run, double seconds, boolean isInterrupted) {
    ConsumeTotals totals = run.totals();
    StringBuilder line = new StringBuilder(isInterrupted ? "interrupted: " : "");
    line.append(
        String.format(
            Locale.ROOT,
            "%,d messages in %.1f s (%,.0f/s), %,d acked",
            totals.received.sum(),
            seconds,
            totals.received.sum() / Math.max(seconds, 1e-3),
            totals.acked.sum()));
    append(line, totals.nacked.sum(), "nacked");
    append(line, totals.released.sum(), "released");
    append(line, totals.expired.sum(), "expired");
    terminal.out().flush();
    terminal.say(line.toString());
  }

  private static void append(StringBuilder line, long count, String what) {
    if (count > 0) {
      line.append(String.format(Locale.ROOT, ", %,d %s", count, what));
    }
  }

  private ConsumeRun.Plan plan() {
    int batch = batchSize != null ? batchSize : command != null ? 1 : 100;
    OptionValues.range("--batch", batch, 1, Limits.MAX_PULL_MESSAGES);
    OptionValues.range("--workers", workerCount, 1, MAX_WORKERS);
    if (max != null && max < 1) {
      throw new CommandFailure(ExitCodes.USAGE, "--max " + max + ": expected 1 or more");
    }
    long limit = max != null ? max : Long.MAX_VALUE / 2;
    return new ConsumeRun.Plan(workerCount, batch, limit, isFollowing, lease());
  }

  private Duration lease() {
    try {
      Duration parsed = Durations.parse(lease);
      if (parsed.compareTo(MIN_LEASE) >= 0 && parsed.compareTo(MAX_LEASE) <= 0) {
        return parsed;
      }
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCodes.USAGE, "--lease: " + e.getMessage(), e);
    }
    throw new CommandFailure(ExitCodes.USAGE, "--lease " + lease + ": expected 1s to 12h");
  }

  private DeliveryChannel channel() {
    Duration retryFor = Duration.ofSeconds(30);
    return new DeliveryChannel(terminal, options.connect(), topic, subscription, retryFor);
  }

  private MessageHandler handler() {
    return command == null
        ? new PrintHandler(terminal.out(), options.isJson())
        : new ExecHandler(
            command, topic, subscription == null ? DeliveryChannel.DEFAULT : subscription);
  }
}
