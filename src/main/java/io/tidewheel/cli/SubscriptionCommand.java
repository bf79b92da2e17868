package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "subscription",
    description = "Creates, lists, shows, changes, deletes, pauses and resumes subscriptions.",
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

  static String path(String topic, String subscription) {
    return BrokerConnection.path("v1", "topics", topic, "subscriptions", subscription);
  }

  private static String what(String topic, String subscription) {
    return "subscription " + topic + '/' + subscription;
  }
}
