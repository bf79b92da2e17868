package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What topics and subscriptions have in common: they are resources with settings. */
final class Resources {
  private final Terminal terminal;
  private final BrokerOptions options;
  private final BrokerConnection connection;

  Resources(Terminal terminal, BrokerOptions options) {
    this.terminal = terminal;
    this.options = options;
    this.connection = options.connect();
  }

  int create(String what, String path, List<String> settings) throws InterruptedException {
    Answer answer = connection.put(path, SettingArguments.toJson(settings), null).orFail();
    show(answer, what + (answer.status() == 201 ? " created" : " was there, and is as asked"));
    return ExitCodes.OK;
  }

  /** Changes what is there; what is not there is not created. */
  int set(String what, String path, List<String> settings) throws InterruptedException {
    ObjectNode patch = SettingArguments.toJson(settings);
    Answer current = connection.get(path).orFail();
    String revision = current.response().headers().firstValue("ETag").orElse(null);
    show(connection.put(path, patch, revision).orFail(), what + " changed");
    return ExitCodes.OK;
  }

  int show(String path) throws InterruptedException {
    Answer answer = connection.get(path).orFail();
    if (options.isJson()) {
      terminal.print(Json.pretty(answer.json()));
    } else {
      Table table = new Table("NAME", "VALUE");
      flatten("", answer.json(), table);
      terminal.print(table.render());
    }
    return ExitCodes.OK;
  }

  int delete(String what, String path) throws InterruptedException {
    Answer answer = connection.delete(path).orFail();
    String outcome = answer.status() == 202 ? " is being deleted" : " deleted";
    terminal.print(options.isJson() ? "{\"deleted\":true}" : what + outcome);
    return ExitCodes.OK;
  }

  int act(String what, String path, String done) throws InterruptedException {
    show(connection.post(path, "{}".getBytes(StandardCharsets.UTF_8)).orFail(), what + ' ' + done);
    return ExitCodes.OK;
  }

  /** All pages of a list, up to {@code max} items. */
  ArrayNode list(String path, String items, int max) throws InterruptedException {
    ArrayNode all = Json.MAPPER.createArrayNode();
    String token = "";
    do {
      String page = token.isEmpty() ? path : path + "&pageToken=" + BrokerConnection.escape(token);
      JsonNode answer = connection.get(page).orFail().json();
      for (JsonNode item : answer.path(items)) {
        if (all.size() == max) {
          terminal.say("the first " + max + " of more; --max shows more, --prefix fewer");
          return all;
        }
        all.add(item);
      }
      token = answer.path("nextPageToken").asText("");
    } while (!token.isEmpty());
    return all;
  }

  JsonNode get(String path) throws InterruptedException {
    return connection.get(path).orFail().json();
  }

  private void show(Answer answer, String line) {
    terminal.print(options.isJson() ? Json.pretty(answer.json()) : line);
  }

  /** Nested values as one dotted name each; lists of objects stay JSON. */
  private static void flatten(String prefix, JsonNode json, Table table) {
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      String name = prefix + field.getKey();
      if (field.getValue().isObject()) {
        flatten(name + '.', field.getValue(), table);
      } else {
        JsonNode value = field.getValue();
        table.add(name, value.isTextual() ? value.asText() : Json.compact(value));
      }
    }
  }
}
