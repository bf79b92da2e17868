package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "subscription",
    description =
        "Creates, lists, shows, changes, deletes, pauses, resumes and explains subscriptions.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  tidewheel subscription create orders billing start=earliest lease=1m",
      "  tidewheel subscription pause orders billing"
    })
final class SubscriptionCommand {
  private final Terminal terminal;

  SubscriptionCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      description = "Creates a subscription; one that is there gets the settings given.",
      footer = {"", "Example:", "  tidewheel subscription create orders billing maxAttempts=5"})
  int create(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SUBSCRIPTION") String subscription,
      @Parameters(paramLabel = "SETTING=VALUE", arity = "0..*") @Nullable List<String> settings)
      throws InterruptedException {
    return new Resources(terminal, options)
        .create(
            what(topic, subscription),
            path(topic, subscription),
            settings == null ? List.of() : settings);
  }

  @Command(
      description = "Lists the subscriptions of a topic.",
      footer = {"", "Example:", "  tidewheel subscription list orders"})
  int list(@Mixin BrokerOptions options, @Parameters(paramLabel = "TOPIC") String topic)
      throws InterruptedException {
    JsonNode subscriptions =
        new Resources(terminal, options).get(TopicCommand.path(topic)).path("subscriptions");
    if (options.isJson()) {
      terminal.print(Json.pretty(subscriptions));
      return ExitCodes.OK;
    }
    Table table = new Table("SUBSCRIPTION", "BACKLOG", "PAUSED");
    for (JsonNode subscription : subscriptions) {
      table.add(
          subscription.isTextual() ? subscription.asText() : subscription.path("name").asText(),
          subscription.path("backlog").asText("-"),
          subscription.path("paused").asText("-"));
    }
    terminal.print(table.render());
    return ExitCodes.OK;
  }

  @Command(
      description = "Shows a subscription: settings, backlog, lag.",
      footer = {"", "Example:", "  tidewheel subscription show orders billing"})
  int show(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SUBSCRIPTION") String subscription)
      throws InterruptedException {
    return new Resources(terminal, options).show(path(topic, subscription));
  }

  @Command(
      description = "Changes settings of a subscription; null resets one.",
      footer = {"", "Example:", "  tidewheel subscription set orders billing rateLimit=100"})
  int set(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SUBSCRIPTION") String subscription,
      @Parameters(paramLabel = "SETTING=VALUE", arity = "1..*") List<String> settings)
      throws InterruptedException {
    return new Resources(terminal, options)
        .set(what(topic, subscription), path(topic, subscription), settings);
  }

  @Command(
      description = "Deletes a subscription and its position.",
      footer = {"", "Example:", "  tidewheel subscription delete orders billing"})
  int delete(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SUBSCRIPTION") String subscription)
      throws InterruptedException {
    return new Resources(terminal, options)
        .delete(what(topic, subscription), path(topic, subscription));
  }

  @Command(
      description = "Stops giving out messages; what is leased may still be settled.",
      footer = {"", "Example:", "  tidewheel subscription pause orders billing"})
  int pause(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SUBSCRIPTION") String subscription)
      throws InterruptedException {
    return new Resources(terminal, options)
        .act(what(topic, subscription), path(topic, subscription) + ":pause", "paused");
  }

  @Command(
      description = "Gives out messages again.",
      footer = {"", "Example:", "  tidewheel subscription resume orders billing"})
  int resume(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SUBSCRIPTION") String subscription)
      throws InterruptedException {
    return new Resources(terminal, options)
        .act(what(topic, subscription), path(topic, subscription) + ":resume", "resumed");
  }

  @Command(
      description = "Says what holds a subscription, a key or a message, and what lifts it.",
      footer = {
        "",
        "Examples:",
        "  tidewheel subscription explain orders billing",
        "  tidewheel subscription explain orders billing --key customer-7",
        "  tidewheel subscription explain orders billing --queue 0 --offset 12 -o json"
      })
  int explain(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SUBSCRIPTION") String subscription,
      @Option(names = "--key", paramLabel = "K", description = "The first message of this key.")
          @Nullable String key,
      @Option(names = "--queue", paramLabel = "N", description = "Only this queue.")
          @Nullable Integer queue,
      @Option(names = "--offset", paramLabel = "M", description = "This message of the queue.")
          @Nullable Long offset)
      throws InterruptedException {
    ObjectNode asked = asked(key, queue, offset);
    JsonNode answer =
        options
            .connect()
            .post(
                path(topic, subscription) + ":explain",
                Json.compact(asked).getBytes(StandardCharsets.UTF_8))
            .orFail()
            .json();
    if (options.isJson()) {
      terminal.print(Json.pretty(answer));
      return ExitCodes.OK;
    }
    Table table = new Table("QUEUE", "GATE", "OFFSET", "BACKLOG", "DETAIL", "OPENS WHEN");
    for (JsonNode held : answer.path("queues")) {
      table.add(
          held.path("queue").asText(),
          held.path("gate").asText(),
          held.path("offset").asText("-"),
          held.path("backlog").asText("-"),
          held.path("detail").asText(),
          held.path("lift").asText());
    }
    terminal.print(table.render());
    return ExitCodes.OK;
  }

  private static ObjectNode asked(
      @Nullable String key, @Nullable Integer queue, @Nullable Long offset) {
    if (key != null && (queue != null || offset != null)) {
      throw new CommandFailure(
          ExitCodes.USAGE, "--key can't be given with --queue or --offset: a key has its queue");
    }
    if (offset != null && queue == null) {
      throw new CommandFailure(ExitCodes.USAGE, "--offset " + offset + ": --queue is missing");
    }
    ObjectNode asked = Json.MAPPER.createObjectNode();
    if (key != null) {
      asked.put("key", key);
    }
    if (queue != null) {
      asked.put("queue", queue);
    }
    if (offset != null) {
      asked.put("offset", offset);
    }
    return asked;
  }

  static String path(String topic, String subscription) {
    return BrokerConnection.path("v1", "topics", topic, "subscriptions", subscription);
  }

  private static String what(String topic, String subscription) {
    return "subscription " + topic + '/' + subscription;
  }
}
