package io.tidewheel.cli;

import io.tidewheel.cli.load.TopicNames;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Workers that wait beside the load of a measurement. */
final class IdleOptions {
  private static final int MAX_SESSIONS = 4_000;

  @Option(
      names = "--idle-sessions",
      paramLabel = "N",
      defaultValue = "0",
      description = {
        "--client, both: measure without and with so many other sessions, whose workers wait for",
        "messages that do not come; figures alone.* and beside.*."
      })
  int sessions;

  @Option(
      names = "--idle-subscriptions",
      paramLabel = "N",
      defaultValue = "10",
      description = "Workers of each idle session; ${DEFAULT-VALUE}.")
  int subscriptions;

  @Option(
      names = "--idle-topics",
      paramLabel = "N",
      description = "Topics of idle workers; as many as there are workers.")
  private @Nullable Integer topics;

  /** Refuses what makes no sense, naming the option. */
  void check(BenchOptions bench) {
    OptionValues.range("--idle-sessions", sessions, 0, MAX_SESSIONS);
    OptionValues.range("--idle-subscriptions", subscriptions, 1, 1_000);
    OptionValues.range("--idle-topics", topicCount(), 1, TopicNames.MAX_TOPICS);
    boolean isFitting =
        bench.isThroughClient && bench.mode == BenchOptions.Mode.both && bench.messages == null;
    if (isGiven() && !isFitting) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          "--idle-sessions goes with --client and the mode both, without --messages");
    }
  }

  boolean isGiven() {
    return sessions > 0;
  }

  int topicCount() {
    return topics != null ? topics : Math.max(1, sessions * subscriptions);
  }
}
