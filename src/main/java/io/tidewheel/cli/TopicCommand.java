package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "topic",
    description = "Creates, lists, shows, changes and deletes topics.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  tidewheel topic create orders queues=4 retention.time=48h",
      "  tidewheel topic list --prefix ord",
      "  tidewheel topic delete orders --force"
    })
final class TopicCommand {
  private static final String PATH = "/v1/topics";

  private final Terminal terminal;

  TopicCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      description = "Creates a topic; one that is there gets the settings given.",
      footer = {"", "Example:", "  tidewheel topic create orders queues=4 ttl=7d"})
  int create(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SETTING=VALUE", arity = "0..*") List<String> settings)
      throws InterruptedException {
    return new Resources(terminal, options)
        .create("topic " + topic, path(topic), orEmpty(settings));
  }

  @Command(
      description = "Lists topics by name.",
      footer = {"", "Example:", "  tidewheel topic list --prefix ord -o json"})
  int list(
      @Mixin BrokerOptions options,
      @Option(names = "--prefix", paramLabel = "TEXT", defaultValue = "") String prefix,
      @Option(names = "--max", paramLabel = "N", defaultValue = "1000") int max)
      throws InterruptedException {
    String path = PATH + "?pageSize=1000&prefix=" + BrokerConnection.escape(prefix);
    ArrayNode topics = new Resources(terminal, options).list(path, "topics", max);
    if (options.isJson()) {
      terminal.print(Json.pretty(topics));
      return ExitCodes.OK;
    }
    Table table = new Table("TOPIC", "QUEUES", "BACKLOG", "SUBSCRIPTIONS");
    for (JsonNode topic : topics) {
      table.add(
          topic.path("name").asText(),
          queues(topic),
          topic.path("backlog").asText("-"),
          subscriptions(topic));
    }
    terminal.print(table.render());
    return ExitCodes.OK;
  }

  @Command(
      description = "Shows a topic: settings, queues, subscriptions.",
      footer = {"", "Example:", "  tidewheel topic show orders"})
  int show(@Mixin BrokerOptions options, @Parameters(paramLabel = "TOPIC") String topic)
      throws InterruptedException {
    return new Resources(terminal, options).show(path(topic));
  }

  @Command(
      description = "Changes settings of a topic; null resets one.",
      footer = {"", "Example:", "  tidewheel topic set orders retention.time=7d ttl=null"})
  int set(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "SETTING=VALUE", arity = "1..*") List<String> settings)
      throws InterruptedException {
    return new Resources(terminal, options).set("topic " + topic, path(topic), settings);
  }

  @Command(
      description = "Deletes a topic with its subscriptions.",
      footer = {"", "Example:", "  tidewheel topic delete orders --force"})
  int delete(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Option(names = "--force", description = "Also when it still has messages.") boolean isForced)
      throws InterruptedException {
    String path = path(topic) + (isForced ? "?force=true" : "");
    return new Resources(terminal, options).delete("topic " + topic, path);
  }

  static String path(String topic) {
    return BrokerConnection.path("v1", "topics", topic);
  }

  private static List<String> orEmpty(@Nullable List<String> settings) {
    return settings == null ? List.of() : settings;
  }

  private static String queues(JsonNode topic) {
    JsonNode count = topic.path("settings").path("queues");
    return count.isNumber() ? count.asText() : topic.path("queues").asText("-");
  }

  private static String subscriptions(JsonNode topic) {
    JsonNode subscriptions = topic.path("subscriptions");
    return subscriptions.isContainerNode()
        ? Integer.toString(subscriptions.size())
        : subscriptions.asText("-");
  }
}
