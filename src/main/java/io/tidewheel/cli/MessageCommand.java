package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "message",
    description = "Shows single messages.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Example:", "  tidewheel message show orders 0 12"})
final class MessageCommand {
  private final Terminal terminal;

  MessageCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      description = "Shows a stored message, and where it is for each subscription.",
      footer = {
        "",
        "Examples:",
        "  tidewheel message show orders 0 12",
        "  tidewheel message show orders 0 12 -o json"
      })
  int show(
      @Mixin BrokerOptions options,
      @Parameters(paramLabel = "TOPIC") String topic,
      @Parameters(paramLabel = "QUEUE") int queue,
      @Parameters(paramLabel = "OFFSET") long offset)
      throws InterruptedException {
    String path =
        TopicCommand.path(topic)
            + BrokerConnection.path("messages", Integer.toString(queue), Long.toString(offset));
    JsonNode message = options.connect().get(path).orFail().json();
    terminal.print(options.isJson() ? Json.pretty(message) : render(message));
    return ExitCodes.OK;
  }

  private static String render(JsonNode message) {
    Table fields = new Table("FIELD", "VALUE");
    message
        .properties()
        .forEach(
            field -> {
              if (!field.getKey().equals("subscriptions")) {
                fields.add(field.getKey(), text(field.getValue()));
              }
            });
    Table places = new Table("SUBSCRIPTION", "STATE", "DETAILS");
    for (JsonNode place : message.path("subscriptions")) {
      places.add(place.path("name").asText(), place.path("state").asText(), details(place));
    }
    return fields.render() + "\n\n" + places.render();
  }

  private static String details(JsonNode place) {
    List<String> details = new ArrayList<>();
    place
        .properties()
        .forEach(
            field -> {
              if (!field.getKey().equals("name") && !field.getKey().equals("state")) {
                details.add(field.getKey() + '=' + text(field.getValue()));
              }
            });
    return String.join(" ", details);
  }

  private static String text(JsonNode value) {
    return value.isValueNode() ? value.asText() : Json.compact(value);
  }
}
