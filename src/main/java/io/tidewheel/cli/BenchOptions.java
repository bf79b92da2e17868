package io.tidewheel.cli;

import io.tidewheel.cli.load.LoadPlan;
import io.tidewheel.message.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How much load of which kind. */
final class BenchOptions {
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(B|KiB|MiB)");
  private static final int MAX_CONNECTIONS = 4_096;

  /** Lower case, because that is how they are written on the command line. */
  enum Mode {
    publish,
    consume,
    both,
    ack,
    empty
  }

  @Parameters(
      index = "0",
      paramLabel = "MODE",
      defaultValue = "publish",
      description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE}.")
  Mode mode = Mode.publish;

  @Option(
      names = "--topic",
      paramLabel = "NAME",
      description = "This topic, which is kept; else one is made and deleted at the end.")
  @Nullable String topic;

  @Option(
      names = {"-s", "--subscription"},
      paramLabel = "NAME",
      defaultValue = "bench",
      description = "Consumers take from this one; ${DEFAULT-VALUE}.")
  String subscription = "";

  @Option(
      names = "--topics",
      paramLabel = "N",
      defaultValue = "1",
      description = "Topics used in turn, NAME-00000 and so on; ${DEFAULT-VALUE}.")
  int topicCount;

  @Option(names = "--queues", paramLabel = "N", description = "Queues of a topic that is made.")
  @Nullable Integer queueCount;

  @Option(
      names = "--subscriptions",
      paramLabel = "N",
      description = "Open subscriptions of each topic; 1, in the mode publish 0.")
  @Nullable Integer subscriptionCount;

  @Option(
      names = {"-c", "--connections"},
      paramLabel = "N",
      defaultValue = "16",
      description = "Producers and consumers, where they are not given; ${DEFAULT-VALUE}.")
  int connections;

  @Option(names = "--producers", paramLabel = "N", description = "Connections that publish.")
  @Nullable Integer producers;

  @Option(names = "--consumers", paramLabel = "N", description = "Connections that pull and ack.")
  @Nullable Integer consumers;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = {
        "Messages per second at fixed times, whether the broker keeps up or not; latencies count",
        "from these times. Without it each connection waits for its answer."
      })
  @Nullable Double rate;

  @Option(
      names = "--payload",
      paramLabel = "SIZE",
      defaultValue = "1KiB",
      description = "Of each message; ${DEFAULT-VALUE}.")
  String payload = "";

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Messages in a publish; ${DEFAULT-VALUE}.")
  int batch;

  @Option(
      names = "--ndjson",
      description = "Publish as streams of lines, one connection each; 1 without --producers.")
  boolean isStreaming;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "4000",
      description = "Lines of a stream without an answer, 1 to 8000; ${DEFAULT-VALUE}.")
  int lineWindow;

  @Option(
      names = "--pull",
      paramLabel = "N",
      defaultValue = "100",
      description = "Messages in a pull and in an ack; ${DEFAULT-VALUE}.")
  int pullMax;

  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      defaultValue = "1s",
      description = "How long a pull waits for messages; ${DEFAULT-VALUE}.")
  String wait = "";

  @Option(names = "--keys", paramLabel = "N", description = "Different keys, chosen at random.")
  @Nullable Integer keyCount;

  @Option(names = "--ids", description = "Every message carries an id.")
  boolean hasIds;

  @Option(
      names = "--nack-share",
      paramLabel = "PART",
      defaultValue = "0",
      description = "Part of the deliveries that is nacked, 0 to 1; ${DEFAULT-VALUE}.")
  double nackShare;

  @Option(
      names = "--nack-delay",
      paramLabel = "DURATION",
      defaultValue = "100ms",
      description = "After which they come again; ${DEFAULT-VALUE}.")
  String nackDelay = "";

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      description = "How long to measure; 10s without --messages and --drain.")
  @Nullable String duration;

  @Option(
      names = "--messages",
      paramLabel = "N",
      description = "How many to publish, or to take in the mode consume.")
  @Nullable Long messages;

  @Option(
      names = "--warmup",
      paramLabel = "DURATION",
      description = "Before the measurement; 3s, with --messages or --drain 0s.")
  @Nullable String warmup;

  @Option(names = "--drain", description = "consume: end when nothing is left.")
  boolean isDraining;

  @Option(
      names = "--in-process",
      description = {
        "publish, consume, both: a broker in this process, without HTTP. both publishes --messages",
        "and then drains them. -c says how many callers or workers."
      })
  boolean isInProcess;

  @Option(
      names = "--client",
      description = {
        "publish, consume, both: through the Java client instead of HTTP. -c says how many callers",
        "publish, each with one publish on its way, and how many deliveries are handled at a time."
      })
  boolean isThroughClient;

  @Option(
      names = "--handle",
      paramLabel = "DURATION",
      defaultValue = "0s",
      description =
          "--client: how long a delivery is handled, by a thread that waits; ${DEFAULT-VALUE}.")
  String handle = "";

  @Option(
      names = "--data",
      paramLabel = "DIRECTORY",
      description =
          "--in-process: this data directory, which is kept; else one is made and deleted.")
  @Nullable Path data;

  @Option(
      names = "--monitors",
      paramLabel = "N",
      defaultValue = "0",
      description = "Pages of the monitor that are open every other 6 s, which is compared.")
  int monitors;

  @Option(
      names = "--allow-unsent",
      description = "Messages that were due and not sent when the time ended do not fail the run.")
  boolean isUnsentAllowed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads of this program; ${DEFAULT-VALUE}.")
  int threads;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of payloads, keys and choices; ${DEFAULT-VALUE}.")
  long seed;

  /** Refuses what makes no sense, naming the option. */
  void check() {
    OptionValues.range("--topics", topicCount, 1, 100_000);
    OptionValues.range("--connections", connections, 1, MAX_CONNECTIONS);
    OptionValues.range("--producers", producerCount(), 0, MAX_CONNECTIONS);
    OptionValues.range("--consumers", consumerCount(), 0, MAX_CONNECTIONS);
    OptionValues.range("--batch", batch, 1, Limits.MAX_BATCH_MESSAGES);
    OptionValues.range("--pull", pullMax, 1, Limits.MAX_PULL_MESSAGES);
    OptionValues.range("--threads", threads, 1, 64);
    OptionValues.range("--monitors", monitors, 0, 100);
    OptionValues.range("--subscriptions", subscriptionsOpen(), 0, 1_000);
    OptionValues.range("--keys", keyCount == null ? 0 : keyCount, 0, 99_999_999);
    OptionValues.range("--payload", payloadBytes(), 1, Limits.MAX_PAYLOAD_BYTES);
    if (rate != null && !(rate > 0 && rate <= 10_000_000)) {
      throw usage("--rate " + rate + ": expected more than 0 and at most 10000000");
    }
    if (!(nackShare >= 0 && nackShare <= 1)) {
      throw usage("--nack-share " + nackShare + ": expected 0 to 1");
    }
    if (messages != null && messages < 1) {
      throw usage("--messages " + messages + ": expected 1 or more");
    }
    if (messages != null && messages % batch != 0 && mode != Mode.consume && mode != Mode.ack) {
      throw usage("--messages " + messages + ": expected a multiple of --batch " + batch);
    }
    if (isInProcess) {
      checkInProcess();
    } else if (data != null) {
      throw usage("--data goes with --in-process");
    }
    if (isThroughClient
        && (isInProcess
            || isStreaming
            || topicCount > 1
            || mode == Mode.ack
            || mode == Mode.empty
            || monitors > 0
            || nackShare > 0)) {
      throw usage(
          "--client goes with the modes publish, consume and both, and one topic; not with"
              + " --in-process, --ndjson, --monitors or --nack-share");
    }
    if (!handled().isZero() && !(isThroughClient && isConsuming())) {
      throw usage("--handle goes with --client and the modes consume and both");
    }
    if (isStreaming && (batch > 1 || (mode != Mode.publish && mode != Mode.both))) {
      throw usage("--ndjson goes with the modes publish and both, and without --batch");
    }
    OptionValues.range("--window", lineWindow, 1, 8_000);
    if (mode == Mode.both && payloadBytes() < LoadPlan.MIN_STAMPED_BYTES) {
      throw usage(
          "the mode both needs a --payload of "
              + LoadPlan.MIN_STAMPED_BYTES
              + "B or more: it carries the time");
    }
    if (mode == Mode.ack && rate == null && !warmedUp().isZero()) {
      throw usage("the mode ack needs --rate for a --warmup");
    }
    if (mode == Mode.consume && topic == null) {
      throw usage("the mode consume needs --topic");
    }
    if (mode == Mode.consume && rate != null) {
      throw usage("--rate does not go with the mode consume: a consumer takes what it can");
    }
    if (mode == Mode.ack && (topicCount > 1 || (rate == null && messages == null))) {
      throw usage("the mode ack takes one topic, and needs --rate or --messages");
    }
  }

  private void checkInProcess() {
    if (mode == Mode.ack
        || mode == Mode.empty
        || isStreaming
        || rate != null
        || topicCount > 1
        || monitors > 0) {
      throw usage(
          "--in-process goes with the modes publish, consume and both, one topic, and without"
              + " --rate, --ndjson and --monitors");
    }
    if (mode == Mode.both && messages == null) {
      throw usage("the mode both needs --messages with --in-process");
    }
    if (mode == Mode.consume && data == null) {
      throw usage("the mode consume needs --data with --in-process");
    }
  }

  boolean isProducing() {
    return mode != Mode.consume;
  }

  boolean isConsuming() {
    return mode == Mode.consume || mode == Mode.both || mode == Mode.ack;
  }

  int producerCount() {
    int usual = isStreaming ? 1 : connections;
    return !isProducing() ? 0 : producers != null ? producers : usual;
  }

  int consumerCount() {
    return !isConsuming() ? 0 : consumers != null ? consumers : connections;
  }

  int subscriptionsOpen() {
    int least = mode == Mode.publish || mode == Mode.empty ? 0 : 1;
    return subscriptionCount == null ? least : Math.max(least, subscriptionCount);
  }

  /** How many messages the mode ack needs before it begins. */
  long receipts() {
    double perSecond = rate == null ? 0 : rate;
    long warm = (long) Math.ceil(perSecond * warmedUp().toMillis() / 1e3);
    return messages != null
        ? messages + warm
        : warm + (long) Math.ceil(perSecond * measured().toMillis() / 1e3);
  }

  /** Names of the subscriptions of each topic. */
  List<String> subscriptions() {
    int count = Math.max(1, subscriptionsOpen());
    return count == 1
        ? List.of(subscription)
        : IntStream.range(0, count)
            .mapToObj(i -> String.format(Locale.ROOT, "%s-%03d", subscription, i))
            .toList();
  }

  int payloadBytes() {
    Matcher matcher = SIZE.matcher(payload);
    if (!matcher.matches()) {
      throw usage("--payload " + payload + ": expected a size such as 100B, 1KiB or 1MiB");
    }
    int shift =
        switch (matcher.group(2)) {
          case "KiB" -> 10;
          case "MiB" -> 20;
          default -> 0;
        };
    return Math.toIntExact(Math.min(Integer.MAX_VALUE, Long.parseLong(matcher.group(1)) << shift));
  }

  Duration measured() {
    if (duration == null) {
      return messages == null && !isDraining ? Duration.ofSeconds(10) : Duration.ofDays(1);
    }
    return OptionValues.duration("--duration", duration);
  }

  Duration handled() {
    return OptionValues.duration("--handle", handle);
  }

  Duration warmedUp() {
    if (warmup == null) {
      return messages == null && !isDraining ? Duration.ofSeconds(3) : Duration.ZERO;
    }
    return OptionValues.duration("--warmup", warmup);
  }

  private static CommandFailure usage(String text) {
    return new CommandFailure(ExitCodes.USAGE, text);
  }
}
